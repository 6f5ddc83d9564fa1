/* SPDX-License-Identifier: MIT */
/*
 * manifest.c -- reads manifest.json with cJSON and matrices with the library's own tables.
 */
#include "support/cmocka_all.h"

#include "golden/manifest.h"

#include <stdio.h>
#include <stdlib.h>

cJSON *manifest_read(void) {
    FILE *file = fopen(GOLDEN "manifest.json", "rb");
    char *text = malloc(1 << 20);
    size_t size;
    cJSON *manifest;

    assert_non_null(file);
    assert_non_null(text);
    size = fread(text, 1, (1 << 20) - 1, file);
    assert_int_equal(fclose(file), 0);
    text[size] = '\0';
    manifest = cJSON_ParseWithLengthOpts(text, size + 1, NULL, 1);
    free(text);
    assert_non_null(manifest);
    return manifest;
}

struct matrix matrix_read(const char *path, ml_dtype dtype) {
    char whole[256];
    ml_table_reader *reader = NULL;
    const ml_table_info *info;
    struct matrix matrix;
    size_t row_count = 0;
    ml_error err = ML_ERROR_INIT;

    (void)snprintf(whole, sizeof whole, GOLDEN "%s", path);
    if (ml_table_open(whole, NULL, &reader, &err) != ML_OK) {
        fail_msg("%s", err.message);
    }
    info = ml_table_describe(reader);
    matrix.row_count = info->row_count;
    matrix.width = info->width;
    matrix.file_dtype = info->dtype;
    matrix.values = calloc(matrix.row_count * matrix.width, 8);
    assert_non_null(matrix.values);
    if (ml_table_read(reader, dtype, matrix.values, matrix.row_count, &row_count, &err) !=
        ML_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(row_count, matrix.row_count);
    ml_table_close(reader);
    return matrix;
}

const char *text_of(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    assert_true(cJSON_IsString(item));
    return item->valuestring;
}

double number_of(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    assert_true(cJSON_IsNumber(item));
    return item->valuedouble;
}
