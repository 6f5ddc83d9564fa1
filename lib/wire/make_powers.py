#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# Makes powers.c: python3 lib/wire/make_powers.py > lib/wire/powers.c

FIRST, LAST = -342, 326

HEAD = """/* SPDX-License-Identifier: MIT */
/*
 * powers.c -- the powers of ten from 10^%d to 10^%d, cut to 128 bits. Made by make_powers.py;
 * not to be edited.
 *
 * Entry i is floor(10^q / 2^e) with q = i %+d and e such that the highest of the 128 bits is set:
 * exact for q in 0..55, below the truth by less than one unit otherwise.
 */
#include "wire/powers.h"

/* clang-format off */
const struct ml__power ml__powers[ML__POWER_LAST - ML__POWER_FIRST + 1] = {"""


def power(q):
    top, bottom = (10**q, 1) if q >= 0 else (1, 10**-q)
    shift = 128 - (top.bit_length() - bottom.bit_length())
    value = (top << shift) // bottom if shift >= 0 else top // (bottom << -shift)
    return value >> (value.bit_length() - 128)


print(HEAD % (FIRST, LAST, FIRST))
entries = ["{0x%016x, 0x%016x}," % (power(q) >> 64, power(q) & (2**64 - 1))
           for q in range(FIRST, LAST + 1)]
for i in range(0, len(entries), 2):
    print("    " + " ".join(entries[i:i + 2]))
print("};\n/* clang-format on */")
