/* SPDX-License-Identifier: MIT */
/*
 * rows_json.c -- the rows of a JSON body, straight into the matrix.
 *
 * One pass: the elements of an item are written where the row will stand, and the row counts
 * only when it is whole. Faults of a row are kept in its result and reading goes on, because
 * its neighbours are fine and because all of the body must be JSON. Faults of the body take
 * back all of its rows.
 *
 * While no good row has said the width, failed rows have no values; the first good row moves
 * behind the blanks that they get then.
 */
#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "wire/rows.h"

/* One body being read. */
struct reading {
    ml_rows *rows;
    struct ml__json json;
    size_t size;       /* of the body */
    size_t first;      /* the body's first row */
    const char *shape; /* why the body has the wrong shape, if it has */
};

/* One item being read. */
struct row {
    unsigned char *values;
    size_t room;  /* elements that `values` takes and that the row may have */
    size_t count; /* elements seen */
    ml_row_result result;
};

static void fail_row(struct row *row, ml_status status, size_t column, const char *reason) {
    if (row->result.status == ML_OK) {
        row->result.status = status;
        row->result.column = column < ML_NO_COLUMN ? (uint32_t)column : ML_NO_COLUMN;
        row->result.reason = reason;
    }
}

static ml_bytes take_text(ml_rows *rows, const struct ml__json_token *token) {
    struct ml__text_block *block = rows->texts;
    char *text = block->bytes + block->used;

    ml__json_decode(token, text);
    block->used += token->decoded_size;
    return (ml_bytes){text, token->decoded_size};
}

/* A number, null or string that did not go the bulk way. */
static void take_element(ml_rows *rows, struct row *row, const struct ml__json_token *token) {
    const size_t column = row->count++;

    if (column >= row->room) {
        fail_row(row, ML_ESHAPE, column, "is one too many: the row is too long");
    } else if (rows->dtype == ML_BYTES) {
        if (token->kind == ML__JSON_STRING) {
            ((ml_bytes *)row->values)[column] = take_text(rows, token);
        } else {
            fail_row(row, ML_ESHAPE, column, "is no string");
        }
    } else if (token->kind == ML__JSON_NULL) {
        if (rows->dtype == ML_FP32) {
            ((float *)row->values)[column] = NAN;
        } else {
            ((double *)row->values)[column] = (double)NAN;
        }
    } else if (token->kind != ML__JSON_NUMBER) {
        fail_row(row, ML_ESHAPE, column, "is no number");
    } else if (rows->dtype == ML_FP32) {
        if (!ml__decimal_f32(&token->number, &((float *)row->values)[column])) {
            fail_row(row, ML_EVALUE, column, "is too large for FP32");
        }
    } else if (!ml__decimal_f64(&token->number, &((double *)row->values)[column])) {
        fail_row(row, ML_EVALUE, column, "is too large for FP64");
    }
}

/* The numbers that come next, as long as they come and fit. */
static void take_numbers(struct reading *reading, struct row *row) {
    if (row->count >= row->room) {
        return;
    }
    if (reading->rows->dtype == ML_FP32) {
        row->count += ml__json_f32s(
            &reading->json, (float *)row->values + row->count, row->room - row->count
        );
    } else if (reading->rows->dtype == ML_FP64) {
        row->count += ml__json_f64s(
            &reading->json, (double *)row->values + row->count, row->room - row->count
        );
    }
}

/* The elements of an item that is an array, which was just begun, nested or not. */
static ml_status take_array(struct reading *reading, struct row *row, ml_error *err) {
    struct ml__json *json = &reading->json;
    const uint32_t depth = json->depth;
    struct ml__json_token token;
    ml_status status;

    do {
        take_numbers(reading, row);
        status = ml__json_next(json, &token, err);
        if (status != ML_OK) {
            return status;
        }
        if (token.kind == ML__JSON_BEGIN_OBJECT) {
            status = ml__json_skip(json, &token, err);
        }
        if (token.kind != ML__JSON_BEGIN_ARRAY && token.kind != ML__JSON_END_ARRAY) {
            take_element(reading->rows, row, &token);
        }
    } while (status == ML_OK && json->depth >= depth);
    return status;
}

