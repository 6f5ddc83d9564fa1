/* SPDX-License-Identifier: MIT */
/*
 * test_npy.c -- npy files are read strictly, of every number type, and only if they are whole.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>

#include "table_files.h"
#include "wire/npy.h"

/* The bytes of a file: a dictionary, padded as numpy does, and data. */
static size_t build(char *bytes, int major, const char *text, const void *data, size_t size) {
    const size_t prefix = major == 1 ? 10 : 12;
    const size_t total = (prefix + strlen(text) + 1 + 63) / 64 * 64;

    memset(bytes, ' ', total);
    memcpy(bytes, "\x93NUMPY", 6);
    bytes[6] = (char)major;
    bytes[7] = 0;
    bytes[8] = (char)((total - prefix) & 255);
    bytes[9] = (char)((total - prefix) >> 8);
    if (major > 1) {
        bytes[10] = 0;
        bytes[11] = 0;
    }
    memcpy(bytes + prefix, text, strlen(text));
    bytes[total - 1] = '\n';
    if (size > 0) {
        memcpy(bytes + total, data, size);
    }
    return total + size;
}

static ml_status header(const char *text, struct ml__npy *npy, ml_error *err) {
    char bytes[1024];
    const size_t size = build(bytes, 1, text, NULL, 0);

    return ml__npy_header(bytes, size, npy, err);
}

static void every_number_type_is_read(void **state) {
    static const struct {
        const char *code;
        ml_dtype dtype;
        char bytes[8];
        double value;
    } cases[] = {
        {"<f4", ML_FP32, {0, 0, 0x20, 0x40}, 2.5},
        {"<f8", ML_FP64, {0, 0, 0, 0, 0, 0, 4, 0x40}, 2.5},
        {"<f2", ML_FP16, {0, 0x41}, 2.5},
        {"|i1", ML_INT8, {-5}, -5},
        {"<i1", ML_INT8, {-5}, -5},
        {"<i2", ML_INT16, {-2, -1}, -2},
        {"<i4", ML_INT32, {-2, -1, -1, -1}, -2},
        {"<i8", ML_INT64, {-2, -1, -1, -1, -1, -1, -1, -1}, -2},
        {"|u1", ML_UINT8, {-1}, 255},
        {"<u2", ML_UINT16, {0, 1}, 256},
        {"<u4", ML_UINT32, {0, 0, 1, 0}, 65536},
        {"<u8", ML_UINT64, {0, 0, 0, 0, 1, 0, 0, 0}, 4294967296.0},
        {"|b1", ML_BOOL, {1}, 1},
    };
    struct folder folder;

    (void)state;
    folder_make(&folder);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[100];
        char bytes[256];
        double value = 0;
        size_t rows;
        ml_table_reader *reader = NULL;

        (void)snprintf(
            text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (1,), }",
            cases[i].code
        );
        (void)folder_write(
            &folder, "a.npy", bytes,
            build(bytes, 1, text, cases[i].bytes, ml_dtype_size(cases[i].dtype))
        );
        assert_int_equal(ml_table_open(folder.file, NULL, &reader, NULL), ML_OK);
        assert_int_equal(ml_table_describe(reader)->dtype, cases[i].dtype);
        assert_int_equal(ml_table_read(reader, ML_FP64, &value, 1, &rows, NULL), ML_OK);
        assert_int_equal(rows, 1);
        assert_true(value == cases[i].value);
        ml_table_close(reader);
    }
    folder_count(&folder, 1);
}

static void the_three_formats_and_all_ranks_are_read(void **state) {
    static const struct {
        const char *shape;
        uint64_t rows;
        size_t width;
    } cases[] = {
        {"(6,)", 6, 1},          {"(6, 1)", 6, 1},       {"(2,3)", 2, 3},
        {"( 1 , 2 , 3 )", 1, 6}, {"(3,1,1,1,2,)", 3, 2}, {"(0, 3)", 0, 3},
    };
    struct ml__npy npy;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int major = 1; major <= 3; major++) {
            char text[100];
            char bytes[256];
            size_t size;

            (void)snprintf(
                text, sizeof text, "{\"shape\":%s,'fortran_order' :False , 'descr':'<f4'}",
                cases[i].shape
            );
            size = build(bytes, major, text, NULL, 0);
            assert_int_equal(ml__npy_header(bytes, size, &npy, NULL), ML_OK);
            assert_int_equal(npy.row_count, cases[i].rows);
            assert_int_equal(npy.width, cases[i].width);
            assert_int_equal(npy.header_size, size);
        }
    }
}

