/* SPDX-License-Identifier: MIT */
/*
 * rows.c -- a growing matrix of rows with a result each.
 *
 * Memory that a request can make us take is bounded by its size: before a body is read, room
 * is made for as many elements as it can possibly hold (a number takes two bytes of a body, a
 * string three) and some more for rows that fail, and while it is read nothing grows but the
 * results. A body whose failed rows would need more (short rows where wide ones are expected:
 * two bytes against thousands) is refused as a whole by the reader.
 *
 * Strings are decoded into blocks that never move, one with room for all of a body.
 */
#include "wire/rows.h"

#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/options.h"

#define SLACK_BYTES 49152 /* for failed rows of small bodies */

static size_t or_default(uint64_t value, size_t without) {
    return value == 0 ? without : value > SIZE_MAX ? SIZE_MAX : (size_t)value;
}

ml_status ml_rows_create(const ml_rows_options *options, ml_rows **out, ml_error *err) {
    ml_rows_options own;
    ml_rows *rows;
    size_t row_bytes;
    ml_status status = ml__options_read(&own, sizeof own, options, err);

    if (status != ML_OK) {
        return status;
    }
    if (out == NULL) {
        return ml__fail(err, ML_EINVAL, "out is NULL");
    }
    if (own.dtype == 0) {
        own.dtype = ML_FP32;
    }
    if (own.dtype != ML_FP32 && own.dtype != ML_FP64 && own.dtype != ML_BYTES) {
        return ml__fail(
            err, ML_EINVAL, "dtype is %s (%u), expected FP32, FP64 or BYTES",
            ml_dtype_name((ml_dtype)own.dtype), own.dtype
        );
    }
    if (own.max_depth > ML__JSON_MAX_DEPTH) {
        return ml__fail(
            err, ML_EINVAL, "max_depth is %u, expected at most %d", own.max_depth,
            ML__JSON_MAX_DEPTH
        );
    }
    if (own.width > SIZE_MAX ||
        !ml__mul((size_t)own.width, ml_dtype_size((ml_dtype)own.dtype), &row_bytes)) {
        return ml__fail(
            err, ML_EINVAL, "width %llu is too large", (unsigned long long)own.width
        );
    }
    rows = ml__make(1, sizeof *rows);
    if (rows == NULL) {
        return ml__fail(err, ML_ENOMEM, "rows handle of %zu bytes", sizeof *rows);
    }
    rows->dtype = (ml_dtype)own.dtype;
    rows->element_size = ml_dtype_size(rows->dtype);
    rows->fixed_width = (size_t)own.width;
    rows->width = rows->fixed_width;
    rows->max_rows = or_default(own.max_rows, 65536);
    rows->limits.max_depth = own.max_depth;
    rows->limits.max_keys = own.max_keys < UINT32_MAX ? (uint32_t)own.max_keys : UINT32_MAX - 1;
    rows->limits.max_string_bytes = own.max_string_bytes;
    *out = rows;
    return ML_OK;
}

static void free_texts(ml_rows *rows, struct ml__text_block *but) {
    struct ml__text_block *block = rows->texts;

    while (block != NULL) {
        struct ml__text_block *next = block->next;

        if (block != but) {
            ml__free(block);
        }
        block = next;
    }
    rows->texts = but;
    if (but != NULL) {
        but->next = NULL;
        but->used = 0;
    }
}

void ml_rows_free(ml_rows *rows) {
    if (rows != NULL) {
        free_texts(rows, NULL);
        ml__free(rows->results);
        ml__free(rows->values);
        ml__free(rows);
    }
}

static ml_status reserve_texts(ml_rows *rows, size_t body_size, ml_error *err) {
    struct ml__text_block *block = rows->texts;
    size_t block_size;

    if (block != NULL && block->size - block->used >= body_size) {
        return ML_OK;
    }
    if (body_size < 4096) {
        body_size = 4096;
    }
    block = ml__add(body_size, sizeof *block, &block_size) ? ml__make_raw(block_size, 1) : NULL;
    if (block == NULL) {
        return ml__fail(err, ML_ENOMEM, "texts of %zu bytes", body_size);
    }
    block->next = rows->texts;
    block->size = body_size;
    block->used = 0;
    rows->texts = block;
    return ML_OK;
}

