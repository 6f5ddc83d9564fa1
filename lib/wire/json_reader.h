/* SPDX-License-Identifier: MIT */
/*
 * json_reader.h -- pull the tokens of a JSON text one by one.
 *
 * Strict RFC 8259 over a complete text in memory; nothing is allocated, and strings and numbers
 * are slices of the text. Where the RFC leaves a choice: a byte order mark, a lone surrogate in
 * \u escapes and bytes that are not UTF-8 are refused; \u0000 is a byte like others; equal keys
 * are the caller's affair.
 */
#ifndef ML_WIRE_JSON_READER_H
#define ML_WIRE_JSON_READER_H

#include <mlserve/status.h>

#include "wire/decimal.h"

#define ML__JSON_MAX_DEPTH 64

enum ml__json_kind {
    ML__JSON_END, /* of the document: only white space was left */
    ML__JSON_BEGIN_OBJECT,
    ML__JSON_END_OBJECT,
    ML__JSON_BEGIN_ARRAY,
    ML__JSON_END_ARRAY,
    ML__JSON_KEY,
    ML__JSON_STRING,
    ML__JSON_NUMBER,
    ML__JSON_TRUE,
    ML__JSON_FALSE,
    ML__JSON_NULL
};

/* Zero: the default. */
struct ml__json_limits {
    uint32_t max_depth;        /* 32; at most ML__JSON_MAX_DEPTH */
    uint32_t max_keys;         /* of one object: 1,024 */
    uint64_t max_string_bytes; /* of one string or key, decoded: 65,536 */
};

struct ml__json_token {
    enum ml__json_kind kind;
    bool escaped;        /* key, string: the slice has escapes */
    size_t offset;       /* of the token's first byte in the text */
    const char *text;    /* key, string: the bytes between the quotes; number: its bytes */
    size_t size;         /* of `text` */
    size_t decoded_size; /* key, string: bytes without escapes, at most `size` */
    struct ml__decimal number;
};

/* All that there is of a reader: it needs no closing. The members are the reader's own. */
struct ml__json {
    const char *text;
    const char *next;
    const char *end;
    uint64_t max_string_bytes;
    uint32_t max_keys;
    uint32_t max_depth;
    uint32_t depth;
    uint32_t expected;                       /* enum expected of json_reader.c */
    uint32_t key_counts[ML__JSON_MAX_DEPTH]; /* a level: keys so far, or that it is an array */
};

/* Begin to read a text, borrowed as long as the reader and its tokens. Limits may be NULL. */
void ml__json_open(
    struct ml__json *json, const char *text, size_t size, const struct ml__json_limits *limits
);

/*
 * The next token. Answers ML_OK, ML_EFORMAT ("malformed JSON at byte N: expected ...") or
 * ML_ELIMIT; after a failure, and after ML__JSON_END, there is no next one.
 */
ML_MUST ml_status
ml__json_next(struct ml__json *json, struct ml__json_token *token, ml_error *err);

/* Skip the rest of the value that `token` began: of an object or array all up to its end, of
   a key its value; nothing for what is whole already. The skipped is checked all the same. */
ML_MUST ml_status
ml__json_skip(struct ml__json *json, const struct ml__json_token *token, ml_error *err);

/*
 * In an array: read the plain numbers that come next, at most `room`, straight into `values`,
 * and answer how many. It stops, without failing, before what is no number that fits the type
 * (ml__json_next() tells what it is) and before the array's end.
 */
size_t ml__json_f32s(struct ml__json *json, float *values, size_t room);
size_t ml__json_f64s(struct ml__json *json, double *values, size_t room);

/* The string or key without escapes, [decoded_size] bytes, no NUL added. */
void ml__json_decode(const struct ml__json_token *token, char *target);

/* Whether the string or key is `name`, escapes counted as what they mean. */
bool ml__json_is(const struct ml__json_token *token, const char *name);

#endif
