/* SPDX-License-Identifier: MIT */
/*
 * json_writer.c -- write one JSON document at a time into memory that grows.
 *
 * The first failure is kept and everything after it is ignored, so that callers write a whole
 * answer without a branch and ask once, in ml_json_finish(). What is put must fit the state:
 * a stack of one bit a level says whether it is an object; `after` says what stands before.
 *
 * Room is made before each part, generously, so that numbers are written in place.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <mlserve/wire.h>

#include "base/checked.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/options.h"
#include "wire/shortest.h"
#include "wire/utf8.h"

#define MAX_DEPTH 64
#define NUMBERS_AT_ONCE 64

/* What stands right before the next part. */
enum after { AFTER_NOTHING, AFTER_BEGIN, AFTER_VALUE, AFTER_KEY, AFTER_DOCUMENT };

struct ml_json_writer {
    size_t max_bytes;
    bool tokens; /* NaN, Infinity and -Infinity are written as such */

    char *text;
    size_t size;
    size_t room;
    uint64_t objects; /* a bit a level, the innermost the lowest: it is an object */
    int depth;
    enum after after;
    ml_status status;
    const char *reason;
};

ml_status ml_json_create(const ml_json_options *options, ml_json_writer **out, ml_error *err) {
    ml_json_options own;
    ml_json_writer *writer;
    ml_status status = ml__options_read(&own, sizeof own, options, err);

    if (status != ML_OK) {
        return status;
    }
    if (out == NULL || own.nonfinite > ML_JSON_TOKENS || own.reserved != 0) {
        return ml__fail(
            err, ML_EINVAL,
            "out is NULL, nonfinite (%u) no ml_json_nonfinite or reserved not 0", own.nonfinite
        );
    }
    writer = ml__make(1, sizeof *writer);
    if (writer == NULL) {
        return ml__fail(err, ML_ENOMEM, "json writer of %zu bytes", sizeof *writer);
    }
    writer->tokens = own.nonfinite == ML_JSON_TOKENS;
    writer->max_bytes = own.max_bytes == 0         ? (size_t)1 << 30
                        : own.max_bytes > SIZE_MAX ? SIZE_MAX
                                                   : (size_t)own.max_bytes;
    *out = writer;
    return ML_OK;
}

void ml_json_free(ml_json_writer *writer) {
    if (writer != NULL) {
        ml__free(writer->text);
        ml__free(writer);
    }
}

static void fail(ml_json_writer *writer, ml_status status, const char *reason) {
    if (writer->status == ML_OK) {
        writer->status = status;
        writer->reason = reason;
    }
}

/* Room for `size` bytes more; false, and the failure kept, if there is none. What was written
   beyond max_bytes in such room is seen by ml_json_finish() and by the next call here. */
static bool reserve(ml_json_writer *writer, size_t size) {
    size_t needed;
    char *larger;

    if (writer->size > writer->max_bytes) {
        fail(writer, ML_ELIMIT, "is too long");
        return false;
    }
    if (size <= writer->room - writer->size) {
        return true;
    }
    if (!ml__add(writer->size, size, &needed) ||
        !ml__add(needed, writer->size + 256, &needed)) {
        fail(writer, ML_ENOMEM, "needs more memory than there is");
        return false;
    }
    larger = ml__resize(writer->text, needed, 1);
    if (larger == NULL) {
        fail(writer, ML_ENOMEM, "needs more memory than there is");
        return false;
    }
    writer->text = larger;
    writer->room = needed;
    return true;
}

static inline bool in_object(const ml_json_writer *writer) {
    return writer->depth > 0 && (writer->objects & 1) != 0;
}

/* The comma before a value or key of at most `size` bytes, and room for both; false if it may
   not stand here. */
static inline bool begin_part(ml_json_writer *writer, bool key, size_t size) {
    if (writer->status != ML_OK) {
        return false;
    }
    if (writer->after == AFTER_DOCUMENT || (writer->depth == 0 && key)) {
        fail(writer, ML_EINVAL, "goes on after its end or begins with a key");
        return false;
    }
    if (key != (in_object(writer) && writer->after != AFTER_KEY)) {
        fail(writer, ML_EINVAL, "has a value where a key belongs, or a key where a value does");
        return false;
    }
    if (!reserve(writer, size + 1)) {
        return false;
    }
    if (writer->after == AFTER_VALUE) {
        writer->text[writer->size++] = ',';
    }
    return true;
}

static inline bool begin_value(ml_json_writer *writer, size_t size) {
    return begin_part(writer, false, size);
}

