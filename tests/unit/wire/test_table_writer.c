/* SPDX-License-Identifier: MIT */
/*
 * test_table_writer.c -- tables are written whole or not at all, and read back the same.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <signal.h>
#include <sys/resource.h>

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

static ml_table_writer *
create(const char *name, ml_dtype dtype, size_t width, const char *const *names) {
    ml_table_writer *writer = NULL;

    assert_int_equal(
        ml_table_create(folder_name(&folder, name), dtype, width, names, &writer, NULL), ML_OK
    );
    return writer;
}

static void expect_file(const char *expected) {
    size_t size;
    char *bytes = file_bytes(folder.file, &size);

    assert_string_equal(bytes, expected);
    free(bytes);
}

static void csv_has_names_and_shortest_numbers(void **state) {
    static const char *const names[] = {"plain", "a,b", "say \"hi\"", "x\ny"};
    const float floats[] = {0.1f, NAN, -INFINITY, 1e20f, 1, 2, 3, INFINITY};
    const double doubles[] = {0.1, -0.0, 1e300};
    const int64_t integers[] = {INT64_MIN, INT64_MAX};
    ml_table_writer *writer = create("a.csv", ML_FP32, 4, names);

    (void)state;
    assert_int_equal(ml_table_write(writer, floats, 2, NULL), ML_OK);
    assert_int_equal(ml_table_commit(writer, NULL), ML_OK);
    expect_file(
        "plain,\"a,b\",\"say \"\"hi\"\"\",\"x\ny\"\n0.1,nan,-inf,100000000000000000000\n"
        "1,2,3,inf\n"
    );
    writer = create("a.csv", ML_FP64, 3, NULL);
    assert_int_equal(ml_table_write(writer, doubles, 1, NULL), ML_OK);
    assert_int_equal(ml_table_write(writer, NULL, 0, NULL), ML_OK);
    assert_int_equal(ml_table_commit(writer, NULL), ML_OK);
    expect_file("c0,c1,c2\n0.1,-0.0,1e300\n");
    writer = create("a.csv", ML_INT64, 0, NULL);
    assert_int_equal(ml_table_write(writer, integers, 2, NULL), ML_OK);
    assert_int_equal(ml_table_commit(writer, NULL), ML_OK);
    expect_file("c0\n-9223372036854775808\n9223372036854775807\n");
}

static void npy_is_what_numpy_writes(void **state) {
    static const float floats[6] = {1, 2, 3, 4, 5, 6};
    static const int64_t integers[2] = {-1, 7};
    ml_table_writer *writer = create("a.npy", ML_FP32, 3, NULL);
    size_t size;
    char *bytes;

    (void)state;
    assert_int_equal(ml_table_write(writer, floats, 2, NULL), ML_OK);
    assert_int_equal(ml_table_commit(writer, NULL), ML_OK);
    bytes = file_bytes(folder.file, &size);
    assert_int_equal(size, 128 + sizeof floats);
    assert_memory_equal(bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
    assert_memory_equal(
        bytes + 10, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }  ", 60
    );
    assert_int_equal(bytes[127], '\n');
    assert_memory_equal(bytes + 128, floats, sizeof floats);
    free(bytes);

    writer = create("b", ML_INT64, 0, NULL);
    assert_int_equal(ml_table_write(writer, integers, 2, NULL), ML_OK);
    assert_int_equal(ml_table_commit(writer, NULL), ML_OK);
    bytes = file_bytes(folder.file, &size);
    assert_memory_equal(
        bytes + 10, "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }  ", 58
    );
    assert_memory_equal(bytes + 128, integers, sizeof integers);
    free(bytes);
}

static void what_was_written_is_read_back(void **state) {
    enum { ROWS = 30000, WIDTH = 3 };
    static double values[ROWS * WIDTH];
    static double back[(ROWS + 1000) * WIDTH];
    static const char *const names[] = {"a.npy", "a.csv"};

    (void)state;
    for (size_t i = 0; i < ROWS * WIDTH; i++) {
        values[i] = sin((double)i) * pow(10.0, (double)(i % 600) - 300.0);
    }
    for (size_t kind = 0; kind < 2; kind++) {
        ml_table_writer *writer = create(names[kind], ML_FP64, WIDTH, NULL);
        size_t rows;

        for (size_t row = 0; row < ROWS; row += 500) {
            assert_int_equal(ml_table_write(writer, values + row * WIDTH, 500, NULL), ML_OK);
        }
        assert_int_equal(ml_table_commit(writer, NULL), ML_OK);
        assert_int_equal(
            read_table(folder.file, 1000, back, sizeof back / 8, &rows, NULL), ML_OK
        );
        assert_int_equal(rows, ROWS);
        assert_memory_equal(back, values, sizeof values);
    }
}

static void nothing_is_seen_before_the_commit_or_after_an_abort(void **state) {
    static const float value = 1.0f;
    ml_table_writer *writer;
    const size_t before = folder_count(&folder, 0);

    (void)state;
    writer = create("new.npy", ML_FP32, 1, NULL);
    assert_int_equal(access(folder.file, F_OK), -1);
    assert_int_equal(ml_table_write(writer, &value, 1, NULL), ML_OK);
    ml_table_abort(writer);
    ml_table_abort(NULL);
    assert_int_equal(folder_count(&folder, 0), before);

    (void)folder_write(&folder, "old.npy", "old", 3);
    writer = create("old.npy", ML_FP32, 1, NULL);
    expect_file("old");
    assert_int_equal(ml_table_commit(writer, NULL), ML_OK);
    assert_int_equal(folder_count(&folder, 0), before + 1);
}

static void arguments_that_make_no_sense_are_refused(void **state) {
    ml_table_writer *writer = NULL;
    const char *path = folder_name(&folder, "z.npy");

    (void)state;
    assert_int_equal(ml_table_create(NULL, ML_FP32, 1, NULL, &writer, NULL), ML_EINVAL);
    assert_int_equal(ml_table_create("", ML_FP32, 1, NULL, &writer, NULL), ML_EINVAL);
    assert_int_equal(ml_table_create(path, ML_FP16, 1, NULL, &writer, NULL), ML_EINVAL);
    assert_int_equal(ml_table_create(path, ML_FP32, SIZE_MAX, NULL, &writer, NULL), ML_EINVAL);
    assert_int_equal(ml_table_create(path, ML_FP32, 1, NULL, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_table_commit(NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_table_write(NULL, path, 1, NULL), ML_EINVAL);
    writer = create("z.npy", ML_FP32, 2, NULL);
    assert_int_equal(ml_table_write(writer, NULL, 1, NULL), ML_EINVAL);
    assert_int_equal(ml_table_write(writer, path, SIZE_MAX / 2, NULL), ML_EINVAL);
    ml_table_abort(writer);
}

static void a_place_that_cannot_be_written_is_told(void **state) {
    ml_table_writer *writer = NULL;

    (void)state;
    assert_int_equal(
        ml_table_create(folder_name(&folder, "no/x"), ML_FP32, 1, NULL, &writer, NULL), ML_EIO
    );
    assert_int_equal(ml_table_create("/dev/null", ML_FP32, 1, NULL, &writer, NULL), ML_EIO);
    assert_int_equal(ml_table_create(folder.path, ML_FP32, 1, NULL, &writer, NULL), ML_EIO);
    assert_null(writer);
}

/* The name is taken by a folder between create and commit. */
static void a_failed_commit_leaves_the_name_as_it_was(void **state) {
    static const float value = 1.0f;
    const size_t before = folder_count(&folder, 0);
    ml_table_writer *writer = create("taken.npy", ML_FP32, 1, NULL);

    (void)state;
    assert_int_equal(ml_table_write(writer, &value, 1, NULL), ML_OK);
    assert_int_equal(mkdir(folder.file, 0700), 0);
    assert_int_equal(ml_table_commit(writer, NULL), ML_EIO);
    assert_int_equal(rmdir(folder.file), 0);
    assert_int_equal(folder_count(&folder, 0), before);
}

static void after_a_failed_write_there_is_no_file(void **state) {
    static const float values[50000];
    const size_t before = folder_count(&folder, 0);
    const struct rlimit none = {1000, RLIM_INFINITY};
    const struct rlimit any = {RLIM_INFINITY, RLIM_INFINITY};
    ml_table_writer *writer = create("full.npy", ML_FP32, 1, NULL);

    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    assert_int_equal(ml_table_write(writer, values, 50000, NULL), ML_EIO);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &any), 0);
    assert_int_equal(ml_table_write(writer, values, 1, NULL), ML_EIO); /* stays broken */
    assert_int_equal(ml_table_commit(writer, NULL), ML_EIO);
    assert_int_equal(folder_count(&folder, 0), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_has_names_and_shortest_numbers),
        cmocka_unit_test(npy_is_what_numpy_writes),
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(nothing_is_seen_before_the_commit_or_after_an_abort),
        cmocka_unit_test(arguments_that_make_no_sense_are_refused),
        cmocka_unit_test(a_place_that_cannot_be_written_is_told),
        cmocka_unit_test(a_failed_commit_leaves_the_name_as_it_was),
        cmocka_unit_test(after_a_failed_write_there_is_no_file),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
