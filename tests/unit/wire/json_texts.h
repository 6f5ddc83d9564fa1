/* SPDX-License-Identifier: MIT */
/*
 * json_texts.h -- read a whole JSON text in a block of its exact size, so that the address
 * sanitizer sees a byte read past the end.
 */
#ifndef TESTS_UNIT_WIRE_JSON_TEXTS_H
#define TESTS_UNIT_WIRE_JSON_TEXTS_H

#include <stdlib.h>
#include <string.h>

#include "wire/json_reader.h"

struct text {
    const char *bytes;
    size_t size;
};

#define TEXT(literal)                                                                          \
    { literal, sizeof(literal) - 1 }

/* Read a whole text. */
static inline ml_status
read_all(struct text text, const struct ml__json_limits *limits, ml_error *err) {
    char *copy = malloc(text.size + 1);
    char *exact = realloc(memcpy(copy, text.bytes, text.size + 1), text.size ? text.size : 1);
    struct ml__json json;
    struct ml__json_token token;
    ml_status status;

    ml__json_open(&json, exact, text.size, limits);
    do {
        status = ml__json_next(&json, &token, err);
    } while (status == ML_OK && token.kind != ML__JSON_END);
    free(exact);
    return status;
}

#endif