/* Whether an item of this kind is an element by itself. */
static bool stands_alone(const ml_rows *rows, enum ml__json_kind kind) {
    return rows->width <= 1 &&
           kind == (rows->dtype == ML_BYTES ? ML__JSON_STRING : ML__JSON_NUMBER);
}

static ml_status take_item(
    struct reading *reading, struct row *row, const struct ml__json_token *token, ml_error *err
) {
    const bool texts = reading->rows->dtype == ML_BYTES;

    if (token->kind == ML__JSON_BEGIN_ARRAY) {
        return take_array(reading, row, err);
    }
    if (stands_alone(reading->rows, token->kind)) {
        take_element(reading->rows, row, token);
        return ML_OK;
    }
    fail_row(
        row, ML_ESHAPE, ML_NO_COLUMN,
        texts ? "the item is neither a string nor an array of strings of the right length"
              : "the item is no array of numbers"
    );
    return ml__json_skip(&reading->json, token, err);
}

/* The first good row says the width: the failed ones before it get their blanks. */
static void decide_width(ml_rows *rows, const struct row *row) {
    const size_t row_bytes = row->count * rows->element_size;

    rows->width = row->count;
    memmove(rows->values + rows->row_count * row_bytes, rows->values, row_bytes);
    ml__rows_blank(rows, 0, rows->row_count);
}

static ml_status no_room(struct reading *reading, const struct row *row, ml_error *err) {
    const size_t width = reading->rows->width != 0 ? reading->rows->width : row->count;

    return ml__fail(
        err, ML_ESHAPE,
        "too many faulty rows: from row %zu on, rows of %zu elements take more memory than a "
        "body of %zu bytes may",
        reading->rows->row_count - reading->first, width, reading->size
    );
}

/* Read the item that `token` begins and append it. */
static ml_status
append_item(struct reading *reading, const struct ml__json_token *token, ml_error *err) {
    ml_rows *rows = reading->rows;
    const size_t used = rows->row_count * rows->width;
    const size_t capacity = rows->limit_bytes / rows->element_size;
    struct row row = {0};
    ml_status status;

    if (rows->row_count - reading->first >= rows->max_rows) {
        return ml__fail(err, ML_ELIMIT, "more rows than the limit of %zu", rows->max_rows);
    }
    status = ml__rows_reserve_result(rows, err);
    if (status != ML_OK) {
        return status;
    }
    row.values = rows->values + used * rows->element_size;
    row.room = capacity - used;
    if (rows->width > 0 && rows->width < row.room) {
        row.room = rows->width;
    }
    row.result.column = ML_NO_COLUMN;
    status = take_item(reading, &row, token, err);
    if (status != ML_OK) {
        return status;
    }
    if (row.count < rows->width) {
        fail_row(&row, ML_ESHAPE, row.count, "is missing: the row is too short");
    } else if (row.count == 0) {
        fail_row(&row, ML_ESHAPE, ML_NO_COLUMN, "the row is empty");
    }
    if (rows->width > 0
            ? rows->width > capacity - used
            : row.result.status == ML_OK && row.count > capacity / (rows->row_count + 1)) {
        return no_room(reading, &row, err);
    }
    if (row.result.status != ML_OK) {
        ml__rows_blank(rows, rows->row_count, 1);
    } else if (rows->width == 0) {
        decide_width(rows, &row);
    }
    rows->results[rows->row_count++] = row.result;
    return ML_OK;
}

/* The items of the array just begun. */
static ml_status append_items(struct reading *reading, ml_error *err) {
    struct ml__json_token token;
    ml_status status = ml__json_next(&reading->json, &token, err);

    while (status == ML_OK && token.kind != ML__JSON_END_ARRAY) {
        status = append_item(reading, &token, err);
        if (status == ML_OK) {
            status = ml__json_next(&reading->json, &token, err);
        }
    }
    return status;
}

