/* SPDX-License-Identifier: MIT */
/*
 * test_scatter.c -- answers in the caller's order and type, void ones where rows failed.
 */
#include "fake.h"

static void answers_come_in_any_number_type_and_are_void_by_type_where_a_row_failed(void **state
) {
    const float rows[4] = {3, NAN, 3, 1};

    (void)state;
    for (ml_dtype dtype = ML_FP32; dtype <= ML_BOOL; dtype++) {
        uint64_t out[4];
        ml_tensor output = tensor_of("sum", out, dtype, 4, 1);
        const bool real = dtype <= ML_BF16;
        struct fake fake;
        ml_predictor *predictor;

        memset(out, 0x55, sizeof out);
        fake_init(&fake, ML_FP32, 1);
        predictor = fake_make(&fake, NULL);
        assert_int_equal(
            ml_predict_batch(
                predictor, ml_f32_rows(rows, 4, 1), ml_tensor_list(&output, 1), NULL, NULL
            ),
            ML_EROWS
        );
        for (size_t i = 0; i < 4; i++) {
            const double expected = dtype == ML_BOOL ? 1 : (double)rows[i];
            double value = -1;

            assert_int_equal(
                ml_convert((char *)out + i * ml_dtype_size(dtype), dtype, &value, ML_FP64, 1),
                ML_OK
            );
            if (i == 1) {
                assert_true(real ? isnan(value) : value == 0);
            } else {
                assert_true(value == expected);
            }
        }
        ml_predictor_close(predictor);
    }
}

static void texts_come_through_and_are_empty_where_a_row_failed(void **state) {
    const ml_bytes texts[4] = {{"one", 3}, {"\xff", 1}, {"two", 3}, {"one", 3}};
    ml_bytes out[4];
    ml_tensor output = tensor_of("text", out, ML_BYTES, 4, 1);
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    fake_init(&fake, ML_BYTES, 1);
    fake_port(&fake.outputs[1], "text", ML_BYTES, 1);
    fake.info.output_count = 2;
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_text_rows(texts, 4), ml_tensor_list(&output, 1), NULL, NULL
        ),
        ML_EROWS
    );
    assert_ptr_equal(out[0].data, texts[0].data);
    assert_int_equal(out[1].size, 0);
    assert_non_null(out[1].data);
    assert_ptr_equal(out[2].data, texts[2].data);
    assert_int_equal(out[3].size, 3);
    ml_predictor_close(predictor);
}

static void an_output_may_be_asked_for_twice(void **state) {
    const float rows[3] = {1, 2, 3};
    float singles[3];
    double doubles[3];
    float again[3];
    ml_tensor outputs[3] = {
        tensor_of(NULL, singles, ML_FP32, 3, 1), tensor_of("sum", doubles, ML_FP64, 3, 1),
        tensor_of("pred", again, ML_FP32, 3, 1)};
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    fake_init(&fake, ML_FP32, 1);
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f32_rows(rows, 3, 1), ml_tensor_list(outputs, 3), NULL, NULL
        ),
        ML_OK
    );
    for (int i = 0; i < 3; i++) {
        assert_true(singles[i] == rows[i] && again[i] == rows[i]);
        assert_true(doubles[i] == (double)rows[i]);
    }
    ml_predictor_close(predictor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_in_any_number_type_and_are_void_by_type_where_a_row_failed
        ),
        cmocka_unit_test(texts_come_through_and_are_empty_where_a_row_failed),
        cmocka_unit_test(an_output_may_be_asked_for_twice),
    };

    return count_allocations() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
