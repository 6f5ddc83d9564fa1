/* SPDX-License-Identifier: MIT */
/*
 * test_dedupe.c -- equal rows are computed once, others never taken for equal.
 */
#include "fake.h"

static size_t rows_asked(const ml_tensor *inputs, size_t input_count, uint32_t skip) {
    struct fake fake;
    static double out[5000];
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    const size_t row_count = inputs[0].shape[0];
    ml_predictor *predictor;

    options.skip = skip;
    fake_init(&fake, (ml_dtype)inputs[0].dtype, inputs[0].shape[1]);
    fake.info.takes_missing = 1;
    fake.info.output_count = 1;
    for (size_t i = 1; i < input_count; i++) {
        fake_port(
            &fake.inputs[i], inputs[i].name, (ml_dtype)inputs[i].dtype, inputs[i].shape[1]
        );
        fake.info.input_count = input_count;
    }
    predictor = fake_make(&fake, &options);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_tensor_list(inputs, input_count), ml_f64_out(out, row_count, 1), NULL,
            NULL
        ),
        ML_OK
    );
    ml_predictor_close(predictor);
    return atomic_load(&fake.rows);
}

/* Every width from a byte on, so that each way through the hash is taken. */
static void rows_that_differ_in_one_bit_are_two(void **state) {
    static uint8_t rows[9][300];

    (void)state;
    for (size_t width = 1; width <= 300; width++) {
        ml_tensor input = tensor_of("x", rows, ML_UINT8, 9, width);
        uint8_t *flat = rows[0];

        memset(rows, 7, sizeof rows);
        assert_int_equal(rows_asked(&input, 1, 0), 1);
        for (size_t row = 1; row < 9; row++) {
            flat[row * width + (row * 31) % width] ^= (uint8_t)(1u << (row - 1));
        }
        assert_int_equal(rows_asked(&input, 1, 0), 9);
    }
}

static void zeros_of_two_signs_and_nans_of_other_bits_are_different_rows(void **state) {
    float rows[6] = {0.0f, -0.0f, 0.0f, NAN, NAN, 0};
    const uint32_t other_nan = 0x7fc00001u;
    ml_tensor input = tensor_of("x", rows, ML_FP32, 6, 1);

    (void)state;
    memcpy(&rows[5], &other_nan, sizeof other_nan);
    assert_int_equal(rows_asked(&input, 1, 0), 4);
    assert_int_equal(rows_asked(&input, 1, ML_SKIP_DEDUPE), 6);
}

static void all_inputs_count(void **state) {
    float a[4] = {1, 1, 2, 1};
    int64_t b[4] = {5, 6, 5, 5};
    ml_bytes c[4] = {{"p", 1}, {"p", 1}, {"p", 1}, {"q", 1}};
    ml_tensor inputs[3] = {
        tensor_of("x", a, ML_FP32, 4, 1), tensor_of("b", b, ML_INT64, 4, 1),
        tensor_of("c", c, ML_BYTES, 4, 1)};

    (void)state;
    assert_int_equal(rows_asked(inputs, 3, 0), 4);
    c[3] = c[0];
    assert_int_equal(rows_asked(inputs, 3, 0), 3);
}

static void texts_are_compared_by_their_bytes(void **state) {
    char one[] = "same";
    char two[] = "same";
    const char nothing[] = "";
    ml_bytes texts[8] = {{one, 4},     {two, 4}, {"sam", 3}, {"ab", 2},
                         {nothing, 0}, {"a", 1}, {"b", 1},   {NULL, 0}};
    ml_tensor input = tensor_of("x", texts, ML_BYTES, 8, 1);

    (void)state;
    assert_int_equal(rows_asked(&input, 1, 0), 6);
    input.shape[0] = 4; /* two texts a row: ("same", "same"), ("sam", "ab"), ... */
    input.shape[1] = 2;
    assert_int_equal(rows_asked(&input, 1, 0), 4);
}

static void many_rows_of_few_kinds_are_as_many_as_there_are_kinds(void **state) {
    static int32_t rows[5000][3];
    ml_tensor input = tensor_of("x", rows, ML_INT32, 5000, 3);

    (void)state;
    for (int i = 0; i < 5000; i++) {
        rows[i][0] = i * i % 1009 % 17;
        rows[i][2] = i % 3;
    }
    assert_int_equal(rows_asked(&input, 1, 0), 17 * 3);
    for (int i = 0; i < 5000; i++) {
        rows[i][1] = i;
    }
    assert_int_equal(rows_asked(&input, 1, 0), 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_differ_in_one_bit_are_two),
        cmocka_unit_test(zeros_of_two_signs_and_nans_of_other_bits_are_different_rows),
        cmocka_unit_test(all_inputs_count),
        cmocka_unit_test(texts_are_compared_by_their_bytes),
        cmocka_unit_test(many_rows_of_few_kinds_are_as_many_as_there_are_kinds),
    };

    return count_allocations() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
