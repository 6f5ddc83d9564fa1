/* SPDX-License-Identifier: MIT */
/*
 * fuzz_table.h -- any bytes as a table file, in memory where the system has that, read to its
 * end.
 */
#ifndef TESTS_FUZZ_FUZZ_TABLE_H
#define TESTS_FUZZ_FUZZ_TABLE_H

#include <mlserve/wire.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void fuzz_table(const void *start, size_t start_size, const uint8_t *data, size_t size) {
    static double values[1 << 16];
    char path[64];
    const int file = memfd_create("table", MFD_CLOEXEC);
    ml_table_reader *reader = NULL;
    size_t rows = 1;

    if (file < 0 || write(file, start, start_size) != (ssize_t)start_size ||
        write(file, data, size) != (ssize_t)size) {
        abort();
    }
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (ml_table_open(path, NULL, &reader, NULL) == ML_OK) {
        const size_t width = (size_t)ml_table_describe(reader)->width;
        const size_t step = sizeof values / sizeof values[0] / width;

        while (step > 0 && rows > 0 &&
               ml_table_read(reader, ML_FP64, values, step, &rows, NULL) == ML_OK) {
        }
    }
    ml_table_close(reader);
    (void)close(file);
}

#endif
