/* SPDX-License-Identifier: MIT */
/*
 * shortest.c -- the shortest decimal that reads back as the same float or double.
 *
 * Written from Giulietti, "The Schubfach way to render doubles" (2021): of all decimals that
 * round to a value, those with the fewest digits have an exponent k that is known beforehand,
 * and at most four candidates s, s + 1 at k and s', s' + 1 at k + 1 must be compared with the
 * borders of the rounding interval. Value and borders are scaled by 10^-k with one rounded-up
 * power of 128 (double) or 64 bits (float); products are rounded to odd, so that a comparison
 * on the cut product tells the same as on the exact one. Of several shortest decimals the
 * nearest one is taken.
 *
 * A float's every value and many random doubles have been compared with the C library.
 */
#include "wire/shortest.h"

#include <stdbool.h>
#include <string.h>

#include "wire/powers.h"

struct shortest {
    uint64_t digits;
    int exponent; /* of ten, of the last digit */
};

/* Two digits each, so that a number takes half as many divisions. */
static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233"
    "34353637383940414243444546474849505152535455565758596061626364656667"
    "6869707172737475767778798081828384858687888990919293949596979899";

/* floor(log10(2^e)), and of three quarters of 2^e where the interval below is half as wide. */
static inline int log10_of(int e, bool narrow_below) {
    return (e * 1262611 - (narrow_below ? 524031 : 0)) >> 22;
}

/* 10^q in 128 bits, rounded up where it is not exact. */
static inline struct ml__power power_above(int q) {
    struct ml__power power = ml__powers[q - ML__POWER_FIRST];

    if (q < 0 || q > ML__POWER_EXACT_LAST) {
        power.low++; /* no entry of the table ends in 64 ones */
    }
    return power;
}

/* Bits 128.. of the product; the lowest is set if anything below, but for the power's own
   error, is. */
