/* SPDX-License-Identifier: MIT */
/*
 * test_shortest.c -- numbers are written in the fewest digits that read back the same.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"
#include "wire/shortest.h"

#define SEED UINT64_C(20240612)

/* The digits that count of a number's text: without sign, point, exponent and outer zeros. */
static void digits_of(const char *text, char *digits) {
    size_t count = 0;

    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9' && (count > 0 || *text != '0')) {
            digits[count++] = *text;
        }
    }
    while (count > 0 && digits[count - 1] == '0') {
        count--;
    }
    digits[count] = '\0';
}

static double read_back(const char *text, bool narrow) {
    return narrow ? (double)strtof(text, NULL) : strtod(text, NULL);
}

/* Reads back the same; no shorter text does; of those as short it is the nearest, which is
   what the C library prints. */
static void check(double value, bool narrow) {
    char text[ML__NUMBER_ROOM + 1];
    char digits[ML__NUMBER_ROOM + 1];
    char printed[64];
    char expected[64];
    int precision = 0;
    const size_t size = narrow ? ml__write_f32((float)value, text) : ml__write_f64(value, text);

    assert_true(size <= ML__NUMBER_ROOM);
    text[size] = '\0';
    if (bits_of_double(read_back(text, narrow)) != bits_of_double(value)) {
        fail_msg("%a is written as %s", value, text);
    }
    do {
        (void)snprintf(printed, sizeof printed, "%.*e", precision++, value);
    } while (bits_of_double(read_back(printed, narrow)) != bits_of_double(value));
    digits_of(text, digits);
    digits_of(printed, expected);
    if (strlen(digits) > strlen(expected) ||
        (strlen(digits) == strlen(expected) && strcmp(digits, expected) != 0)) {
        fail_msg("%a is written as %s, expected the digits %s", value, text, expected);
    }
}

static void random_doubles_are_shortest(void **state) {
    uint64_t seed = SEED;

    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 50000; i++) {
        const double value = double_of(random_bits(&seed));

        if (isfinite(value)) {
            check(value, false);
        }
        check((double)(random_bits(&seed) >> 11) * 0x1p-53, false);
    }
}

static void random_floats_are_shortest(void **state) {
    uint64_t seed = SEED + 1;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        const float value = float_of((uint32_t)random_bits(&seed));

        if (isfinite(value)) {
            check((double)value, true);
        }
    }
}

static void the_ends_of_every_binade_are_shortest(void **state) {
    (void)state;
    for (uint64_t biased = 0; biased < 2047; biased++) {
        for (uint64_t step = 0; step < 3; step++) {
            check(double_of((biased << 52) + step), false);
            check(double_of((biased << 52) + (UINT64_C(1) << 52) - 1 - step), false);
        }
    }
    for (uint32_t biased = 0; biased < 255; biased++) {
        for (uint32_t step = 0; step < 3; step++) {
            check((double)float_of((biased << 23) + step), true);
            check((double)float_of((biased << 23) + (1u << 23) - 1 - step), true);
        }
    }
}

static void expect_f64(double value, const char *expected) {
    char text[ML__NUMBER_ROOM + 1];

    text[ml__write_f64(value, text)] = '\0';
    assert_string_equal(text, expected);
}

static void expect_f32(float value, const char *expected) {
    char text[ML__NUMBER_ROOM + 1];

    text[ml__write_f32(value, text)] = '\0';
    assert_string_equal(text, expected);
}

static void numbers_look_as_in_javascript(void **state) {
    (void)state;
    expect_f64(0.0, "0");
    expect_f64(-0.0, "-0.0");
    expect_f64(1.0, "1");
    expect_f64(-1.5, "-1.5");
    expect_f64(0.1, "0.1");
    expect_f64(100.0, "100");
    expect_f64(1e20, "100000000000000000000");
    expect_f64(1.5e20, "150000000000000000000");
    expect_f64(1e21, "1e21");
    expect_f64(1.5e21, "1.5e21");
    expect_f64(1e100, "1e100");
    expect_f64(1e-6, "0.000001");
    expect_f64(1.25e-6, "0.00000125");
    expect_f64(1e-7, "1e-7");
    expect_f64(1.25e-10, "1.25e-10");
    expect_f64(123456.789, "123456.789");
    expect_f64(9007199254740993.0, "9007199254740992");
    expect_f64(5e-324, "5e-324");
    expect_f64(DBL_MAX, "1.7976931348623157e308");
    expect_f64(DBL_MIN, "2.2250738585072014e-308");
    expect_f64(-1.2345678901234567e-6, "-0.0000012345678901234567");
    expect_f32(0.0f, "0");
    expect_f32(-0.0f, "-0.0");
    expect_f32(0.1f, "0.1");
    expect_f32(16777216.0f, "16777216");
    expect_f32(FLT_MAX, "3.4028235e38");
    expect_f32(FLT_MIN, "1.1754944e-38");
    expect_f32(1e-45f, "1e-45");
    expect_f32(0.3333333333f, "0.33333334");
    expect_f32(8388607.5f, "8388607.5");
}

static void integers_are_written_whole(void **state) {
    uint64_t seed = SEED + 2;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint64_t value = random_bits(&seed);
        char text[ML__NUMBER_ROOM + 1];
        char expected[32];

        value >>= value & 63;
        if (i < 80) { /* around each power of ten */
            value = 1;
            for (int power = 0; power < i / 4; power++) {
                value *= 10;
            }
            value += (uint64_t)(i % 4) - 2;
        }
        text[ml__write_u64(value, text)] = '\0';
        (void)snprintf(expected, sizeof expected, "%" PRIu64, value);
        assert_string_equal(text, expected);
        text[ml__write_i64((int64_t)value, text)] = '\0';
        (void)snprintf(expected, sizeof expected, "%" PRId64, (int64_t)value);
        assert_string_equal(text, expected);
        text[ml__write_i64((int64_t)(0 - value), text)] = '\0';
        (void)snprintf(expected, sizeof expected, "%" PRId64, (int64_t)(0 - value));
        assert_string_equal(text, expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_doubles_are_shortest),
        cmocka_unit_test(random_floats_are_shortest),
        cmocka_unit_test(the_ends_of_every_binade_are_shortest),
        cmocka_unit_test(numbers_look_as_in_javascript),
        cmocka_unit_test(integers_are_written_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
