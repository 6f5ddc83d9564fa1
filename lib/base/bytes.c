/* SPDX-License-Identifier: MIT */
/*
 * bytes.c -- the bounded reader's takes.
 */
#include "base/bytes.h"

bool ml__take_block(struct ml__bytes *bytes, size_t size, const unsigned char **out) {
    if (size > ml__bytes_left(bytes)) {
        return false;
    }
    *out = bytes->next;
    bytes->next += size;
    return true;
}

/* `count` bytes, little-endian, as a number. */
static bool take_number(struct ml__bytes *bytes, size_t count, uint64_t *out) {
    const unsigned char *block;

    if (!ml__take_block(bytes, count, &block)) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        *out |= (uint64_t)block[i] << (8 * i);
    }
    return true;
}

bool ml__take_u8(struct ml__bytes *bytes, uint8_t *out) {
    uint64_t number;

    if (!take_number(bytes, 1, &number)) {
        return false;
    }
    *out = (uint8_t)number;
    return true;
}

bool ml__take_u16(struct ml__bytes *bytes, uint16_t *out) {
    uint64_t number;

    if (!take_number(bytes, 2, &number)) {
        return false;
    }
    *out = (uint16_t)number;
    return true;
}

bool ml__take_u32(struct ml__bytes *bytes, uint32_t *out) {
    uint64_t number;

    if (!take_number(bytes, 4, &number)) {
        return false;
    }
    *out = (uint32_t)number;
    return true;
}

bool ml__take_u64(struct ml__bytes *bytes, uint64_t *out) {
    return take_number(bytes, 8, out);
}

bool ml__take_varint(struct ml__bytes *bytes, uint64_t *out) {
    const unsigned char *byte = bytes->next;
    uint64_t number = 0;

    for (unsigned shift = 0; shift < 70 && byte < bytes->end; shift += 7, byte++) {
        const uint64_t bits = *byte & 0x7fu;

        if (shift == 63 && bits > 1) {
            return false;
        }
        number |= bits << shift;
        if ((*byte & 0x80u) == 0) {
            bytes->next = byte + 1;
            *out = number;
            return true;
        }
    }
    return false;
}