static void a_malformed_header_is_refused(void **state) {
    static const char *const texts[] = {
        "",
        "{",
        "{}",
        "[]",
        "{'descr': '<f4'}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': Fals, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,,2), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [1], }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,4294967296), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,4294967296,4294967296), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }}",
        "{'fortran_order': False, 'shape': (1,), 'descr': '<f4}",
        "{'descr': '<f\\4', 'fortran_order': False, 'shape': (1,), }",
        "{'descr: 1",
        "{descr: '<f4'}",
        "{'descr': 5, 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '', 'fortran_order': False, 'shape': (1,), }",
        "{'descr' '<f4', 'fortran_order': False, 'shape': (1,), }",
    };
    struct ml__npy npy;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ml_error err = ML_ERROR_INIT;

        if (header(texts[i], &npy, &err) != ML_EFORMAT) {
            fail_msg("%s: %s", texts[i], err.message);
        }
    }
}

static void what_is_well_formed_but_not_ours_is_refused_by_name(void **state) {
    static const struct {
        const char *descr;
        const char *order;
        const char *shape;
        const char *message;
    } cases[] = {
        {"'>f4'", "False", "(1,)", "npy header: type '>f4' is big-endian"},
        {"'<c8'", "False", "(1,)", "npy header: type '<c8' is no number"},
        {"'|S5'", "False", "(1,)", "npy header: type '|S5' is no number"},
        {"'|O'", "False", "(1,)", "npy header: type '|O' is no number"},
        {"'<U7'", "False", "(1,)", "npy header: type '<U7' is no number"},
        {"'|f4'", "False", "(1,)", "npy header: type '|f4' is no number"},
        {"'=f4'", "False", "(1,)", "npy header: type '=f4' is no number"},
        {"[('a', '<f4')]", "False", "(1,)", "npy header: rows of named fields"},
        {"'<f4'", "True", "(1,)", "npy header: fortran_order is True"},
        {"'<f4'", "False", "()", "npy header: shape () is a number, not a table"},
        {"'<f4'", "False", "(5, 0)", "npy header: the rows have no columns"},
    };
    struct ml__npy npy;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[120];
        ml_error err = ML_ERROR_INIT;

        (void)snprintf(
            text, sizeof text, "{'descr': %s, 'fortran_order': %s, 'shape': %s, }",
            cases[i].descr, cases[i].order, cases[i].shape
        );
        assert_int_equal(header(text, &npy, &err), ML_EUNSUPPORTED);
        assert_string_equal(err.message, cases[i].message);
    }
}

