/* SPDX-License-Identifier: MIT */
/*
 * hash.c -- SipHash-1-3, so that nobody outside can make keys that collide.
 *
 * Aumasson & Bernstein, "SipHash: a fast short-input PRF" (2012); one compression round a word
 * and three at the end. Words are read little-endian, so a seed gives the same hash anywhere.
 */
#include "base/hash.h"

#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

struct state {
    uint64_t v0;
    uint64_t v1;
    uint64_t v2;
    uint64_t v3;
};

static inline uint64_t rotate(uint64_t word, unsigned bits) {
    return word << bits | word >> (64 - bits);
}

static inline uint64_t read_word(const unsigned char *bytes) {
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline void mix(struct state *s) {
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

struct ml__seed ml__seed_make(void) {
    struct ml__seed seed;

    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
        /* Very early after boot: weaker, but still not known outside the machine. */
        seed.k0 = ml_clock_now_ns() * 0x9e3779b97f4a7c15u;
        seed.k1 = (uint64_t)(uintptr_t)&seed ^ rotate(seed.k0, 29);
    }
    return seed;
}

uint64_t ml__hash(struct ml__seed seed, const void *data, size_t size) {
    const unsigned char *bytes = data;
    struct state s = {
        seed.k0 ^ 0x736f6d6570736575u,
        seed.k1 ^ 0x646f72616e646f6du,
        seed.k0 ^ 0x6c7967656e657261u,
        seed.k1 ^ 0x7465646279746573u,
    };
    uint64_t last = (uint64_t)size << 56;
    size_t left = size % 8;

    for (size_t i = 0; i + 8 <= size; i += 8) {
        const uint64_t word = read_word(bytes + i);

        s.v3 ^= word;
        mix(&s);
        s.v0 ^= word;
    }
    for (size_t i = 0; i < left; i++) {
        last |= (uint64_t)bytes[size - left + i] << (8 * i);
    }
    s.v3 ^= last;
    mix(&s);
    s.v0 ^= last;
    s.v2 ^= 0xff;
    mix(&s);
    mix(&s);
    mix(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
