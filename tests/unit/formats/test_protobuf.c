/* SPDX-License-Identifier: MIT */
/*
 * test_protobuf.c -- proves lib/formats/protobuf.c: fields as written, nothing past the end.
 */
#include "unit/formats/reading.h"

#include "formats/protobuf.h"
#include "unit/formats/proto_writer.h"

static ml_status take(const char *data, size_t size, struct ml__field *field, ml_error *err) {
    struct ml__bytes message = ml__bytes_over(data, size);
    bool more;

    return ml__field_take(&message, field, &more, err);
}

static void assert_bad(const char *data, size_t size, const char *word) {
    struct ml__field field;
    ml_error err = ML_ERROR_INIT;

    assert_int_equal(take(data, size, &field, &err), ML_EFORMAT);
    if (strstr(err.message, word) == NULL) {
        fail_msg("'%s', expected '%s'", err.message, word);
    }
}

static void the_four_wire_types_are_read(void **state) {
    struct message m = {0};
    struct ml__bytes bytes;
    struct ml__field field;
    bool more;

    (void)state;
    put_int(&m, 1, -1);
    put_float(&m, 2, 1.0f);
    put_double(&m, 3, 1.0);
    put_text(&m, 4000, "abc");
    bytes = ml__bytes_over(m.bytes, m.size);
    assert_int_equal(ml__field_take(&bytes, &field, &more, NULL), ML_OK);
    assert_true(more && field.number == 1 && field.value == UINT64_MAX && field.place == 0);
    assert_int_equal(ml__field_take(&bytes, &field, &more, NULL), ML_OK);
    assert_true(more && field.number == 2 && field.value == 0x3f800000 && field.place == 11);
    assert_int_equal(ml__field_take(&bytes, &field, &more, NULL), ML_OK);
    assert_true(more && field.number == 3 && field.value == 0x3ff0000000000000);
    assert_int_equal(ml__field_take(&bytes, &field, &more, NULL), ML_OK);
    assert_true(more && field.number == 4000 && ml__bytes_left(&field.block) == 3);
    assert_memory_equal(field.block.next, "abc", 3);
    assert_int_equal(ml__bytes_place(&field.block), m.size - 3);
    assert_int_equal(ml__field_take(&bytes, &field, &more, NULL), ML_OK);
    assert_false(more);
}

static void groups_and_unknown_wire_types_are_refused(void **state) {
    (void)state;
    assert_bad("\x0b", 1, "byte 0: field 1 has wire type 3, expected 0, 1, 2 or 5");
    assert_bad("\x0c", 1, "wire type 4");
    assert_bad("\x0e", 1, "wire type 6");
    assert_bad("\x0f", 1, "wire type 7");
}

