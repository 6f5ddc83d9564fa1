/* SPDX-License-Identifier: MIT */
/*
 * csv.c -- read csv files as RFC 4180 has them: commas, quotes doubled inside of quotes, lines
 * ended by LF or CR LF, the last one's end optional, a header line; a byte order mark before
 * it is passed over, because spreadsheets write one.
 *
 * A record is brought into the buffer whole, which grows for it up to the limit; its cells are
 * cut and unquoted in place. A cell is a number (a plus sign, leading zeros, ".5" and "5." are
 * fine), nan, inf or infinity in any case and with any sign, or empty: a missing value. Spaces
 * belong to a cell, as the RFC says, so they make it no number. What is too large for a double
 * is an infinity.
 */
#include "wire/csv.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/checked.h"
#include "base/fail.h"
#include "base/memory.h"
#include "wire/decimal.h"

/* One record in the buffer, without its line end. */
struct record {
    char *next;
    char *end;
    uint64_t line_number;
    size_t cell_count; /* cells taken */
    bool more;         /* a cell is left, maybe an empty one */
};

struct cell {
    char *text;
    size_t size;
};

static ml_status fail_at(
    const ml_table_reader *reader, const struct record *record, const char *why, ml_error *err
) {
    return ml__fail(
        err, ML_EFORMAT, "%.100s: line %llu, column %zu: %s", reader->path,
        (unsigned long long)record->line_number, record->cell_count, why
    );
}

/* More bytes after the unused ones; the buffer grows if these fill it. */
static ml_status read_more(ml_table_reader *reader, ml_error *err) {
    struct ml__table_stream *stream = &reader->stream;
    size_t room;
    char *larger;

    if (stream->end - stream->next == stream->room) {
        if (!ml__mul(stream->room, 2, &room)) {
            room = SIZE_MAX;
        }
        larger = ml__resize(stream->buffer, room, 1);
        if (larger == NULL) {
            return ml__fail(err, ML_ENOMEM, "%.100s: a line of %zu bytes", reader->path, room);
        }
        stream->buffer = larger;
        stream->room = room;
    }
    return ml__table_fill(stream, err);
}

/* Bring the next record into the buffer; *found is false at the end of the file. */
static ml_status
next_record(ml_table_reader *reader, struct record *record, bool *found, ml_error *err) {
    struct ml__table_stream *stream = &reader->stream;
    size_t size = 0; /* bytes looked at */
    bool quoted = false;
    ml_status status;

    record->line_number = reader->line_number;
    record->cell_count = 0;
    record->more = true;
    for (;; size++) {
        char c;

        if (size > reader->max_line_bytes) {
            return ml__fail(
                err, ML_ELIMIT, "%.100s: line %llu: longer than %zu bytes", reader->path,
                (unsigned long long)record->line_number, reader->max_line_bytes
            );
        }
        if (size == stream->end - stream->next && !stream->ended) {
            status = read_more(reader, err);
            if (status != ML_OK) {
                return status;
            }
        }
        if (size == stream->end - stream->next) {
            break; /* the last line */
        }
        c = stream->buffer[stream->next + size];
        quoted ^= c == '"';
        reader->line_number += c == '\n';
        if (c == '\n' && !quoted) {
            break;
        }
    }
    if (quoted) {
        return ml__fail(
            err, ML_EFORMAT, "%.100s: line %llu: a quote is not closed", reader->path,
            (unsigned long long)record->line_number
        );
    }
    record->next = stream->buffer + stream->next;
    record->end = record->next + size;
    *found = size < stream->end - stream->next || size > 0;
    stream->next += size < stream->end - stream->next ? size + 1 : size;
    if (size > 0 && record->end[-1] == '\r') {
        record->end--;
    }
    return ML_OK;
}

/* The quoted cell at record->next, its quotes undone in place. */
static bool take_quoted(struct record *record, struct cell *cell) {
    char *from = record->next + 1;
    char *to = from;

    cell->text = to;
    for (; from < record->end; from++) {
        if (*from == '"') {
            if (from + 1 == record->end || from[1] != '"') {
                break;
            }
            from++;
        }
        *to++ = *from;
    }
    cell->size = (size_t)(to - cell->text);
    record->next = from + 1;
    return from < record->end && (record->next == record->end || *record->next == ',');
}

/* The next cell of a record that has more. */
static ml_status take_cell(
    const ml_table_reader *reader, struct record *record, struct cell *cell, ml_error *err
) {
    record->cell_count++;
    if (record->next < record->end && *record->next == '"') {
        if (!take_quoted(record, cell)) {
            return fail_at(reader, record, "something stands after a closing quote", err);
        }
    } else {
        char *comma = memchr(record->next, ',', (size_t)(record->end - record->next));

        cell->text = record->next;
        record->next = comma != NULL ? comma : record->end;
        cell->size = (size_t)(record->next - cell->text);
        if (memchr(cell->text, '"', cell->size) != NULL) {
            return fail_at(reader, record, "a quote inside of a cell without quotes", err);
        }
    }
    record->more = record->next < record->end;
    record->next += record->more;
    return ML_OK;
}

static bool word_is(const struct cell *cell, size_t start, const char *word) {
    return cell->size - start == strlen(word) &&
           strncasecmp(cell->text + start, word, cell->size - start) == 0;
}

/* Empty, nan, inf or infinity; false if it is none of them. */
static bool read_word(const struct cell *cell, double *value) {
    const bool negative = cell->size > 0 && cell->text[0] == '-';
    const size_t start = cell->size > 0 && (negative || cell->text[0] == '+');

    if (cell->size == 0 || word_is(cell, start, "nan")) {
        *value = (double)NAN;
        return true;
    }
    *value = negative ? -(double)INFINITY : (double)INFINITY;
    return word_is(cell, start, "inf") || word_is(cell, start, "infinity");
}

