/* SPDX-License-Identifier: MIT */
/*
 * hash.h -- a seeded hash for every table that input can reach.
 */
#ifndef ML_BASE_HASH_H
#define ML_BASE_HASH_H

#include <mlserve/status.h>

struct ml__seed {
    uint64_t k0;
    uint64_t k1;
};

/* A random seed from the system; if that fails, one mixed from clock and addresses. */
struct ml__seed ml__seed_make(void);

/* SipHash-1-3 of `size` bytes. Source: Aumasson & Bernstein, SipHash (2012), with 1 and 3
   rounds as in Rust's and Ruby's tables. */
uint64_t ml__hash(struct ml__seed seed, const void *data, size_t size);

#endif
