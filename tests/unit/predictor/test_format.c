/* SPDX-License-Identifier: MIT */
/*
 * test_format.c -- the program's callback on the answers.
 */
#include "fake.h"

struct seen {
    int calls;
    ml_status answer;
};

static ml_status percent(void *user, ml_tensor *output, const ml_row_result *results) {
    struct seen *seen = user;
    double *values = output->data;

    seen->calls++;
    assert_int_equal(output->dtype, ML_FP64);
    assert_string_equal(output->name, seen->calls == 1 ? "sum" : "echo");
    for (size_t row = 0; row < output->shape[0]; row++) {
        assert_int_equal(results[row].status, isnan(values[row]) ? ML_EVALUE : ML_OK);
        values[row] *= 100;
    }
    return seen->answer;
}

static ml_status call(struct seen *seen, const float *rows, double *sums, double *echoes) {
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    ml_tensor outputs[2] = {
        tensor_of(NULL, sums, ML_FP64, 3, 1), tensor_of("echo", echoes, ML_FP64, 3, 1)};
    struct fake fake;
    ml_predictor *predictor;
    ml_status status;

    options.format = percent;
    options.user = seen;
    fake_init(&fake, ML_FP32, 1);
    predictor = fake_make(&fake, &options);
    status = ml_predict_batch(
        predictor, ml_f32_rows(rows, 3, 1), ml_tensor_list(outputs, 2), NULL, NULL
    );
    ml_predictor_close(predictor);
    return status;
}

static void format_changes_each_output_in_the_callers_type(void **state) {
    const float good[3] = {1, 2, 1};
    const float bad[3] = {1, 2, NAN};
    struct seen seen = {0, ML_OK};
    double sums[3];
    double echoes[3];

    (void)state;
    assert_int_equal(call(&seen, good, sums, echoes), ML_OK);
    assert_int_equal(seen.calls, 2);
    assert_true(sums[0] == 100 && sums[1] == 200 && sums[2] == 100);
    assert_true(echoes[0] == 100 && echoes[1] == 200 && echoes[2] == 100);
    seen.calls = 0;
    assert_int_equal(call(&seen, bad, sums, echoes), ML_EROWS);
    assert_true(sums[0] == 100 && isnan(sums[2]));
}

static void a_format_that_fails_fails_the_call_and_leaves_no_answer(void **state) {
    const float rows[3] = {1, 2, 3};
    struct seen seen = {0, ML_EIO};
    double sums[3];
    double echoes[3];

    (void)state;
    assert_int_equal(call(&seen, rows, sums, echoes), ML_EIO);
    assert_int_equal(seen.calls, 1);
    for (int i = 0; i < 3; i++) {
        assert_true(isnan(sums[i]) && isnan(echoes[i]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(format_changes_each_output_in_the_callers_type),
        cmocka_unit_test(a_format_that_fails_fails_the_call_and_leaves_no_answer),
    };

    return count_allocations() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
