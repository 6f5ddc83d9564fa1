/* SPDX-License-Identifier: MIT */
/*
 * row_hash.h -- 64 bits of a row, by a random key that nobody outside knows.
 */
#ifndef ML_PREDICTOR_ROW_HASH_H
#define ML_PREDICTOR_ROW_HASH_H

#include <stddef.h>
#include <stdint.h>

#define ML__ROW_KEY_WORDS 32

struct ml__row_key {
    uint64_t words[ML__ROW_KEY_WORDS];
    uint64_t added;
    uint64_t factor;
};

void ml__row_key_make(struct ml__row_key *key);

/* The hash of what `hash` stands for, followed by `size` bytes. */
uint64_t
ml__hash_more(const struct ml__row_key *key, uint64_t hash, const void *data, size_t size);

/* The same for rows that stand side by side: hashes[i] goes on with row i. */
void ml__hash_rows(
    const struct ml__row_key *key, const void *rows, size_t row_bytes, size_t row_count,
    uint64_t *hashes
);

#endif
