/* SPDX-License-Identifier: MIT */
/*
 * test_convert.c -- proves lib/base/convert.c: every pair of number types.
 */
#include "support/cmocka_all.h"

#include <mlserve/tensor.h>

#include <math.h>
#include <string.h>

static void small_integers_pass_through_every_pair_of_types(void **state) {
    (void)state;
    for (int from = ML_FP32; from <= ML_UINT64; from++) {
        for (int to = ML_FP32; to <= ML_UINT64; to++) {
            const double numbers[4] = {0, 1, 100, 127};
            unsigned char source[64];
            unsigned char target[64];
            double back[4] = {-1, -1, -1, -1};

            assert_int_equal(ml_convert(numbers, ML_FP64, source, (ml_dtype)from, 4), ML_OK);
            assert_int_equal(
                ml_convert(source, (ml_dtype)from, target, (ml_dtype)to, 4), ML_OK
            );
            assert_int_equal(ml_convert(target, (ml_dtype)to, back, ML_FP64, 4), ML_OK);
            assert_memory_equal(back, numbers, sizeof numbers);
        }
    }
}

static void integers_of_64_bits_are_not_damaged(void **state) {
    const int64_t numbers[3] = {INT64_MIN, 9007199254740993, INT64_MAX};
    const uint64_t large = UINT64_MAX;
    int64_t same[3];
    uint64_t unsigned_numbers[3];
    int64_t bound;

    (void)state;
    assert_int_equal(ml_convert(numbers, ML_INT64, same, ML_INT64, 3), ML_OK);
    assert_memory_equal(same, numbers, sizeof numbers);
    assert_int_equal(ml_convert(numbers, ML_INT64, unsigned_numbers, ML_UINT64, 3), ML_OK);
    assert_true(unsigned_numbers[0] == 0);
    assert_true(unsigned_numbers[1] == 9007199254740993u);
    assert_int_equal(ml_convert(&large, ML_UINT64, &bound, ML_INT64, 1), ML_OK);
    assert_true(bound == INT64_MAX);
}

static void an_integer_is_rounded_to_float_once(void **state) {
    /* Just above the tie between two floats; through double it would round to the tie. */
    const int64_t number = ((int64_t)1 << 60) + ((int64_t)1 << 36) + 1;
    float value;

    (void)state;
    assert_int_equal(ml_convert(&number, ML_INT64, &value, ML_FP32, 1), ML_OK);
    assert_true(value == (float)number);
}

static void floats_to_integers_truncate_and_stop_at_the_bounds(void **state) {
    const double numbers[6] = {2.9, -2.9, NAN, INFINITY, -INFINITY, 1e300};
    const int8_t small[6] = {2, -2, 0, 127, -128, 127};
    const int64_t wide[6] = {2, -2, 0, INT64_MAX, INT64_MIN, INT64_MAX};
    const uint64_t positive[6] = {2, 0, 0, UINT64_MAX, 0, UINT64_MAX};
    int8_t i8[6];
    int64_t i64[6];
    uint64_t u64[6];

    (void)state;
    assert_int_equal(ml_convert(numbers, ML_FP64, i8, ML_INT8, 6), ML_OK);
    assert_int_equal(ml_convert(numbers, ML_FP64, i64, ML_INT64, 6), ML_OK);
    assert_int_equal(ml_convert(numbers, ML_FP64, u64, ML_UINT64, 6), ML_OK);
    assert_memory_equal(i8, small, sizeof small);
    assert_memory_equal(i64, wide, sizeof wide);
    assert_memory_equal(u64, positive, sizeof positive);
}

static void bool_is_zero_or_one(void **state) {
    const float numbers[4] = {0.0f, -0.0f, 0.5f, NAN};
    const uint8_t odd = 7;
    uint8_t bools[4];
    int32_t number;

    (void)state;
    assert_int_equal(ml_convert(numbers, ML_FP32, bools, ML_BOOL, 4), ML_OK);
    assert_memory_equal(bools, "\0\0\1\1", 4);
    assert_int_equal(ml_convert(&odd, ML_BOOL, &number, ML_INT32, 1), ML_OK);
    assert_int_equal(number, 1);
}

static void strings_convert_only_to_strings(void **state) {
    const ml_bytes text = {"rome", 4};
    ml_bytes copy = {NULL, 0};
    float value = 1;

    (void)state;
    assert_int_equal(ml_convert(&text, ML_BYTES, &copy, ML_BYTES, 1), ML_OK);
    assert_ptr_equal(copy.data, text.data);
    assert_int_equal(ml_convert(&text, ML_BYTES, &value, ML_FP32, 1), ML_ESHAPE);
    assert_int_equal(ml_convert(&value, ML_FP32, &copy, ML_BYTES, 1), ML_ESHAPE);
    assert_int_equal(ml_convert(&value, ML_DTYPE_NONE, &value, ML_FP32, 1), ML_EINVAL);
    assert_int_equal(ml_convert(&value, ML_FP32, &value, (ml_dtype)99, 1), ML_EINVAL);
    assert_int_equal(ml_convert(NULL, ML_FP32, NULL, ML_FP32, 0), ML_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_integers_pass_through_every_pair_of_types),
        cmocka_unit_test(integers_of_64_bits_are_not_damaged),
        cmocka_unit_test(an_integer_is_rounded_to_float_once),
        cmocka_unit_test(floats_to_integers_truncate_and_stop_at_the_bounds),
        cmocka_unit_test(bool_is_zero_or_one),
        cmocka_unit_test(strings_convert_only_to_strings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
