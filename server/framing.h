/* SPDX-License-Identifier: MIT */
/*
 * framing.h -- where a request begins and ends, decided strictly, before llhttp sees a byte.
 */
#ifndef MLSERVE_SERVER_FRAMING_H
#define MLSERVE_SERVER_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct framing_limits {
    size_t head_bytes;
    size_t line_bytes;
    size_t header_count;
    size_t chunk_count;
    size_t extension_bytes; /* of one chunk */
    uint64_t body_bytes;
};

/* Why a request is refused: HTTP code and static text. */
struct framing_refusal {
    int code;
    const char *reason;
};

struct framing_span {
    const char *text;
    size_t size;
};

enum framing_step { FRAMING_MORE, FRAMING_DONE, FRAMING_REFUSED };

/* How far a head that still arrives has been looked at. All zero: not at all. */
struct framing_scan {
    size_t start;      /* of the head: after an empty line before it, which is forgiven */
    size_t position;   /* all before it was looked at */
    size_t line_start; /* of the line at `position` */
    size_t line_count;
};

/* What a head says. The spans point into it. */
struct framing_head {
    struct framing_span method;
    struct framing_span target; /* path and query, without scheme and authority */
    struct framing_span model;  /* value of x-model, or empty */
    uint64_t content_length;
    bool has_length;
    bool chunked;
    bool expects_continue;
    bool encoded; /* Content-Encoding other than identity */
    bool http_1_0;
};

/* A chunked body under way. All zero: at its first byte. */
struct framing_chunks {
    int state;
    unsigned digit_count;
    uint64_t bytes_left; /* of the chunk */
    uint64_t body_bytes;
    size_t chunk_count;
    size_t extension_bytes;
};

/*
 * Look for the end of a head in what has arrived of it ([size] bytes, the same ones and more at
 * each call). FRAMING_DONE: *end is one past its last byte.
 */
enum framing_step framing_find_end(
    struct framing_scan *scan, const char *bytes, size_t size,
    const struct framing_limits *limits, size_t *end, struct framing_refusal *refusal
);

/* Check a whole head of CRLF-ended lines, the last one empty. False: refused. */
bool framing_check_head(
    const char *bytes, size_t size, struct framing_head *head, struct framing_refusal *refusal
);

/* Go over bytes of a chunked body; *used: those that belong to it. */
enum framing_step framing_scan_chunks(
    struct framing_chunks *chunks, const struct framing_limits *limits,
    struct framing_span bytes, size_t *used, struct framing_refusal *refusal
);

/* Whether a span equals a lower-case word, in any case of its own. */
bool framing_is(struct framing_span span, const char *word);

/* Whether a byte may stand in a method or header name (RFC 9110, token). */
bool framing_is_token(unsigned char byte);

#endif
