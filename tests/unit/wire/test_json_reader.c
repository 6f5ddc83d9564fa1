/* SPDX-License-Identifier: MIT */
/*
 * test_json_reader.c -- tokens, limits, skipping, and numbers in bulk.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "json_texts.h"

static void every_cut_of_a_document_is_refused(void **state) {
    static const char document[] =
        "{\"a\": [1.5e3, \"\\ud83d\\ude39\xe2\x82\xac\", true, null, "
        "false, {\"b\": {}}], \"c\": -0}";

    (void)state;
    assert_int_equal(read_all((struct text)TEXT(document), NULL, NULL), ML_OK);
    for (size_t size = 0; size < sizeof document - 1; size++) {
        char cut[sizeof document];

        memcpy(cut, document, size);
        cut[size] = '\0';
        assert_int_equal(read_all((struct text){cut, size}, NULL, NULL), ML_EFORMAT);
    }
}

static void tokens_come_in_order_with_their_places(void **state) {
    static const char text[] = "{\"k\":[1,\"s\",true,false,null,{}]}";
    static const struct {
        enum ml__json_kind kind;
        size_t offset;
        const char *slice;
    } expected[] = {
        {ML__JSON_BEGIN_OBJECT, 0, NULL},  {ML__JSON_KEY, 1, "k"},
        {ML__JSON_BEGIN_ARRAY, 5, NULL},   {ML__JSON_NUMBER, 6, "1"},
        {ML__JSON_STRING, 8, "s"},         {ML__JSON_TRUE, 12, NULL},
        {ML__JSON_FALSE, 17, NULL},        {ML__JSON_NULL, 23, NULL},
        {ML__JSON_BEGIN_OBJECT, 28, NULL}, {ML__JSON_END_OBJECT, 29, NULL},
        {ML__JSON_END_ARRAY, 30, NULL},    {ML__JSON_END_OBJECT, 31, NULL},
        {ML__JSON_END, 32, NULL},          {ML__JSON_END, 32, NULL},
    };
    struct ml__json json;
    struct ml__json_token token;

    (void)state;
    ml__json_open(&json, text, sizeof text - 1, NULL);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
        assert_int_equal(token.kind, expected[i].kind);
        assert_int_equal(token.offset, expected[i].offset);
        if (expected[i].slice != NULL) {
            assert_int_equal(token.size, strlen(expected[i].slice));
            assert_memory_equal(token.text, expected[i].slice, token.size);
        }
    }
}

static void a_value_is_skipped_whole(void **state) {
    static const char text[] = "{\"a\":{\"b\":[1,{\"c\":[]}]},\"d\":[[],[2]],\"e\":3}";
    struct ml__json json;
    struct ml__json_token token;

    (void)state;
    ml__json_open(&json, text, sizeof text - 1, NULL);
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_int_equal(ml__json_skip(&json, &token, NULL), ML_OK); /* the key's value */
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_true(ml__json_is(&token, "d"));
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_int_equal(token.kind, ML__JSON_BEGIN_ARRAY);
    assert_int_equal(ml__json_skip(&json, &token, NULL), ML_OK); /* the array begun */
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_true(ml__json_is(&token, "e"));
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_int_equal(ml__json_skip(&json, &token, NULL), ML_OK); /* nothing is left of it */
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_int_equal(token.kind, ML__JSON_END_OBJECT);
}

static void a_fault_inside_of_what_is_skipped_is_told(void **state) {
    static const char text[] = "{\"a\":[1,}";
    struct ml__json json;
    struct ml__json_token token;
    ml_error err = ML_ERROR_INIT;

    (void)state;
    ml__json_open(&json, text, sizeof text - 1, NULL);
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_int_equal(ml__json_skip(&json, &token, &err), ML_EFORMAT);
    assert_string_equal(err.message, "malformed JSON at byte 8: expected a value");
}

static void limits_are_kept_to_the_unit(void **state) {
    const struct ml__json_limits limits = {2, 2, 3};
    static char nested[2 * (ML__JSON_MAX_DEPTH + 1)];
    static const char ninety_nines[] =
        "[999999999999999999999999999999999999999999999999999999999999"
        "999999999999999999999999999999999999999999999999999999999999"
        "99999999]";
    const struct ml__json_limits deepest = {1000000, 0, 0};

    (void)state;
    assert_int_equal(read_all((struct text)TEXT("[[]]"), &limits, NULL), ML_OK);
    assert_int_equal(read_all((struct text)TEXT("[[[]]]"), &limits, NULL), ML_ELIMIT);
    assert_int_equal(read_all((struct text)TEXT("{\"a\":1,\"b\":2}"), &limits, NULL), ML_OK);
    assert_int_equal(
        read_all((struct text)TEXT("{\"a\":1,\"b\":2,\"c\":3}"), &limits, NULL), ML_ELIMIT
    );
    assert_int_equal(read_all((struct text)TEXT("\"abc\""), &limits, NULL), ML_OK);
    assert_int_equal(read_all((struct text)TEXT("\"\\u0061bc\""), &limits, NULL), ML_OK);
    assert_int_equal(read_all((struct text)TEXT("\"abcd\""), &limits, NULL), ML_ELIMIT);
    assert_int_equal(read_all((struct text)TEXT("{\"abcd\":1}"), &limits, NULL), ML_ELIMIT);
    assert_int_equal(sizeof ninety_nines - 3, ML__NUMBER_MAX_BYTES);
    assert_int_equal(read_all((struct text)TEXT(ninety_nines), NULL, NULL), ML_OK);
    assert_int_equal(
        read_all(
            (struct text)TEXT("[0."
                              "0000000000000000000000000000000000000000000000000000000000000000"
                              "0000000000000000000000000000000000000000000000000000000000000001"
                              "]"),
            NULL, NULL
        ),
        ML_ELIMIT
    );
    memset(nested, '[', ML__JSON_MAX_DEPTH + 1);
    memset(nested + ML__JSON_MAX_DEPTH + 1, ']', ML__JSON_MAX_DEPTH + 1);
    assert_int_equal(
        read_all((struct text){nested, sizeof nested - 1}, &deepest, NULL), ML_ELIMIT
    );
    assert_int_equal(
        read_all((struct text){nested + 1, sizeof nested - 2}, &deepest, NULL), ML_OK
    );
}

