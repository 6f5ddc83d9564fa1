/* SPDX-License-Identifier: MIT */
/*
 * test_decimal.c -- numbers are read to the last bit as strtod() and strtof() read them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"
#include "wire/decimal.h"

#define SEED UINT64_C(20240611)

static struct ml__decimal scan(const char *text, bool loose) {
    struct ml__decimal decimal;
    const char *end = text + strlen(text);

    if (ml__decimal_scan(text, end, loose, &decimal) != end) {
        fail_msg("'%s' is not read to its end", text);
    }
    return decimal;
}

/* Against the C library, which rounds correctly (glibc). */
static void check(const char *text) {
    const struct ml__decimal decimal = scan(text, true);
    const double expected_double = strtod(text, NULL);
    const float expected_float = strtof(text, NULL);
    double wide;
    float narrow;
    const bool wide_fits = ml__decimal_f64(&decimal, &wide);
    const bool narrow_fits = ml__decimal_f32(&decimal, &narrow);

    if (bits_of_double(wide) != bits_of_double(expected_double) ||
        wide_fits == !!isinf(expected_double)) {
        fail_msg("%s: double %a, expected %a", text, wide, expected_double);
    }
    if (bits_of_float(narrow) != bits_of_float(expected_float) ||
        narrow_fits == !!isinf(expected_float)) {
        fail_msg("%s: float %a, expected %a", text, (double)narrow, (double)expected_float);
    }
}

static void printed_doubles_read_back(void **state) {
    static const int precisions[] = {17, 16, 9, 25, 5};
    uint64_t seed = SEED;

    (void)state;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 200000; i++) {
        const double value = double_of(random_bits(&seed));
        char text[64];

        if (isfinite(value)) {
            (void)snprintf(text, sizeof text, "%.*g", precisions[i % 5], value);
            check(text);
        }
    }
}

static void printed_floats_read_back(void **state) {
    static const int precisions[] = {9, 8, 7, 17, 4};
    uint64_t seed = SEED + 1;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        const float value = float_of((uint32_t)random_bits(&seed));
        char text[64];

        if (isfinite(value)) {
            (void)snprintf(text, sizeof text, "%.*g", precisions[i % 5], (double)value);
            check(text);
        }
    }
}

static void digits_at_random_are_read(void **state) {
    uint64_t seed = SEED + 2;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        const uint64_t bits = random_bits(&seed);
        const unsigned long long first = random_bits(&seed) >> (bits & 63);
        const unsigned long long second = random_bits(&seed) >> (bits >> 6 & 63);
        char text[80];

        (void)snprintf(
            text, sizeof text, "%s%llu.%lluE%d", (bits & 1) != 0 ? "-" : "", first, second,
            (int)(bits >> 20 & 1023) - 512
        );
        check(text);
        (void)snprintf(text, sizeof text, "%llu", first);
        check(text);
        (void)snprintf(text, sizeof text, "0.%llu", first);
        check(text);
    }
}

/* The middle between two neighbours, exactly, and the smallest step to either side. */
static void check_middle(double low, double high) {
    char text[1200];
    size_t size;

    /* Both have at most 25 bits, so that their middle is a double. */
    (void)snprintf(text, sizeof text, "%.110g", low + (high - low) / 2);
    size = strlen(text);
    if (size > 124 || strchr(text, 'e') != NULL) {
        return;
    }
    check(text);
    if (strchr(text, '.') == NULL) {
        text[size++] = '.';
    }
    (void)snprintf(text + size, sizeof text - size, "0000001");
    if (strlen(text) <= ML__NUMBER_MAX_BYTES) {
        check(text);
    }
    (void)snprintf(text, sizeof text, "%.110g", low + (high - low) / 2);
    if (strchr(text, '.') != NULL && text[size - 1] > '0') {
        text[size - 1]--;
        (void)snprintf(text + size, sizeof text - size, "9999999");
        if (strlen(text) <= ML__NUMBER_MAX_BYTES) {
            check(text);
        }
    }
}

static void middles_of_floats_go_to_the_even_one(void **state) {
    uint64_t seed = SEED + 3;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        const uint32_t bits = 0x3a000000u + (uint32_t)(random_bits(&seed) % 0x16000000u);

        check_middle((double)float_of(bits), (double)float_of(bits + 1));
    }
}

