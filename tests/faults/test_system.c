/* SPDX-License-Identifier: MIT */
/*
 * test_system.c -- every open, read, write, fsync, rename, close, fstat and pthread_create of
 * the library fails in turn, once and for ever: a status, nothing leaks, no half file.
 *
 * The linker puts the wraps below in the place of the calls that the library makes (--wrap).
 */
#include "support/cmocka_all.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults/scenarios.h"
#include "support/faults.h"

#define DIGITS "tests/golden/digits/"

int __real_open(const char *path, int flags, ...);
ssize_t __real_read(int file, void *data, size_t size);
ssize_t __real_write(int file, const void *data, size_t size);
int __real_fsync(int file);
int __real_rename(const char *from, const char *to);
int __real_close(int file);
int __real_fstat(int file, struct stat *about);
int __real_pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument
);
int __wrap_open(const char *path, int flags, mode_t mode);
ssize_t __wrap_read(int file, void *data, size_t size);
ssize_t __wrap_write(int file, const void *data, size_t size);
int __wrap_fsync(int file);
int __wrap_rename(const char *from, const char *to);
int __wrap_close(int file);
int __wrap_fstat(int file, struct stat *about);
int __wrap_pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument
);

int __wrap_open(const char *path, int flags, mode_t mode) {
    return faults_system_fails(EMFILE) ? -1 : __real_open(path, flags, mode);
}

ssize_t __wrap_read(int file, void *data, size_t size) {
    return faults_system_fails(EIO) ? -1 : __real_read(file, data, size);
}

ssize_t __wrap_write(int file, const void *data, size_t size) {
    return faults_system_fails(ENOSPC) ? -1 : __real_write(file, data, size);
}

int __wrap_fsync(int file) {
    return faults_system_fails(EIO) ? -1 : __real_fsync(file);
}

int __wrap_rename(const char *from, const char *to) {
    return faults_system_fails(EACCES) ? -1 : __real_rename(from, to);
}

/* A close that fails has closed all the same, as on Linux. */
int __wrap_close(int file) {
    const bool fails = faults_system_fails(EIO);
    const int answer = __real_close(file);

    if (fails) {
        errno = EIO;
    }
    return fails ? -1 : answer;
}

int __wrap_fstat(int file, struct stat *about) {
    return faults_system_fails(EIO) ? -1 : __real_fstat(file, about);
}

int __wrap_pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument
) {
    return faults_system_fails(EAGAIN)
               ? EAGAIN
               : __real_pthread_create(thread, attributes, run, argument);
}

static bool a_known_status(ml_status status) {
    return status == ML_EIO || status == ML_ETHREAD;
}

static int open_files(void) {
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    assert_int_equal(closedir(folder), 0);
    return count;
}

static void sweep(ml_status (*scenario)(void *context), const char *path) {
    const int files_before = open_files();
    char copy[256];
    long count;

    (void)snprintf(copy, sizeof copy, "%s", path);
    count = faults_sweep(FAULT_SYSTEM, scenario, copy, a_known_status);
    print_message("%ld system calls: %s\n", count, path);
    assert_true(count > 0);
    assert_int_equal(open_files(), files_before);
}

static void no_system_call_of_loading_can_break_it(void **state) {
    (void)state;
    sweep(load_and_run, DIGITS "mlp.onnx");
    sweep(predict_mixed_rows, DIGITS "logreg.onnx");
}

static void no_system_call_of_tables_can_break_it(void **state) {
    char folder[] = "/tmp/mlserve-faults-XXXXXX";
    char path[64];

    (void)state;
    assert_non_null(mkdtemp(folder));
    sweep(read_table, DIGITS "X_test.npy");
    (void)snprintf(path, sizeof path, "%s/y.npy", folder);
    sweep(write_table, path);
    (void)snprintf(path, sizeof path, "%s/y.csv", folder);
    sweep(write_table, path);
    assert_int_equal(rmdir(folder), 0);
}

static void no_thread_that_does_not_start_can_break_the_pool(void **state) {
    (void)state;
    sweep(use_pool, "pool");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_system_call_of_loading_can_break_it),
        cmocka_unit_test(no_system_call_of_tables_can_break_it),
        cmocka_unit_test(no_thread_that_does_not_start_can_break_the_pool),
    };

    faults_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