/* The cell as element `i` of values. */
static ml_status read_cell(
    const ml_table_reader *reader, const struct record *record, const struct cell *cell,
    ml_dtype dtype, void *value, ml_error *err
) {
    const char *end = cell->text + cell->size;
    struct ml__decimal decimal;
    double number;

    if (ml__decimal_scan(cell->text, end, true, &decimal) != end) {
        if (!read_word(cell, &number)) {
            return ml__fail(
                err, ML_EFORMAT, "%.100s: line %llu, column %zu: '%.*s' is no number",
                reader->path, (unsigned long long)record->line_number, record->cell_count,
                (int)(cell->size < 40 ? cell->size : 40), cell->text
            );
        }
    } else if (decimal.size > ML__NUMBER_MAX_BYTES) {
        return ml__fail(
            err, ML_ELIMIT,
            "%.100s: line %llu, column %zu: a number of %zu characters, the "
            "limit is %d",
            reader->path, (unsigned long long)record->line_number, record->cell_count,
            decimal.size, ML__NUMBER_MAX_BYTES
        );
    } else if (dtype == ML_FP32) {
        (void)ml__decimal_f32(&decimal, value);
        return ML_OK;
    } else {
        (void)ml__decimal_f64(&decimal, &number);
    }
    return ml_convert(&number, ML_FP64, value, dtype, 1);
}

static ml_status
fail_width(const ml_table_reader *reader, const struct record *record, ml_error *err) {
    return ml__fail(
        err, ML_EFORMAT, "%.100s: line %llu: %s than %llu cells", reader->path,
        (unsigned long long)record->line_number, record->more ? "more" : "less",
        (unsigned long long)reader->info.width
    );
}

ml_status ml__csv_read(
    ml_table_reader *reader, ml_dtype dtype, void *values, size_t max_rows, size_t *row_count,
    ml_error *err
) {
    const size_t element_size = ml_dtype_size(dtype);
    const size_t width = (size_t)reader->info.width;
    char *value = values;
    size_t rows = 0;

    for (; rows < max_rows; rows++) {
        struct record record;
        struct cell cell;
        bool found;
        ml_status status = next_record(reader, &record, &found, err);

        if (status == ML_OK && !found) {
            break;
        }
        while (status == ML_OK && record.more && record.cell_count < width) {
            status = take_cell(reader, &record, &cell, err);
            if (status == ML_OK) {
                status = read_cell(reader, &record, &cell, dtype, value, err);
            }
            value += element_size;
        }
        if (status == ML_OK && (record.more || record.cell_count < width)) {
            status = fail_width(reader, &record, err);
        }
        if (status != ML_OK) {
            return status;
        }
    }
    *row_count = rows;
    return ML_OK;
}

/* Names may hold anything that people can read. */
static bool is_text(const struct cell *cell) {
    for (size_t i = 0; i < cell->size; i++) {
        if ((unsigned char)cell->text[i] < 0x20 || cell->text[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

/* Cut the header's cells and keep them as names. */
static ml_status keep_names(ml_table_reader *reader, struct record *record, ml_error *err) {
    const size_t record_size = (size_t)(record->end - record->next);
    size_t width = 1;
    size_t block_size;
    char *text;

    for (const char *c = record->next; c < record->end; c++) {
        width += *c == ','; /* at most: some may stand in quotes */
    }
    if (width > reader->max_columns) {
        width = reader->max_columns;
    }
    if (!ml__mul(width, sizeof *reader->names + 1, &block_size) ||
        !ml__add(block_size, record_size, &block_size)) {
        block_size = SIZE_MAX;
    }
    reader->names = ml__make_raw(block_size, 1);
    if (reader->names == NULL) {
        return ml__fail(err, ML_ENOMEM, "%.100s: names of %zu columns", reader->path, width);
    }
    text = (char *)(reader->names + width);
    while (record->more) {
        struct cell cell;
        ml_status status = take_cell(reader, record, &cell, err);

        if (status == ML_OK && !is_text(&cell)) {
            status = fail_at(reader, record, "the name has control characters", err);
        }
        if (status == ML_OK && record->cell_count > reader->max_columns) {
            status = ml__fail(
                err, ML_ELIMIT, "%.100s: more columns than the limit of %zu", reader->path,
                reader->max_columns
            );
        }
        if (status != ML_OK) {
            return status;
        }
        reader->names[record->cell_count - 1] = text;
        memcpy(text, cell.text, cell.size);
        text[cell.size] = '\0';
        text += cell.size + 1;
    }
    return ML_OK;
}

ml_status ml__csv_open(ml_table_reader *reader, ml_error *err) {
    struct ml__table_stream *stream = &reader->stream;
    struct record record;
    bool found;
    ml_status status;

    if (stream->end >= 3 && memcmp(stream->buffer, "\xef\xbb\xbf", 3) == 0) {
        stream->next = 3;
    }
    reader->line_number = 1;
    status = next_record(reader, &record, &found, err);
    if (status == ML_OK && !found) {
        status = ml__fail(err, ML_EFORMAT, "%.100s: the file is empty", reader->path);
    }
    if (status == ML_OK) {
        status = keep_names(reader, &record, err);
    }
    if (status != ML_OK) {
        return status;
    }
    reader->info.dtype = ML_FP64;
    reader->info.row_count = UINT64_MAX;
    reader->info.width = record.cell_count;
    reader->info.names = (const char *const *)reader->names;
    return ML_OK;
}
