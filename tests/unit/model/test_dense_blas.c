/* SPDX-License-Identifier: MIT */
/*
 * test_dense_blas.c -- tiles by OpenBLAS. That they keep a row's bits inside a layer, and that
 * a build without OpenBLAS says so, is proved in test_dense.c.
 */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/dense_blas.h"

enum { DEPTH = 2500, WIDTH = 33, ROWS = 19 };

static float weights[DEPTH * WIDTH];
static float rows[ROWS * DEPTH];
static float out[ROWS * WIDTH];
static float scratch[8 * (DEPTH + WIDTH)];

static const struct ml__blas layer = {ML_FP32, DEPTH, WIDTH, weights};

static void fill(void) {
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        weights[i] = (float)(i * 7919 % 2001) / 1000 - 1;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rows[i] = (float)(i * 104729 % 2001) / 1000 - 1;
    }
}

static void scratch_holds_a_tile_of_rows_and_answers(void **state) {
    const struct ml__blas huge = {ML_FP64, SIZE_MAX / 32, 1, NULL};
    size_t bytes = 0;

    (void)state;
    assert_true(ml__blas_scratch_bytes(&layer, &bytes));
    assert_int_equal(bytes, 8 * (DEPTH + WIDTH) * sizeof(float));
    assert_false(ml__blas_scratch_bytes(&huge, &bytes));
}

static void the_product_is_right_across_calls_in_depth_and_width(void **state) {
    (void)state;
    if (!ml__blas_present()) {
        return; /* nothing of it is in this build */
    }
    fill();
    ml__blas_run(&layer, rows, out, ROWS, scratch);
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t column = 0; column < WIDTH; column++) {
            double right = 0;

            for (size_t k = 0; k < DEPTH; k++) {
                right += (double)rows[row * DEPTH + k] * (double)weights[k * WIDTH + column];
            }
            assert_true(fabs(out[row * WIDTH + column] - right) < 1e-2);
        }
    }
}

static void the_trial_answers(void **state) {
    const struct ml__blas too_deep = {ML_FP32, (size_t)1 << 31, 1, NULL};
    bool keeps = false;

    (void)state;
    fill();
    assert_int_equal(ml__blas_try(&layer, &keeps, NULL), ML_OK);
    assert_true(keeps || !ml__blas_present());
    assert_int_equal(ml__blas_try(&too_deep, &keeps, NULL), ML_OK);
    assert_false(keeps);
}

static double cpu_seconds(clockid_t clock) {
    struct timespec time;

    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Threads that OpenBLAS started when it was loaded may spin for a moment: let them. */
static void no_call_is_large_enough_for_threads(void **state) {
    const struct timespec pause = {0, 200000000};
    double all;
    double own;

    (void)state;
    if (!ml__blas_present()) {
        return;
    }
    fill();
    nanosleep(&pause, NULL);
    all = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    own = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    for (size_t i = 0; i < 100; i++) {
        ml__blas_run(&layer, rows, out, ROWS, scratch);
    }
    own = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - own;
    all = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - all;
    assert_true(all < own * 1.1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scratch_holds_a_tile_of_rows_and_answers),
        cmocka_unit_test(the_product_is_right_across_calls_in_depth_and_width),
        cmocka_unit_test(the_trial_answers),
        cmocka_unit_test(no_call_is_large_enough_for_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
