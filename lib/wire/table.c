/* SPDX-License-Identifier: MIT */
/*
 * table.c -- the front door of table files: tells npy from csv and hands on.
 *
 * A file goes through one buffer, so files of any size take the same memory. A read that
 * failed has lost its place, so the reader keeps the failure and tells it again.
 */
#include "wire/table.h"

#include <string.h>

#include "base/checked.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/options.h"
#include "wire/csv.h"
#include "wire/npy.h"

#define BUFFER_BYTES 131072 /* an npy header and some */

ml_status ml__table_fill(struct ml__table_stream *stream, ml_error *err) {
    size_t got = 0;
    ml_status status;

    memmove(stream->buffer, stream->buffer + stream->next, stream->end - stream->next);
    stream->end -= stream->next;
    stream->next = 0;
    status = ml__file_next(
        stream->file, stream->path, stream->buffer + stream->end, stream->room - stream->end,
        &got, err
    );
    stream->ended = got < stream->room - stream->end;
    stream->end += got;
    return status;
}

static ml_status make_reader(
    const char *path, const ml_table_options *own, ml_table_reader **out, ml_error *err
) {
    ml_table_reader *reader = ml__make(1, sizeof *reader);

    if (reader == NULL) {
        return ml__fail(err, ML_ENOMEM, "table handle of %zu bytes", sizeof *reader);
    }
    reader->info.size = sizeof reader->info;
    reader->stream.file = -1;
    reader->max_columns = own->max_columns == 0 || own->max_columns > SIZE_MAX
                              ? 1048576
                              : (size_t)own->max_columns;
    reader->max_line_bytes = own->max_line_bytes == 0 || own->max_line_bytes > SIZE_MAX
                                 ? (size_t)16 << 20
                                 : (size_t)own->max_line_bytes;
    reader->path = ml__copy_text(path);
    reader->stream.path = reader->path;
    reader->stream.room = BUFFER_BYTES;
    reader->stream.buffer = ml__make_raw(BUFFER_BYTES, 1);
    if (reader->path == NULL || reader->stream.buffer == NULL) {
        ml_table_close(reader);
        return ml__fail(err, ML_ENOMEM, "table buffer of %d bytes", BUFFER_BYTES);
    }
    *out = reader;
    return ML_OK;
}

ml_status ml_table_open(
    const char *path, const ml_table_options *options, ml_table_reader **out, ml_error *err
) {
    ml_table_options own;
    ml_table_reader *reader = NULL;
    ml_status status = ml__options_read(&own, sizeof own, options, err);

    if (status != ML_OK) {
        return status;
    }
    if (path == NULL || out == NULL) {
        return ml__fail(err, ML_EINVAL, "path or out is NULL");
    }
    status = make_reader(path, &own, &reader, err);
    if (status != ML_OK) {
        goto done;
    }
    status = ml__file_open(path, &reader->stream.file, err);
    if (status != ML_OK) {
        goto done;
    }
    status = ml__table_fill(&reader->stream, err);
    if (status != ML_OK) {
        goto done;
    }
    reader->is_npy = ml__npy_is(reader->stream.buffer, reader->stream.end);
    status = reader->is_npy ? ml__npy_open(reader, err) : ml__csv_open(reader, err);
    if (status != ML_OK) {
        goto done;
    }
    *out = reader;
    reader = NULL;
done:
    ml_table_close(reader);
    return status;
}

void ml_table_close(ml_table_reader *reader) {
    if (reader != NULL) {
        ml__file_close(reader->stream.file);
        ml__free(reader->stream.buffer);
        ml__free(reader->names);
        ml__free(reader->path);
        ml__free(reader);
    }
}

const ml_table_info *ml_table_describe(const ml_table_reader *reader) {
    return &reader->info;
}

ml_status ml_table_read(
    ml_table_reader *reader, ml_dtype dtype, void *values, size_t max_rows, size_t *row_count,
    ml_error *err
) {
    size_t bytes;
    size_t count = 0;
    ml_status status;

    if (reader == NULL || values == NULL || max_rows == 0 || row_count == NULL) {
        return ml__fail(err, ML_EINVAL, "reader, values or row_count is NULL, or no room");
    }
    if (ml_dtype_size(dtype) == 0 || dtype == ML_BYTES ||
        !ml__mul(max_rows, (size_t)reader->info.width, &bytes) ||
        !ml__mul(bytes, ml_dtype_size(dtype), &bytes)) {
        return ml__fail(
            err, ML_EINVAL, "%zu rows of %s cannot be read", max_rows, ml_dtype_name(dtype)
        );
    }
    if (reader->failure.status != ML_OK) {
        return ml__fail(err, (ml_status)reader->failure.status, "%s", reader->failure.message);
    }
    status = reader->is_npy
                 ? ml__npy_read(reader, dtype, values, max_rows, &count, &reader->failure)
                 : ml__csv_read(reader, dtype, values, max_rows, &count, &reader->failure);
    if (status != ML_OK) {
        return ml__fail(err, status, "%s", reader->failure.message);
    }
    *row_count = count;
    return ML_OK;
}
