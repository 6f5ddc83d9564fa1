/* SPDX-License-Identifier: MIT */
/*
 * decimal.h -- read numbers: from digits to the nearest float, double or exact integer.
 *
 * Scanning is inline because it is the inner loop of every reader; no locale is asked.
 */
#ifndef ML_WIRE_DECIMAL_H
#define ML_WIRE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Longer numbers are refused by the readers; so the exact way needs no memory of its own. */
#define ML__NUMBER_MAX_BYTES 128

/*
 * A number as written: digits * 10^exponent, and where there were more than 19 digits, the
 * `dropped` last ones are only in the text.
 */
struct ml__decimal {
    const char *text; /* borrowed */
    size_t size;
    uint64_t digits;
    int32_t exponent;
    uint32_t dropped;
    bool negative;
    bool integer; /* written without fraction and exponent */
};

/* Nearest value, ties to even; false where it overflows, and *value is then an infinity. The
   text must be at most ML__NUMBER_MAX_BYTES long. */
bool ml__decimal_f32(const struct ml__decimal *decimal, float *value);
bool ml__decimal_f64(const struct ml__decimal *decimal, double *value);

/* Exact; false where it was not written as an integer or does not fit. */
bool ml__decimal_i64(const struct ml__decimal *decimal, int64_t *value);
bool ml__decimal_u64(const struct ml__decimal *decimal, uint64_t *value);

/* For a number of more than 19 digits: keep the first 19 that count. */
void ml__decimal_shorten(struct ml__decimal *decimal);

static inline bool ml__is_digit(char c) {
    return (unsigned char)(c - '0') < 10;
}

/* The value of eight digits of a byte each (0..9), the first in the lowest byte: pairs, then
   fours, then all. Lemire, "Quickly parsing eight digits" (2018). */
static inline uint64_t ml__eight_digits(uint64_t eight) {
    eight = eight * (1 + (10 << 8)) >> 8;
    eight = (eight & 0x00ff00ff00ff00ffu) * (1 + (100 << 16)) >> 16;
    return (eight & 0x0000ffff0000ffffu) * (1 + (UINT64_C(10000) << 32)) >> 32;
}

/* Add the digits at `at`, eight at a time, the last few without a branch for each. Overflow
   wraps; the caller sees by the count that there were too many. */
static inline const char *ml__take_digits(const char *at, const char *end, uint64_t *digits) {
    uint64_t value = *digits;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    static const uint32_t tens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};

    while (end - at >= 8) {
        uint64_t eight;
        uint64_t
            others; /* the top bit of the first byte that is no digit; later ones may lie */
        unsigned count;

        memcpy(&eight, at, sizeof eight);
        eight ^= 0x3030303030303030u;
        others = (eight | (eight + 0x7676767676767676u)) & 0x8080808080808080u;
        if (others != 0) {
            count = (unsigned)__builtin_ctzll(others) / 8;
            if (count > 0) {
                value = value * tens[count] + ml__eight_digits(eight << (64 - 8 * count));
            }
            *digits = value;
            return at + count;
        }
        value = value * 100000000 + ml__eight_digits(eight);
        at += 8;
    }
#endif
    while (at < end && ml__is_digit(*at)) {
        value = value * 10 + (uint64_t)(*at - '0');
        at++;
    }
    *digits = value;
    return at;
}

/* The exponent after its 'e'; it had digits if the character before the answer is one. */
static inline const char *
ml__take_exponent(const char *at, const char *end, int32_t *exponent) {
    const bool negative = at < end && *at == '-';
    int32_t value = 0;

    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    if (at == end || !ml__is_digit(*at)) {
        return at;
    }
    while (at < end && ml__is_digit(*at)) {
        if (value < 100000) { /* far past every type's range, far from overflowing */
            value = value * 10 + (*at - '0');
        }
        at++;
    }
    *exponent = negative ? -value : value;
    return at;
}

/*
 * Scan the number that starts at `text`. Answers where it ends, or NULL, and then
 * decimal->text is the place where something else was expected. Strict is the grammar of JSON;
 * loose also takes a plus sign, leading zeros, ".5" and "5.".
 *
 * A number longer than ML__NUMBER_MAX_BYTES is scanned, but only `text` and `size` are right.
 */
static inline const char *
ml__decimal_scan(const char *text, const char *end, bool loose, struct ml__decimal *decimal) {
    const char *at = text;
    const char *part;
    uint64_t digits = 0;
    size_t whole_count;
    size_t fraction_count = 0;
    int32_t exponent = 0;

    decimal->negative = at < end && *at == '-';
    if (decimal->negative || (loose && at < end && *at == '+')) {
        at++;
    }
    part = at;
    if (!loose && at < end && *at == '0') {
        at++; /* stands alone */
    } else {
        while (at < end && ml__is_digit(*at)) {
            digits = digits * 10 + (uint64_t)(*at - '0');
            at++;
        }
    }
    whole_count = (size_t)(at - part);
    decimal->integer = true;
    if (!loose && whole_count == 0) {
        decimal->text = at;
        return NULL;
    }
    if (at < end && *at == '.') {
        part = at + 1;
        at = ml__take_digits(part, end, &digits);
        fraction_count = (size_t)(at - part);
        decimal->integer = false;
        if (!loose && fraction_count == 0) {
            decimal->text = at;
            return NULL;
        }
    }
    if (whole_count + fraction_count == 0) {
        decimal->text = at;
        return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at = ml__take_exponent(at + 1, end, &exponent);
        decimal->integer = false;
        if (!ml__is_digit(at[-1])) {
            decimal->text = at;
            return NULL;
        }
    }
    decimal->text = text;
    decimal->size = (size_t)(at - text);
    decimal->digits = digits;
    decimal->dropped = 0;
    if (decimal->size > ML__NUMBER_MAX_BYTES) {
        return at;
    }
    decimal->exponent = exponent - (int32_t)fraction_count;
    if (whole_count + fraction_count > 19) {
        ml__decimal_shorten(decimal);
    }
    return at;
}

#endif
