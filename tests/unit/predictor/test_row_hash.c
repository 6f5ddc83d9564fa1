/* SPDX-License-Identifier: MIT */
/*
 * test_row_hash.c -- the hash of rows: one value by either way, spread, and by a key.
 */
#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "predictor/row_hash.h"

#define MOST_BYTES 1100

static void rows_side_by_side_have_the_hashes_of_each_alone(void **state) {
    static unsigned char bytes[3 * MOST_BYTES + 1];
    struct ml__row_key key;

    (void)state;
    ml__row_key_make(&key);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(i * 167 + i / 256);
    }
    for (size_t size = 0; size <= MOST_BYTES; size++) {
        uint64_t hashes[3] = {1, 2, 3};

        ml__hash_rows(&key, bytes + size % 2, size, 3, hashes);
        for (size_t row = 0; row < 3; row++) {
            const unsigned char *at = bytes + size % 2 + row * size;

            assert_true(hashes[row] == ml__hash_more(&key, row + 1, at, size));
        }
    }
}

static int compare(const void *a, const void *b) {
    const uint64_t one = *(const uint64_t *)a;
    const uint64_t other = *(const uint64_t *)b;

    return (one > other) - (one < other);
}

/* 2,049 rows of 256 bytes: one bit set in each, and none. */
static void every_bit_and_every_byte_more_changes_the_hash(void **state) {
    static unsigned char row[300];
    static uint64_t hashes[2049 + 300];
    struct ml__row_key key;

    (void)state;
    ml__row_key_make(&key);
    for (size_t bit = 0; bit < 2048; bit++) {
        row[bit / 8] = (unsigned char)(1u << bit % 8);
        hashes[bit] = ml__hash_more(&key, 0, row, 256);
        row[bit / 8] = 0;
    }
    for (size_t size = 0; size <= 300; size++) {
        hashes[2048 + size] = ml__hash_more(&key, 0, row, size);
    }
    qsort(hashes, 2049 + 300, sizeof hashes[0], compare);
    for (size_t i = 1; i < 2049 + 300; i++) {
        assert_true(hashes[i] != hashes[i - 1]);
    }
}

static void key_and_what_came_before_change_the_hash(void **state) {
    struct ml__row_key one;
    struct ml__row_key other;

    (void)state;
    ml__row_key_make(&one);
    ml__row_key_make(&other);
    assert_true(ml__hash_more(&one, 0, "row", 3) != ml__hash_more(&other, 0, "row", 3));
    assert_true(ml__hash_more(&one, 0, "row", 3) != ml__hash_more(&one, 1, "row", 3));
    assert_true(ml__hash_more(&one, 0, "row", 3) == ml__hash_more(&one, 0, "row", 3));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_side_by_side_have_the_hashes_of_each_alone),
        cmocka_unit_test(every_bit_and_every_byte_more_changes_the_hash),
        cmocka_unit_test(key_and_what_came_before_change_the_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
