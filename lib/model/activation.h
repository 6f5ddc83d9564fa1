/* SPDX-License-Identifier: MIT */
/*
 * activation.h -- functions of one number, applied to many; and softmax, a function of a row.
 *
 * All are exact in the sense of "same row, same bits": an element's result does not depend on
 * where it stands or on how many there are.
 */
#ifndef ML_MODEL_ACTIVATION_H
#define ML_MODEL_ACTIVATION_H

#include <mlserve/tensor.h>

#include <stdbool.h>

enum ml__activation_kind {
    ML__ACTIVATION_NONE = 0,
    ML__ACTIVATION_RELU,       /* max(x, 0); NaN stays NaN */
    ML__ACTIVATION_LEAKY_RELU, /* x < 0 ? alpha x : x */
    ML__ACTIVATION_ELU,        /* x < 0 ? alpha (exp(x) - 1) : x */
    ML__ACTIVATION_SELU,       /* gamma (x > 0 ? x : alpha (exp(x) - 1)), gamma = beta */
    ML__ACTIVATION_TANH,
    ML__ACTIVATION_SIGMOID, /* 1 / (1 + exp(-x)) */
    ML__ACTIVATION_CLIP     /* min(max(x, alpha), beta); NaN stays NaN */
};

struct ml__activation {
    enum ml__activation_kind kind;
    double alpha;
    double beta;
};

/* In place, over `count` elements of FP32 or FP64. */
void ml__activate(
    const struct ml__activation *activation, ml_dtype dtype, void *values, size_t count
);

/*
 * Softmax, or its logarithm, along rows of `width` >= 1: rows [row_count, width] to out, which
 * may be the same memory. The maximum is subtracted first.
 */
void ml__softmax(
    ml_dtype dtype, const void *rows, void *out, size_t row_count, size_t width, bool logarithm
);

#endif
