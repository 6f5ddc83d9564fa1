/* SPDX-License-Identifier: MIT */
/*
 * sink.h -- where predicted rows go: a table file, or csv on standard output.
 */
#ifndef MLSERVE_SERVER_SINK_H
#define MLSERVE_SERVER_SINK_H

#include <mlserve.h>

struct sink {
    ml_table_writer *table; /* NULL: standard output */
    ml_json_writer *json;   /* writes the numbers of a line on standard output */
    uint32_t dtype;         /* FP32, FP64 or INT64 */
    size_t width;
};

/*
 *   path   NULL: standard output
 *   width  columns; 0: a 1-D table
 *   names  [width], or [1] where width is 0
 */
ml_status sink_open(
    struct sink *sink, const char *path, ml_dtype dtype, size_t width, const char *const *names,
    ml_error *err
);
ml_status sink_write(struct sink *sink, const void *values, size_t row_count, ml_error *err);

/* Complete it, or, where it was not completed, leave no file. */
ml_status sink_commit(struct sink *sink, ml_error *err);
void sink_abort(struct sink *sink);

#endif