/* The value of "items" or "item". */
static ml_status append_value(
    struct reading *reading, const struct ml__json_token *key, ml_rows_form form,
    ml_rows_form *found, ml_error *err
) {
    struct ml__json_token token;
    ml_status status;

    if (*found == form) {
        return ml__fail(
            err, ML_EFORMAT, "malformed JSON at byte %zu: expected \"%s\" only once",
            key->offset, form == ML_ROWS_ITEMS ? "items" : "item"
        );
    }
    if (*found != 0) {
        reading->shape = "the body has both \"items\" and \"item\"";
        return ml__json_skip(&reading->json, key, err);
    }
    *found = form;
    status = ml__json_next(&reading->json, &token, err);
    if (status != ML_OK) {
        return status;
    }
    if (form == ML_ROWS_ITEM) {
        return append_item(reading, &token, err);
    }
    if (token.kind == ML__JSON_BEGIN_ARRAY) {
        return append_items(reading, err);
    }
    reading->shape = "\"items\" is no array";
    return ml__json_skip(&reading->json, &token, err);
}

static ml_status append_object(struct reading *reading, ml_rows_form *found, ml_error *err) {
    struct ml__json_token token;
    ml_status status = ml__json_next(&reading->json, &token, err);

    while (status == ML_OK && token.kind == ML__JSON_KEY) {
        if (ml__json_is(&token, "items")) {
            status = append_value(reading, &token, ML_ROWS_ITEMS, found, err);
        } else if (ml__json_is(&token, "item")) {
            status = append_value(reading, &token, ML_ROWS_ITEM, found, err);
        } else {
            status = ml__json_skip(&reading->json, &token, err);
        }
        if (status == ML_OK) {
            status = ml__json_next(&reading->json, &token, err);
        }
    }
    if (status == ML_OK && *found == 0) {
        reading->shape = "the body has neither \"items\" nor \"item\"";
    }
    return status;
}

static ml_status append_body(struct reading *reading, ml_rows_form *form, ml_error *err) {
    struct ml__json_token token;
    ml_status status = ml__json_next(&reading->json, &token, err);

    if (status == ML_OK && token.kind == ML__JSON_BEGIN_ARRAY) {
        *form = ML_ROWS_ARRAY;
        status = append_items(reading, err);
    } else if (status == ML_OK && token.kind == ML__JSON_BEGIN_OBJECT) {
        status = append_object(reading, form, err);
    } else if (status == ML_OK) {
        reading->shape = "the body is neither an array nor an object";
    }
    if (status == ML_OK) {
        status = ml__json_next(&reading->json, &token, err); /* the end */
    }
    if (status == ML_OK && reading->shape != NULL) {
        status = ml__fail(err, ML_ESHAPE, "%s", reading->shape);
    }
    return status;
}

ml_status ml_rows_read_json(
    ml_rows *rows, const char *body, size_t size, size_t *first, size_t *count,
    ml_rows_form *form, ml_error *err
) {
    struct reading reading;
    ml_rows_form found = 0;
    size_t width;
    size_t texts_used;
    ml_status status;

    if (rows == NULL || (body == NULL && size > 0) || first == NULL || count == NULL) {
        return ml__fail(err, ML_EINVAL, "rows, body, first or count is NULL");
    }
    status = ml__rows_reserve(rows, size, err);
    if (status != ML_OK) {
        return status;
    }
    width = rows->width;
    texts_used = rows->texts != NULL ? rows->texts->used : 0;
    reading.rows = rows;
    reading.size = size;
    reading.first = rows->row_count;
    reading.shape = NULL;
    ml__json_open(&reading.json, body, size, &rows->limits);
    status = append_body(&reading, &found, err);
    if (status != ML_OK) {
        rows->row_count = reading.first;
        rows->width = width;
        if (rows->texts != NULL) {
            rows->texts->used = texts_used;
        }
        return status;
    }
    *first = reading.first;
    *count = rows->row_count - reading.first;
    if (form != NULL) {
        *form = found;
    }
    return ML_OK;
}
