/* SPDX-License-Identifier: MIT */
/*
 * wire.h -- rows and answers from and to JSON, npy and csv: strict, streaming, bounded.
 *
 * The same readers and writers serve the command line, the server, the benches and any program
 * that links us. Numbers are read correctly rounded and written in the fewest digits that read
 * back as the same number; no locale is ever asked.
 */
#ifndef MLSERVE_WIRE_H
#define MLSERVE_WIRE_H

#include <mlserve/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- rows from JSON: a growing matrix that many request bodies can be read into ---- */

typedef struct ml_rows ml_rows;

typedef struct ml_rows_options {
    size_t size;
    uint32_t dtype;            /* an ml_dtype: FP32, FP64 or BYTES; 0: FP32 */
    uint32_t max_depth;        /* nesting of JSON; 0: 32, at most 64 */
    uint64_t width;            /* elements a row; 0: as the first good row */
    uint64_t max_rows;         /* of one body; 0: 65,536 */
    uint64_t max_string_bytes; /* of one string, decoded; 0: 65,536 */
    uint64_t max_keys;         /* of one object; 0: 1,024 */
} ml_rows_options;

#define ML_ROWS_OPTIONS_INIT                                                                   \
    { sizeof(ml_rows_options), 0, 0, 0, 0, 0, 0 }

/*
 * Make an empty set of rows.
 *
 *   options  NULL: the defaults
 *   out      yours, to be given to ml_rows_free()
 *   err      NULL, or room for the reason
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: the handle.
 * Errors:    ML_EINVAL, ML_ENOMEM.
 */
ML_API ML_MUST ml_status
ml_rows_create(const ml_rows_options *options, ml_rows **out, ml_error *err);

/*
 * Free the rows.
 *
 *   rows  NULL is fine
 *
 * Threads:   none else.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API void ml_rows_free(ml_rows *rows);

/* Where the rows of a body were found. */
typedef enum ml_rows_form {
    ML_ROWS_ARRAY = 1, /* [...] : a bare array of items */
    ML_ROWS_ITEMS = 2, /* {"items": [...]} */
    ML_ROWS_ITEM = 3   /* {"item": x} : one item */
} ml_rows_form;

/*
 * Append the rows of a JSON body (RFC 8259, strict) to the set: a bare array of items,
 * {"items": [...]} or {"item": x}; other keys are skipped. An item is an array of numbers,
 * nested as it likes (read flat), or, at width 1, a number; for BYTES a string. A null among
 * numbers is a missing value (NaN).
 *
 * An item of the wrong type or width, or with a number that overflows the type, is a row that
 * failed: its values are NaN (or empty) and its result says why; its neighbours are fine. What
 * is not JSON fails the whole body and leaves the set as it was: ML_EFORMAT with "malformed
 * JSON at byte N: ..." (N counts from 0). A body of another shape (no items; items that are no
 * array), and one whose failed rows would take more memory than bodies of its size may (rows
 * far shorter than a wide set's): ML_ESHAPE. More rows, depth or keys, longer strings or
 * numbers (128 characters) than allowed: ML_ELIMIT.
 *
 *   body   [size] bytes of UTF-8, borrowed for the call
 *   first  out: index in the set of the body's first row
 *   count  out: number of its rows
 *   form   out, may be NULL
 *   err    NULL, or room for the reason
 *
 * Threads:   one a handle.
 * Blocks:    no.
 * Allocates: room for the rows; nothing once the set has grown.
 * Errors:    ML_EINVAL, ML_ENOMEM, ML_EFORMAT, ML_ESHAPE, ML_ELIMIT.
 */
ML_API ML_MUST ml_status ml_rows_read_json(
    ml_rows *rows, const char *body, size_t size, size_t *first, size_t *count,
    ml_rows_form *form, ml_error *err
);

/*
 * The whole set: its number of rows, the tensor [row_count, width] and each row's result,
 * borrowed until the next call that changes the set. Results are writable, so that the
 * predictor can go on in them (ML_CALL_PRECHECKED).
 *
 * Threads:   one a handle.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API size_t ml_rows_count(const ml_rows *rows);
ML_API ml_tensors ml_rows_tensors(const ml_rows *rows);
ML_API ml_row_result *ml_rows_results(const ml_rows *rows);

/*
 * Take all rows out; the memory stays for the next ones, but for what exceeds `keep_bytes`.
 *
 * Threads:   one a handle.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API void ml_rows_clear(ml_rows *rows, size_t keep_bytes);

/* ---- JSON out ---- */

