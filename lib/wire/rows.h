/* SPDX-License-Identifier: MIT */
/*
 * rows.h -- the inside of a set of rows, for those who fill it.
 */
#ifndef ML_WIRE_ROWS_H
#define ML_WIRE_ROWS_H

#include <mlserve/wire.h>

#include <stdbool.h>

#include "wire/json_reader.h"

/* Decoded strings of one body or more; a string never moves. */
struct ml__text_block {
    struct ml__text_block *next;
    size_t size;
    size_t used;
    char bytes[];
};

struct ml_rows {
    struct ml__json_limits limits;
    ml_dtype dtype;
    size_t element_size;
    size_t fixed_width; /* 0: as the first good row */
    size_t max_rows;    /* of one body */

    size_t row_count;
    size_t width;          /* 0: no good row yet, and none of the rows has values */
    unsigned char *values; /* [row_count, width] */
    size_t capacity_bytes; /* of values */
    size_t limit_bytes;    /* of them, what the body being read may fill */
    ml_row_result *results;
    size_t result_room;
    struct ml__text_block *texts; /* the newest first */
};

/* Room for one body more: see rows.c for how much. Answers ML_OK or ML_ENOMEM. */
ML_MUST ml_status ml__rows_reserve(ml_rows *rows, size_t body_size, ml_error *err);

/* Room for one result more. */
ML_MUST ml_status ml__rows_reserve_result(ml_rows *rows, ml_error *err);

/* Fill rows with what stands for no value: NaN or the empty string. */
void ml__rows_blank(ml_rows *rows, size_t first, size_t count);

#endif