static void default_limits_are_32_levels_1024_keys_64_kib(void **state) {
    static char text[70000];
    size_t size = 0;

    (void)state;
    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    text[66] = '\0';
    assert_int_equal(read_all((struct text){text, 66}, NULL, NULL), ML_ELIMIT);
    assert_int_equal(read_all((struct text){text + 1, 64}, NULL, NULL), ML_OK);

    memset(text, 'a', sizeof text);
    text[0] = '"';
    text[65537] = '"';
    assert_int_equal(read_all((struct text){text, 65538}, NULL, NULL), ML_OK);
    text[65537] = 'a';
    text[65538] = '"';
    assert_int_equal(read_all((struct text){text, 65539}, NULL, NULL), ML_ELIMIT);

    text[size++] = '{';
    for (int key = 0; key < 1024; key++) {
        memcpy(text + size, "\"k\":1,", 6);
        size += 6;
    }
    text[size - 1] = '}';
    assert_int_equal(read_all((struct text){text, size}, NULL, NULL), ML_OK);
    memcpy(text + size - 1, ",\"k\":1}", 7);
    assert_int_equal(read_all((struct text){text, size + 6}, NULL, NULL), ML_ELIMIT);
}

static void numbers_are_read_in_bulk_up_to_what_is_none(void **state) {
    static const char text[] = "[ 1 , -2.5,3e2,null,4,[5],6,1e39,7]";
    struct ml__json json;
    struct ml__json_token token;
    float values[8];
    double doubles[8];

    (void)state;
    ml__json_open(&json, text, sizeof text - 1, NULL);
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_int_equal(ml__json_f32s(&json, values, 2), 2); /* the room is full */
    assert_int_equal(ml__json_f32s(&json, values + 2, 6), 1);
    assert_true(values[0] == 1.0f && values[1] == -2.5f && values[2] == 300.0f);
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_int_equal(token.kind, ML__JSON_NULL);
    assert_int_equal(ml__json_f64s(&json, doubles, 8), 1);
    assert_true(doubles[0] == 4.0);
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_int_equal(token.kind, ML__JSON_BEGIN_ARRAY);
    assert_int_equal(ml__json_f32s(&json, values, 8), 1);
    assert_int_equal(ml__json_f32s(&json, values, 8), 0);
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_int_equal(token.kind, ML__JSON_END_ARRAY);
    assert_int_equal(ml__json_f32s(&json, values, 8), 1); /* 1e39 is too large for a float */
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_int_equal(token.kind, ML__JSON_NUMBER);
    assert_int_equal(token.size, 4);
    assert_int_equal(ml__json_f32s(&json, values, 8), 1);
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_int_equal(token.kind, ML__JSON_END_ARRAY);
    assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
    assert_int_equal(token.kind, ML__JSON_END);
}

static void bulk_reading_leaves_faults_to_the_next_token(void **state) {
    static const char *const texts[] = {"[1,]", "[1,01]", "[1,2.]", "[1 2]", "[1,,2]", "[1,-]"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct ml__json json;
        struct ml__json_token token;
        float values[8];
        ml_status status;

        ml__json_open(&json, texts[i], strlen(texts[i]), NULL);
        assert_int_equal(ml__json_next(&json, &token, NULL), ML_OK);
        (void)ml__json_f32s(&json, values, 8);
        do {
            status = ml__json_next(&json, &token, NULL);
        } while (status == ML_OK && token.kind != ML__JSON_END);
        assert_int_equal(status, ML_EFORMAT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_of_a_document_is_refused),
        cmocka_unit_test(tokens_come_in_order_with_their_places),
        cmocka_unit_test(a_value_is_skipped_whole),
        cmocka_unit_test(a_fault_inside_of_what_is_skipped_is_told),
        cmocka_unit_test(limits_are_kept_to_the_unit),
        cmocka_unit_test(default_limits_are_32_levels_1024_keys_64_kib),
        cmocka_unit_test(numbers_are_read_in_bulk_up_to_what_is_none),
        cmocka_unit_test(bulk_reading_leaves_faults_to_the_next_token),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
