/* SPDX-License-Identifier: MIT */
/*
 * utf8.h -- tell valid UTF-8 from other bytes, and make it.
 */
#ifndef ML_WIRE_UTF8_H
#define ML_WIRE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length of the character at `at` (RFC 3629: shortest form, no surrogates, at most
   U+10FFFF); 0 if there is none. */
static inline size_t ml__utf8_length(const unsigned char *at, const unsigned char *end) {
    const size_t left = (size_t)(end - at);
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t length;

    if (left == 0) {
        return 0;
    }
    if (at[0] < 0x80) {
        return 1;
    }
    if (at[0] < 0xc2 || at[0] > 0xf4) {
        return 0;
    }
    length = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    /* The second byte's range shuts out long forms, surrogates and what is past the end. */
    if (at[0] == 0xe0) {
        low = 0xa0;
    } else if (at[0] == 0xed) {
        high = 0x9f;
    } else if (at[0] == 0xf0) {
        low = 0x90;
    } else if (at[0] == 0xf4) {
        high = 0x8f;
    }
    if (left < length || at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

/* The bytes that a character takes, and those bytes into `target`. */
static inline size_t ml__utf8_size(uint32_t code) {
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

static inline size_t ml__utf8_encode(uint32_t code, char *target) {
    const size_t size = ml__utf8_size(code);

    if (size == 1) {
        target[0] = (char)code;
        return 1;
    }
    for (size_t i = size - 1; i > 0; i--) {
        target[i] = (char)(0x80u | (code & 0x3fu));
        code >>= 6;
    }
    /* 0xc0, 0xe0 or 0xf0: as many ones as bytes */
    target[0] = (char)((0xf00u >> size & 0xffu) | code);
    return size;
}

#endif
