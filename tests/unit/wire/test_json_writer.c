/* SPDX-License-Identifier: MIT */
/*
 * test_json_writer.c -- documents are written whole and strict, or refused at the end.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <mlserve/wire.h>
#include <stdio.h>
#include <string.h>

#include "counting.h"
#include "wire/json_reader.h"

static ml_json_writer *make(uint32_t nonfinite, uint64_t max_bytes) {
    ml_json_options options = ML_JSON_OPTIONS_INIT;
    ml_json_writer *writer = NULL;

    options.nonfinite = nonfinite;
    options.max_bytes = max_bytes;
    assert_int_equal(ml_json_create(&options, &writer, NULL), ML_OK);
    return writer;
}

/* The document must be `expected`, and JSON; then begin anew. */
static void expect(ml_json_writer *writer, const char *expected) {
    ml_bytes text = {NULL, 0};
    ml_error err = ML_ERROR_INIT;

    if (ml_json_finish(writer, &text, &err) != ML_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
    ml_json_clear(writer, SIZE_MAX);
}

static void expect_failure(ml_json_writer *writer, ml_status status) {
    ml_bytes text = {NULL, 7};

    assert_int_equal(ml_json_finish(writer, &text, NULL), status);
    assert_null(text.data);
    assert_int_equal(text.size, 7);
    ml_json_clear(writer, SIZE_MAX);
}

static void commas_and_colons_are_put_in(void **state) {
    static const float floats[] = {1.0f, 0.1f, -2.5f};
    static const double doubles[] = {0.1};
    ml_json_writer *w = make(0, 0);

    (void)state;
    ml_json_begin_object(w);
    ml_json_key(w, "a");
    ml_json_begin_array(w);
    ml_json_i64(w, INT64_MIN);
    ml_json_u64(w, UINT64_MAX);
    ml_json_f32(w, 0.1f);
    ml_json_f64(w, -0.0);
    ml_json_bool(w, 7);
    ml_json_bool(w, 0);
    ml_json_null(w);
    ml_json_begin_object(w);
    ml_json_end_object(w);
    ml_json_begin_array(w);
    ml_json_end_array(w);
    ml_json_end_array(w);
    ml_json_key(w, "b");
    ml_json_f32s(w, floats, 3);
    ml_json_key(w, "c");
    ml_json_f64s(w, doubles, 1);
    ml_json_key(w, "");
    ml_json_f64s(w, NULL, 0);
    ml_json_key(w, "d");
    ml_json_text(w, "x");
    ml_json_end_object(w);
    expect(
        w, "{\"a\":[-9223372036854775808,18446744073709551615,0.1,-0.0,true,false,null,{},[]],"
           "\"b\":[1,0.1,-2.5],\"c\":[0.1],\"\":[],\"d\":\"x\"}"
    );
    ml_json_u64(w, 5);
    expect(w, "5");
    ml_json_free(w);
    ml_json_free(NULL);
}

static void strings_are_escaped_and_always_utf8(void **state) {
    ml_json_writer *w = make(0, 0);

    (void)state;
    ml_json_text(w, "\"\\/\b\f\n\r\t\v\x01\x1f\x7f\xc3\xa9\xf0\x9f\x98\x80");
    expect(w, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u000b\\u0001\\u001f\x7f\xc3\xa9\xf0\x9f\x98\x80\"");
    ml_json_string(w, "a\0b", 3);
    expect(w, "\"a\\u0000b\"");
    ml_json_text(w, "\xff\xc3(\xed\xa0\x80\xe2\x82");
    expect(
        w, "\"\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef"
           "\xbf\xbd\""
    );
    ml_json_string(w, NULL, 0);
    expect(w, "\"\"");
    ml_json_free(w);
}

static void what_is_not_finite_is_null_or_a_token(void **state) {
    const float floats[] = {NAN, INFINITY, -INFINITY, 1.0f};
    const double doubles[] = {NAN, INFINITY, -INFINITY};
    ml_json_writer *w = make(ML_JSON_NULL, 0);

    (void)state;
    ml_json_f32s(w, floats, 4);
    expect(w, "[null,null,null,1]");
    ml_json_f64(w, doubles[0]);
    expect(w, "null");
    ml_json_free(w);
    w = make(ML_JSON_TOKENS, 0);
    ml_json_f32s(w, floats, 4);
    expect(w, "[NaN,Infinity,-Infinity,1]");
    ml_json_f64s(w, doubles, 3);
    expect(w, "[NaN,Infinity,-Infinity]");
    ml_json_f32(w, floats[2]);
    expect(w, "-Infinity");
    ml_json_free(w);
}

static void what_is_no_document_is_refused(void **state) {
    ml_json_writer *w = make(0, 0);

    (void)state;
    expect_failure(w, ML_EINVAL); /* nothing */
    ml_json_begin_array(w);
    expect_failure(w, ML_EINVAL); /* not ended */
    ml_json_key(w, "a");
    expect_failure(w, ML_EINVAL); /* a key outside of an object */
    ml_json_begin_array(w);
    ml_json_key(w, "a");
    ml_json_end_array(w);
    expect_failure(w, ML_EINVAL); /* a key in an array */
    ml_json_begin_object(w);
    ml_json_null(w);
    ml_json_end_object(w);
    expect_failure(w, ML_EINVAL); /* a value without a key */
    ml_json_begin_object(w);
    ml_json_key(w, "a");
    ml_json_key(w, "b");
    ml_json_null(w);
    ml_json_end_object(w);
    expect_failure(w, ML_EINVAL); /* a key after a key */
    ml_json_begin_object(w);
    ml_json_key(w, "a");
    ml_json_end_object(w);
    expect_failure(w, ML_EINVAL); /* a key without a value */
    ml_json_begin_object(w);
    ml_json_end_array(w);
    expect_failure(w, ML_EINVAL); /* ended as what it is not */
    ml_json_end_object(w);
    expect_failure(w, ML_EINVAL); /* ended before it began */
    ml_json_null(w);
    ml_json_null(w);
    expect_failure(w, ML_EINVAL); /* two documents */
    assert_int_equal(ml_json_finish(w, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_json_finish(NULL, NULL, NULL), ML_EINVAL);
    ml_json_free(w);
}

static void options_that_make_no_sense_are_refused(void **state) {
    ml_json_options options = ML_JSON_OPTIONS_INIT;
    ml_json_writer *writer = NULL;

    (void)state;
    options.nonfinite = 2;
    assert_int_equal(ml_json_create(&options, &writer, NULL), ML_EINVAL);
    options.nonfinite = 0;
    options.reserved = 1;
    assert_int_equal(ml_json_create(&options, &writer, NULL), ML_EINVAL);
    options.size = 1;
    assert_int_equal(ml_json_create(&options, &writer, NULL), ML_EINVAL);
    assert_int_equal(ml_json_create(NULL, NULL, NULL), ML_EINVAL);
    assert_null(writer);
}

static void the_limits_are_kept_to_the_unit(void **state) {
    static float many[1000];
    ml_json_writer *w = make(0, 10);

    (void)state;
    ml_json_text(w, "12345678");
    expect(w, "\"12345678\"");
    ml_json_text(w, "123456789");
    expect_failure(w, ML_ELIMIT);
    ml_json_f32s(w, many, 1000);
    expect_failure(w, ML_ELIMIT);
    ml_json_u64(w, 1234567890);
    expect(w, "1234567890");
    ml_json_free(w);
    w = make(0, 0);
    for (int i = 0; i < 64; i++) {
        ml_json_begin_array(w);
    }
    for (int i = 0; i < 64; i++) {
        ml_json_end_array(w);
    }
    expect(
        w, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
           "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
    );
    for (int i = 0; i < 65; i++) {
        ml_json_begin_array(w);
    }
    for (int i = 0; i < 65; i++) {
        ml_json_end_array(w);
    }
    expect_failure(w, ML_ELIMIT);
    ml_json_free(w);
}

static void many_numbers_are_written_in_one_go(void **state) {
    float values[1000];
    float back[1000];
    ml_json_writer *w = make(0, 0);
    struct ml__json json;
    struct ml__json_token token;
    ml_bytes text;

    (void)state;
    for (size_t count = 0; count <= 1000; count += count < 200 ? 1 : 100) {
        for (size_t i = 0; i < count; i++) {
            values[i] = (float)i / 7.0f - 3.0f;
        }
        ml_json_f32s(w, values, count);
        assert_int_equal(ml_json_finish(w, &text, NULL), ML_OK);
        ml__json_open(&json, text.data, text.size, NULL);
        assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
        assert_int_equal(ml__json_f32s(&json, back, 1000), count);
        assert_memory_equal(back, values, count * sizeof(float));
        assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
        assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
        assert_int_equal(token.kind, ML__JSON_END);
        ml_json_clear(w, SIZE_MAX);
    }
    ml_json_free(w);
}

/* From nothing to nothing; ML_OK or the status of what failed. */
static ml_status write_something(void) {
    static float many[500];
    ml_json_writer *writer = NULL;
    ml_bytes text;
    ml_status status = ml_json_create(NULL, &writer, NULL);

    if (status == ML_OK) {
        ml_json_begin_object(writer);
        ml_json_key(writer, "values");
        ml_json_f32s(writer, many, 500);
        ml_json_key(writer, "text");
        ml_json_string(writer, (const char *)many, sizeof many);
        ml_json_end_object(writer);
        status = ml_json_finish(writer, &text, NULL);
    }
    ml_json_free(writer);
    return status;
}

static void every_failing_allocation_is_told_at_the_end(void **state) {
    const size_t before = counting.used_bytes;
    ml_status status;

    (void)state;
    counting.fail_at = 0;
    do {
        counting.request_count = 0;
        counting.fail_at++;
        status = write_something();
        assert_true(status == ML_OK || status == ML_ENOMEM);
        assert_int_equal(counting.used_bytes, before);
    } while (status != ML_OK);
    assert_true(counting.fail_at > 3);
    counting.fail_at = 0;
}

static void a_writer_that_has_grown_allocates_no_more(void **state) {
    static float many[500];
    ml_json_writer *w = make(0, 0);
    size_t requests;

    (void)state;
    ml_json_f32s(w, many, 500);
    ml_json_clear(w, SIZE_MAX);
    requests = counting.request_count;
    ml_json_f32s(w, many, 500);
    assert_int_equal(counting.request_count, requests);
    ml_json_clear(w, 100);
    assert_true(counting.used_bytes < 1000);
    ml_json_null(w);
    expect(w, "null");
    ml_json_free(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_colons_are_put_in),
        cmocka_unit_test(strings_are_escaped_and_always_utf8),
        cmocka_unit_test(what_is_not_finite_is_null_or_a_token),
        cmocka_unit_test(what_is_no_document_is_refused),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(the_limits_are_kept_to_the_unit),
        cmocka_unit_test(many_numbers_are_written_in_one_go),
        cmocka_unit_test(every_failing_allocation_is_told_at_the_end),
        cmocka_unit_test(a_writer_that_has_grown_allocates_no_more),
    };

    return counting_use() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
