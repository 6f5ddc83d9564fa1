/* SPDX-License-Identifier: MIT */
/*
 * step.c -- one operation on items (rows), everything about it decided.
 *
 * The heavy steps are the kernels' (dense.h, activation.h); here is the choice between them and
 * the two light loops that have no better home. No loop lets one item see another: that is why
 * a row's bits do not depend on its neighbours.
 */
#include "model/step.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"

#define NORMALIZE(type)                                                                        \
    static void normalize_##type(                                                              \
        const type *source, type *target, const type *factors, size_t count, size_t width,     \
        size_t inner                                                                           \
    ) {                                                                                        \
        const type *mean = factors;                                                            \
        const type *factor = factors + width;                                                  \
        const type *shift = factors + 2 * width;                                               \
                                                                                               \
        for (size_t i = 0; i < count; i++) {                                                   \
            for (size_t channel = 0; channel < width; channel++) {                             \
                for (size_t j = 0; j < inner; j++) {                                           \
                    const type difference = *source++ - mean[channel];                         \
                    *target++ = difference * factor[channel] + shift[channel];                 \
                }                                                                              \
            }                                                                                  \
        }                                                                                      \
    }

NORMALIZE(float)
NORMALIZE(double)

/* NaN is never greater: it wins only where it stands first and all else is NaN too, or stays
   uncompared; the answer is an index in any case. */
#define ARGMAX(type)                                                                           \
    static int64_t argmax_##type(                                                              \
        const type *values, size_t width, size_t step, bool choose_last                        \
    ) {                                                                                        \
        size_t best = 0;                                                                       \
                                                                                               \
        for (size_t i = 1; i < width; i++) {                                                   \
            const type value = values[i * step];                                               \
            const type champion = values[best * step];                                         \
            best = value > champion || (choose_last && value == champion) ? i : best;          \
        }                                                                                      \
        return (int64_t)best;                                                                  \
    }

ARGMAX(float)
ARGMAX(double)
ARGMAX(int32_t)
ARGMAX(int64_t)

static int64_t find_largest(const struct ml__step *step, const void *source, size_t start) {
    const bool choose_last = step->choose_last;

    switch (step->source_type) {
    case ML_FP64:
        return argmax_double(
            (const double *)source + start, step->width, step->inner, choose_last
        );
    case ML_INT32:
        return argmax_int32_t(
            (const int32_t *)source + start, step->width, step->inner, choose_last
        );
    case ML_INT64:
        return argmax_int64_t(
            (const int64_t *)source + start, step->width, step->inner, choose_last
        );
    default:
        return argmax_float(
            (const float *)source + start, step->width, step->inner, choose_last
        );
    }
}

static void
run_argmax(const struct ml__step *step, const void *source, int64_t *target, size_t count) {
    for (size_t i = 0; i < count * step->outer; i++) {
        for (size_t j = 0; j < step->inner; j++) {
            *target++ = find_largest(step, source, i * step->width * step->inner + j);
        }
    }
}

static void
run_norm(const struct ml__step *step, const void *source, void *target, size_t count) {
    if (step->source_type == ML_FP64) {
        normalize_double(
            source, target, step->factors, count * step->outer, step->width, step->inner
        );
    } else {
        normalize_float(
            source, target, step->factors, count * step->outer, step->width, step->inner
        );
    }
}

/* Between number types, which cannot fail. */
static void
run_cast(const struct ml__step *step, const void *source, void *target, size_t count) {
    const ml_status status =
        ml_convert(source, step->source_type, target, step->target_type, count);

    assert(status == ML_OK);
    (void)status;
}

void ml__step_close(struct ml__step *step) {
    ml__dense_free(step->dense);
    step->dense = NULL;
    ml__free_aligned(step->factors);
    step->factors = NULL;
}

bool ml__step_in_place(const struct ml__step *step) {
    switch (step->kind) {
    case ML__STEP_ACTIVATE:
    case ML__STEP_BINARY:
    case ML__STEP_NORM:
    case ML__STEP_SOFTMAX:
        return true;
    default:
        return false;
    }
}

size_t ml__step_scratch_bytes(const struct ml__step *step) {
    return step->kind == ML__STEP_DENSE ? ml__dense_scratch_bytes(step->dense) : 0;
}

double ml__step_cost_ns(const struct ml__step *step) {
    const double elements = (double)step->source_elements;

    switch (step->kind) {
    case ML__STEP_DENSE:
        return ml__dense_row_cost_ns(step->dense) * (double)step->repeat;
    case ML__STEP_ACTIVATE:
        return step->activation.kind == ML__ACTIVATION_RELU ||
                       step->activation.kind == ML__ACTIVATION_LEAKY_RELU ||
                       step->activation.kind == ML__ACTIVATION_CLIP
                   ? 0.1 * elements
                   : 1.0 * elements;
    case ML__STEP_SOFTMAX:
        return 5.0 + 1.5 * elements;
    case ML__STEP_ARGMAX:
        return 2.0 + 1.0 * elements;
    default:
        return 2.0 + 0.2 * (double)step->target_elements;
    }
}

void ml__step_run(
    const struct ml__step *step, const void *source, const void *other, void *target,
    size_t item_count, void *scratch
) {
    const size_t elements = item_count * step->source_elements;
    const size_t bytes = elements * ml_dtype_size(step->source_type);

    switch (step->kind) {
    case ML__STEP_COPY:
        memcpy(target, source, bytes);
        break;
    case ML__STEP_DENSE:
        ml__dense_run(step->dense, source, target, item_count * step->repeat, scratch);
        break;
    case ML__STEP_ACTIVATE:
        if (target != source) {
            memcpy(target, source, bytes);
        }
        ml__activate(&step->activation, step->source_type, target, elements);
        break;
    case ML__STEP_BINARY:
        ml__binary_run(&step->binary, source, other, target, item_count);
        break;
    case ML__STEP_NORM:
        run_norm(step, source, target, item_count);
        break;
    case ML__STEP_SOFTMAX:
        ml__softmax(
            step->source_type, source, target, item_count * step->outer, step->width,
            step->logarithm
        );
        break;
    case ML__STEP_ARGMAX:
        run_argmax(step, source, target, item_count);
        break;
    case ML__STEP_CAST:
        run_cast(step, source, target, elements);
        break;
    }
}
