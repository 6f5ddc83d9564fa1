/* SPDX-License-Identifier: MIT */
/*
 * test_status.c -- proves lib/base/status.c: the status list and the messages.
 */
#include "support/cmocka_all.h"

#include <mlserve/base.h>

#include <string.h>

#include "base/fail.h"

static void every_status_has_its_name_text_and_http_code(void **state) {
    (void)state;
#define CHECK(name, number, http, text)                                                        \
    assert_int_equal(name, number);                                                            \
    assert_string_equal(ml_status_name(name), #name);                                          \
    assert_string_equal(ml_status_text(name), text);                                           \
    assert_int_equal(ml_status_http(name), http);
    ML_STATUS_MAP(CHECK)
#undef CHECK
}

static void a_number_that_is_no_status_is_named_unknown(void **state) {
    (void)state;
    assert_string_equal(ml_status_name((ml_status)9999), "ML_EUNKNOWN");
    assert_string_equal(ml_status_text((ml_status)-1), "unknown status");
    assert_int_equal(ml_status_http((ml_status)9999), 500);
}

static void fail_fills_the_error_and_answers_the_status(void **state) {
    ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_int_equal(ml__fail(&err, ML_EFORMAT, "byte %d: %s", 812, "odd"), ML_EFORMAT);
    assert_int_equal(err.status, ML_EFORMAT);
    assert_string_equal(err.message, "byte 812: odd");
    assert_int_equal(ml__fail(NULL, ML_EIO, "nobody listens"), ML_EIO);
}

static void a_long_message_is_cut_and_ended(void **state) {
    ml_error err = ML_ERROR_INIT;
    char text[600];

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)ml__fail(&err, ML_EINVAL, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    assert_int_equal(ml__fail_prefix(&err, ML_EINVAL, text), ML_EINVAL);
    assert_true(strlen(err.message) < sizeof err.message);
}

static void a_prefix_comes_before_the_message(void **state) {
    ml_error err = ML_ERROR_INIT;

    (void)state;
    (void)ml__fail(&err, ML_EFORMAT, "byte 3: odd");
    assert_int_equal(ml__fail_prefix(&err, ML_EFORMAT, "m.onnx"), ML_EFORMAT);
    assert_string_equal(err.message, "m.onnx: byte 3: odd");
    assert_int_equal(ml__fail_prefix(NULL, ML_EFORMAT, "m.onnx"), ML_EFORMAT);
}

static void a_row_result_reads_as_a_sentence(void **state) {
    const ml_row_result at = {ML_EVALUE, 5, "is missing"};
    const ml_row_result whole = {ML_ESHAPE, ML_NO_COLUMN, "is no array"};
    const ml_row_result bare = {ML_EBACKEND, ML_NO_COLUMN, NULL};
    char text[64] = "untouched";

    (void)state;
    ml_row_result_text(&at, text, 0);
    assert_string_equal(text, "untouched");
    ml_row_result_text(&at, text, sizeof text);
    assert_string_equal(text, "feature 5 is missing");
    ml_row_result_text(&whole, text, sizeof text);
    assert_string_equal(text, "is no array");
    ml_row_result_text(&bare, text, sizeof text);
    assert_string_equal(text, ml_status_text(ML_EBACKEND));
    ml_row_result_text(&at, text, 8);
    assert_string_equal(text, "feature");
}

static void the_linked_version_is_the_compiled_one(void **state) {
    (void)state;
    assert_string_equal(ml_version(), ML_VERSION_STRING);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_name_text_and_http_code),
        cmocka_unit_test(a_number_that_is_no_status_is_named_unknown),
        cmocka_unit_test(fail_fills_the_error_and_answers_the_status),
        cmocka_unit_test(a_long_message_is_cut_and_ended),
        cmocka_unit_test(a_prefix_comes_before_the_message),
        cmocka_unit_test(a_row_result_reads_as_a_sentence),
        cmocka_unit_test(the_linked_version_is_the_compiled_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
