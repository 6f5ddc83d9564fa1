/* SPDX-License-Identifier: MIT */
/*
 * test_activation.c -- every activation, by every kernel of this CPU, against the C library.
 */
#include "support/cmocka_all.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/activation.h"
#include "model/kernel_table.h"

#define SWEEP_STRIDE 6007 /* of the 2^32 floats */
#define LONGEST 70

/* Alpha and beta are the same in both types. */
static const struct ml__activation every_activation[] = {
    {ML__ACTIVATION_NONE, 0, 0},           {ML__ACTIVATION_RELU, 0, 0},
    {ML__ACTIVATION_LEAKY_RELU, 0.125, 0}, {ML__ACTIVATION_ELU, 1, 0},
    {ML__ACTIVATION_SELU, 1.6875, 1.0625}, {ML__ACTIVATION_TANH, 0, 0},
    {ML__ACTIVATION_SIGMOID, 0, 0},        {ML__ACTIVATION_CLIP, -0.5, 6},
};
#define ACTIVATION_COUNT (sizeof every_activation / sizeof *every_activation)

static double expected(const struct ml__activation *activation, double x) {
    const double alpha = activation->alpha;
    const double beta = activation->beta;

    if (isnan(x)) {
        return x;
    }
    switch (activation->kind) {
    case ML__ACTIVATION_RELU:
        return x > 0 ? x : 0;
    case ML__ACTIVATION_LEAKY_RELU:
        return x < 0 ? alpha * x : x;
    case ML__ACTIVATION_ELU:
        return x < 0 ? alpha * expm1(x) : x;
    case ML__ACTIVATION_SELU:
        return beta * (x < 0 ? alpha * expm1(x) : x);
    case ML__ACTIVATION_TANH:
        return tanh(x);
    case ML__ACTIVATION_SIGMOID:
        return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
    case ML__ACTIVATION_CLIP:
        return fmin(fmax(x, alpha), beta);
    case ML__ACTIVATION_NONE:
        break;
    }
    return x;
}

static double ulp_bound(enum ml__activation_kind kind) {
    switch (kind) {
    case ML__ACTIVATION_TANH:
        return 2;
    case ML__ACTIVATION_ELU:
    case ML__ACTIVATION_SELU:
    case ML__ACTIVATION_SIGMOID:
        return 4;
    default:
        return 0.5;
    }
}

/* Distance in units in the last place of a float (or double) at `right`. */
static double ulps(double value, double right, int digits) {
    const int least = digits == FLT_MANT_DIG ? FLT_MIN_EXP : DBL_MIN_EXP;
    int exponent;

    if (value == right || (isnan(value) && isnan(right)) ||
        (digits == FLT_MANT_DIG && value == (float)right)) {
        return 0;
    }
    if (!isfinite(value) || !isfinite(right)) {
        return INFINITY;
    }
    frexp(right, &exponent);
    exponent = exponent < least ? least : exponent;
    return fabs(value - right) / ldexp(1, exponent - digits);
}

