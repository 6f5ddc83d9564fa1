/* SPDX-License-Identifier: MIT */
/*
 * test_file.c -- proves lib/base/file.c: whole files, and every way it can go wrong.
 */
#include "support/cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

static char folder[] = "/tmp/mlserve-test-XXXXXX";
static char path[64];

static int make_folder(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s/file", folder);
    return 0;
}

static int drop_folder(void **state) {
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static void put(const void *data, size_t size) {
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(file >= 0);
    assert_int_equal(ml__file_write(file, path, data, size, NULL), ML_OK);
    ml__file_close(file);
}

static void a_file_is_read_whole(void **state) {
    void *data = NULL;
    size_t size = 99;

    (void)state;
    put("rome\0x", 6);
    assert_int_equal(ml__file_read(path, 6, &data, &size, NULL), ML_OK);
    assert_int_equal(size, 6);
    assert_memory_equal(data, "rome\0x", 6);
    ml__free(data);
    put("", 0);
    assert_int_equal(ml__file_read(path, 6, &data, &size, NULL), ML_OK);
    assert_int_equal(size, 0);
    ml__free(data);
}

static void a_file_over_the_limit_is_refused(void **state) {
    void *data = NULL;
    size_t size = 99;
    ml_error err = ML_ERROR_INIT;

    (void)state;
    put("1234567", 7);
    assert_int_equal(ml__file_read(path, 6, &data, &size, &err), ML_ELIMIT);
    assert_non_null(strstr(err.message, "7 bytes, the limit is 6"));
    assert_null(data);
    assert_int_equal(size, 99);
}

static void what_is_no_file_is_refused_by_name(void **state) {
    void *data = NULL;
    size_t size = 0;
    ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_int_equal(ml__file_read("/nowhere/x", 9, &data, &size, &err), ML_ENOTFOUND);
    assert_string_equal(err.message, "/nowhere/x: open: No such file or directory");
    assert_int_equal(ml__file_read(folder, 9, &data, &size, &err), ML_EIO);
    assert_non_null(strstr(err.message, "not a regular file"));
    assert_int_equal(ml__file_read("/dev/zero", 9, &data, &size, &err), ML_EIO);
    assert_int_equal(mkfifo(path, 0600), -1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(ml__file_read(path, 9, &data, &size, &err), ML_EIO);
    assert_int_equal(unlink(path), 0);
    assert_null(data);
}

static void a_full_disk_is_an_error(void **state) {
    const int file = open("/dev/full", O_WRONLY | O_CLOEXEC);
    ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_int_equal(ml__file_write(file, "/dev/full", "x", 1, &err), ML_EIO);
    assert_string_equal(err.message, "/dev/full: write: No space left on device");
    ml__file_close(file);
    ml__file_close(-1);
}

static void parts_are_read_until_the_end(void **state) {
    char part[4];
    size_t size;
    int file = -1;

    (void)state;
    put("abcdef", 6);
    assert_int_equal(ml__file_open(path, &file, NULL), ML_OK);
    assert_int_equal(ml__file_next(file, path, part, sizeof part, &size, NULL), ML_OK);
    assert_int_equal(size, 4);
    assert_int_equal(ml__file_next(file, path, part, sizeof part, &size, NULL), ML_OK);
    assert_int_equal(size, 2);
    assert_int_equal(ml__file_next(file, path, part, sizeof part, &size, NULL), ML_OK);
    assert_int_equal(size, 0);
    assert_int_equal(ml__file_next(-1, path, part, sizeof part, &size, NULL), ML_EIO);
    ml__file_close(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_whole),
        cmocka_unit_test(a_file_over_the_limit_is_refused),
        cmocka_unit_test(what_is_no_file_is_refused_by_name),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(parts_are_read_until_the_end),
    };

    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
