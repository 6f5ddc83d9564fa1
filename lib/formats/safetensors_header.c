/* SPDX-License-Identifier: MIT */
/*
 * safetensors_header.c -- pull the header's JSON, token by token.
 *
 * { "__metadata__": {"key": "text"}, "name": {"dtype", "shape", "data_offsets": [begin, end]} }
 *
 * The format allows nothing else, so nothing else is taken: an unknown key may change what the
 * data mean. Two rounds, as the number of tensors must be known before they are stored; places
 * in messages are the file's.
 */
#include "formats/safetensors_header.h"

#include "base/fail.h"
#include "wire/json_reader.h"

#define MAX_DEPTH 4
#define MAX_KEYS 1000000

struct cursor {
    const struct ml__header *header;
    struct ml__json json;
    struct ml__json_token token;
};

static void start(struct cursor *cursor, const struct ml__header *header) {
    const struct ml__json_limits limits = {MAX_DEPTH, MAX_KEYS, header->size};

    cursor->header = header;
    ml__json_open(&cursor->json, header->text, header->size, &limits);
}

static size_t place_of(const struct cursor *cursor) {
    return cursor->header->place + cursor->token.offset;
}

static ml_status next(struct cursor *cursor, ml_error *err) {
    const ml_status status = ml__json_next(&cursor->json, &cursor->token, err);

    return status == ML_OK ? ML_OK : ml__fail_prefix(err, status, "header (from byte 8 on)");
}

static ml_status
next_is(struct cursor *cursor, enum ml__json_kind kind, const char *what, ml_error *err) {
    const ml_status status = next(cursor, err);

    if (status == ML_OK && cursor->token.kind != kind) {
        return ml__fail(err, ML_EFORMAT, "byte %zu: expected %s", place_of(cursor), what);
    }
    return status;
}

/* The text of a key or string token. */
static ml_status
take_text(struct cursor *cursor, const char *what, ml_bytes *out, ml_error *err) {
    const struct ml__json_token *token = &cursor->token;
    ml_bytes text = {token->text, token->size};
    void *block;
    ml_status status;

    if (token->escaped) {
        status = ml__arena_make(cursor->header->arena, token->decoded_size, 1, &block, err);
        if (status != ML_OK) {
            return status;
        }
        ml__json_decode(token, block);
        text = (ml_bytes){block, token->decoded_size};
    }
    status = ml__text_check(text, place_of(cursor) + 1, what, err);
    if (status == ML_OK) {
        *out = text;
    }
    return status;
}

/* An array of at most `room` whole numbers. */
static ml_status take_numbers(
    struct cursor *cursor, const struct ml__tensor_entry *entry, const char *what,
    uint64_t *numbers, size_t room, size_t *count, ml_error *err
) {
    ml_status status = next_is(cursor, ML__JSON_BEGIN_ARRAY, what, err);

    *count = 0;
    while (status == ML_OK) {
        status = next(cursor, err);
        if (status != ML_OK || cursor->token.kind == ML__JSON_END_ARRAY) {
            break;
        }
        if (*count == room) {
            return ml__fail(
                err, ML_ELIMIT,
                "tensor '" ML__SHOWN_FORMAT "' (byte %zu): %s has over %zu elements",
                ML__SHOWN(entry->name), place_of(cursor), what, room
            );
        }
        if (cursor->token.kind != ML__JSON_NUMBER ||
            !ml__decimal_u64(&cursor->token.number, &numbers[*count])) {
            return ml__fail(
                err, ML_EFORMAT,
                "tensor '" ML__SHOWN_FORMAT "' (byte %zu): %s[%zu] is %.*s, expected 0..2^64-1",
                ML__SHOWN(entry->name), place_of(cursor), what, *count,
                cursor->token.kind == ML__JSON_NUMBER ? (int)cursor->token.size : 9,
                cursor->token.kind == ML__JSON_NUMBER ? cursor->token.text : "no number"
            );
        }
        (*count)++;
    }
    return status;
}

static ml_status
take_offsets(struct cursor *cursor, struct ml__tensor_entry *entry, ml_error *err) {
    uint64_t offsets[2];
    size_t count;
    const ml_status status =
        take_numbers(cursor, entry, "data_offsets", offsets, 2, &count, err);

    if (status != ML_OK) {
        return status;
    }
    if (count != 2) {
        return ml__fail(
            err, ML_EFORMAT,
            "tensor '" ML__SHOWN_FORMAT "' (byte %zu): %zu data_offsets, expected 2",
            ML__SHOWN(entry->name), place_of(cursor), count
        );
    }
    entry->begin = offsets[0];
    entry->end = offsets[1];
    return ML_OK;
}

enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4, ALL = 7 };

