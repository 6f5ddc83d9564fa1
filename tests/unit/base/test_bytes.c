/* SPDX-License-Identifier: MIT */
/*
 * test_bytes.c -- proves lib/base/bytes.c: nothing is read past the end.
 */
#include "support/cmocka_all.h"

#include <string.h>

#include "base/bytes.h"

static void numbers_are_little_endian(void **state) {
    const unsigned char data[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    struct ml__bytes bytes = ml__bytes_over(data, sizeof data);
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    (void)state;
    assert_true(ml__take_u8(&bytes, &u8));
    assert_true(ml__take_u16(&bytes, &u16));
    assert_true(ml__take_u32(&bytes, &u32));
    assert_true(ml__take_u64(&bytes, &u64));
    assert_int_equal(u8, 1);
    assert_int_equal(u16, 0x0302);
    assert_int_equal(u32, 0x07060504);
    assert_true(u64 == 0x0f0e0d0c0b0a0908u);
    assert_int_equal(ml__bytes_left(&bytes), 0);
    assert_int_equal(ml__bytes_place(&bytes), 15);
}

static void a_take_past_the_end_takes_nothing(void **state) {
    const unsigned char data[] = {1, 2, 3};
    struct ml__bytes bytes = ml__bytes_over(data, sizeof data);
    const unsigned char *block = NULL;
    uint32_t u32 = 77;
    uint64_t u64 = 77;

    (void)state;
    assert_false(ml__take_u32(&bytes, &u32));
    assert_false(ml__take_u64(&bytes, &u64));
    assert_false(ml__take_block(&bytes, 4, &block));
    assert_false(ml__take_block(&bytes, SIZE_MAX, &block));
    assert_int_equal(u32, 77);
    assert_null(block);
    assert_int_equal(ml__bytes_left(&bytes), 3);
    assert_true(ml__take_block(&bytes, 3, &block));
    assert_ptr_equal(block, data);
    bytes = ml__bytes_over(NULL, 0);
    assert_false(ml__take_block(&bytes, 1, &block));
    assert_true(ml__take_block(&bytes, 0, &block));
}

static bool take(const char *data, size_t size, uint64_t *out) {
    struct ml__bytes bytes = ml__bytes_over(data, size);
    const bool taken = ml__take_varint(&bytes, out);

    assert_int_equal(ml__bytes_place(&bytes), taken ? size : 0);
    return taken;
}

static void varints_of_up_to_64_bits_are_read(void **state) {
    uint64_t number = 0;

    (void)state;
    assert_true(take("\x00", 1, &number));
    assert_int_equal(number, 0);
    assert_true(take("\x96\x01", 2, &number));
    assert_int_equal(number, 150);
    assert_true(take("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, &number));
    assert_true(number == UINT64_MAX);
}

static void varints_that_are_cut_or_too_large_are_refused(void **state) {
    uint64_t number = 77;

    (void)state;
    assert_false(take("", 0, &number));
    assert_false(take("\x96", 1, &number));
    assert_false(take("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, &number));
    assert_false(take("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11, &number));
    assert_int_equal(number, 77);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(a_take_past_the_end_takes_nothing),
        cmocka_unit_test(varints_of_up_to_64_bits_are_read),
        cmocka_unit_test(varints_that_are_cut_or_too_large_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