static inline void end_value(ml_json_writer *writer) {
    writer->after = writer->depth > 0 ? AFTER_VALUE : AFTER_DOCUMENT;
}

static void put_word(ml_json_writer *writer, const char *word, size_t size) {
    if (begin_value(writer, size)) {
        memcpy(writer->text + writer->size, word, size);
        writer->size += size;
        end_value(writer);
    }
}

static void begin(ml_json_writer *writer, bool object) {
    if (writer->status == ML_OK && writer->depth == MAX_DEPTH) {
        fail(writer, ML_ELIMIT, "is nested deeper than 64 levels");
    }
    if (begin_value(writer, 1)) {
        writer->text[writer->size++] = object ? '{' : '[';
        writer->objects = writer->objects << 1 | object;
        writer->depth++;
        writer->after = AFTER_BEGIN;
    }
}

static void end(ml_json_writer *writer, bool object) {
    if (writer->status != ML_OK) {
        return;
    }
    if (writer->depth == 0 || in_object(writer) != object || writer->after == AFTER_KEY) {
        fail(
            writer, ML_EINVAL,
            "ends an object or array that was not begun, or a key has no value"
        );
        return;
    }
    if (reserve(writer, 1)) {
        writer->text[writer->size++] = object ? '}' : ']';
        writer->depth--;
        writer->objects >>= 1;
        end_value(writer);
    }
}

void ml_json_begin_object(ml_json_writer *writer) {
    begin(writer, true);
}

void ml_json_end_object(ml_json_writer *writer) {
    end(writer, true);
}

void ml_json_begin_array(ml_json_writer *writer) {
    begin(writer, false);
}

void ml_json_end_array(ml_json_writer *writer) {
    end(writer, false);
}

/* One byte or character of a string, escaped where JSON wants it; how far it went. */
static size_t
put_character(ml_json_writer *writer, const unsigned char *at, const unsigned char *after) {
    static const char hex[] = "0123456789abcdef";
    static const char letters[] = "btn?fr"; /* of bytes 8 to 13 */
    char *target = writer->text + writer->size;
    const unsigned char byte = *at;

    if (byte == '"' || byte == '\\') {
        target[0] = '\\';
        target[1] = (char)byte;
        writer->size += 2;
    } else if (byte >= 0x80) {
        const size_t length = ml__utf8_length(at, after);

        memcpy(target, length > 0 ? (const char *)at : "\xef\xbf\xbd", length > 0 ? length : 3);
        writer->size += length > 0 ? length : 3;
        return length > 0 ? length : 1;
    } else if (byte >= 8 && byte <= 13 && byte != 11) {
        target[0] = '\\';
        target[1] = letters[byte - 8];
        writer->size += 2;
    } else {
        memcpy(target, "\\u00", 4);
        target[4] = hex[byte >> 4];
        target[5] = hex[byte & 15];
        writer->size += 6;
    }
    return 1;
}

/* A string in its quotes, in pieces: plain bytes as they come, the others one by one. */
static void put_string(ml_json_writer *writer, const char *text, size_t size) {
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *after = size > 0 ? at + size : at;

    writer->text[writer->size++] = '"';
    while (at < after) {
        const unsigned char *plain = at;

        while (plain < after && *plain >= 0x20 && *plain < 0x80 && *plain != '"' &&
               *plain != '\\') {
            plain++;
        }
        if (!reserve(writer, (size_t)(plain - at) + 8)) { /* the piece, an escape, the quote */
            return;
        }
        memcpy(writer->text + writer->size, at, (size_t)(plain - at));
        writer->size += (size_t)(plain - at);
        at = plain;
        if (at < after) {
            at += put_character(writer, at, after);
        }
    }
    if (reserve(writer, 1)) {
        writer->text[writer->size++] = '"';
    }
}

void ml_json_key(ml_json_writer *writer, const char *key) {
    if (begin_part(writer, true, 1)) {
        put_string(writer, key, strlen(key));
        if (reserve(writer, 1)) {
            writer->text[writer->size++] = ':';
        }
        writer->after = AFTER_KEY;
    }
}

void ml_json_string(ml_json_writer *writer, const char *text, size_t size) {
    if (begin_value(writer, 1)) {
        put_string(writer, text, size);
        end_value(writer);
    }
}

void ml_json_text(ml_json_writer *writer, const char *text) {
    ml_json_string(writer, text, strlen(text));
}