static void the_fixed_part_is_checked(void **state) {
    struct ml__npy npy;
    char bytes[128];
    const size_t size =
        build(bytes, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", NULL, 0);

    (void)state;
    for (size_t cut = 0; cut < size; cut++) {
        char *exact = malloc(cut > 0 ? cut : 1);

        memcpy(exact, bytes, cut);
        assert_int_equal(ml__npy_header(exact, cut, &npy, NULL), ML_EFORMAT);
        free(exact);
    }
    assert_true(ml__npy_is(bytes, size));
    assert_false(ml__npy_is(bytes, 5));
    bytes[7] = 1;
    assert_int_equal(ml__npy_header(bytes, size, &npy, NULL), ML_EUNSUPPORTED);
    bytes[7] = 0;
    bytes[6] = 4;
    assert_int_equal(ml__npy_header(bytes, size, &npy, NULL), ML_EUNSUPPORTED);
    memcpy(bytes + 6, "\x02\x00\x01\x00\x01\x00", 6);
    assert_int_equal(ml__npy_header(bytes, size, &npy, NULL), ML_ELIMIT);
    bytes[0] = 'x';
    assert_false(ml__npy_is(bytes, size));
}

static void bytes_too_few_or_too_many_are_refused(void **state) {
    static const float data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct folder folder;

    (void)state;
    folder_make(&folder);
    for (size_t size = 23; size <= 25; size++) {
        char bytes[256];
        double values[64];
        size_t rows;
        ml_error err = ML_ERROR_INIT;

        (void)folder_write(
            &folder, "a.npy", bytes,
            build(
                bytes, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", data,
                size
            )
        );
        assert_int_equal(
            read_table(folder.file, 2, values, 64, &rows, &err), size == 24 ? ML_OK : ML_EFORMAT
        );
        assert_int_equal(rows, size == 24 ? 3 : 0);
    }
    folder_count(&folder, 1);
}

static void a_file_of_many_buffers_is_read_in_any_step(void **state) {
    enum { ROWS = 70001, WIDTH = 3 };
    static float data[ROWS * WIDTH];
    static char bytes[sizeof data + 128];
    static double values[(ROWS + 70000) * WIDTH];
    static const size_t steps[] = {997, 70000};
    struct folder folder;

    (void)state;
    for (size_t i = 0; i < ROWS * WIDTH; i++) {
        data[i] = (float)i;
    }
    folder_make(&folder);
    (void)folder_write(
        &folder, "a.npy", bytes,
        build(
            bytes, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (70001, 3), }", data,
            sizeof data
        )
    );
    for (size_t i = 0; i < 2; i++) {
        size_t rows;

        assert_int_equal(
            read_table(folder.file, steps[i], values, sizeof values / 8, &rows, NULL), ML_OK
        );
        assert_int_equal(rows, ROWS);
        for (size_t k = 0; k < ROWS * WIDTH; k++) {
            assert_true(values[k] == (double)k);
        }
    }
    folder_count(&folder, 1);
}

static void a_header_that_leaves_elements_unaligned_is_read(void **state) {
    static const double data[3] = {1.5, 2.5, 3.5};
    static const char text[] = "{'descr':'<f8','fortran_order':False,'shape':(3,)}\n";
    struct folder folder;
    char bytes[128] = "\x93NUMPY\x01";
    double values[16];
    size_t rows;

    (void)state;
    folder_make(&folder);
    bytes[8] = sizeof text - 1;
    memcpy(bytes + 10, text, sizeof text - 1);
    memcpy(bytes + 10 + sizeof text - 1, data, sizeof data);
    (void)folder_write(&folder, "a.npy", bytes, 10 + sizeof text - 1 + sizeof data);
    assert_int_equal(read_table(folder.file, 2, values, 16, &rows, NULL), ML_OK);
    assert_int_equal(rows, 3);
    assert_memory_equal(values, data, sizeof data);
    folder_count(&folder, 1);
}

static void a_file_that_shrinks_while_it_is_read_is_told_each_time(void **state) {
    static float data[100000];
    static char bytes[sizeof data + 128];
    struct folder folder;
    ml_table_reader *reader = NULL;
    static float values[100000];
    size_t rows;

    (void)state;
    folder_make(&folder);
    (void)folder_write(
        &folder, "a.npy", bytes,
        build(
            bytes, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (100000, 1), }", data,
            sizeof data
        )
    );
    assert_int_equal(ml_table_open(folder.file, NULL, &reader, NULL), ML_OK);
    assert_int_equal(truncate(folder.file, 200000), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            ml_table_read(reader, ML_FP32, values, 100000, &rows, NULL), ML_EFORMAT
        );
    }
    ml_table_close(reader);
    folder_count(&folder, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_type_is_read),
        cmocka_unit_test(the_three_formats_and_all_ranks_are_read),
        cmocka_unit_test(a_malformed_header_is_refused),
        cmocka_unit_test(what_is_well_formed_but_not_ours_is_refused_by_name),
        cmocka_unit_test(the_fixed_part_is_checked),
        cmocka_unit_test(bytes_too_few_or_too_many_are_refused),
        cmocka_unit_test(a_file_of_many_buffers_is_read_in_any_step),
        cmocka_unit_test(a_header_that_leaves_elements_unaligned_is_read),
        cmocka_unit_test(a_file_that_shrinks_while_it_is_read_is_told_each_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
