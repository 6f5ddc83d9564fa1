/* SPDX-License-Identifier: MIT */
/*
 * bytes.h -- a bounded reader over bytes from outside: nothing is read past the end.
 *
 * Every take answers false, and takes nothing, where the bytes left do not suffice. Numbers are
 * little-endian in the source whatever the machine is.
 */
#ifndef ML_BASE_BYTES_H
#define ML_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ml__bytes {
    const unsigned char *start; /* of the whole, so that places can be told */
    const unsigned char *next;
    const unsigned char *end;
};

static inline struct ml__bytes ml__bytes_over(const void *data, size_t size) {
    struct ml__bytes bytes = {data, data, size > 0 ? (const unsigned char *)data + size : data};

    return bytes;
}

static inline size_t ml__bytes_left(const struct ml__bytes *bytes) {
    return (size_t)(bytes->end - bytes->next);
}

static inline size_t ml__bytes_place(const struct ml__bytes *bytes) {
    return (size_t)(bytes->next - bytes->start);
}

bool ml__take_u8(struct ml__bytes *bytes, uint8_t *out);
bool ml__take_u16(struct ml__bytes *bytes, uint16_t *out);
bool ml__take_u32(struct ml__bytes *bytes, uint32_t *out);
bool ml__take_u64(struct ml__bytes *bytes, uint64_t *out);

/* A base-128 varint of at most 10 bytes (protobuf). False also if it does not fit 64 bits. */
bool ml__take_varint(struct ml__bytes *bytes, uint64_t *out);

/* The next `size` bytes, borrowed. */
bool ml__take_block(struct ml__bytes *bytes, size_t size, const unsigned char **out);

#endif
