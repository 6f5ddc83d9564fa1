/* SPDX-License-Identifier: MIT */
/*
 * manifest.h -- what the golden tests need of manifest.json and of its matrices.
 */
#ifndef TESTS_GOLDEN_MANIFEST_H
#define TESTS_GOLDEN_MANIFEST_H

#include <mlserve.h>

#include <cjson/cJSON.h>

#define GOLDEN "tests/golden/"

/* A matrix read from an npy file: [row_count, width] doubles or, where `labels`, int64. */
struct matrix {
    size_t row_count;
    size_t width;
    uint32_t file_dtype;
    void *values; /* to free() */
};

/* The parsed manifest, to cJSON_Delete(). Fails the test where it is absent. */
cJSON *manifest_read(void);

/* The npy of a path below tests/golden, as FP64 or INT64. Fails the test where it is absent. */
struct matrix matrix_read(const char *path, ml_dtype dtype);

/* A string or number of an object; fails the test where it is absent. */
const char *text_of(const cJSON *object, const char *name);
double number_of(const cJSON *object, const char *name);

#endif