static size_t write_nonfinite(const ml_json_writer *writer, double value, char *target) {
    const char *word = !writer->tokens ? "null"
                       : isnan(value)  ? "NaN"
                       : value > 0     ? "Infinity"
                                       : "-Infinity";
    const size_t size = strlen(word);

    memcpy(target, word, size);
    return size;
}

/* Numbers go straight to `target`, which has room for one. */
static inline size_t write_f32(const ml_json_writer *writer, float value, char *target) {
    return isfinite(value) ? ml__write_f32(value, target)
                           : write_nonfinite(writer, (double)value, target);
}

static inline size_t write_f64(const ml_json_writer *writer, double value, char *target) {
    return isfinite(value) ? ml__write_f64(value, target)
                           : write_nonfinite(writer, value, target);
}

void ml_json_f32(ml_json_writer *writer, float value) {
    if (begin_value(writer, ML__NUMBER_ROOM)) {
        writer->size += write_f32(writer, value, writer->text + writer->size);
        end_value(writer);
    }
}

void ml_json_f64(ml_json_writer *writer, double value) {
    if (begin_value(writer, ML__NUMBER_ROOM)) {
        writer->size += write_f64(writer, value, writer->text + writer->size);
        end_value(writer);
    }
}

void ml_json_i64(ml_json_writer *writer, int64_t value) {
    if (begin_value(writer, ML__NUMBER_ROOM)) {
        writer->size += ml__write_i64(value, writer->text + writer->size);
        end_value(writer);
    }
}

void ml_json_u64(ml_json_writer *writer, uint64_t value) {
    if (begin_value(writer, ML__NUMBER_ROOM)) {
        writer->size += ml__write_u64(value, writer->text + writer->size);
        end_value(writer);
    }
}

void ml_json_bool(ml_json_writer *writer, int value) {
    put_word(writer, value != 0 ? "true" : "false", value != 0 ? 4 : 5);
}

void ml_json_null(ml_json_writer *writer) {
    put_word(writer, "null", 4);
}

/* The values of the array just begun, one of the two kinds, with room made for many at once. */
static inline void
put_numbers(ml_json_writer *writer, const float *floats, const double *doubles, size_t count) {
    for (size_t first = 0; first < count; first += NUMBERS_AT_ONCE) {
        const size_t after = count - first < NUMBERS_AT_ONCE ? count : first + NUMBERS_AT_ONCE;
        char *at;

        if (!reserve(writer, (after - first) * (ML__NUMBER_ROOM + 1))) {
            return;
        }
        at = writer->text + writer->size;
        for (size_t i = first; i < after; i++) {
            at += floats != NULL ? write_f32(writer, floats[i], at)
                                 : write_f64(writer, doubles[i], at);
            *at++ = ',';
        }
        writer->size = (size_t)(at - writer->text) - (after == count); /* no last comma */
    }
}

void ml_json_f32s(ml_json_writer *writer, const float *values, size_t count) {
    begin(writer, false);
    if (writer->status == ML_OK && count > 0) {
        put_numbers(writer, values, NULL, count);
    }
    end(writer, false);
}

void ml_json_f64s(ml_json_writer *writer, const double *values, size_t count) {
    begin(writer, false);
    if (writer->status == ML_OK && count > 0) {
        put_numbers(writer, NULL, values, count);
    }
    end(writer, false);
}

ml_status ml_json_finish(ml_json_writer *writer, ml_bytes *text, ml_error *err) {
    if (writer == NULL || text == NULL) {
        return ml__fail(err, ML_EINVAL, "writer or text is NULL");
    }
    if (writer->size > writer->max_bytes) {
        fail(writer, ML_ELIMIT, "is too long");
    }
    if (writer->status != ML_OK) {
        return ml__fail(
            err, writer->status, "JSON document %s (at byte %zu; the limit is %zu)",
            writer->reason, writer->size, writer->max_bytes
        );
    }
    if (writer->after != AFTER_DOCUMENT) {
        return ml__fail(
            err, ML_EINVAL, "JSON document is not complete at byte %zu", writer->size
        );
    }
    text->data = writer->text;
    text->size = writer->size;
    return ML_OK;
}

void ml_json_clear(ml_json_writer *writer, size_t keep_bytes) {
    if (writer->room > keep_bytes) {
        ml__free(writer->text);
        writer->text = NULL;
        writer->room = 0;
    }
    writer->size = 0;
    writer->objects = 0;
    writer->depth = 0;
    writer->after = AFTER_NOTHING;
    writer->status = ML_OK;
    writer->reason = NULL;
}
