/* SPDX-License-Identifier: MIT */
/*
 * test_validate.c -- which values fail their row, and what is said of them.
 */
#include "fake.h"

#include <float.h>

#define WIDTH 70 /* more than a vector, and no multiple of one */
#define ROWS 130 /* more than one block of 4096 values */

struct policy {
    uint32_t takes_missing;
    uint32_t takes_infinite;
    uint32_t nan_policy;
    uint32_t infinity_policy;
};

/* The status of one odd value among good ones, at every kind of place. */
static void check_value(
    ml_dtype dtype, ml_dtype model_type, struct policy policy, double value, ml_status expected
) {
    static uint64_t rows[ROWS * WIDTH];
    static double out[ROWS];
    ml_row_result results[ROWS];
    ml_call call = ML_CALL_INIT;
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    const size_t size = ml_dtype_size(dtype);
    const size_t bad = (size_t)(fabs(value) < 1e9 ? fabs(value) : 77) % ROWS;
    const size_t column = (bad * 13 + 5) % WIDTH;
    const double one = 1;
    struct fake fake;
    ml_tensor input = tensor_of(NULL, rows, dtype, ROWS, WIDTH);
    ml_predictor *predictor;

    for (size_t i = 0; i < (size_t)ROWS * WIDTH; i++) {
        assert_int_equal(
            ml_convert(
                i == bad * WIDTH + column ? &value : &one, ML_FP64, (char *)rows + i * size,
                dtype, 1
            ),
            ML_OK
        );
    }
    call.results = results;
    options.nan_policy = policy.nan_policy;
    options.infinity_policy = policy.infinity_policy;
    fake_init(&fake, model_type, WIDTH);
    fake.info.takes_missing = policy.takes_missing;
    fake.info.takes_infinite = policy.takes_infinite;
    predictor = fake_make(&fake, &options);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_tensor_list(&input, 1), ml_f64_out(out, ROWS, 1), &call, NULL
        ),
        expected == ML_OK ? ML_OK : ML_EROWS
    );
    for (size_t row = 0; row < ROWS; row++) {
        assert_int_equal(results[row].status, row == bad ? expected : ML_OK);
    }
    assert_int_equal(results[bad].column, expected == ML_OK ? ML_NO_COLUMN : column);
    ml_predictor_close(predictor);
}

static void missing_and_infinite_values_fail_as_model_and_options_say(void **state) {
    const ml_dtype types[] = {ML_FP32, ML_FP64, ML_FP16, ML_BF16};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const ml_dtype type = types[i];

        check_value(type, type, (struct policy){0, 0, 0, 0}, (double)NAN, ML_EVALUE);
        check_value(type, type, (struct policy){1, 0, 0, 0}, (double)NAN, ML_OK);
        check_value(type, type, (struct policy){1, 0, 2, 0}, (double)NAN, ML_EVALUE);
        check_value(type, type, (struct policy){0, 0, 1, 0}, (double)NAN, ML_OK);
        check_value(type, type, (struct policy){0, 0, 0, 0}, (double)INFINITY, ML_EVALUE);
        check_value(type, type, (struct policy){0, 0, 0, 0}, (double)-INFINITY, ML_EVALUE);
        check_value(type, type, (struct policy){0, 1, 0, 0}, (double)-INFINITY, ML_OK);
        check_value(type, type, (struct policy){0, 1, 0, 2}, (double)INFINITY, ML_EVALUE);
        check_value(type, type, (struct policy){0, 0, 0, 1}, (double)INFINITY, ML_OK);
        check_value(type, type, (struct policy){0, 0, 1, 1}, (double)NAN, ML_OK);
    }
}

static void the_largest_finite_values_and_all_integers_are_fine(void **state) {
    const struct policy strict = {0, 0, 0, 0};

    (void)state;
    check_value(ML_FP32, ML_FP32, strict, (double)FLT_MAX, ML_OK);
    check_value(ML_FP32, ML_FP32, strict, (double)-FLT_MAX, ML_OK);
    check_value(ML_FP64, ML_FP64, strict, DBL_MAX, ML_OK);
    check_value(ML_FP16, ML_FP16, strict, 65504, ML_OK);
    check_value(ML_FP64, ML_FP64, strict, DBL_TRUE_MIN, ML_OK);
    for (ml_dtype dtype = ML_INT8; dtype <= ML_BOOL; dtype++) {
        check_value(dtype, ML_FP64, strict, 1e30, ML_OK);
        check_value(dtype, dtype, strict, -1e30, ML_OK);
    }
}