static void what_is_cut_off_or_out_of_range_is_refused(void **state) {
    (void)state;
    assert_bad("\x80", 1, "byte 0: not the key of a protobuf field");
    assert_bad("\x00", 1, "not the key");
    assert_bad("\x80\x80\x80\x80\x10\x00", 6, "not the key"); /* number 2^29 */
    assert_bad("\x08", 1, "byte 0: field 1 is cut off");
    assert_bad("\x08\xff", 2, "field 1 is cut off");
    assert_bad("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, "cut off or too long");
    assert_bad("\x0d\x00\x00\x00", 4, "field 1 is cut off");
    assert_bad("\x09\x00\x00\x00\x00\x00\x00\x00", 8, "field 1 is cut off");
    assert_bad("\x0a", 1, "field 1 is cut off");
    assert_bad("\x0a\x02x", 3, "byte 0: field 1 is 2 bytes long, only 1 are left");
    assert_bad(
        "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "is 18446744073709551615 bytes long"
    );
}

static ml_status count_visits(void *user, const struct ml__field *field, ml_error *err) {
    size_t *count = user;

    (void)err;
    (*count)++;
    return field->number == 9 ? ML_ELIMIT : ML_OK;
}

static void a_walk_ends_with_the_first_other_answer(void **state) {
    struct message m = {0};
    size_t count = 0;

    (void)state;
    put_int(&m, 1, 1);
    put_int(&m, 9, 1);
    put_int(&m, 2, 1);
    assert_int_equal(
        ml__field_walk(ml__bytes_over(m.bytes, m.size), count_visits, &count, NULL), ML_ELIMIT
    );
    assert_int_equal(count, 2);
}

static void texts_and_wire_types_are_checked(void **state) {
    struct ml__field field;
    ml_bytes text;
    ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_int_equal(take("\x0a\x02hi", 4, &field, NULL), ML_OK);
    assert_int_equal(ml__field_text(&field, "F", &text, NULL), ML_OK);
    assert_int_equal(text.size, 2);
    assert_int_equal(ml__field_expect(&field, ML__WIRE_VARINT, "F", &err), ML_EFORMAT);
    assert_string_equal(err.message, "byte 0: F has wire type 2, expected 0");
    assert_int_equal(take("\x0a\x02h\n", 4, &field, NULL), ML_OK);
    assert_int_equal(ml__field_text(&field, "F", &text, &err), ML_EFORMAT);
    assert_int_equal(take("\x08\x02", 2, &field, NULL), ML_OK);
    assert_int_equal(ml__field_text(&field, "F", &text, &err), ML_EFORMAT);
}

static void repeated_numbers_come_packed_single_or_mixed(void **state) {
    struct message m = {0};
    struct ml__repeated numbers = {.number = 4, .wire = ML__WIRE_VARINT, .name = "N"};
    const unsigned char *dense;
    unsigned char out[4 * 2];
    size_t count;

    (void)state;
    put_int(&m, 4, 1);
    put_block(&m, 4, "\x02\xac\x02", 3); /* 2, 300 */
    put_int(&m, 5, 77);
    put_int(&m, 4, 4);
    numbers.message = ml__bytes_over(m.bytes, m.size);
    assert_int_equal(ml__repeated_count(&numbers, &count, &dense, NULL), ML_OK);
    assert_int_equal(count, 4);
    assert_null(dense);
    assert_int_equal(ml__repeated_copy(&numbers, 0, 0, 2, out, NULL), ML_OK);
    assert_memory_equal(out, "\x01\0\x02\0\x2c\x01\x04\0", 8);
}

static void one_packed_block_of_fixed_numbers_is_dense(void **state) {
    struct message m = {0};
    struct ml__repeated numbers = {.number = 4, .wire = ML__WIRE_FIXED32, .name = "N"};
    const unsigned char *dense;
    size_t count;

    (void)state;
    put_block(&m, 4, "abcdefgh", 8);
    numbers.message = ml__bytes_over(m.bytes, m.size);
    assert_int_equal(ml__repeated_count(&numbers, &count, &dense, NULL), ML_OK);
    assert_int_equal(count, 2);
    assert_ptr_equal(dense, m.bytes + 2);
    put_block(&m, 4, "abcd", 4);
    numbers.message = ml__bytes_over(m.bytes, m.size);
    assert_int_equal(ml__repeated_count(&numbers, &count, &dense, NULL), ML_OK);
    assert_int_equal(count, 3);
    assert_null(dense);
}

static void bad_repeated_numbers_are_refused(void **state) {
    const struct {
        enum ml__wire wire;
        const char *block;
        size_t size;
        const char *word;
    } rows[] = {
        {ML__WIRE_FIXED32, "abcde", 5, "N has 5 bytes, not a multiple of 4"},
        {ML__WIRE_FIXED64, "abcd", 4, "N has 4 bytes, not a multiple of 8"},
        {ML__WIRE_VARINT, "\x01\x80", 2, "byte 3: N ends inside a number"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct message m = {0};
        struct ml__repeated numbers = {.number = 4, .wire = rows[i].wire, .name = "N"};
        ml_error err = ML_ERROR_INIT;
        const unsigned char *dense;
        size_t count;

        put_block(&m, 4, rows[i].block, rows[i].size);
        numbers.message = ml__bytes_over(m.bytes, m.size);
        assert_int_equal(ml__repeated_count(&numbers, &count, &dense, &err), ML_EFORMAT);
        assert_non_null(strstr(err.message, rows[i].word));
    }
}

static void elements_outside_their_bounds_are_refused(void **state) {
    struct message m = {0};
    struct ml__repeated numbers = {.number = 4, .wire = ML__WIRE_VARINT, .name = "N"};
    unsigned char out[2];
    ml_error err = ML_ERROR_INIT;

    (void)state;
    put_int(&m, 4, -128);
    put_int(&m, 4, 128);
    numbers.message = ml__bytes_over(m.bytes, m.size);
    assert_int_equal(ml__repeated_copy(&numbers, -128, 127, 1, out, &err), ML_EFORMAT);
    assert_string_equal(err.message, "byte 11: N is 128, expected -128..127");
    assert_int_equal(out[0], 0x80);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_four_wire_types_are_read),
        cmocka_unit_test(groups_and_unknown_wire_types_are_refused),
        cmocka_unit_test(what_is_cut_off_or_out_of_range_is_refused),
        cmocka_unit_test(a_walk_ends_with_the_first_other_answer),
        cmocka_unit_test(texts_and_wire_types_are_checked),
        cmocka_unit_test(repeated_numbers_come_packed_single_or_mixed),
        cmocka_unit_test(one_packed_block_of_fixed_numbers_is_dense),
        cmocka_unit_test(bad_repeated_numbers_are_refused),
        cmocka_unit_test(elements_outside_their_bounds_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