static float float_of(uint32_t bits) {
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static void sweep(const struct ml__kernel *kernel, const struct ml__activation *activation) {
    const double bound = ulp_bound(activation->kind);
    double worst = 0;
    float worst_at = 0;
    float in[64];
    float out[64];

    for (uint64_t bits = 0; bits < UINT32_MAX; bits += UINT64_C(64) * SWEEP_STRIDE) {
        for (size_t i = 0; i < 64; i++) {
            out[i] = in[i] = float_of((uint32_t)(bits + i * SWEEP_STRIDE));
        }
        kernel->activate(activation, out, 64);
        for (size_t i = 0; i < 64; i++) {
            const double off = ulps(out[i], expected(activation, in[i]), FLT_MANT_DIG);

            if (off > worst) {
                worst = off;
                worst_at = in[i];
            }
        }
    }
    print_message(
        "%s activation %d: %.3f ulp at %a\n", kernel->name, (int)activation->kind, worst,
        (double)worst_at
    );
    assert_true(worst <= bound);
}

static void floats_are_near_the_c_library(void **state) {
    const struct ml__kernel *kernels[ML__KERNEL_MAX];
    const size_t kernel_count = ml__kernel_list(kernels);

    (void)state;
    for (size_t k = 0; k < kernel_count; k++) {
        for (size_t i = 0; i < ACTIVATION_COUNT; i++) {
            sweep(kernels[k], &every_activation[i]);
        }
    }
}

static void doubles_are_near_the_c_library(void **state) {
    (void)state;
    for (size_t i = 0; i < ACTIVATION_COUNT; i++) {
        const struct ml__activation *activation = &every_activation[i];

        for (double x = -40; x < 40; x += 0.037) {
            double value = x;

            ml__activate(activation, ML_FP64, &value, 1);
            assert_true(ulps(value, expected(activation, x), DBL_MANT_DIG) <= 4);
        }
    }
}

static void edges_are_as_defined(void **state) {
    static const double limits[][3] = {
        /* at -Infinity, -0, +Infinity */
        {-INFINITY, -0.0, INFINITY},
        {0, 0, INFINITY},
        {-INFINITY, -0.0, INFINITY},
        {-1, -0.0, INFINITY},
        {0, -0.0, INFINITY},
        {-1, -0.0, 1},
        {0, 0.5, 1},
        {-0.5, -0.0, 6},
    };

    (void)state;
    for (size_t i = 0; i < ACTIVATION_COUNT; i++) {
        struct ml__activation activation = every_activation[i];
        float values[4] = {-INFINITY, -0.0f, INFINITY, NAN};
        double doubles[4] = {-INFINITY, -0.0, INFINITY, NAN};

        ml__activate(&activation, ML_FP32, values, 4);
        ml__activate(&activation, ML_FP64, doubles, 4);
        assert_true(isnan(values[3]) && isnan(doubles[3]));
        for (size_t edge = 0; edge < 3; edge++) {
            double right = limits[i][edge];

            if (activation.kind == ML__ACTIVATION_SELU && edge == 0) {
                right = -activation.alpha * activation.beta;
            }
            assert_true(fabs(values[edge] - right) < 1e-6 || values[edge] == (float)right);
            assert_true(fabs(doubles[edge] - right) < 1e-6 || doubles[edge] == right);
        }
    }
}

static void subnormals_are_kept(void **state) {
    static const enum ml__activation_kind linear_at_0[] = {
        ML__ACTIVATION_NONE, ML__ACTIVATION_RELU, ML__ACTIVATION_TANH, ML__ACTIVATION_CLIP};
    const struct ml__kernel *kernels[ML__KERNEL_MAX];
    const size_t kernel_count = ml__kernel_list(kernels);

    (void)state;
    for (size_t k = 0; k < kernel_count; k++) {
        for (size_t i = 0; i < sizeof linear_at_0 / sizeof *linear_at_0; i++) {
            const struct ml__activation activation = {linear_at_0[i], -1, 1};
            float value = 1e-40f;

            kernels[k]->activate(&activation, &value, 1);
            assert_true(value == 1e-40f);
        }
    }
}

static void an_element_has_the_same_bits_at_every_place(void **state) {
    const struct ml__kernel *kernels[ML__KERNEL_MAX];
    const size_t kernel_count = ml__kernel_list(kernels);
    float in[LONGEST];

    (void)state;
    for (size_t i = 0; i < LONGEST; i++) {
        in[i] = (float)(i * 7919 % 1000) / 100 - 5;
    }
    for (size_t k = 0; k < kernel_count * ACTIVATION_COUNT; k++) {
        const struct ml__activation *activation = &every_activation[k % ACTIVATION_COUNT];
        const struct ml__kernel *kernel = kernels[k / ACTIVATION_COUNT];
        float alone[LONGEST];

        memcpy(alone, in, sizeof alone);
        for (size_t i = 0; i < LONGEST; i++) {
            kernel->activate(activation, &alone[i], 1);
        }
        for (size_t begin = 0; begin < LONGEST; begin++) {
            float together[LONGEST];

            memcpy(together, in, sizeof together);
            kernel->activate(activation, together + begin, LONGEST - begin);
            assert_memory_equal(
                together + begin, alone + begin, (LONGEST - begin) * sizeof *together
            );
        }
    }
}

/* Softmax of doubles by the definition, against which floats are held. */
static void right_softmax(const double *row, double *out, size_t width, bool logarithm) {
    long double sum = 0;
    double maximum = -INFINITY;

    for (size_t i = 0; i < width; i++) {
        maximum = fmax(maximum, row[i]);
    }
    for (size_t i = 0; i < width; i++) {
        sum += expl((long double)row[i] - maximum);
    }
    for (size_t i = 0; i < width; i++) {
        const long double shifted = (long double)row[i] - maximum;

        out[i] = (double)(logarithm ? shifted - logl(sum) : expl(shifted) / sum);
    }
}

static void check_softmax(size_t width, bool logarithm) {
    const struct ml__kernel *kernels[ML__KERNEL_MAX];
    const size_t kernel_count = ml__kernel_list(kernels);
    float in[200];
    float out[200];
    double in_doubles[200];
    double out_doubles[200];
    double right[200];

    for (size_t i = 0; i < width; i++) {
        in[i] = (float)(i * 7919 % 1000) / 50 - 10;
        in_doubles[i] = in[i];
    }
    right_softmax(in_doubles, right, width, logarithm);
    ml__softmax(ML_FP64, in_doubles, out_doubles, 1, width, logarithm);
    for (size_t k = 0; k < kernel_count; k++) {
        kernels[k]->softmax(in, out, 1, width, logarithm);
        for (size_t i = 0; i < width; i++) {
            assert_true(fabs(out[i] - right[i]) <= 3e-6 * (fabs(right[i]) + logarithm));
            assert_true(fabs(out_doubles[i] - right[i]) <= 1e-14 * (1 + fabs(right[i])));
        }
    }
}

static void softmax_is_near_the_definition(void **state) {
    (void)state;
    for (size_t width = 1; width < 200; width += width < 70 ? 1 : 13) {
        check_softmax(width, false);
        check_softmax(width, true);
    }
}

static void softmax_of_a_row_does_not_depend_on_the_others(void **state) {
    const struct ml__kernel *kernels[ML__KERNEL_MAX];
    const size_t kernel_count = ml__kernel_list(kernels);

    (void)state;
    for (size_t k = 0; k < kernel_count; k++) {
        for (size_t width = 1; width < 40; width++) {
            float in[5 * 40];
            float together[5 * 40];
            float alone[40];

            for (size_t i = 0; i < 5 * width; i++) {
                in[i] = (float)(i * 7919 % 1000) / 100 - 5;
            }
            kernels[k]->softmax(in, together, 5, width, false);
            for (size_t row = 0; row < 5; row++) {
                kernels[k]->softmax(in + row * width, alone, 1, width, false);
                assert_memory_equal(alone, together + row * width, width * sizeof(float));
            }
            kernels[k]->softmax(in, in, 5, width, false);
            assert_memory_equal(in, together, 5 * width * sizeof *in);
        }
    }
}

static void softmax_of_large_numbers_does_not_overflow(void **state) {
    const float in[3] = {1000, 1000, -1000};
    float out[3];

    (void)state;
    ml__softmax(ML_FP32, in, out, 1, 3, false);
    assert_true(out[0] == 0.5f && out[1] == 0.5f && out[2] == 0);
    ml__softmax(ML_FP32, in, out, 1, 3, true);
    assert_true(fabsf(out[0] + 0.69314718f) < 1e-7f && out[2] < -1999);
}

/* What is no number in a row makes the whole row NaN; -Infinity beside numbers is just 0. */
static void softmax_of_no_numbers_is_nan(void **state) {
    static const float rows[][3] = {
        {1, NAN, 2}, {NAN, 1, 2}, {INFINITY, 1, 2}, {-INFINITY, -INFINITY, -INFINITY}};
    const float mixed[3] = {0, -INFINITY, 0};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        const float *row = rows[i / 2];
        const double doubles[3] = {row[0], row[1], row[2]};
        double out_doubles[3];
        float out[3];

        ml__softmax(ML_FP32, row, out, 1, 3, i % 2);
        ml__softmax(ML_FP64, doubles, out_doubles, 1, 3, i % 2);
        for (size_t column = 0; column < 3; column++) {
            assert_true(isnan(out[column]) && isnan(out_doubles[column]));
        }
    }
    for (size_t i = 0; i < 2; i++) {
        float out[3];

        ml__softmax(ML_FP32, mixed, out, 1, 3, i == 1);
        assert_true(i == 0 ? out[0] == 0.5f && out[1] == 0 : out[1] == -INFINITY);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_are_near_the_c_library),
        cmocka_unit_test(doubles_are_near_the_c_library),
        cmocka_unit_test(edges_are_as_defined),
        cmocka_unit_test(subnormals_are_kept),
        cmocka_unit_test(an_element_has_the_same_bits_at_every_place),
        cmocka_unit_test(softmax_is_near_the_definition),
        cmocka_unit_test(softmax_of_a_row_does_not_depend_on_the_others),
        cmocka_unit_test(softmax_of_large_numbers_does_not_overflow),
        cmocka_unit_test(softmax_of_no_numbers_is_nan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
