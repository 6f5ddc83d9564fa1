/* SPDX-License-Identifier: MIT */
/*
 * checked.h -- sizes that come from outside are added and multiplied only here.
 */
#ifndef ML_BASE_CHECKED_H
#define ML_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>

/* *out = a + b, or a * b; false, and *out untouched, if it does not fit. */
static inline bool ml__add(size_t a, size_t b, size_t *out) {
    size_t sum;

    if (__builtin_add_overflow(a, b, &sum)) {
        return false;
    }
    *out = sum;
    return true;
}

static inline bool ml__mul(size_t a, size_t b, size_t *out) {
    size_t product;

    if (__builtin_mul_overflow(a, b, &product)) {
        return false;
    }
    *out = product;
    return true;
}

#endif
