/* SPDX-License-Identifier: MIT */
/*
 * fuzz_http.c -- the HTTP reader as the peer of a fuzzer.
 *
 * The first byte of an input says how the rest is cut into reads. The same bytes, fed whole,
 * must give the same events: a request that depends on how the network cut it is a bug, as is
 * any event after a refusal. Built with server/{buffer,framing,head,http}.c and llhttp.
 */
#include "http.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct framing_limits limits = {1024, 256, 8, 16, 16, 4096};

struct outcome {
    unsigned requests;
    uint64_t body_hash;
    int refused_code;
};

static void must(int condition) {
    if (!condition) {
        abort();
    }
}

static void note_body(struct outcome *outcome, const struct http_reader *reader) {
    size_t i;

    must(reader->body_size <= limits.body_bytes);
    for (i = 0; i < reader->body_size; i++) {
        outcome->body_hash =
            (outcome->body_hash ^ (uint8_t)reader->body_data[i]) * UINT64_C(1099511628211);
    }
    outcome->requests++;
}

/* Feed one read; false: the connection is over. */
static int
feed(struct http_reader *reader, const char *data, size_t size, struct outcome *out) {
    for (;;) {
        size_t used = 0;
        const enum http_event event = http_feed(reader, data, size, &used);

        must(used <= size);
        data += used;
        size -= used;
        if (event == HTTP_MORE) {
            must(size == 0);
            return 1;
        }
        if (event == HTTP_REFUSED) {
            must(reader->refusal.reason != NULL);
            out->refused_code = reader->refusal.code;
            return 0;
        }
        if (event == HTTP_HEADED) {
            must(reader->head.target.size > 0);
            reader->keep_body = true;
        } else {
            note_body(out, reader);
            if (!reader->keep_alive) {
                return 0;
            }
            http_next(reader);
        }
    }
}

/* Each read is copied to memory of its own size, so that a sanitizer sees every step past it.
 */
static struct outcome read_in_pieces(const uint8_t *data, size_t size, size_t piece) {
    struct outcome outcome = {0, 0, 0};
    struct http_reader reader;
    size_t place = 0;
    int open = 1;

    http_open(&reader, &limits);
    while (open && place < size) {
        const size_t take = size - place < piece ? size - place : piece;
        char *copy = malloc(take);

        must(copy != NULL);
        memcpy(copy, data + place, take);
        open = feed(&reader, copy, take, &outcome);
        free(copy);
        place += take;
    }
    http_close(&reader);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct outcome pieces;
    struct outcome whole;

    if (size < 2) {
        return 0;
    }
    pieces = read_in_pieces(data + 1, size - 1, (size_t)data[0] % 64 + 1);
    whole = read_in_pieces(data + 1, size - 1, size);
    must(pieces.requests == whole.requests && pieces.body_hash == whole.body_hash);
    /* Of two faults the cut may decide which is seen first, and so the code, not the fact. */
    must((pieces.refused_code == 0) == (whole.refused_code == 0));
    return 0;
}