static inline uint64_t multiply_to_odd(struct ml__power power, uint64_t factor) {
    const ml__u128 low = (ml__u128)power.low * factor;
    const ml__u128 high = (ml__u128)power.high * factor + (uint64_t)(low >> 64);

    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

static inline uint64_t multiply_to_odd_64(uint64_t power, uint64_t factor) {
    const ml__u128 product = (ml__u128)power * factor;

    return (uint64_t)(product >> 64) | ((uint64_t)product >> 32 > 1);
}

/*
 * Choose among the candidates. All are in quarters of 10^k: `value` and the borders of what
 * rounds to it, closed where the value is even.
 */
static inline struct shortest
choose(uint64_t value, uint64_t lower, uint64_t upper, bool even, int k) {
    const uint64_t s = value / 4;

    lower += !even;
    upper -= !even;
    if (s >= 10) {
        const uint64_t tens = s / 10;
        const bool down_inside = lower <= 40 * tens;
        const bool up_inside = 40 * tens + 40 <= upper;

        if (down_inside != up_inside) {
            return (struct shortest){tens + up_inside, k + 1};
        }
    }
    {
        const bool down_inside = lower <= 4 * s;
        const bool up_inside = 4 * s + 4 <= upper;
        const uint64_t middle = 4 * s + 2;

        if (down_inside != up_inside) {
            return (struct shortest){s + up_inside, k};
        }
        return (struct shortest){s + (value > middle || (value == middle && (s & 1) != 0)), k};
    }
}

static inline struct shortest shortest_f64(uint64_t fraction, int biased) {
    const bool narrow_below = fraction == 0 && biased > 1;
    const uint64_t mantissa = biased != 0 ? fraction | UINT64_C(1) << 52 : fraction;
    const int exponent = (biased != 0 ? biased : 1) - 1075;
    const int k = log10_of(exponent, narrow_below);
    const int shift = exponent + ml__log2_power(-k) + 1;
    const struct ml__power power = power_above(-k);

    if (exponent <= 0 && exponent > -53 && (mantissa & ((UINT64_C(1) << -exponent) - 1)) == 0) {
        return (struct shortest){mantissa >> -exponent, 0}; /* an integer: all its digits */
    }
    return choose(
        multiply_to_odd(power, 4 * mantissa << shift),
        multiply_to_odd(power, (4 * mantissa - 2 + narrow_below) << shift),
        multiply_to_odd(power, (4 * mantissa + 2) << shift), mantissa % 2 == 0, k
    );
}

static inline struct shortest shortest_f32(uint32_t fraction, int biased) {
    const bool narrow_below = fraction == 0 && biased > 1;
    const uint64_t mantissa = biased != 0 ? fraction | 1u << 23 : fraction;
    const int exponent = (biased != 0 ? biased : 1) - 150;
    const int k = log10_of(exponent, narrow_below);
    const int shift = exponent + ml__log2_power(-k) + 1;
    const struct ml__power *power = &ml__powers[-k - ML__POWER_FIRST];
    const uint64_t above = power->high + (power->low != 0);

    if (exponent <= 0 && exponent > -24 && (mantissa & ((1u << -exponent) - 1)) == 0) {
        return (struct shortest){mantissa >> -exponent, 0};
    }
    return choose(
        multiply_to_odd_64(above, 4 * mantissa << shift),
        multiply_to_odd_64(above, (4 * mantissa - 2 + narrow_below) << shift),
        multiply_to_odd_64(above, (4 * mantissa + 2) << shift), mantissa % 2 == 0, k
    );
}

static inline int count_digits(uint64_t value) {
    static const uint64_t tens[] = {
        0,
        UINT64_C(10),
        UINT64_C(100),
        UINT64_C(1000),
        UINT64_C(10000),
        UINT64_C(100000),
        UINT64_C(1000000),
        UINT64_C(10000000),
        UINT64_C(100000000),
        UINT64_C(1000000000),
        UINT64_C(10000000000),
        UINT64_C(100000000000),
        UINT64_C(1000000000000),
        UINT64_C(10000000000000),
        UINT64_C(100000000000000),
        UINT64_C(1000000000000000),
        UINT64_C(10000000000000000),
        UINT64_C(100000000000000000),
        UINT64_C(1000000000000000000),
        UINT64_C(10000000000000000000),
    };
    /* log10(2) is about 1233 / 4096: at most one too few */
    const int guess = (64 - __builtin_clzll(value | 1)) * 1233 >> 12;

    return guess + (value >= tens[guess]);
}

/* The digits of `value`, `count` of them, before `after`. */
static inline void put_digits(uint64_t value, char *after) {
    while (value >= UINT64_C(100000000)) {
        uint32_t eight = (uint32_t)(value % 100000000);

        value /= 100000000;
        for (int i = 0; i < 4; i++) {
            after -= 2;
            memcpy(after, pairs + 2 * (eight % 100), 2);
            eight /= 100;
        }
    }
    {
        uint32_t rest = (uint32_t)value;

        while (rest >= 100) {
            after -= 2;
            memcpy(after, pairs + 2 * (rest % 100), 2);
            rest /= 100;
        }
        if (rest >= 10) {
            memcpy(after - 2, pairs + 2 * rest, 2);
        } else {
            after[-1] = (char)('0' + rest);
        }
    }
}

static char *put_exponent(int exponent, char *at) {
    *at++ = 'e';
    if (exponent < 0) {
        *at++ = '-';
        exponent = -exponent;
    }
    if (exponent >= 100) {
        *at++ = (char)('0' + exponent / 100);
        exponent %= 100;
        memcpy(at, pairs + 2 * exponent, 2);
        return at + 2;
    }
    if (exponent >= 10) {
        memcpy(at, pairs + 2 * exponent, 2);
        return at + 2;
    }
    *at++ = (char)('0' + exponent);
    return at;
}

static size_t put_decimal(struct shortest number, bool negative, char *target) {
    char *at = target;
    int count;
    int point; /* digits before the point */

    while (number.digits % 10 == 0) {
        number.digits /= 10;
        number.exponent++;
    }
    count = count_digits(number.digits);
    point = count + number.exponent;
    *at = '-';
    at += negative;
    if (point > 21 || point < -5) {
        /* d.ddde: the digits one further right, then the first moves over the point. */
        put_digits(number.digits, at + 1 + count);
        at[0] = at[1];
        at[1] = '.';
        at += count > 1 ? count + 1 : 1;
        return (size_t)(put_exponent(point - 1, at) - target);
    }
    if (point <= 0) {
        memcpy(at, "0.00000", 7);
        at += 2 - point;
        put_digits(number.digits, at + count);
        return (size_t)(at + count - target);
    }
    if (point >= count) {
        memset(at, '0', 21);
        put_digits(number.digits, at + count);
        return (size_t)(at + point - target);
    }
    put_digits(number.digits, at + 1 + count);
    memmove(at, at + 1, (size_t)point);
    at[point] = '.';
    return (size_t)(at + 1 + count - target);
}

static size_t put_zero(bool negative, char *target) {
    memcpy(target, negative ? "-0.0" : "0", negative ? 4 : 1);
    return negative ? 4 : 1;
}

size_t ml__write_f64(double value, char *target) {
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    if (bits << 1 == 0) {
        return put_zero(bits != 0, target);
    }
    return put_decimal(
        shortest_f64(bits & ((UINT64_C(1) << 52) - 1), (int)(bits >> 52 & 0x7ff)), bits >> 63,
        target
    );
}

size_t ml__write_f32(float value, char *target) {
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    if (bits << 1 == 0) {
        return put_zero(bits != 0, target);
    }
    return put_decimal(
        shortest_f32(bits & ((1u << 23) - 1), (int)(bits >> 23 & 0xff)), bits >> 31, target
    );
}

size_t ml__write_u64(uint64_t value, char *target) {
    const int count = count_digits(value);

    put_digits(value, target + count);
    return (size_t)count;
}

size_t ml__write_i64(int64_t value, char *target) {
    *target = '-';
    return value < 0 ? 1 + ml__write_u64(0 - (uint64_t)value, target + 1)
                     : ml__write_u64((uint64_t)value, target);
}
