/* SPDX-License-Identifier: MIT */
/*
 * table.h -- the inside of a table reader: a file through a buffer, and what each kind keeps.
 */
#ifndef ML_WIRE_TABLE_H
#define ML_WIRE_TABLE_H

#include <mlserve/wire.h>

#include <stdbool.h>

/* Bytes [next, end) of the buffer are read and not yet used. */
struct ml__table_stream {
    const char *path;
    int file;
    bool ended; /* the file has no more */
    char *buffer;
    size_t room;
    size_t next;
    size_t end;
};

struct ml_table_reader {
    ml_table_info info;
    char *path;
    struct ml__table_stream stream;
    ml_error failure; /* of an earlier read: told again */
    size_t max_columns;
    size_t max_line_bytes;
    bool is_npy;

    uint64_t rows_left;  /* npy */
    size_t element_size; /* npy */

    char **names;         /* csv: one block, the texts behind the pointers */
    uint64_t line_number; /* csv: of the next record's first line, from 1 */
};

/* Move what is unused to the start of the buffer and read until it is full or the file ends. */
ML_MUST ml_status ml__table_fill(struct ml__table_stream *stream, ml_error *err);

#endif
