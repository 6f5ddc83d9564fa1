/* SPDX-License-Identifier: MIT */
/*
 * test_table.c -- the front door of table files: arguments, kinds, and what is left of faults.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "counting.h"
#include "table_files.h"

static struct folder folder;

static int set_up(void **state) {
    (void)state;
    folder_make(&folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    folder_count(&folder, 1);
    return 0;
}

/* The name says nothing: what is inside decides. */
static void the_kind_is_known_by_content(void **state) {
    static const double values[2] = {1.5, 2.5};
    ml_table_writer *writer = NULL;
    ml_table_reader *reader = NULL;

    (void)state;
    assert_int_equal(
        ml_table_create(folder_name(&folder, "x"), ML_FP64, 2, NULL, &writer, NULL), ML_OK
    );
    assert_int_equal(ml_table_write(writer, values, 1, NULL), ML_OK);
    assert_int_equal(ml_table_commit(writer, NULL), ML_OK);
    assert_int_equal(ml_table_open(folder.file, NULL, &reader, NULL), ML_OK);
    assert_null(ml_table_describe(reader)->names);
    assert_int_equal(ml_table_describe(reader)->row_count, 1);
    assert_int_equal(ml_table_describe(reader)->width, 2);
    ml_table_close(reader);
    (void)folder_write(&folder, "x.npy", "a,b\n1,2\n", 8);
    assert_int_equal(ml_table_open(folder.file, NULL, &reader, NULL), ML_OK);
    assert_string_equal(ml_table_describe(reader)->names[1], "b");
    ml_table_close(reader);
    ml_table_close(NULL);
}

static void what_cannot_be_opened_is_told(void **state) {
    ml_table_options options = ML_TABLE_OPTIONS_INIT;
    ml_table_reader *reader = NULL;

    (void)state;
    assert_int_equal(
        ml_table_open(folder_name(&folder, "none"), NULL, &reader, NULL), ML_ENOTFOUND
    );
    assert_int_equal(ml_table_open(folder.path, NULL, &reader, NULL), ML_EIO);
    assert_int_equal(ml_table_open(NULL, NULL, &reader, NULL), ML_EINVAL);
    assert_int_equal(ml_table_open(folder.path, NULL, NULL, NULL), ML_EINVAL);
    options.size = 1;
    assert_int_equal(ml_table_open(folder.path, &options, &reader, NULL), ML_EINVAL);
    (void)folder_write(&folder, "x", "\x93NUMPY\x09\x09", 8);
    assert_int_equal(ml_table_open(folder.file, NULL, &reader, NULL), ML_EUNSUPPORTED);
    (void)folder_write(&folder, "x", "\x93NUMPY", 6);
    assert_int_equal(ml_table_open(folder.file, NULL, &reader, NULL), ML_EFORMAT);
    assert_null(reader);
}

static void columns_of_npy_are_limited(void **state) {
    static const double values[2] = {1.5, 2.5};
    ml_table_options options = ML_TABLE_OPTIONS_INIT;
    ml_table_writer *writer = NULL;
    ml_table_reader *reader = NULL;

    (void)state;
    assert_int_equal(
        ml_table_create(folder_name(&folder, "x"), ML_FP64, 2, NULL, &writer, NULL), ML_OK
    );
    assert_int_equal(ml_table_write(writer, values, 1, NULL), ML_OK);
    assert_int_equal(ml_table_commit(writer, NULL), ML_OK);
    options.max_columns = 1;
    assert_int_equal(ml_table_open(folder.file, &options, &reader, NULL), ML_ELIMIT);
    options.max_columns = 2;
    assert_int_equal(ml_table_open(folder.file, &options, &reader, NULL), ML_OK);
    ml_table_close(reader);
}

static void a_read_that_makes_no_sense_is_refused(void **state) {
    ml_table_reader *reader = NULL;
    double values[2];
    size_t rows = 7;

    (void)state;
    (void)folder_write(&folder, "x", "a,b\n1,2\n", 8);
    assert_int_equal(ml_table_open(folder.file, NULL, &reader, NULL), ML_OK);
    assert_int_equal(ml_table_read(NULL, ML_FP64, values, 1, &rows, NULL), ML_EINVAL);
    assert_int_equal(ml_table_read(reader, ML_FP64, NULL, 1, &rows, NULL), ML_EINVAL);
    assert_int_equal(ml_table_read(reader, ML_FP64, values, 0, &rows, NULL), ML_EINVAL);
    assert_int_equal(ml_table_read(reader, ML_FP64, values, 1, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_table_read(reader, ML_BYTES, values, 1, &rows, NULL), ML_EINVAL);
    assert_int_equal(ml_table_read(reader, ML_FP64, values, SIZE_MAX, &rows, NULL), ML_EINVAL);
    assert_int_equal(rows, 7);
    assert_int_equal(ml_table_read(reader, ML_FP64, values, 1, &rows, NULL), ML_OK);
    assert_true(values[1] == 2.0);
    ml_table_close(reader);
}

/* From nothing to nothing. */
static ml_status read_and_write(void) {
    static const double values[2] = {1.5, 2.5};
    static char line[200000];
    ml_table_writer *writer = NULL;
    double back[2];
    size_t rows;
    ml_status status =
        ml_table_create(folder_name(&folder, "f.csv"), ML_FP64, 2, NULL, &writer, NULL);

    if (status != ML_OK) {
        return status;
    }
    status = ml_table_write(writer, values, 1, NULL);
    if (status == ML_OK) {
        status = ml_table_commit(writer, NULL);
    } else {
        ml_table_abort(writer);
    }
    if (status == ML_OK) {
        status = read_table(folder.file, 1, back, 4, &rows, NULL);
    }
    if (status == ML_OK) { /* a line that the buffer must grow for */
        memset(line, '0', sizeof line);
        memcpy(line, "a\n\"", 3);
        status = read_table(
            folder_write(&folder, "g.csv", line, sizeof line), 1, back, 2, &rows, NULL
        );
        status = status == ML_EFORMAT ? ML_OK : status;
    }
    return status;
}

static void every_failing_allocation_is_told_and_leaves_nothing(void **state) {
    const size_t before = counting.used_bytes;
    const size_t files = folder_count(&folder, 0);
    ml_status status;

    (void)state;
    counting.fail_at = 0;
    do {
        counting.request_count = 0;
        counting.fail_at++;
        status = read_and_write();
        assert_true(status == ML_OK || status == ML_ENOMEM);
        assert_int_equal(counting.used_bytes, before);
        assert_true(folder_count(&folder, 0) <= files + 2); /* f.csv and g.csv, no more */
    } while (counting.request_count >= counting.fail_at);
    assert_int_equal(status, ML_OK);
    assert_true(counting.fail_at > 7);
    counting.fail_at = 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kind_is_known_by_content),
        cmocka_unit_test(what_cannot_be_opened_is_told),
        cmocka_unit_test(columns_of_npy_are_limited),
        cmocka_unit_test(a_read_that_makes_no_sense_is_refused),
        cmocka_unit_test(every_failing_allocation_is_told_and_leaves_nothing),
    };

    return counting_use() ? cmocka_run_group_tests(tests, set_up, tear_down) : 1;
}
