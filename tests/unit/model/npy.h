/* SPDX-License-Identifier: MIT */
/*
 * npy.h -- whole files, and the arrays of the fixtures as doubles, for tests of models.
 */
#ifndef ML_TEST_MODEL_NPY_H
#define ML_TEST_MODEL_NPY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file's bytes, ended by NUL, to free(); ends the test where there is no such file. */
static inline char *npy_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    char *data = NULL;
    long length;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    rewind(file);
    data = malloc((size_t)length + 1);
    if (data == NULL || fread(data, 1, (size_t)length, file) != (size_t)length) {
        exit(1);
    }
    data[length] = '\0';
    fclose(file);
    *size = (size_t)length;
    return data;
}

/* The elements of an array of '<f4', '<f8' or '<i8' as doubles, to free(). */
static inline double *npy_read(const char *path, size_t *count) {
    size_t size;
    char *data = npy_file(path, &size);
    const size_t start =
        10 + (size_t)(unsigned char)data[8] + 256 * (size_t)(unsigned char)data[9];
    const int is_single = strstr(data + 10, "'<f4'") != NULL;
    const int is_integer = strstr(data + 10, "'<i8'") != NULL;
    const size_t width = is_single ? 4 : 8;
    double *values;

    *count = (size - start) / width;
    values = malloc(*count * sizeof *values);
    if (values == NULL) {
        exit(1);
    }
    for (size_t i = 0; i < *count; i++) {
        float single = 0.0f;
        int64_t integer = 0;
        double real = 0.0;

        if (is_single) {
            memcpy(&single, data + start + i * width, width);
            values[i] = (double)single;
        } else if (is_integer) {
            memcpy(&integer, data + start + i * width, width);
            values[i] = (double)integer;
        } else {
            memcpy(&real, data + start + i * width, width);
            values[i] = real;
        }
    }
    free(data);
    return values;
}

#endif
