/* SPDX-License-Identifier: MIT */
/*
 * json_escape.c -- what the escapes in a JSON string mean.
 *
 * The reader checks every string with ml__json_escape() as it passes it, so decoding and
 * comparing need not check again.
 */
#include "wire/json_escape.h"

#include "wire/json_reader.h"
#include "wire/utf8.h"

/* Four hexadecimal digits, or -1. */
static int32_t take_hex(const char *at, const char *end) {
    int32_t code = 0;

    if (end - at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        const int c = (unsigned char)at[i];
        const int letter = c | 0x20;
        int digit;

        if (c >= '0' && c <= '9') {
            digit = c - '0';
        } else if (letter >= 'a' && letter <= 'f') {
            digit = letter - 'a' + 10;
        } else {
            return -1;
        }
        code = code * 16 + digit;
    }
    return code;
}

size_t ml__json_escape(const char *at, const char *end, uint32_t *code) {
    static const char letters[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    int32_t first;
    int32_t second;

    if (end - at < 2) {
        return 0;
    }
    if (at[1] != 'u') {
        for (size_t i = 0; i + 1 < sizeof letters; i += 2) {
            if (letters[i] == at[1]) {
                *code = (uint32_t)letters[i + 1];
                return 2;
            }
        }
        return 0;
    }
    first = take_hex(at + 2, end);
    if (first < 0 || (first >= 0xdc00 && first <= 0xdfff)) {
        return 0;
    }
    if (first < 0xd800 || first > 0xdfff) {
        *code = (uint32_t)first;
        return 6;
    }
    if (end - at < 12 || at[6] != '\\' || at[7] != 'u') {
        return 0;
    }
    second = take_hex(at + 8, end);
    if (second < 0xdc00 || second > 0xdfff) {
        return 0;
    }
    *code = 0x10000u + (((uint32_t)first - 0xd800u) << 10) + ((uint32_t)second - 0xdc00u);
    return 12;
}

void ml__json_decode(const struct ml__json_token *token, char *target) {
    const char *at = token->text;
    const char *end = at + token->size;

    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        const size_t plain = (size_t)((escape != NULL ? escape : end) - at);
        uint32_t code = 0;

        memcpy(target, at, plain);
        target += plain;
        at += plain;
        if (at < end) {
            at += ml__json_escape(at, end, &code);
            target += ml__utf8_encode(code, target);
        }
    }
}

bool ml__json_is(const struct ml__json_token *token, const char *name) {
    const char *at = token->text;
    const char *end = at + token->size;

    if (token->decoded_size != strlen(name)) {
        return false;
    }
    while (at < end) {
        char character[4] = {*at};
        size_t length = 1;

        if (*at == '\\') {
            uint32_t code = 0;

            at += ml__json_escape(at, end, &code);
            length = ml__utf8_encode(code, character);
        } else {
            at++;
        }
        if (memcmp(character, name, length) != 0) {
            return false;
        }
        name += length;
    }
    return true;
}
