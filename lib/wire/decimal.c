/* SPDX-License-Identifier: MIT */
/*
 * decimal.c -- the float or double nearest to a decimal number, in three gears.
 *
 * 1. Few digits and a small power of ten, both exact in the type: one multiplication or
 *    division rounds once. (Clinger, "How to read floating point numbers accurately", 1990.)
 * 2. Digits times a power of ten cut to 64, then to 128 bits: the truth lies in a narrow
 *    interval above the product, and where both of its ends round alike, that is the answer.
 *    (Lemire, "Number parsing at a gigabyte per second", 2021, after Eisel; here with the
 *    interval spelled out instead of proved away, as gear 3 is there anyway.)
 * 3. What is left lies so close to the middle between two neighbours that only exact integers
 *    tell: digits * 10^exponent is compared with that middle. At most 128 characters and the
 *    type's range bound them to less than 1,792 bits, on the stack.
 *
 * Floats are rounded straight from the decimal: through double they would be rounded twice.
 */
#include "wire/decimal.h"

#include <assert.h>

#include "wire/powers.h"

#define BIG_WORDS 28

/* What sets the two types apart: bits of precision and exponents of two of the smallest
   subnormal and of the first power that is too large. */
struct format {
    int precision;
    int lowest;
    int limit;
};

struct big {
    size_t count; /* words in use, the highest not 0 */
    uint64_t words[BIG_WORDS];
};

static void big_multiply_add(struct big *big, uint64_t factor, uint64_t addend) {
    uint64_t carry = addend;

    for (size_t i = 0; i < big->count; i++) {
        const ml__u128 product = (ml__u128)big->words[i] * factor + carry;

        big->words[i] = (uint64_t)product;
        carry = (uint64_t)(product >> 64);
    }
    if (carry != 0) {
        assert(big->count < BIG_WORDS);
        big->words[big->count++] = carry;
    }
}

static void big_multiply_power_of_5(struct big *big, int power) {
    for (; power >= 27; power -= 27) {
        big_multiply_add(big, UINT64_C(7450580596923828125), 0);
    }
    for (; power > 0; power--) {
        big_multiply_add(big, 5, 0);
    }
}

static void big_shift_left(struct big *big, int shift) {
    const size_t words = (size_t)shift / 64;

    big_multiply_add(big, UINT64_C(1) << (shift % 64), 0);
    assert(big->count + words <= BIG_WORDS);
    memmove(big->words + words, big->words, big->count * sizeof big->words[0]);
    memset(big->words, 0, words * sizeof big->words[0]);
    big->count += words;
}

static int big_compare(const struct big *a, const struct big *b) {
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (size_t i = a->count; i-- > 0;) {
        if (a->words[i] != b->words[i]) {
            return a->words[i] < b->words[i] ? -1 : 1;
        }
    }
    return 0;
}

static void big_read(struct big *big, const struct ml__decimal *decimal) {
    big->count = 0;
    if (decimal->dropped == 0) {
        big_multiply_add(big, 0, decimal->digits);
        return;
    }
    for (size_t i = 0; i < decimal->size && (decimal->text[i] | 0x20) != 'e'; i++) {
        if (ml__is_digit(decimal->text[i])) {
            big_multiply_add(big, 10, (uint64_t)(decimal->text[i] - '0'));
        }
    }
}

/* How the number lies to the middle between `mantissa` and the next, in units of 2^unit. */
static int compare_middle(const struct ml__decimal *decimal, uint64_t mantissa, int unit) {
    const int power = decimal->exponent - (int)decimal->dropped;
    const int shift = power - (unit - 1);
    struct big number;
    struct big middle = {0, {0}};

    big_read(&number, decimal);
    big_multiply_add(&middle, 0, 2 * mantissa + 1);
    if (power >= 0) {
        big_multiply_power_of_5(&number, power);
    } else {
        big_multiply_power_of_5(&middle, -power);
    }
    if (shift >= 0) {
        big_shift_left(&number, shift);
    } else {
        big_shift_left(&middle, -shift);
    }
    return big_compare(&number, &middle);
}

