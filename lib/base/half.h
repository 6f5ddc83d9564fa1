/* SPDX-License-Identifier: MIT */
/*
 * half.h -- the two 16-bit float types, by their bits.
 */
#ifndef ML_BASE_HALF_H
#define ML_BASE_HALF_H

#include <stdint.h>
#include <string.h>

/* IEEE 754 binary16 to float: exact. */
static inline float ml__from_fp16(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = half >> 10 & 0x1fu;
    uint32_t fraction = half & 0x3ffu;
    uint32_t bits;
    float value;

    if (exponent == 0x1f) {
        bits = sign | 0x7f800000u | fraction << 13;
    } else if (exponent != 0) {
        bits = sign | (exponent + 112) << 23 | fraction << 13;
    } else if (fraction == 0) {
        bits = sign;
    } else {
        exponent = 113;
        while ((fraction & 0x400u) == 0) {
            fraction <<= 1;
            exponent--;
        }
        bits = sign | exponent << 23 | (fraction & 0x3ffu) << 13;
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* bfloat16 to float: exact. */
static inline float ml__from_bf16(uint16_t half) {
    const uint32_t bits = (uint32_t)half << 16;
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Float to each, to nearest, ties to even; NaN stays NaN. */
uint16_t ml__to_fp16(float value);
uint16_t ml__to_bf16(float value);

#endif
