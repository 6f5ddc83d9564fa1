/* SPDX-License-Identifier: MIT */
/*
 * test_safetensors_header.c -- proves lib/formats/safetensors_header.c: only what the format
 * allows is taken.
 */
#include "unit/formats/reading.h"

#include "formats/safetensors_header.h"
#include "unit/formats/tensor_file.h"

static void assert_header_refused(const char *header, ml_status status, const char *word) {
    size_t size;
    unsigned char *data = tensor_file(header, 24, &size);

    assert_refused(ml__safetensors_read, header, data, size, status, word);
    free(data);
}

static ml_status keep_entry(void *user, const struct ml__tensor_entry *entry, ml_error *err) {
    (void)err;
    *(struct ml__tensor_entry *)user = *entry;
    return ML_OK;
}

static void entries_and_metadata_are_read(void **state) {
    static const char text[] = "{\"\\u0061\" : {\"data_offsets\":[3,18446744073709551615],"
                               "\"shape\":[1,2],\"dtype\":\"F\\u0033\"},"
                               "\"__metadata__\":{\"note\":\"\",\"kind\":\"m\\u006cp\"}}   ";
    struct ml__arena arena;
    struct ml__header header = {text, sizeof text - 1, 8, &arena};
    struct ml__metadata metadata;
    struct ml__tensor_entry entry;
    size_t count;

    (void)state;
    ml__arena_start(&arena, 0);
    assert_int_equal(ml__header_scan(&header, &metadata, &count, NULL), ML_OK);
    assert_int_equal(count, 1);
    assert_true(ml__text_is(metadata.kind, "mlp"));
    assert_null(metadata.layers.data);
    assert_int_equal(ml__header_walk(&header, keep_entry, &entry, NULL), ML_OK);
    assert_true(ml__text_is(entry.name, "a"));
    assert_true(ml__text_is(entry.dtype, "F3"));
    assert_int_equal(entry.place, 9);
    assert_int_equal(entry.rank, 2);
    assert_int_equal(entry.shape[1], 2);
    assert_int_equal(entry.begin, 3);
    assert_true(entry.end == UINT64_MAX);
    ml__arena_end(&arena);
}

static void entries_have_the_three_keys_once_and_no_others(void **state) {
    (void)state;
    assert_header_refused(
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", ML_EFORMAT,
        "tensor 'a' (byte 9): needs dtype, shape and data_offsets"
    );
    assert_header_refused(
        "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", ML_EFORMAT, "a key stands twice"
    );
    assert_header_refused("{\"a\":{\"strides\":[]}}", ML_EFORMAT, "(byte 14): unknown key");
    assert_header_refused("{\"a\":[]}", ML_EFORMAT, "byte 13: expected an object");
    assert_header_refused("{\"a\":{\"dtype\":1}}", ML_EFORMAT, "expected a string: dtype");
    assert_header_refused("{\"a\":{\"shape\":1}}", ML_EFORMAT, "byte 22: expected shape");
}

static void numbers_are_whole_and_as_many_as_they_must_be(void **state) {
    (void)state;
    assert_header_refused(
        "{\"a\":{\"shape\":[1.5]}}", ML_EFORMAT, "tensor 'a' (byte 23): shape[0] is 1.5"
    );
    assert_header_refused("{\"a\":{\"shape\":[1,\"2\"]}}", ML_EFORMAT, "shape[1] is no number");
    assert_header_refused(
        "{\"a\":{\"shape\":[18446744073709551616]}}", ML_EFORMAT, "expected 0..2^64-1"
    );
    assert_header_refused(
        "{\"a\":{\"shape\":[1,1,1,1,1,1,1,1,1]}}", ML_ELIMIT, "shape has over 8 elements"
    );
    assert_header_refused("{\"a\":{\"data_offsets\":[1]}}", ML_EFORMAT, "1 data_offsets");
    assert_header_refused("{\"a\":{\"data_offsets\":[1,2,3]}}", ML_ELIMIT, "over 2 elements");
}

static void metadata_map_texts_to_texts_once(void **state) {
    (void)state;
    assert_header_refused("{\"__metadata__\":1}", ML_EFORMAT, "byte 24: expected an object");
    assert_header_refused("{\"__metadata__\":{\"k\":1}}", ML_EFORMAT, "expected a string");
    assert_header_refused(
        "{\"__metadata__\":{},\"__metadata__\":{}}", ML_EFORMAT, "__metadata__ stands twice"
    );
    assert_header_refused(
        "{\"__metadata__\":{\"kind\":\"a\",\"kind\":\"b\"}}", ML_EFORMAT,
        "a key of __metadata__ stands twice"
    );
    assert_header_refused(
        "{\"__metadata__\":{\"kind\":\"a\\n\"}}", ML_EFORMAT, "__metadata__ holds 0x0a"
    );
}

static void names_are_one_line(void **state) {
    (void)state;
    assert_header_refused("{\"a\\u0000\":{}}", ML_EFORMAT, "a tensor's name holds 0x00");
}

static void json_is_strict(void **state) {
    (void)state;
    assert_header_refused("{\"a\":{}", ML_EFORMAT, "header (from byte 8 on): malformed JSON");
    assert_header_refused("{} x", ML_EFORMAT, "malformed JSON at byte 3");
    assert_header_refused("{\"a\":{\"b\":[[[[1]]]]}}", ML_ELIMIT, "nested too deep");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_and_metadata_are_read),
        cmocka_unit_test(entries_have_the_three_keys_once_and_no_others),
        cmocka_unit_test(numbers_are_whole_and_as_many_as_they_must_be),
        cmocka_unit_test(metadata_map_texts_to_texts_once),
        cmocka_unit_test(names_are_one_line),
        cmocka_unit_test(json_is_strict),
    };

    count_allocations();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