ml_status ml__rows_reserve(ml_rows *rows, size_t body_size, ml_error *err) {
    const size_t used = rows->row_count * rows->width * rows->element_size;
    /* 2 bytes make at most 8, of a number; 3 make at most 16, of a string. */
    const size_t factor = rows->dtype == ML_BYTES ? 6 : 4;
    size_t needed;

    if (!ml__mul(body_size, factor, &needed) || !ml__add(needed, SLACK_BYTES, &needed) ||
        !ml__add(needed, used, &needed)) {
        return ml__fail(err, ML_ENOMEM, "rows of a body of %zu bytes", body_size);
    }
    if (needed > rows->capacity_bytes) {
        /* Where bodies add up, copying must not: half as much again. */
        const size_t room = needed + (used < SIZE_MAX - needed ? used / 2 : 0);
        unsigned char *larger = ml__resize(rows->values, room, 1);

        if (larger == NULL) {
            return ml__fail(err, ML_ENOMEM, "rows of %zu bytes", room);
        }
        rows->values = larger;
        rows->capacity_bytes = room;
    }
    rows->limit_bytes =
        needed; /* not what is there: the answer must not hang on earlier bodies */
    return rows->dtype == ML_BYTES ? reserve_texts(rows, body_size, err) : ML_OK;
}

ml_status ml__rows_reserve_result(ml_rows *rows, ml_error *err) {
    size_t room;
    ml_row_result *larger;

    if (rows->row_count < rows->result_room) {
        return ML_OK;
    }
    room = rows->result_room + rows->result_room / 2 + 64;
    larger = ml__resize(rows->results, room, sizeof *larger);
    if (larger == NULL) {
        return ml__fail(err, ML_ENOMEM, "results of %zu rows", room);
    }
    rows->results = larger;
    rows->result_room = room;
    return ML_OK;
}

void ml__rows_blank(ml_rows *rows, size_t first, size_t count) {
    unsigned char *start = rows->values + first * rows->width * rows->element_size;
    const size_t element_count = count * rows->width;

    if (rows->dtype == ML_FP32) {
        for (size_t i = 0; i < element_count; i++) {
            ((float *)start)[i] = NAN;
        }
    } else if (rows->dtype == ML_FP64) {
        for (size_t i = 0; i < element_count; i++) {
            ((double *)start)[i] = (double)NAN;
        }
    } else if (element_count > 0) {
        memset(start, 0, element_count * rows->element_size);
    }
}

size_t ml_rows_count(const ml_rows *rows) {
    return rows->row_count;
}

ml_tensors ml_rows_tensors(const ml_rows *rows) {
    ml_tensors tensors = ml_f32_rows((const float *)rows->values, rows->row_count, rows->width);

    tensors.first.dtype = rows->dtype;
    return tensors;
}

ml_row_result *ml_rows_results(const ml_rows *rows) {
    return rows->results;
}

void ml_rows_clear(ml_rows *rows, size_t keep_bytes) {
    struct ml__text_block *texts = rows->texts;

    rows->row_count = 0;
    rows->width = rows->fixed_width;
    if (rows->capacity_bytes > keep_bytes) {
        ml__free(rows->values);
        rows->values = NULL;
        rows->capacity_bytes = 0;
    }
    keep_bytes -= rows->capacity_bytes;
    if (rows->result_room > keep_bytes / sizeof *rows->results) {
        ml__free(rows->results);
        rows->results = NULL;
        rows->result_room = 0;
    }
    keep_bytes -= rows->result_room * sizeof *rows->results;
    free_texts(rows, texts != NULL && texts->size <= keep_bytes ? texts : NULL);
}
