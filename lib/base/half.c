/* SPDX-License-Identifier: MIT */
/*
 * half.c -- rounding a float to one of the 16-bit types.
 */
#include "base/half.h"

/* `bits` shifted right by `shift` (1..31), rounded to nearest, ties to even. */
static uint32_t shift_rounded(uint32_t bits, unsigned shift) {
    const uint32_t kept = bits >> shift;
    const uint32_t lost = bits & ((1u << shift) - 1);
    const uint32_t half = 1u << (shift - 1);

    return kept + (lost > half || (lost == half && (kept & 1u) != 0));
}

uint16_t ml__to_fp16(float value) {
    uint32_t bits;
    uint32_t sign;
    int exponent;

    memcpy(&bits, &value, sizeof bits);
    sign = bits >> 16 & 0x8000u;
    bits &= 0x7fffffffu;
    if (bits > 0x7f800000u) {
        return (uint16_t)(sign | 0x7e00u | (bits >> 13 & 0x3ffu));
    }
    exponent = (int)(bits >> 23) - 127;
    if (exponent > 15) {
        return (uint16_t)(sign | 0x7c00u);
    }
    if (exponent >= -14) {
        /* The carry of rounding may run into the exponent, up to infinity: as it should. */
        return (uint16_t)(sign | (shift_rounded(bits, 13) - (112u << 10)));
    }
    if (exponent < -25) {
        return (uint16_t)sign;
    }
    return (uint16_t
    )(sign | shift_rounded((bits & 0x7fffffu) | 0x800000u, (unsigned)(-exponent - 1)));
}

uint16_t ml__to_bf16(float value) {
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return (uint16_t)(bits >> 16 | 0x40u);
    }
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}
