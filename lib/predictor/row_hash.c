/* SPDX-License-Identifier: MIT */
/*
 * row_hash.c -- NH by blocks, folded.
 *
 * NH (Black, Halevi, Krawczyk, Krovetz & Rogaway, "UMAC", 1999): to both halves of each word of
 * 64 bits a word of a random key is added, the halves are multiplied, the products summed. Two
 * blocks of the same size that were chosen without the key agree with a chance of at most
 * 2^-32, whatever they hold, so nobody outside can make rows that collide. Multiplications do
 * not wait for each other, and AVX2 has four at a time: a row of 64 floats takes 5 ns.
 *
 * The sum of a block of up to 256 bytes is mixed with what came before and with the size by a
 * multiplication to 128 bits, its halves folded (the idea of wyhash, Wang Yi): this spreads the
 * bits, and chains blocks and inputs.
 *
 * Both ways give the same hash: sums are modulo 2^64 in any order.
 */
#include "predictor/row_hash.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/hash.h"

#define BLOCK_BYTES (ML__ROW_KEY_WORDS * sizeof(uint64_t))

__extension__ typedef unsigned __int128 wide;

void ml__row_key_make(struct ml__row_key *key) {
    const struct ml__seed seed = ml__seed_make();
    uint64_t number = 0;

    for (; number < ML__ROW_KEY_WORDS; number++) {
        key->words[number] = ml__hash(seed, &number, sizeof number);
    }
    key->added = ml__hash(seed, &number, sizeof number);
    number++;
    key->factor = ml__hash(seed, &number, sizeof number);
}

static inline uint64_t fold(uint64_t a, uint64_t b) {
    const wide product = (wide)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t multiply_halves(uint64_t word, uint64_t key) {
    const uint32_t low = (uint32_t)word + (uint32_t)key;
    const uint32_t high = (uint32_t)(word >> 32) + (uint32_t)(key >> 32);

    return (uint64_t)low * high;
}

/* NH of up to a block; what is missing from the last word is 0. */
static inline uint64_t sum_words(const uint64_t *key, const unsigned char *at, size_t size) {
    uint64_t sum = 0;
    uint64_t word;

    for (; size >= sizeof word; size -= sizeof word) {
        memcpy(&word, at, sizeof word);
        sum += multiply_halves(word, *key++);
        at += sizeof word;
    }
    if (size > 0) {
        word = 0;
        for (size_t i = 0; i < size; i++) {
            word |= (uint64_t)at[i] << (8 * i);
        }
        sum += multiply_halves(word, *key);
    }
    return sum;
}

/* Block by block, by either way of summing. */
#define HASH(sum)                                                                              \
    do {                                                                                       \
        const size_t block = size < BLOCK_BYTES ? size : BLOCK_BYTES;                          \
        hash = fold(hash ^ sum(key->words, at, block) ^ key->added, key->factor ^ size);       \
        at += block;                                                                           \
        size -= block;                                                                         \
    } while (size > 0)

uint64_t
ml__hash_more(const struct ml__row_key *key, uint64_t hash, const void *data, size_t size) {
    const unsigned char *at = data;

    HASH(sum_words);
    return hash;
}

#if defined(__x86_64__)

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline uint64_t
sum_avx2(const uint64_t *key, const unsigned char *at, size_t size) {
    __m256i sum = _mm256_setzero_si256();
    __m128i half;

    for (; size >= sizeof sum; size -= sizeof sum) {
        const __m256i both = _mm256_add_epi32(
            _mm256_loadu_si256((const __m256i *)(const void *)at),
            _mm256_loadu_si256((const __m256i *)(const void *)key)
        );

        sum = _mm256_add_epi64(sum, _mm256_mul_epu32(both, _mm256_srli_epi64(both, 32)));
        at += sizeof sum;
        key += sizeof sum / sizeof *key;
    }
    half = _mm_add_epi64(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    half = _mm_add_epi64(half, _mm_unpackhi_epi64(half, half));
    return (uint64_t)_mm_cvtsi128_si64(half) + (size > 0 ? sum_words(key, at, size) : 0);
}

AVX2 static void hash_rows_avx2(
    const struct ml__row_key *key, const unsigned char *rows, size_t row_bytes,
    size_t row_count, uint64_t *hashes
) {
    for (size_t row = 0; row < row_count; row++) {
        const unsigned char *at = rows + row * row_bytes;
        size_t size = row_bytes;
        uint64_t hash = hashes[row];

        HASH(sum_avx2);
        hashes[row] = hash;
    }
}

#endif

void ml__hash_rows(
    const struct ml__row_key *key, const void *rows, size_t row_bytes, size_t row_count,
    uint64_t *hashes
) {
    const unsigned char *at = rows;

#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        hash_rows_avx2(key, at, row_bytes, row_count, hashes);
        return;
    }
#endif
    for (size_t row = 0; row < row_count; row++) {
        hashes[row] = ml__hash_more(key, hashes[row], at + row * row_bytes, row_bytes);
    }
}
