/* SPDX-License-Identifier: MIT */
/*
 * dense.c -- a dense layer: chosen, packed and run.
 *
 * Two ways: kernels of our own (kernel_body.h), and tiles by OpenBLAS (dense_blas.c). Ours are
 * faster wherever the CPU has AVX2 and FMA, above all for few rows, since OpenBLAS packs the
 * weights anew in each call and ours were packed when the layer was made. The figures stand in
 * docs/decisions/0002-dense-kernels.md. Either way the choice is made here once.
 *
 * Rows go by in chunks whose outputs are still in the cache when the activation runs over them
 * (ReLU is applied earlier, in registers).
 */
#include "model/dense.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/fail.h"
#include "base/half.h"
#include "base/memory.h"
#include "model/dense_blas.h"
#include "model/kernel_table.h"

#define CHUNK_ROWS 192

struct ml__dense {
    ml_dtype dtype;
    size_t element_bytes;
    const struct ml__kernel *kernel; /* of the activation, with BLAS too */
    const struct ml__kernel_type *type;
    struct ml__activation activation; /* what is left to do after the product */
    struct ml__panels panels;         /* weights are NULL: BLAS */
    struct ml__blas blas;
    size_t scratch_bytes;
    double row_cost_ns;
    void *weights; /* owned; of either */
    void *bias;    /* owned; whole vectors */
};

/* A count of elements in whole vectors; false: it does not fit. */
static bool whole_vectors(const struct ml__dense *dense, size_t count, size_t *padded) {
    const size_t lanes = dense->type->lanes;

    if (!ml__add(count, lanes - 1, padded)) {
        return false;
    }
    *padded = *padded / lanes * lanes;
    return true;
}

/* Panels would at least double the weights: see struct ml__panels. */
static bool is_narrow(const struct ml__dense *dense) {
    return dense->panels.width <= dense->type->lanes / 2;
}

static void fill_minus_zero(const struct ml__dense *dense, void *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (dense->dtype == ML_FP32) {
            ((float *)values)[i] = -0.0f;
        } else {
            ((double *)values)[i] = -0.0;
        }
    }
}

/* Copy weights that follow each other, widening those that are kept in 16 bits. */
static void
copy_weights(const struct ml__dense_spec *spec, size_t first, void *target, size_t count) {
    const unsigned char *source = spec->weights;
    const size_t size = ml_dtype_size(spec->dtype);

    if (spec->kept_dtype == 0 || spec->kept_dtype == spec->dtype) {
        memcpy(target, source + first * size, count * size);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint16_t half;

        memcpy(&half, source + (first + i) * sizeof half, sizeof half);
        ((float *)target)[i] =
            spec->kept_dtype == ML_FP16 ? ml__from_fp16(half) : ml__from_bf16(half);
    }
}

/* Copy columns of the weights, all depths, to a block of `stride` elements a depth. */
static void copy_columns(
    const struct ml__dense_spec *spec, size_t column, size_t column_count, void *target,
    size_t stride
) {
    const size_t size = ml_dtype_size(spec->dtype);
    unsigned char *block = target;

    for (size_t depth = 0; depth < spec->depth; depth++) {
        unsigned char *row = block + depth * stride * size;

        if (!spec->transposed) {
            copy_weights(spec, depth * spec->width + column, row, column_count);
            continue;
        }
        for (size_t i = 0; i < column_count; i++) {
            copy_weights(spec, (column + i) * spec->depth + depth, row + i * size, 1);
        }
    }
}

/* Lay the weights out in panels: see struct ml__panels. */
static void
pack_panels(struct ml__dense *dense, const struct ml__dense_spec *spec, size_t padded) {
    const size_t panel_width = ML__PANEL_VECTORS * dense->type->lanes;
    unsigned char *panel = dense->weights;

    memset(dense->weights, 0, padded * spec->depth * dense->element_bytes);
    for (size_t column = 0; column < spec->width; column += panel_width) {
        const size_t left = spec->width - column;
        const size_t stride = padded - column < panel_width ? padded - column : panel_width;

        copy_columns(spec, column, left < panel_width ? left : panel_width, panel, stride);
        panel += stride * spec->depth * dense->element_bytes;
    }
}