/* Where an interval that starts at `rest` and is less than `error` wide lies to the middle of
   [0, 2 * middle): -1 below, 1 above, 0 cannot be told. */
static inline int side_of(ml__u128 rest, ml__u128 error, ml__u128 middle) {
    if (rest + error <= middle) {
        return -1;
    }
    return rest > middle && rest + error <= 2 * middle ? 1 : 0;
}

/*
 * Gears 2b and 3: round `mantissa`, which gear 2a has cut from digits * ten->high at the
 * `cut`-th bit above bit 64, but could not tell how. Rarely needed, so kept out of the way.
 */
__attribute__((noinline)) static uint64_t round_closely(
    const struct ml__decimal *decimal, const struct ml__power *ten, uint64_t mantissa, int unit,
    int cut
) {
    int side = 0;

    if (cut < 63) {
        const uint64_t digits = decimal->digits << __builtin_clzll(decimal->digits);
        const ml__u128 product =
            (ml__u128)digits * ten->high + ((ml__u128)digits * ten->low >> 64);
        const ml__u128 middle = (ml__u128)1 << (cut + 63);
        const ml__u128 dropped = decimal->dropped > 0 ? (ml__u128)16 << 64 : 0;

        mantissa = (uint64_t)(product >> 64) >> cut;
        side = side_of(product & (2 * middle - 1), dropped + 2, middle);
    }
    if (side == 0) {
        side = compare_middle(decimal, mantissa, unit);
    }
    return mantissa + (side > 0 || (side == 0 && (mantissa & 1) != 0));
}

/*
 * The nearest value's bits, without the sign, for gears 2 and 3.
 *
 * With the digits shifted up to fill 64 bits, the upper word of their product with the power's
 * upper word is below the truth by less than two, and by less than 16 more for digits that
 * were dropped. It is cut into the mantissa and `cut` bits below it.
 */
static inline uint64_t nearest(const struct ml__decimal *decimal, const struct format format) {
    const uint64_t hidden = UINT64_C(1) << (format.precision - 1);
    const uint64_t infinity = (uint64_t)(format.limit - format.lowest - format.precision + 2)
                              << (format.precision - 1);
    const uint64_t error = decimal->dropped > 0 ? 18 : 2;
    const int power = decimal->exponent;
    const struct ml__power *ten;
    uint64_t high;
    uint64_t mantissa;
    int zeros;
    int scale; /* the exponent of two of the lowest bit of `high` */
    int unit;
    int cut;

    if (decimal->digits == 0 || power < ML__POWER_FIRST) {
        return 0; /* 2^64 * 10^-343 is less than half of the smallest subnormal */
    }
    if (power > 308) {
        return infinity;
    }
    ten = &ml__powers[power - ML__POWER_FIRST];
    zeros = __builtin_clzll(decimal->digits);
    scale = ml__log2_power(power) + 1 - zeros;
    high = (uint64_t)((ml__u128)(decimal->digits << zeros) * ten->high >> 64);
    unit = scale + 63 + (int)(high >> 63) - format.precision;
    if (unit < format.lowest) {
        unit = format.lowest;
    }
    cut = unit - scale;
    if (cut > 64) {
        return 0; /* less than half of the smallest subnormal */
    }
    if (cut < 63) {
        const uint64_t middle = UINT64_C(1) << (cut - 1);
        const uint64_t rest = high & (2 * middle - 1);

        mantissa = high >> cut;
        /* Both rare; which side of the middle it is, is not, so that takes no branch. */
        if (middle - rest < error || 2 * middle - rest < error) {
            mantissa = round_closely(decimal, ten, mantissa, unit, cut);
        } else {
            mantissa += rest > middle;
        }
    } else {
        mantissa = round_closely(decimal, ten, cut == 63 ? high >> 63 : 0, unit, cut);
    }
    if (mantissa >= hidden) {
        /* A mantissa that was rounded up to a power of two carries into the exponent. */
        mantissa += ((uint64_t)(unit - format.lowest + 1) << (format.precision - 1)) - hidden;
    }
    return mantissa < infinity ? mantissa : infinity;
}