static void hard_cases_are_read(void **state) {
    static const char *const texts[] = {
        "0",
        "-0",
        "0.0",
        "-0e5",
        "0e999999999",
        "-0.0e-99999999999999999999",
        "1",
        "-1",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.2250738585072014e-308",
        "4.9406564584124654e-324",
        "4.94065645841246544e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.47032822920623272088284396434110686182e-324",
        "2.47032822920623272088284396434110686183e-324",
        "1e-323",
        "1e-324",
        "1e-325",
        "3e-324",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1.797693134862315708145274237317043567980e308",
        "1.797693134862315807e308",
        "1.797693134862315808e308",
        "1e308",
        "1e309",
        "1e999",
        "-1e999",
        "1e-999",
        "123e-99999999999999999999",
        "17976931348623157e292",
        "3.4028234e38",
        "3.4028235e38",
        "3.40282356e38",
        "3.4028235677973366e38",
        "3.4028235677973367e38",
        "3.4028236e38",
        "1.17549435e-38",
        "1.17549429e-38",
        "1.4e-45",
        "7.006492321624085e-46",
        "7.006492321624086e-46",
        "7.0064923216240853e-46",
        "7.0064923216240854e-46",
        "1e-45",
        "1e-46",
        "16777216",
        "16777217",
        "16777218",
        "16777219",
        "33554434.0",
        "33554435.0",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "9007199254740994",
        "9007199254740993.0000000000000000000000000000000000000000000001",
        "9007199254740992.9999999999999999999999999999999999999999999999",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "9999999999999999999",
        "99999999999999999999",
        "0.1",
        "0.2",
        "0.3",
        "0.5",
        "1e22",
        "1e23",
        "8.5e22",
        "1e-22",
        "1e-23",
        "7.2057594037927933e16",
        "7.2057594037927933e+16",
        "6.631236846766476e-316",
        "8.988465674311579e307",
        "8.98846567431158e307",
        "1.00000017881393432617187499",
        "1.000000178813934326171875",
        "1.00000017881393432617187501",
        "0.000000000000000000001",
        "5e-324",
        "12345678.5",
        "8388608.5",
        "8388609.5",
        "1.0000000596046447753906250",
        "1.000000059604644775390625000000000000000000000000000000000001",
        "9214843084008499",
        "0.500000000000000166533453693773481063544750213623046875",
        "30078505129381147446200",
        "1777820000000000000001",
        "3.518437208883201171875e13",
        "62.5364939768271845828",
        "8.10109172351e-10",
        "1.50000000000000011102230246251565",
        "459926601011e15",
        "0.00000000000000000000000000000000000000000000000000000000000001",
        "10000000000000000000000000000000000000000000000000000000000000",
        "1234567890123456789012345678901234567890123456789012345678e-340",
        "1234567890123456789012345678901234567890123456789012345678e+251",
        "1234567890123456789012345678901234567890123456789012345678e+252",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check(texts[i]);
    }
}

static void every_power_of_ten_and_of_two_is_read(void **state) {
    (void)state;
    for (int power = -400; power <= 400; power++) {
        char text[64];

        (void)snprintf(text, sizeof text, "1e%d", power);
        check(text);
        (void)snprintf(text, sizeof text, "9999999999999999999e%d", power);
        check(text);
        (void
        )snprintf(text, sizeof text, "99999999999999999999999999999999999999999e%d", power);
        check(text);
        (void)snprintf(text, sizeof text, "%.17g", ldexp(1.0, power * 2));
        if (isfinite(ldexp(1.0, power * 2))) {
            check(text);
        }
    }
}

static void what_overflows_is_an_infinity_and_said(void **state) {
    struct ml__decimal decimal = scan("-1e39", false);
    float narrow;
    double wide;

    (void)state;
    assert_false(ml__decimal_f32(&decimal, &narrow));
    assert_true(isinf(narrow) && narrow < 0);
    assert_true(ml__decimal_f64(&decimal, &wide));
    decimal = scan("1e309", false);
    assert_false(ml__decimal_f64(&decimal, &wide));
    assert_true(isinf(wide) && wide > 0);
}

static void integers_are_exact_or_refused(void **state) {
    static const struct {
        const char *text;
        bool is_signed;
        bool is_unsigned;
    } cases[] = {
        {"0", true, true},
        {"-0", true, true},
        {"-1", true, false},
        {"9223372036854775807", true, true},
        {"9223372036854775808", false, true},
        {"-9223372036854775808", true, false},
        {"-9223372036854775809", false, false},
        {"18446744073709551615", false, true},
        {"18446744073709551616", false, false},
        {"99999999999999999999999", false, false},
        {"1.0", false, false},
        {"1e3", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct ml__decimal decimal = scan(cases[i].text, false);
        int64_t number = 7;
        uint64_t size = 7;

        assert_int_equal(ml__decimal_i64(&decimal, &number), cases[i].is_signed);
        assert_int_equal(ml__decimal_u64(&decimal, &size), cases[i].is_unsigned);
        assert_true(number == (cases[i].is_signed ? strtoll(cases[i].text, NULL, 10) : 7));
        assert_true(size == (cases[i].is_unsigned ? strtoull(cases[i].text, NULL, 10) : 7));
    }
}

static void the_loose_grammar_is_no_looser_than_said(void **state) {
    static const char *const good[] = {"+1", "01", ".5", "5.", "-.5e1", "+00.10E-01", "5.e1"};
    static const char *const bad[] = {"", "+", "-", ".", "+-1", "e5", ".e5", "1e", "1e+"};
    struct ml__decimal decimal;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        check(good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_null(ml__decimal_scan(bad[i], bad[i] + strlen(bad[i]), true, &decimal));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printed_doubles_read_back),
        cmocka_unit_test(printed_floats_read_back),
        cmocka_unit_test(digits_at_random_are_read),
        cmocka_unit_test(middles_of_floats_go_to_the_even_one),
        cmocka_unit_test(hard_cases_are_read),
        cmocka_unit_test(every_power_of_ten_and_of_two_is_read),
        cmocka_unit_test(what_overflows_is_an_infinity_and_said),
        cmocka_unit_test(integers_are_exact_or_refused),
        cmocka_unit_test(the_loose_grammar_is_no_looser_than_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
