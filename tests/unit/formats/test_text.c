/* SPDX-License-Identifier: MIT */
/*
 * test_text.c -- proves lib/formats/text.c: one line of UTF-8, or a refusal.
 */
#include "support/cmocka_all.h"

#include <string.h>

#include "formats/text.h"

static ml_status check(const char *text, size_t size, ml_error *err) {
    return ml__text_check((ml_bytes){text, size}, 100, "a name", err);
}

static void utf8_without_control_characters_passes(void **state) {
    (void)state;
    assert_int_equal(check("", 0, NULL), ML_OK);
    assert_int_equal(check("layer.0/weight:0 ~", 18, NULL), ML_OK);
    assert_int_equal(check("gr\xc3\xbc\xc3\x9f", 6, NULL), ML_OK);
}

static void other_bytes_are_refused_with_their_place(void **state) {
    ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_int_equal(check("ab\ncd", 5, &err), ML_EFORMAT);
    assert_string_equal(err.message, "byte 102: a name holds 0x0a, expected printable UTF-8");
    assert_int_equal(check("a\0b", 3, &err), ML_EFORMAT);
    assert_int_equal(check("a\x7f", 2, &err), ML_EFORMAT);
    assert_int_equal(check("\xff", 1, &err), ML_EFORMAT);
    assert_int_equal(check("\xc3", 1, &err), ML_EFORMAT);
}

static void a_text_is_a_word_only_as_a_whole(void **state) {
    (void)state;
    assert_true(ml__text_is((ml_bytes){"Gemm", 4}, "Gemm"));
    assert_false(ml__text_is((ml_bytes){"Gemm", 3}, "Gemm"));
    assert_false(ml__text_is((ml_bytes){"Gem", 3}, "Gemm"));
    assert_true(ml__text_is((ml_bytes){"x", 0}, ""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_without_control_characters_passes),
        cmocka_unit_test(other_bytes_are_refused_with_their_place),
        cmocka_unit_test(a_text_is_a_word_only_as_a_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
