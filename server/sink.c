/* SPDX-License-Identifier: MIT */
/*
 * sink.c -- predicted rows, to a file by the library's table writer, or as csv to standard
 * output, each number in the fewest digits that read back as the same: those the JSON writer
 * puts between its brackets.
 */
#include "sink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static ml_status fail_output(ml_error *err) {
    err->status = ML_EIO;
    (void)snprintf(err->message, sizeof err->message, "standard output: %s", strerror(errno));
    return ML_EIO;
}

ml_status sink_open(
    struct sink *sink, const char *path, ml_dtype dtype, size_t width, const char *const *names,
    ml_error *err
) {
    ml_json_options options = ML_JSON_OPTIONS_INIT;
    size_t i;

    memset(sink, 0, sizeof *sink);
    sink->dtype = dtype;
    sink->width = width == 0 ? 1 : width;
    if (path != NULL) {
        return ml_table_create(path, dtype, width, names, &sink->table, err);
    }
    for (i = 0; i < sink->width; i++) {
        printf("%s%s", i == 0 ? "" : ",", names[i]);
    }
    putchar('\n');
    options.nonfinite = ML_JSON_TOKENS;
    return ml_json_create(&options, &sink->json, err);
}

static void write_row(struct sink *sink, const void *values, size_t row) {
    const size_t first = row * sink->width;
    size_t i;

    if (sink->dtype == ML_FP32) {
        ml_json_f32s(sink->json, (const float *)values + first, sink->width);
    } else if (sink->dtype == ML_FP64) {
        ml_json_f64s(sink->json, (const double *)values + first, sink->width);
    } else {
        ml_json_begin_array(sink->json);
        for (i = 0; i < sink->width; i++) {
            ml_json_i64(sink->json, ((const int64_t *)values)[first + i]);
        }
        ml_json_end_array(sink->json);
    }
}

ml_status sink_write(struct sink *sink, const void *values, size_t row_count, ml_error *err) {
    size_t row;

    if (sink->table != NULL) {
        return ml_table_write(sink->table, values, row_count, err);
    }
    for (row = 0; row < row_count; row++) {
        ml_bytes text;
        ml_status status;

        ml_json_clear(sink->json, 65536);
        write_row(sink, values, row);
        status = ml_json_finish(sink->json, &text, err);
        if (status != ML_OK) {
            return status;
        }
        if (fwrite((const char *)text.data + 1, 1, text.size - 2, stdout) != text.size - 2 ||
            putchar('\n') == EOF) {
            return fail_output(err);
        }
    }
    return ML_OK;
}

ml_status sink_commit(struct sink *sink, ml_error *err) {
    ml_table_writer *table = sink->table;

    if (table == NULL) {
        return fflush(stdout) == 0 ? ML_OK : fail_output(err);
    }
    sink->table = NULL;
    return ml_table_commit(table, err);
}

void sink_abort(struct sink *sink) {
    ml_table_abort(sink->table);
    ml_json_free(sink->json);
    memset(sink, 0, sizeof *sink);
}
