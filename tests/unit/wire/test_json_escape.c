/* SPDX-License-Identifier: MIT */
/*
 * test_json_escape.c -- what escapes mean, decoded and compared.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "wire/json_reader.h"

static void escapes_are_decoded(void **state) {
    static const char text[] =
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\tA\\u0041\\u00e9\\u20AC\\uD834\\udd1e\\u0000.\"";
    static const char meaning[] = "\"\\/\b\f\n\r\tAA\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e\0.";
    struct ml__json json;
    struct ml__json_token token;
    char decoded[64];

    (void)state;
    ml__json_open(&json, text, sizeof text - 1, NULL);
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_true(token.escaped);
    assert_int_equal(token.decoded_size, sizeof meaning - 1);
    ml__json_decode(&token, decoded);
    assert_memory_equal(decoded, meaning, sizeof meaning - 1);
}

static struct ml__json_token first_token(const char *text) {
    struct ml__json json;
    struct ml__json_token token;

    ml__json_open(&json, text, strlen(text), NULL);
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    return token;
}

static void keys_are_compared_by_what_they_mean(void **state) {
    struct ml__json_token token = first_token("\"items\"");

    (void)state;
    assert_true(ml__json_is(&token, "items"));
    assert_false(ml__json_is(&token, "item"));
    assert_false(ml__json_is(&token, "itemz"));
    token = first_token("\"i\\u0074ems\"");
    assert_true(ml__json_is(&token, "items"));
    assert_false(ml__json_is(&token, "iuems"));
    token = first_token("\"\\u20ac\"");
    assert_true(ml__json_is(&token, "\xe2\x82\xac"));
    assert_false(ml__json_is(&token, "\xe2\x82\xad"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(keys_are_compared_by_what_they_mean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
