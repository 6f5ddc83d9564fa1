/* SPDX-License-Identifier: MIT */
/*
 * test_half.c -- proves lib/base/half.c and half.h over all 65,536 bit patterns and the ties
 * between neighbours.
 */
#include "support/cmocka_all.h"

#include <math.h>
#include <string.h>

#include "base/half.h"

static uint32_t bits_of(float value) {
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* The value of an FP16 pattern by its definition. */
static double fp16_by_definition(unsigned half) {
    const double sign = half & 0x8000u ? -1.0 : 1.0;
    const int exponent = half >> 10 & 31;
    const int fraction = half & 1023;

    if (exponent == 0) {
        return sign * ldexp(fraction, -24);
    }
    return sign * ldexp(1024 + fraction, exponent - 25);
}

static void every_fp16_is_widened_exactly_and_comes_back(void **state) {
    (void)state;
    for (unsigned half = 0; half < 65536; half++) {
        const float wide = ml__from_fp16((uint16_t)half);

        if ((half & 0x7c00u) == 0x7c00u && (half & 0x3ffu) != 0) {
            assert_true(isnan(wide));
            assert_true(isnan(ml__from_fp16(ml__to_fp16(wide))));
            continue;
        }
        if ((half & 0x7fffu) == 0x7c00u) {
            assert_true(isinf(wide));
        } else {
            assert_true((double)wide == fp16_by_definition(half));
        }
        assert_int_equal(ml__to_fp16(wide), half);
    }
}

static void every_bf16_is_widened_exactly_and_comes_back(void **state) {
    (void)state;
    for (unsigned half = 0; half < 65536; half++) {
        const float wide = ml__from_bf16((uint16_t)half);

        if (isnan(wide)) {
            assert_true(isnan(ml__from_bf16(ml__to_bf16(wide))));
            continue;
        }
        assert_int_equal(bits_of(wide), half << 16);
        assert_int_equal(ml__to_bf16(wide), half);
    }
}

/* Between two neighbours: half way goes to the even one, a hair off goes to the nearer. */
static void fp16_rounds_to_nearest_even(void **state) {
    (void)state;
    for (unsigned half = 0; half < 0x7bff; half++) {
        const double low = fp16_by_definition(half);
        const double high = fp16_by_definition(half + 1);
        const float middle = (float)((low + high) / 2);

        assert_int_equal(ml__to_fp16(middle), half % 2 == 0 ? half : half + 1);
        assert_int_equal(ml__to_fp16(nextafterf(middle, 0.0f)), half);
        assert_int_equal(ml__to_fp16(nextafterf(middle, 1e9f)), half + 1);
        assert_int_equal(ml__to_fp16(-middle), 0x8000u | (half % 2 == 0 ? half : half + 1));
    }
    assert_int_equal(ml__to_fp16(65504.0f), 0x7bff);
    assert_int_equal(ml__to_fp16(65519.996f), 0x7bff);
    assert_int_equal(ml__to_fp16(65520.0f), 0x7c00);
    assert_int_equal(ml__to_fp16(1e30f), 0x7c00);
    assert_int_equal(ml__to_fp16(1e-30f), 0);
    assert_int_equal(ml__to_fp16(-1e-30f), 0x8000);
}

static void bf16_rounds_to_nearest_even(void **state) {
    (void)state;
    assert_int_equal(ml__to_bf16(1.0f + 1.0f / 256), 0x3f80);
    assert_int_equal(ml__to_bf16(1.0f + 3.0f / 256), 0x3f82);
    assert_int_equal(ml__to_bf16(nextafterf(1.0f + 1.0f / 256, 2.0f)), 0x3f81);
    assert_int_equal(ml__to_bf16(3.4028235e38f), 0x7f80);
    assert_int_equal(ml__to_bf16(-INFINITY), 0xff80);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fp16_is_widened_exactly_and_comes_back),
        cmocka_unit_test(every_bf16_is_widened_exactly_and_comes_back),
        cmocka_unit_test(fp16_rounds_to_nearest_even),
        cmocka_unit_test(bf16_rounds_to_nearest_even),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