/* Lay the weights out column by column: see struct ml__panels. */
static void
pack_columns(struct ml__dense *dense, const struct ml__dense_spec *spec, size_t padded) {
    const size_t size = dense->element_bytes;
    unsigned char *target = dense->weights;

    fill_minus_zero(dense, dense->weights, padded * spec->width);
    for (size_t column = 0; column < spec->width; column++) {
        for (size_t depth = 0; depth < spec->depth; depth++) {
            const size_t i =
                spec->transposed ? column * spec->depth + depth : depth * spec->width + column;

            copy_weights(spec, i, target + (column * padded + depth) * size, 1);
        }
    }
}

static ml_status
pack(struct ml__dense *dense, const struct ml__dense_spec *spec, ml_error *err) {
    const bool narrow = is_narrow(dense);
    size_t padded = 0;
    size_t count = 0;

    if (whole_vectors(dense, narrow ? spec->depth : spec->width, &padded) &&
        ml__mul(padded, narrow ? spec->width : spec->depth, &count)) {
        dense->weights = ml__make_aligned(count, dense->element_bytes);
    }
    if (dense->weights == NULL) {
        return ml__fail(
            err, ML_ENOMEM, "weights of a layer of %zu by %zu", spec->depth, spec->width
        );
    }
    if (narrow) {
        pack_columns(dense, spec, padded);
    } else {
        pack_panels(dense, spec, padded);
    }
    dense->panels.weights = dense->weights;
    return ML_OK;
}

/* Copy the bias, or as many -0 as there are columns, in whole vectors. */
static ml_status
copy_bias(struct ml__dense *dense, const struct ml__dense_spec *spec, ml_error *err) {
    size_t padded = 0;

    if (whole_vectors(dense, spec->width, &padded)) {
        dense->bias = ml__make_aligned(padded, dense->element_bytes);
    }
    if (dense->bias == NULL) {
        return ml__fail(err, ML_ENOMEM, "bias of %zu numbers", spec->width);
    }
    fill_minus_zero(dense, dense->bias, padded);
    if (spec->bias != NULL) {
        memcpy(dense->bias, spec->bias, spec->width * dense->element_bytes);
    }
    dense->panels.bias = dense->bias;
    return ML_OK;
}

/* Keep the weights for OpenBLAS; *done is false if its tiles do not keep a row's bits here. */
static ml_status prepare_blas(
    struct ml__dense *dense, const struct ml__dense_spec *spec, bool *done, ml_error *err
) {
    size_t count = 0;
    ml_status status;

    dense->blas = (struct ml__blas){dense->dtype, spec->depth, spec->width, NULL};
    if (ml__mul(spec->depth, spec->width, &count) &&
        ml__blas_scratch_bytes(&dense->blas, &dense->scratch_bytes)) {
        dense->weights = ml__make_aligned(count, dense->element_bytes);
    }
    if (dense->weights == NULL) {
        return ml__fail(
            err, ML_ENOMEM, "weights of a layer of %zu by %zu", spec->depth, spec->width
        );
    }
    copy_columns(spec, 0, spec->width, dense->weights, spec->width);
    dense->blas.weights = dense->weights;
    status = ml__blas_try(&dense->blas, done, err);
    if (status == ML_OK && !*done) {
        ml__free_aligned(dense->weights);
        dense->weights = NULL;
        dense->scratch_bytes = 0;
    }
    return status;
}

/* From the figures of the decision: sums in registers, or weights from the caches; then exp. */
static double estimate_ns(const struct ml__dense *dense, const struct ml__dense_spec *spec) {
    const double count = (double)spec->depth * (double)spec->width;
    const double bytes = count * (double)dense->element_bytes;
    const double sums = bytes / 4 / dense->kernel->fused_ops_per_ns;
    const double loads = bytes / (bytes < 1 << 20 ? 80 : bytes < 1 << 24 ? 40 : 10);
    const bool costly = dense->activation.kind >= ML__ACTIVATION_ELU;

    return 20 + (sums > loads ? sums : loads) +
           (double)spec->width * (costly ? (dense->dtype == ML_FP32 ? 1 : 10) : 0.1);
}

