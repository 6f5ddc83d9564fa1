/* SPDX-License-Identifier: MIT */
/*
 * powers.h -- powers of ten in 128 bits, for the reader and the writer of numbers.
 */
#ifndef ML_WIRE_POWERS_H
#define ML_WIRE_POWERS_H

#include <stdint.h>

#define ML__POWER_FIRST (-342)
#define ML__POWER_LAST 326
#define ML__POWER_EXACT_LAST 55 /* 5^55 is the last that fits 128 bits */

__extension__ typedef unsigned __int128 ml__u128;

/* 10^q = (high * 2^64 + low) * 2^(log2(10^q) - 127), cut: exact for q in 0..55, else below the
   truth by less than one unit of `low`. */
struct ml__power {
    uint64_t high;
    uint64_t low;
};

extern const struct ml__power ml__powers[ML__POWER_LAST - ML__POWER_FIRST + 1];

/* floor(log2(10^q)); right for |q| <= 1233. */
static inline int ml__log2_power(int q) {
    return (q * 1741647) >> 19;
}

#endif
