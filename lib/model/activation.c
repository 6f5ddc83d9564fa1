/* SPDX-License-Identifier: MIT */
/*
 * activation.c -- activations and softmax, by type.
 *
 * FP32 runs in vectors, by the best kernel of this CPU (vector_math.h). FP64 is rare in models
 * that are served, so it is plain loops over the C library: exact to the last place or so, an
 * element by itself, and thus with the same bits wherever it stands.
 */
#include "model/activation.h"

#include <math.h>

#include "model/kernel_table.h"

static double apply(const struct ml__activation *activation, double x) {
    const double alpha = activation->alpha;
    const double beta = activation->beta;
    double small;

    switch (activation->kind) {
    case ML__ACTIVATION_RELU:
        return x < 0 ? 0 : x;
    case ML__ACTIVATION_LEAKY_RELU:
        return x < 0 ? alpha * x : x;
    case ML__ACTIVATION_ELU:
        return x < 0 ? alpha * expm1(x) : x;
    case ML__ACTIVATION_SELU:
        return beta * (x < 0 ? alpha * expm1(x) : x);
    case ML__ACTIVATION_TANH:
        return tanh(x);
    case ML__ACTIVATION_SIGMOID:
        small = exp(-fabs(x)); /* cannot overflow */
        return (x < 0 ? small : 1) / (1 + small);
    case ML__ACTIVATION_CLIP:
        x = x < alpha ? alpha : x;
        return x > beta ? beta : x;
    case ML__ACTIVATION_NONE:
        break;
    }
    return x;
}

void ml__activate(
    const struct ml__activation *activation, ml_dtype dtype, void *values, size_t count
) {
    double *doubles = values;

    if (activation->kind == ML__ACTIVATION_NONE) {
        return;
    }
    if (dtype == ML_FP32) {
        ml__kernel_best()->activate(activation, values, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        doubles[i] = apply(activation, doubles[i]);
    }
}

/* A NaN is passed over by the maximum, but comes back through exp into the sum. */
static void softmax_row(const double *row, double *out, size_t width, bool logarithm) {
    double maximum = row[0];
    double sum = 0;

    for (size_t i = 1; i < width; i++) {
        maximum = row[i] > maximum ? row[i] : maximum;
    }
    for (size_t i = 0; i < width; i++) {
        const double shifted = row[i] - maximum;
        const double power = exp(shifted);

        sum += power;
        out[i] = logarithm ? shifted : power;
    }
    if (logarithm) {
        sum = log(sum);
    }
    for (size_t i = 0; i < width; i++) {
        out[i] = logarithm ? out[i] - sum : out[i] / sum;
    }
}

void ml__softmax(
    ml_dtype dtype, const void *rows, void *out, size_t row_count, size_t width, bool logarithm
) {
    if (dtype == ML_FP32) {
        ml__kernel_best()->softmax(rows, out, row_count, width, logarithm);
        return;
    }
    for (size_t row = 0; row < row_count; row++) {
        softmax_row(
            (const double *)rows + row * width, (double *)out + row * width, width, logarithm
        );
    }
}