ml_status ml__dense_make_on(
    const struct ml__dense_spec *spec, const struct ml__kernel *kernel, struct ml__dense **out,
    ml_error *err
) {
    struct ml__dense *dense = NULL;
    ml_status status;
    bool done = false;

    if (spec->kernel == ML_KERNEL_BLAS && !ml__blas_present()) {
        return ml__fail(err, ML_EUNSUPPORTED, "kernel blas: this build has no OpenBLAS");
    }
    dense = ml__make(1, sizeof *dense);
    if (dense == NULL) {
        return ml__fail(err, ML_ENOMEM, "layer of %zu bytes", sizeof *dense);
    }
    dense->dtype = spec->dtype;
    dense->element_bytes = ml_dtype_size(spec->dtype);
    dense->kernel = kernel;
    dense->type = spec->dtype == ML_FP32 ? &kernel->f32 : &kernel->f64;
    dense->activation = spec->activation;
    dense->panels.depth = spec->depth;
    dense->panels.width = spec->width;
    status = copy_bias(dense, spec, err);
    if (status == ML_OK && spec->kernel == ML_KERNEL_BLAS) {
        status = prepare_blas(dense, spec, &done, err);
    }
    if (status == ML_OK && !done) {
        status = pack(dense, spec, err);
    }
    if (status != ML_OK) {
        goto done;
    }
    if (!done && spec->activation.kind == ML__ACTIVATION_RELU) {
        dense->panels.relu = true;
        dense->activation.kind = ML__ACTIVATION_NONE;
    }
    dense->row_cost_ns = estimate_ns(dense, spec);
    *out = dense;
    dense = NULL;
done:
    ml__dense_free(dense);
    return status;
}

ml_status
ml__dense_make(const struct ml__dense_spec *spec, struct ml__dense **out, ml_error *err) {
    return ml__dense_make_on(spec, ml__kernel_best(), out, err);
}

void ml__dense_free(struct ml__dense *dense) {
    if (dense != NULL) {
        ml__free_aligned(dense->weights);
        ml__free_aligned(dense->bias);
        ml__free(dense);
    }
}

size_t ml__dense_scratch_bytes(const struct ml__dense *dense) {
    return dense->scratch_bytes;
}

double ml__dense_row_cost_ns(const struct ml__dense *dense) {
    return dense->row_cost_ns;
}

const char *ml__dense_kernel_name(const struct ml__dense *dense) {
    return dense->panels.weights == NULL ? "blas" : dense->kernel->name;
}

static void add_bias_f32(float *out, const float *bias, size_t row_count, size_t width) {
    for (size_t row = 0; row < row_count; row++) {
        for (size_t column = 0; column < width; column++) {
            out[row * width + column] += bias[column];
        }
    }
}

static void add_bias_f64(double *out, const double *bias, size_t row_count, size_t width) {
    for (size_t row = 0; row < row_count; row++) {
        for (size_t column = 0; column < width; column++) {
            out[row * width + column] += bias[column];
        }
    }
}

static void run_chunk(
    const struct ml__dense *dense, const void *rows, void *out, size_t row_count, void *scratch
) {
    const size_t width = dense->panels.width;

    if (dense->panels.weights != NULL && is_narrow(dense)) {
        dense->type->run_columns(&dense->panels, rows, out, row_count);
    } else if (dense->panels.weights != NULL) {
        dense->type->run_panels(&dense->panels, rows, out, row_count);
    } else {
        ml__blas_run(&dense->blas, rows, out, row_count, scratch);
        if (dense->dtype == ML_FP32) {
            add_bias_f32(out, dense->bias, row_count, width);
        } else {
            add_bias_f64(out, dense->bias, row_count, width);
        }
    }
    if (dense->activation.kind == ML__ACTIVATION_NONE) {
        return;
    }
    if (dense->dtype == ML_FP32) {
        dense->kernel->activate(&dense->activation, out, row_count * width);
    } else {
        ml__activate(&dense->activation, dense->dtype, out, row_count * width);
    }
}

void ml__dense_run(
    const struct ml__dense *dense, const void *rows, void *out, size_t row_count, void *scratch
) {
    const size_t row_bytes = dense->panels.depth * dense->element_bytes;
    const size_t out_bytes = dense->panels.width * dense->element_bytes;

    for (size_t row = 0; row < row_count; row += CHUNK_ROWS) {
        const size_t left = row_count - row;

        run_chunk(
            dense, (const unsigned char *)rows + row * row_bytes,
            (unsigned char *)out + row * out_bytes, left < CHUNK_ROWS ? left : CHUNK_ROWS,
            scratch
        );
    }
}