/* The value of one key of an entry; answers which through *key. */
static ml_status take_member(
    struct cursor *cursor, struct ml__tensor_entry *entry, unsigned *key, ml_error *err
) {
    ml_status status;

    if (ml__json_is(&cursor->token, "dtype")) {
        *key = DTYPE;
        status = next_is(cursor, ML__JSON_STRING, "a string: dtype", err);
        return status == ML_OK ? take_text(cursor, "dtype", &entry->dtype, err) : status;
    }
    if (ml__json_is(&cursor->token, "shape")) {
        *key = SHAPE;
        return take_numbers(
            cursor, entry, "shape", entry->shape, ML_MAX_RANK, &entry->rank, err
        );
    }
    if (ml__json_is(&cursor->token, "data_offsets")) {
        *key = OFFSETS;
        return take_offsets(cursor, entry, err);
    }
    return ml__fail(
        err, ML_EFORMAT, "tensor '" ML__SHOWN_FORMAT "' (byte %zu): unknown key",
        ML__SHOWN(entry->name), place_of(cursor)
    );
}

/* The entry whose key is the cursor's token. */
static ml_status
take_entry(struct cursor *cursor, struct ml__tensor_entry *entry, ml_error *err) {
    unsigned seen = 0;
    unsigned key = 0;
    ml_status status;

    *entry = (struct ml__tensor_entry){.place = place_of(cursor)};
    status = take_text(cursor, "a tensor's name", &entry->name, err);
    if (status == ML_OK) {
        status = next_is(cursor, ML__JSON_BEGIN_OBJECT, "an object: a tensor's entry", err);
    }
    while (status == ML_OK) {
        status = next(cursor, err);
        if (status != ML_OK || cursor->token.kind == ML__JSON_END_OBJECT) {
            break;
        }
        status = take_member(cursor, entry, &key, err);
        if (status == ML_OK && (seen & key) != 0) {
            return ml__fail(
                err, ML_EFORMAT, "tensor '" ML__SHOWN_FORMAT "' (byte %zu): a key stands twice",
                ML__SHOWN(entry->name), place_of(cursor)
            );
        }
        seen |= key;
    }
    if (status == ML_OK && seen != ALL) {
        return ml__fail(
            err, ML_EFORMAT,
            "tensor '" ML__SHOWN_FORMAT "' (byte %zu): needs dtype, shape and data_offsets",
            ML__SHOWN(entry->name), entry->place
        );
    }
    return status;
}

static ml_status
take_metadata(struct cursor *cursor, struct ml__metadata *metadata, ml_error *err) {
    const struct {
        const char *key;
        ml_bytes *target;
    } rows[] = {
        {"kind", &metadata->kind},
        {"layers", &metadata->layers},
        {"input_scale", &metadata->input_scale},
        {"layout", &metadata->layout},
    };
    ml_status status = next_is(cursor, ML__JSON_BEGIN_OBJECT, "an object: __metadata__", err);

    while (status == ML_OK) {
        ml_bytes *target = NULL;

        status = next(cursor, err);
        if (status != ML_OK || cursor->token.kind == ML__JSON_END_OBJECT) {
            break;
        }
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            if (ml__json_is(&cursor->token, rows[i].key)) {
                target = rows[i].target;
            }
        }
        if (target != NULL && target->data != NULL) {
            return ml__fail(
                err, ML_EFORMAT, "byte %zu: a key of __metadata__ stands twice",
                place_of(cursor)
            );
        }
        status = next_is(cursor, ML__JSON_STRING, "a string in __metadata__", err);
        if (status == ML_OK && target != NULL) {
            status = take_text(cursor, "__metadata__", target, err);
        }
    }
    return status;
}

ml_status ml__header_scan(
    const struct ml__header *header, struct ml__metadata *metadata, size_t *tensor_count,
    ml_error *err
) {
    struct cursor cursor;
    bool described = false;
    ml_status status;

    start(&cursor, header);
    *metadata = (struct ml__metadata){0};
    *tensor_count = 0;
    status = next_is(&cursor, ML__JSON_BEGIN_OBJECT, "an object", err);
    while (status == ML_OK) {
        status = next(&cursor, err);
        if (status != ML_OK || cursor.token.kind == ML__JSON_END_OBJECT) {
            break;
        }
        if (!ml__json_is(&cursor.token, "__metadata__")) {
            (*tensor_count)++;
            status = ml__json_skip(&cursor.json, &cursor.token, err);
            if (status != ML_OK) {
                return ml__fail_prefix(err, status, "header (from byte 8 on)");
            }
        } else if (described) {
            return ml__fail(
                err, ML_EFORMAT, "byte %zu: __metadata__ stands twice", place_of(&cursor)
            );
        } else {
            described = true;
            status = take_metadata(&cursor, metadata, err);
        }
    }
    return status == ML_OK ? next_is(&cursor, ML__JSON_END, "the header's end", err) : status;
}

ml_status ml__header_walk(
    const struct ml__header *header, ml__tensor_visit visit, void *user, ml_error *err
) {
    struct cursor cursor;
    struct ml__tensor_entry entry;
    ml_status status;

    start(&cursor, header);
    status = next(&cursor, err);
    while (status == ML_OK) {
        status = next(&cursor, err);
        if (status != ML_OK || cursor.token.kind == ML__JSON_END_OBJECT) {
            break;
        }
        if (ml__json_is(&cursor.token, "__metadata__")) {
            status = ml__json_skip(&cursor.json, &cursor.token, err);
            continue;
        }
        status = take_entry(&cursor, &entry, err);
        if (status == ML_OK) {
            status = visit(user, &entry, err);
        }
    }
    return status;
}
