/* SPDX-License-Identifier: MIT */
/*
 * fake.h -- a back end whose answers are easy to know, and an allocator that counts and fails.
 *
 * Of each row the fake adds up all numbers (of a text: its length). An output as wide as the
 * first input, both texts or both numbers, repeats that input; any other holds the sum in each
 * element. The fake counts what it is asked, notes where, and fails with any batch that has a
 * row of the poisonous sum in it.
 */
#ifndef TESTS_PREDICTOR_FAKE_H
#define TESTS_PREDICTOR_FAKE_H

#include <mlserve/model_plugin.h>
#include <mlserve/predictor.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fake {
    ml_port inputs[4];
    ml_port outputs[4];
    ml_model_info info;
    double poison;      /* NAN: none */
    double shortage;    /* a batch with a row of this sum is out of memory; NAN: none */
    atomic_size_t rows; /* that it was asked for */
    atomic_size_t calls;
    const void *last_input; /* of the last call: read after calls of one thread only */
    const void *last_output;
    bool closed;
};

static inline double fake_sum(const struct fake *fake, const void *const *inputs, size_t row) {
    double sum = 0;

    for (size_t i = 0; i < fake->info.input_count; i++) {
        const ml_port *port = &fake->inputs[i];

        for (size_t j = 0; j < port->row_elements; j++) {
            const size_t at = row * port->row_elements + j;
            const char *data = inputs[i];
            double value = 0;

            if (port->dtype == ML_BYTES) {
                value = (double)((const ml_bytes *)inputs[i])[at].size;
            } else {
                assert_int_equal(
                    ml_convert(
                        data + at * ml_dtype_size((ml_dtype)port->dtype), (ml_dtype)port->dtype,
                        &value, ML_FP64, 1
                    ),
                    ML_OK
                );
            }
            sum += value;
        }
    }
    return sum;
}

static inline void fake_answer(
    const struct fake *fake, size_t index, const void *first, void *output, size_t row,
    double sum
) {
    const ml_port *port = &fake->outputs[index];
    const ml_port *input = &fake->inputs[0];
    const size_t size = ml_dtype_size((ml_dtype)port->dtype);

    for (size_t j = 0; j < port->row_elements; j++) {
        char *target = (char *)output + (row * port->row_elements + j) * size;
        const bool repeat = port->row_elements == input->row_elements &&
                            (port->dtype == ML_BYTES) == (input->dtype == ML_BYTES);
        const void *source = repeat ? (const char *)first + (row * port->row_elements + j) *
                                                                ml_dtype_size(input->dtype)
                                    : (const void *)&sum;

        assert_int_equal(
            ml_convert(source, repeat ? input->dtype : ML_FP64, target, port->dtype, 1), ML_OK
        );
    }
}

static inline ml_status fake_run(
    void *self, const void *const *inputs, void *const *outputs, size_t row_count,
    void *scratch, ml_error *err
) {
    struct fake *fake = self;

    (void)scratch;
    atomic_fetch_add(&fake->calls, 1);
    atomic_fetch_add(&fake->rows, row_count);
    if (fake->info.row_cost_ns == 0) { /* not split: see fake_make() */
        fake->last_input = inputs[0];
        fake->last_output = outputs[0];
    }
    for (size_t row = 0; row < row_count; row++) {
        const double sum = fake_sum(fake, inputs, row);

        for (size_t i = 0; i < fake->info.output_count; i++) {
            if (outputs[i] != NULL) {
                fake_answer(fake, i, inputs[0], outputs[i], row, sum);
            }
        }
        if (sum == fake->shortage) {
            return ML_ENOMEM;
        }
        if (sum == fake->poison) {
            if (err != NULL) {
                snprintf(err->message, sizeof err->message, "sum %g is poison", sum);
            }
            return ML_EBACKEND;
        }
    }
    return ML_OK;
}

static inline void fake_close(void *self) {
    ((struct fake *)self)->closed = true;
}

static inline void fake_port(ml_port *port, const char *name, ml_dtype dtype, size_t width) {
    memset(port, 0, sizeof *port);
    port->name = name;
    port->dtype = (uint32_t)dtype;
    port->rank = 2;
    port->shape[1] = width;
    port->row_elements = width;
}

/* One input "x", outputs "sum" (of the same type, or FP64 for texts) and "echo", which is also
   "probabilities". Change it before fake_make(). */
static inline void fake_init(struct fake *fake, ml_dtype dtype, size_t width) {
    memset(fake, 0, sizeof *fake);
    fake_port(&fake->inputs[0], "x", dtype, width);
    fake_port(&fake->outputs[0], "sum", dtype == ML_BYTES ? ML_FP64 : dtype, 1);
    fake_port(&fake->outputs[1], "echo", dtype, width);
    fake->outputs[1].alias = "probabilities";
    fake->info.size = sizeof fake->info;
    fake->info.kind = "fake";
    fake->info.detail = "";
    fake->info.inputs = fake->inputs;
    fake->info.outputs = fake->outputs;
    fake->info.input_count = 1;
    fake->info.output_count = dtype == ML_BYTES && width == 1 ? 1 : 2;
    fake->poison = (double)NAN;
    fake->shortage = (double)NAN;
}

/* row_cost_ns other than 0 lets a pool split batches. */
static inline ml_predictor *fake_make(struct fake *fake, const ml_predictor_options *options) {
    ml_backend backend = ML_BACKEND_INIT;
    ml_model *model = NULL;
    ml_predictor *predictor = NULL;

    backend.run = fake_run;
    backend.close = fake_close;
    assert_int_equal(ml_model_create(&backend, &fake->info, fake, &model, NULL), ML_OK);
    assert_int_equal(ml_predictor_create(model, options, &predictor, NULL), ML_OK);
    ml_model_release(model);
    return predictor;
}

static inline ml_tensor
tensor_of(const char *name, void *data, ml_dtype dtype, size_t row_count, size_t width) {
    ml_tensor tensor;

    memset(&tensor, 0, sizeof tensor);
    tensor.name = name;
    tensor.data = data;
    tensor.dtype = (uint32_t)dtype;
    tensor.rank = 2;
    tensor.shape[0] = row_count;
    tensor.shape[1] = width;
    return tensor;
}

/* ---- an allocator that counts, and fails once nothing is left ---- */

static atomic_long allocation_count;
static atomic_long allocations_left = 1000000000;
static atomic_long live_count;

static void *counting_allocate(void *user, size_t size) {
    (void)user;
    if (atomic_fetch_sub(&allocations_left, 1) <= 0) {
        return NULL;
    }
    atomic_fetch_add(&allocation_count, 1);
    atomic_fetch_add(&live_count, 1);
    return malloc(size);
}

static void *counting_resize(void *user, void *block, size_t size) {
    (void)user;
    if (atomic_fetch_sub(&allocations_left, 1) <= 0) {
        return NULL;
    }
    atomic_fetch_add(&allocation_count, 1);
    return realloc(block, size);
}

static void counting_release(void *user, void *block) {
    (void)user;
    atomic_fetch_sub(&live_count, 1);
    free(block);
}

static inline bool count_allocations(void) {
    const ml_allocator allocator = {counting_allocate, counting_resize, counting_release, NULL};

    return ml_set_allocator(&allocator) == ML_OK;
}

#endif
