/* SPDX-License-Identifier: MIT */
/*
 * test_hash.c -- proves lib/base/hash.c against values computed from the paper's definition.
 */
#include "support/cmocka_all.h"

#include "base/hash.h"

/* SipHash-1-3 with the key 00 01 .. 0f over 00, 00 01, ...: lengths 0 to 63, made by
   tests/unit/base/siphash13.py, a direct writing-down of the paper. */
static const uint64_t expected[] = {
#include "siphash13.inc"
};

static void it_is_siphash_1_3(void **state) {
    const struct ml__seed seed = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
    unsigned char bytes[64];

    (void)state;
    for (unsigned i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)i;
    }
    for (size_t size = 0; size < sizeof expected / sizeof expected[0]; size++) {
        assert_int_equal(ml__hash(seed, bytes, size), expected[size]);
    }
}

static void seeds_differ_and_matter(void **state) {
    const struct ml__seed one = ml__seed_make();
    const struct ml__seed two = ml__seed_make();

    (void)state;
    assert_true(one.k0 != two.k0 || one.k1 != two.k1);
    assert_true(ml__hash(one, "rome", 4) != ml__hash(two, "rome", 4));
    assert_true(ml__hash(one, "rome", 4) == ml__hash(one, "rome", 4));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_siphash_1_3),
        cmocka_unit_test(seeds_differ_and_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