bool ml__decimal_f64(const struct ml__decimal *decimal, double *value) {
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int power = decimal->exponent;
    double near;
    uint64_t bits;
    uint64_t signed_bits;

    if (power >= -22 && power <= 22 && decimal->digits <= UINT64_C(1) << 53 &&
        decimal->dropped == 0) {
        near = (double)decimal->digits;
        near = power < 0 ? near / tens[-power] : near * tens[power];
        *value = decimal->negative ? -near : near;
        return true;
    }
    bits = nearest(decimal, (struct format){53, -1074, 1024});
    signed_bits = bits | (uint64_t)decimal->negative << 63;
    memcpy(value, &signed_bits, sizeof signed_bits);
    return bits != UINT64_C(0x7ff0000000000000);
}

bool ml__decimal_f32(const struct ml__decimal *decimal, float *value) {
    static const float tens[] = {1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f,
                                 1e6f, 1e7f, 1e8f, 1e9f, 1e10f};
    const int power = decimal->exponent;
    float near;
    uint32_t bits;
    uint32_t signed_bits;

    if (power >= -10 && power <= 10 && decimal->digits <= UINT64_C(1) << 24 &&
        decimal->dropped == 0) {
        near = (float)decimal->digits;
        near = power < 0 ? near / tens[-power] : near * tens[power];
        *value = decimal->negative ? -near : near;
        return true;
    }
    bits = (uint32_t)nearest(decimal, (struct format){24, -149, 128});
    signed_bits = bits | (uint32_t)decimal->negative << 31;
    memcpy(value, &signed_bits, sizeof signed_bits);
    return bits != 0x7f800000u;
}

/* The digits of an integer as they stand in the text. */
static bool whole(const struct ml__decimal *decimal, uint64_t *value) {
    uint64_t sum = 0;

    if (!decimal->integer) {
        return false;
    }
    for (size_t i = 0; i < decimal->size; i++) {
        if (ml__is_digit(decimal->text[i]) &&
            (__builtin_mul_overflow(sum, 10u, &sum) ||
             __builtin_add_overflow(sum, (uint64_t)(decimal->text[i] - '0'), &sum))) {
            return false;
        }
    }
    *value = sum;
    return true;
}

bool ml__decimal_u64(const struct ml__decimal *decimal, uint64_t *value) {
    uint64_t size;

    if (!whole(decimal, &size) || (decimal->negative && size != 0)) {
        return false;
    }
    *value = size;
    return true;
}

bool ml__decimal_i64(const struct ml__decimal *decimal, int64_t *value) {
    uint64_t size;

    if (!whole(decimal, &size) || size > (uint64_t)INT64_MAX + decimal->negative) {
        return false;
    }
    *value = decimal->negative ? (int64_t)(0 - size) : (int64_t)size;
    return true;
}

void ml__decimal_shorten(struct ml__decimal *decimal) {
    uint64_t digits = 0;
    uint32_t kept = 0;
    uint32_t dropped = 0;

    for (size_t i = 0; i < decimal->size && (decimal->text[i] | 0x20) != 'e'; i++) {
        const char c = decimal->text[i];

        if (!ml__is_digit(c) || (digits == 0 && c == '0')) {
            continue; /* sign, point, or a zero that does not count */
        }
        if (kept < 19) {
            digits = digits * 10 + (uint64_t)(c - '0');
            kept++;
        } else {
            dropped++;
        }
    }
    decimal->digits = digits;
    decimal->dropped = dropped;
    decimal->exponent += (int32_t)dropped;
}