typedef struct ml_json_writer ml_json_writer;

typedef struct ml_json_options {
    size_t size;
    uint64_t max_bytes; /* of the document; 0: 1 GiB */
    uint32_t nonfinite; /* an ml_json_nonfinite */
    uint32_t reserved;  /* 0 */
} ml_json_options;

#define ML_JSON_OPTIONS_INIT                                                                   \
    { sizeof(ml_json_options), 0, 0, 0 }

/* How NaN and the infinities are written. */
typedef enum ml_json_nonfinite {
    ML_JSON_NULL = 0,  /* null: strict JSON */
    ML_JSON_TOKENS = 1 /* NaN, Infinity, -Infinity: what Python and Triton read */
} ml_json_nonfinite;

/*
 * Make a writer of one JSON document at a time.
 *
 *   options  NULL: the defaults
 *   out      yours, to be given to ml_json_free()
 *   err      NULL, or room for the reason
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: the handle.
 * Errors:    ML_EINVAL, ML_ENOMEM.
 */
ML_API ML_MUST ml_status
ml_json_create(const ml_json_options *options, ml_json_writer **out, ml_error *err);

/*
 * Free the writer and its text.
 *
 *   writer  NULL is fine
 *
 * Threads:   none else.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API void ml_json_free(ml_json_writer *writer);

/*
 * Write the parts of a document, commas and colons put in by the writer. Nothing is answered
 * here: the first failure (out of memory, too long, a key outside an object, more than 64
 * levels, ...) is kept and told by ml_json_finish(). Strings need not be UTF-8: what is not is
 * written as U+FFFD.
 *
 *   text, values  borrowed for the call
 *
 * Threads:   one a handle.
 * Blocks:    no.
 * Allocates: room for the text; nothing once it has grown.
 * Errors:    none here.
 */
ML_API void ml_json_begin_object(ml_json_writer *writer);
ML_API void ml_json_end_object(ml_json_writer *writer);
ML_API void ml_json_begin_array(ml_json_writer *writer);
ML_API void ml_json_end_array(ml_json_writer *writer);
ML_API void ml_json_key(ml_json_writer *writer, const char *key);
ML_API void ml_json_string(ml_json_writer *writer, const char *text, size_t size);
ML_API void ml_json_text(ml_json_writer *writer, const char *text); /* ended by NUL */
ML_API void ml_json_f32(ml_json_writer *writer, float value);
ML_API void ml_json_f64(ml_json_writer *writer, double value);
ML_API void ml_json_i64(ml_json_writer *writer, int64_t value);
ML_API void ml_json_u64(ml_json_writer *writer, uint64_t value);
ML_API void ml_json_bool(ml_json_writer *writer, int value);
ML_API void ml_json_null(ml_json_writer *writer);
ML_API void ml_json_f32s(ml_json_writer *writer, const float *values, size_t count); /* [..] */
ML_API void ml_json_f64s(ml_json_writer *writer, const double *values, size_t count);

/*
 * The finished document, borrowed until the writer is used again.
 *
 *   text  out: the document, not ended by NUL
 *   err   NULL, or room for the reason
 *
 * Threads:   one a handle.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    ML_EINVAL (what was written is no one complete document), ML_ENOMEM, ML_ELIMIT.
 */
ML_API ML_MUST ml_status ml_json_finish(ml_json_writer *writer, ml_bytes *text, ml_error *err);

/*
 * Begin a new document; memory beyond `keep_bytes` is given back.
 *
 * Threads:   one a handle.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API void ml_json_clear(ml_json_writer *writer, size_t keep_bytes);

/* ---- tables: files of rows ---- */

typedef struct ml_table_reader ml_table_reader;
typedef struct ml_table_writer ml_table_writer;

typedef struct ml_table_options {
    size_t size;
    uint64_t max_columns;    /* 0: 1,048,576 */
    uint64_t max_line_bytes; /* csv; 0: 16 MiB */
} ml_table_options;

#define ML_TABLE_OPTIONS_INIT                                                                  \
    { sizeof(ml_table_options), 0, 0 }