static void a_value_that_is_infinite_only_in_the_models_type_fails(void **state) {
    const struct policy strict = {0, 0, 0, 0};
    const struct policy lenient = {0, 0, 0, ML_VALUES_ACCEPT};

    (void)state;
    check_value(ML_FP64, ML_FP32, strict, 1e300, ML_EVALUE);
    check_value(ML_FP64, ML_FP32, strict, -1e300, ML_EVALUE);
    check_value(ML_FP64, ML_FP32, lenient, 1e300, ML_OK);
    check_value(ML_FP64, ML_FP32, strict, (double)FLT_MAX, ML_OK);
    check_value(ML_FP64, ML_FP32, strict, 0x1.fffffefp127, ML_OK);
    check_value(ML_FP64, ML_FP32, strict, 0x1.ffffffp127, ML_EVALUE);
    check_value(ML_FP32, ML_FP16, strict, 65519, ML_OK);
    check_value(ML_FP32, ML_FP16, strict, 65520, ML_EVALUE);
}

static void a_bool_is_0_or_1(void **state) {
    uint8_t rows[3] = {0, 1, 2};
    uint8_t out[3] = {9, 9, 9};
    ml_tensor input = tensor_of(NULL, rows, ML_BOOL, 3, 1);
    ml_tensor output = tensor_of("echo", out, ML_BOOL, 3, 1);
    ml_error err = ML_ERROR_INIT;
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    fake_init(&fake, ML_BOOL, 1);
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_tensor_list(&input, 1), ml_tensor_list(&output, 1), NULL, &err
        ),
        ML_EROWS
    );
    assert_string_equal(err.message, "row 2: feature 0 is neither 0 nor 1");
    assert_true(out[0] == 0 && out[1] == 1 && out[2] == 0);
    ml_predictor_close(predictor);
}

static void columns_count_on_over_the_inputs(void **state) {
    float a[2] = {1, 2};
    float b[2] = {1, (float)NAN};
    float out = 0;
    ml_tensor inputs[2] = {tensor_of("b", b, ML_FP32, 1, 2), tensor_of("x", a, ML_FP32, 1, 2)};
    ml_error err = ML_ERROR_INIT;
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    fake_init(&fake, ML_FP32, 2);
    fake_port(&fake.inputs[1], "b", ML_FP32, 2);
    fake.info.input_count = 2;
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_tensor_list(inputs, 2), ml_f32_out(&out, 1, 1), NULL, &err
        ),
        ML_EROWS
    );
    assert_string_equal(
        err.message, "row 0: feature 3 is NaN; this model takes no missing values"
    );
    ml_predictor_close(predictor);
}

/* Vectors of all widths, and what is left behind them. */
static void a_missing_value_is_found_wherever_it_stands(void **state) {
    float row[70];

    (void)state;
    for (size_t width = 1; width <= 70; width++) {
        ml_tensor input = tensor_of("x", row, ML_FP32, 1, width);
        ml_row_result result;
        ml_call call = ML_CALL_INIT;
        struct fake fake;
        float out = 0;
        ml_predictor *predictor;

        memset(row, 0, sizeof row);
        call.results = &result;
        fake_init(&fake, ML_FP32, width);
        predictor = fake_make(&fake, NULL);
        for (size_t column = 0; column < width; column++) {
            row[column] = column % 2 == 0 ? NAN : -INFINITY;
            assert_int_equal(
                ml_predict_batch(
                    predictor, ml_tensor_list(&input, 1), ml_f32_out(&out, 1, 1), &call, NULL
                ),
                ML_EROWS
            );
            assert_int_equal(result.column, column);
            row[column] = 0;
        }
        ml_predictor_close(predictor);
    }
}

