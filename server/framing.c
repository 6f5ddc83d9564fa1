/* SPDX-License-Identifier: MIT */
/*
 * framing.c -- the end of a head, and of a chunked body, found strictly.
 *
 * Request smuggling lives on two parsers that read one byte stream differently. So nothing here
 * repairs: lines end with CRLF and nothing else, a chunk size is hex digits and nothing else,
 * trailers are not taken. What passes is handed to llhttp, which must come to the same end of
 * the same message; where it does not, the connection is closed (http.c).
 *
 * The one thing forgiven, as RFC 9112 section 2.2 asks, is one empty line before a request.
 */
#include "framing.h"

#include <string.h>

enum {
    CHUNK_SIZE, /* first digit, or another one */
    CHUNK_EXTENSION,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    CHUNK_LAST_CR, /* after the chunk of size 0 */
    CHUNK_LAST_LF
};

static enum framing_step refuse(struct framing_refusal *refusal, int code, const char *reason) {
    refusal->code = code;
    refusal->reason = reason;
    return FRAMING_REFUSED;
}

bool framing_is(struct framing_span span, const char *word) {
    size_t i;

    for (i = 0; i < span.size && word[i] != '\0'; i++) {
        const char byte = span.text[i];
        const char lower = byte >= 'A' && byte <= 'Z' ? (char)(byte + 32) : byte;

        if (lower != word[i]) {
            return false;
        }
    }
    return i == span.size && word[i] == '\0';
}