/*
 * What a table is. Read only; grows at its end.
 *
 *   dtype      npy: as in the file (any number type or BOOL); csv: ML_FP64
 *   row_count  npy: as the header says; csv: UINT64_MAX, unknown before the end
 *   width      columns
 *   names      csv: [width] of the header line; npy: NULL
 */
typedef struct ml_table_info {
    size_t size;
    uint32_t dtype;
    uint32_t reserved;
    uint64_t row_count;
    uint64_t width;
    const char *const *names;
} ml_table_info;

/*
 * Open a table of rows: npy (format 1.0 to 3.0, little-endian, C order, 1-D read as width 1,
 * more than 2-D flattened to rows) or csv (RFC 4180 with a header line; empty cell, nan, inf
 * as numbers), recognised by content. Bytes after an npy's data, or missing ones, are errors.
 *
 *   path     the file; "-" is not special
 *   options  NULL: the defaults
 *   out      yours, to be given to ml_table_close()
 *   err      NULL, or room for the reason
 *
 * Threads:   any.
 * Blocks:    while reading.
 * Allocates: the handle and a buffer.
 * Errors:    ML_EINVAL, ML_ENOMEM, ML_EIO, ML_ENOTFOUND, ML_EFORMAT, ML_EUNSUPPORTED,
 *            ML_ELIMIT.
 */
ML_API ML_MUST ml_status ml_table_open(
    const char *path, const ml_table_options *options, ml_table_reader **out, ml_error *err
);

/*
 * Close a table.
 *
 *   reader  NULL is fine
 *
 * Threads:   none else.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API void ml_table_close(ml_table_reader *reader);

/*
 * What the table is; valid as long as the reader.
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API const ml_table_info *ml_table_describe(const ml_table_reader *reader);

/*
 * Read the next rows, converted to `dtype` as ml_convert() does.
 *
 *   values     [max_rows, width] out
 *   max_rows   room, at least 1
 *   row_count  out: rows read, 0 only at the end
 *   err        NULL, or room for the reason, with line and column
 *
 * Threads:   one a handle.
 * Blocks:    while reading.
 * Allocates: csv: room for a line, kept.
 * Errors:    ML_EINVAL, ML_ENOMEM, ML_EIO, ML_EFORMAT, ML_ELIMIT.
 */
ML_API ML_MUST ml_status ml_table_read(
    ml_table_reader *reader, ml_dtype dtype, void *values, size_t max_rows, size_t *row_count,
    ml_error *err
);

/*
 * Create a table file: csv where the path ends in ".csv", else npy. It is written beside the
 * path and takes its name at ml_table_commit(): never a half file.
 *
 *   dtype  FP32, FP64 or INT64
 *   width  columns; 0: a 1-D npy (csv: one column)
 *   names  [width] of the csv header, or NULL: c0, c1, ...
 *   out    yours, to be given to ml_table_commit() or ml_table_abort()
 *   err    NULL, or room for the reason
 *
 * Threads:   any.
 * Blocks:    while writing.
 * Allocates: the handle and a buffer.
 * Errors:    ML_EINVAL, ML_ENOMEM, ML_EIO.
 */
ML_API ML_MUST ml_status ml_table_create(
    const char *path, ml_dtype dtype, size_t width, const char *const *names,
    ml_table_writer **out, ml_error *err
);

/*
 * Append rows of the table's type.
 *
 *   values  [row_count, width]
 *
 * Threads:   one a handle.
 * Blocks:    while writing.
 * Allocates: nothing.
 * Errors:    ML_EINVAL, ML_EIO.
 */
ML_API ML_MUST ml_status
ml_table_write(ml_table_writer *writer, const void *values, size_t row_count, ml_error *err);

/*
 * Complete the file and free the writer, or drop the file and free the writer. After a failed
 * commit the writer is freed and no file of the path's name was made or changed.
 *
 *   writer  abort: NULL is fine
 *
 * Threads:   none else.
 * Blocks:    while writing.
 * Allocates: nothing.
 * Errors:    ML_EINVAL, ML_EIO.
 */
ML_API ML_MUST ml_status ml_table_commit(ml_table_writer *writer, ml_error *err);
ML_API void ml_table_abort(ml_table_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