static void texts_are_strict_utf8_within_the_limit(void **state) {
    const struct {
        ml_bytes text;
        ml_status status;
        const char *reason;
    } cases[] = {
        {{"", 0}, ML_OK, NULL},
        {{NULL, 0}, ML_OK, NULL},
        {{"abcdefgh", 8}, ML_OK, NULL},
        {{"abcdefghi", 9}, ML_ELIMIT, "is longer than a text may be"},
        {{"a\0b", 3}, ML_OK, NULL},
        {{"\xf0\x9f\x98\x80", 4}, ML_OK, NULL},
        {{"\xc3", 1}, ML_EVALUE, "is not valid UTF-8"},
        {{"\xc0\x80", 2}, ML_EVALUE, "is not valid UTF-8"},
        {{"\xed\xa0\x80", 3}, ML_EVALUE, "is not valid UTF-8"},
        {{"\xf4\x90\x80\x80", 4}, ML_EVALUE, "is not valid UTF-8"},
        {{NULL, 1}, ML_EVALUE, "has a length but no data"},
    };
    enum { COUNT = sizeof cases / sizeof cases[0] };
    ml_bytes texts[COUNT];
    double lengths[COUNT];
    ml_row_result results[COUNT];
    ml_call call = ML_CALL_INIT;
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        texts[i] = cases[i].text;
    }
    call.results = results;
    options.max_text_bytes = 8;
    fake_init(&fake, ML_BYTES, 1);
    predictor = fake_make(&fake, &options);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_text_rows(texts, COUNT), ml_f64_out(lengths, COUNT, 1), &call, NULL
        ),
        ML_EROWS
    );
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(results[i].status, cases[i].status);
        if (cases[i].status == ML_OK) {
            assert_true(lengths[i] == (double)texts[i].size);
        } else {
            assert_string_equal(results[i].reason, cases[i].reason);
            assert_true(isnan(lengths[i]));
        }
    }
    assert_int_equal(
        ml_predict(
            predictor, ml_text_rows(&texts[3], 1), ml_f64_out(lengths, 1, 1), NULL, NULL
        ),
        ML_ELIMIT
    );
    ml_predictor_close(predictor);
}

static ml_status refuse_large(void *user, const ml_row *row, ml_row_result *result) {
    const float *values = row->inputs[0].data;
    size_t *seen = user;

    assert_int_equal(row->input_count, 1);
    assert_int_equal(row->inputs[0].shape[0], 1);
    assert_string_equal(row->inputs[0].name, "x");
    *seen |= (size_t)1 << row->position;
    if (values[1] > 100) {
        result->column = 1;
        result->reason = "is above 100";
        return ML_EVALUE;
    }
    return values[0] < 0 ? ML_EFORMAT : ML_OK;
}

static void the_programs_validation_sees_good_rows_and_may_fail_them(void **state) {
    const float rows[4][2] = {{1, 2}, {1, 101}, {NAN, 1}, {-1, 1}};
    float out[4];
    size_t seen = 0;
    ml_row_result results[4];
    ml_call call = ML_CALL_INIT;
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    ml_error err = ML_ERROR_INIT;
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    call.results = results;
    options.validate = refuse_large;
    options.user = &seen;
    fake_init(&fake, ML_FP32, 2);
    predictor = fake_make(&fake, &options);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f32_rows(rows[0], 4, 2), ml_f32_out(out, 4, 1), &call, &err
        ),
        ML_EROWS
    );
    assert_string_equal(err.message, "row 1: feature 1 is above 100");
    assert_int_equal(seen, 1 | 2 | 8);
    assert_int_equal(results[0].status, ML_OK);
    assert_int_equal(results[2].status, ML_EVALUE);
    assert_int_equal(results[3].status, ML_EFORMAT);
    assert_string_equal(results[3].reason, "refused by the program's validation");
    assert_int_equal(
        ml_predict(predictor, ml_f32_rows(rows[3], 1, 2), ml_f32_out(out, 1, 1), NULL, NULL),
        ML_EFORMAT
    );
    ml_predictor_close(predictor);
}

static void without_validation_only_the_programs_own_looks_at_values(void **state) {
    const float rows[2][2] = {{NAN, 1}, {1, 101}};
    float out[2];
    size_t seen = 0;
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    ml_error err = ML_ERROR_INIT;
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    options.skip = ML_SKIP_VALIDATE;
    options.validate = refuse_large;
    options.user = &seen;
    fake_init(&fake, ML_FP32, 2);
    predictor = fake_make(&fake, &options);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f32_rows(rows[0], 2, 2), ml_f32_out(out, 2, 1), NULL, &err
        ),
        ML_EROWS
    );
    assert_string_equal(err.message, "row 1: feature 1 is above 100");
    assert_int_equal(atomic_load(&fake.rows), 1);
    ml_predictor_close(predictor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_and_infinite_values_fail_as_model_and_options_say),
        cmocka_unit_test(the_largest_finite_values_and_all_integers_are_fine),
        cmocka_unit_test(a_value_that_is_infinite_only_in_the_models_type_fails),
        cmocka_unit_test(a_bool_is_0_or_1),
        cmocka_unit_test(columns_count_on_over_the_inputs),
        cmocka_unit_test(a_missing_value_is_found_wherever_it_stands),
        cmocka_unit_test(texts_are_strict_utf8_within_the_limit),
        cmocka_unit_test(the_programs_validation_sees_good_rows_and_may_fail_them),
        cmocka_unit_test(without_validation_only_the_programs_own_looks_at_values),
    };

    return count_allocations() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