bool framing_is_token(unsigned char byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') ||
           (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static enum framing_step too_long(size_t line_count, struct framing_refusal *refusal) {
    return line_count == 0 ? refuse(refusal, 414, "the request line is too long")
                           : refuse(refusal, 431, "a header line is too long");
}

/* One more line, ended at `line_end` by its LF. */
static enum framing_step end_line(
    struct framing_scan *scan, const char *bytes, size_t line_end,
    const struct framing_limits *limits, struct framing_refusal *refusal
) {
    const size_t size = line_end - scan->line_start; /* with CR */

    if (size > limits->line_bytes) {
        return too_long(scan->line_count, refusal);
    }
    if (line_end - scan->start >= limits->head_bytes) {
        return refuse(refusal, 431, "the headers are too long");
    }
    if (size == 0 || bytes[line_end - 1] != '\r') {
        return refuse(refusal, 400, "a line must end with CR LF");
    }
    scan->line_start = line_end + 1;
    scan->position = line_end + 1;
    if (size > 1) {
        scan->line_count++;
        if (scan->line_count > limits->header_count + 1) {
            return refuse(refusal, 431, "too many headers");
        }
        return FRAMING_MORE;
    }
    if (scan->line_count > 0) {
        return FRAMING_DONE;
    }
    if (scan->start > 0) {
        return refuse(refusal, 400, "more than one empty line before a request");
    }
    scan->start = scan->line_start;
    return FRAMING_MORE;
}

enum framing_step framing_find_end(
    struct framing_scan *scan, const char *bytes, size_t size,
    const struct framing_limits *limits, size_t *end, struct framing_refusal *refusal
) {
    while (scan->position < size) {
        const char *feed = memchr(bytes + scan->position, '\n', size - scan->position);
        enum framing_step step;

        if (feed == NULL) {
            scan->position = size;
            break;
        }
        step = end_line(scan, bytes, (size_t)(feed - bytes), limits, refusal);
        if (step != FRAMING_MORE) {
            *end = scan->position;
            return step;
        }
    }
    if (size - scan->line_start > limits->line_bytes) {
        return too_long(scan->line_count, refusal);
    }
    if (size - scan->start > limits->head_bytes) {
        return refuse(refusal, 431, "the headers are too long");
    }
    return FRAMING_MORE;
}

static int hex_value(char byte) {
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    if (byte >= 'a' && byte <= 'f') {
        return byte - 'a' + 10;
    }
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* The size line of a chunk is complete. */
static enum framing_step end_size(
    struct framing_chunks *chunks, const struct framing_limits *limits,
    struct framing_refusal *refusal
) {
    chunks->extension_bytes = 0;
    chunks->digit_count = 0;
    if (chunks->bytes_left == 0) {
        chunks->state = CHUNK_LAST_CR;
        return FRAMING_MORE;
    }
    chunks->chunk_count++;
    chunks->body_bytes += chunks->bytes_left;
    if (chunks->chunk_count > limits->chunk_count) {
        return refuse(refusal, 413, "too many chunks");
    }
    if (chunks->body_bytes > limits->body_bytes) {
        return refuse(refusal, 413, "the body is larger than the limit");
    }
    chunks->state = CHUNK_DATA;
    return FRAMING_MORE;
}

/* A byte of a chunk's size. */
static enum framing_step
scan_size(struct framing_chunks *chunks, char byte, struct framing_refusal *refusal) {
    const int digit = hex_value(byte);

    if (digit >= 0) {
        if (++chunks->digit_count > 15) {
            return refuse(refusal, 400, "a chunk size is too long");
        }
        chunks->bytes_left = chunks->bytes_left * 16 + (unsigned)digit;
        return FRAMING_MORE;
    }
    if (chunks->digit_count == 0 || (byte != '\r' && byte != ';')) {
        return refuse(refusal, 400, "a chunk size must be hex digits");
    }
    chunks->state = byte == ';' ? CHUNK_EXTENSION : CHUNK_SIZE_LF;
    return FRAMING_MORE;
}

static enum framing_step scan_extension(
    struct framing_chunks *chunks, char byte, const struct framing_limits *limits,
    struct framing_refusal *refusal
) {
    const unsigned char code = (unsigned char)byte;

    if (byte == '\r') {
        chunks->state = CHUNK_SIZE_LF;
        return FRAMING_MORE;
    }
    if (code < 0x20 || code >= 0x7f) {
        return refuse(refusal, 400, "a byte that no chunk extension has");
    }
    if (++chunks->extension_bytes > limits->extension_bytes) {
        return refuse(refusal, 400, "a chunk extension is too long");
    }
    return FRAMING_MORE;
}

/* A byte that can only be one thing. */
static enum framing_step
scan_mark(struct framing_chunks *chunks, char byte, struct framing_refusal *refusal) {
    const bool wants_cr = chunks->state == CHUNK_DATA_CR || chunks->state == CHUNK_LAST_CR;

    if (byte != (wants_cr ? '\r' : '\n')) {
        return refuse(
            refusal, 400,
            chunks->state == CHUNK_LAST_CR ? "trailers are not taken"
                                           : "a chunk must end with CR LF"
        );
    }
    if (chunks->state == CHUNK_LAST_LF) {
        return FRAMING_DONE;
    }
    chunks->state = chunks->state == CHUNK_DATA_LF ? CHUNK_SIZE : chunks->state + 1;
    return FRAMING_MORE;
}

/* One byte outside a chunk's data. */
static enum framing_step scan_byte(
    struct framing_chunks *chunks, char byte, const struct framing_limits *limits,
    struct framing_refusal *refusal
) {
    switch (chunks->state) {
    case CHUNK_SIZE:
        return scan_size(chunks, byte, refusal);
    case CHUNK_EXTENSION:
        return scan_extension(chunks, byte, limits, refusal);
    case CHUNK_SIZE_LF:
        if (byte != '\n') {
            return refuse(refusal, 400, "a chunk size must end with CR LF");
        }
        return end_size(chunks, limits, refusal);
    default:
        return scan_mark(chunks, byte, refusal);
    }
}

enum framing_step framing_scan_chunks(
    struct framing_chunks *chunks, const struct framing_limits *limits,
    struct framing_span bytes, size_t *used, struct framing_refusal *refusal
) {
    size_t i = 0;
    enum framing_step step = FRAMING_MORE;

    while (i < bytes.size && step == FRAMING_MORE) {
        if (chunks->state == CHUNK_DATA) {
            const size_t left = bytes.size - i;
            const size_t take = chunks->bytes_left < left ? (size_t)chunks->bytes_left : left;

            i += take;
            chunks->bytes_left -= take;
            chunks->state = chunks->bytes_left == 0 ? CHUNK_DATA_CR : CHUNK_DATA;
        } else {
            step = scan_byte(chunks, bytes.text[i], limits, refusal);
            i++;
        }
    }
    *used = i;
    return step;
}
