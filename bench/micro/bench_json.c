/* SPDX-License-Identifier: MIT */
/*
 * bench_json.c -- how fast rows come out of JSON, and numbers go into it?
 *
 * The body is what a client sends for 100 rows of 64 pixels: about 80 kB of numbers with up to
 * nine digits. Peers do the same work: cJSON parses and its nodes are copied to floats.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mlbench.h"

#define ROW_COUNT 100
#define WIDTH 64

struct work {
    char *text;
    size_t size;
    float *values; /* [ROW_COUNT * WIDTH] */
    ml_rows *rows;
    ml_json_writer *writer;
};

static int read_rows(void *context, size_t repeat_count) {
    struct work *work = context;
    size_t first;
    size_t count;

    for (size_t i = 0; i < repeat_count; i++) {
        ml_rows_clear(work->rows, SIZE_MAX);
        if (ml_rows_read_json(work->rows, work->text, work->size, &first, &count, NULL, NULL) !=
            ML_OK) {
            return -1;
        }
    }
    return 0;
}

static int read_cjson(void *context, size_t repeat_count) {
    struct work *work = context;

    for (size_t i = 0; i < repeat_count; i++) {
        cJSON *document = cJSON_ParseWithLength(work->text, work->size);
        const cJSON *row;
        const cJSON *number;
        size_t at = 0;

        cJSON_ArrayForEach(row, document) {
            cJSON_ArrayForEach(number, row) {
                work->values[at++] = (float)number->valuedouble;
            }
        }
        cJSON_Delete(document);
        if (at == 0) {
            return -1;
        }
    }
    return 0;
}

static int write_rows(void *context, size_t repeat_count) {
    struct work *work = context;
    ml_bytes text;

    for (size_t i = 0; i < repeat_count; i++) {
        ml_json_clear(work->writer, SIZE_MAX);
        ml_json_f32s(work->writer, work->values, ROW_COUNT * WIDTH);
        if (ml_json_finish(work->writer, &text, NULL) != ML_OK) {
            return -1;
        }
    }
    return 0;
}

static int write_cjson(void *context, size_t repeat_count) {
    struct work *work = context;

    for (size_t i = 0; i < repeat_count; i++) {
        cJSON *array = cJSON_CreateFloatArray(work->values, ROW_COUNT * WIDTH);
        char *text = cJSON_PrintUnformatted(array);

        cJSON_Delete(array);
        if (text == NULL) {
            return -1;
        }
        cJSON_free(text);
    }
    return 0;
}

static int write_printf(void *context, size_t repeat_count) {
    struct work *work = context;
    char text[32];

    for (size_t i = 0; i < repeat_count; i++) {
        for (size_t n = 0; n < ROW_COUNT * WIDTH; n++) {
            if (snprintf(text, sizeof text, "%.9g", (double)work->values[n]) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* [[...], ...] of `row_count` rows with numbers of every length up to nine digits. */
static bool make(struct work *work, size_t row_count) {
    uint32_t random = 2463534242u;

    work->text = malloc(row_count * WIDTH * 16 + 64);
    work->values = malloc(ROW_COUNT * WIDTH * sizeof *work->values);
    if (work->text == NULL || work->values == NULL) {
        return false;
    }
    work->text[work->size++] = '[';
    for (size_t i = 0; i < row_count * WIDTH; i++) {
        float value;

        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        value = (float)random / 4294967296.0f;
        work->values[i] = value;
        work->size += (size_t)snprintf(
            work->text + work->size, 32, "%s%.9g%s", i % WIDTH == 0 ? "[" : ",", (double)value,
            i % WIDTH < WIDTH - 1       ? ""
            : i + 1 < row_count * WIDTH ? "],"
                                        : "]"
        );
    }
    work->text[work->size++] = ']';
    work->text[work->size] = '\0';
    return ml_rows_create(NULL, &work->rows, NULL) == ML_OK &&
           ml_json_create(NULL, &work->writer, NULL) == ML_OK;
}

static void drop(struct work *work) {
    ml_rows_free(work->rows);
    ml_json_free(work->writer);
    free(work->text);
    free(work->values);
}

int bench_json(const struct bench_options *options) {
    struct bench_report *report = bench_begin("json", options);
    struct work many = {0};
    struct work one = {0};
    char question[96];

    if (report == NULL) {
        return 1;
    }
    if (make(&many, ROW_COUNT) && make(&one, 1)) {
        const struct bench_contender reading[] = {
            {"ml_rows_read_json", read_rows, &many, 1},
            {"cJSON", read_cjson, &many, 1},
        };
        const struct bench_contender small[] = {
            {"ml_rows_read_json", read_rows, &one, 1},
            {"cJSON", read_cjson, &one, 1},
        };
        const struct bench_contender writing[] = {
            {"ml_json_f32s", write_rows, &many, ROW_COUNT * WIDTH},
            {"cJSON", write_cjson, &many, ROW_COUNT * WIDTH},
            {"snprintf %.9g, numbers alone", write_printf, &many, ROW_COUNT * WIDTH},
        };

        (void)snprintf(
            question, sizeof question, "read 100 rows of 64 floats, %zu bytes", many.size
        );
        bench_ask(report, question, "body", reading, 2);
        (void
        )snprintf(question, sizeof question, "read one row of 64 floats, %zu bytes", one.size);
        bench_ask(report, question, "body", small, 2);
        bench_ask(report, "write 6400 floats, shortest form", "number", writing, 3);
    }
    drop(&many);
    drop(&one);
    return bench_end(report);
}
