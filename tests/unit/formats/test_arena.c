/* SPDX-License-Identifier: MIT */
/*
 * test_arena.c -- proves lib/formats/arena.c: zeroed, aligned, bounded, given back at once.
 */
#include "unit/formats/reading.h"

#include "formats/arena.h"

static void memory_is_zero_aligned_and_apart(void **state) {
    struct ml__arena arena;
    unsigned char *blocks[100];

    (void)state;
    ml__arena_start(&arena, 100);
    for (size_t i = 0; i < 100; i++) {
        const size_t size = i * 97 % 6000; /* below and above what gets a chunk of its own */
        void *block;

        assert_int_equal(ml__arena_make(&arena, size, 1, &block, NULL), ML_OK);
        blocks[i] = block;
        assert_int_equal((uintptr_t)block % 16, 0);
        for (size_t byte = 0; byte < size; byte++) {
            assert_int_equal(blocks[i][byte], 0);
        }
        memset(block, (int)i, size);
    }
    for (size_t i = 0; i < 100; i++) {
        for (size_t byte = 0; byte < i * 97 % 6000; byte++) {
            assert_int_equal(blocks[i][byte], i);
        }
    }
    ml__arena_end(&arena);
    assert_int_equal(live_blocks, 0);
}

static void the_limit_is_twice_the_file_and_512_kib(void **state) {
    struct ml__arena arena;
    ml_error err = ML_ERROR_INIT;
    void *block;

    (void)state;
    ml__arena_start(&arena, 1 << 20);
    assert_int_equal(ml__arena_make(&arena, (5 << 19) - 64, 1, &block, &err), ML_OK);
    assert_int_equal(ml__arena_make(&arena, 1 << 12, 8, &block, &err), ML_ELIMIT);
    assert_non_null(strstr(err.message, "2621440 bytes"));
    ml__arena_end(&arena);
    ml__arena_start(&arena, SIZE_MAX);
    assert_int_equal(arena.limit_bytes, SIZE_MAX);
    ml__arena_end(&arena);
}

static void a_product_that_overflows_is_a_limit(void **state) {
    struct ml__arena arena;
    void *block;

    (void)state;
    ml__arena_start(&arena, SIZE_MAX);
    assert_int_equal(ml__arena_make(&arena, SIZE_MAX / 2, 3, &block, NULL), ML_ELIMIT);
    assert_int_equal(ml__arena_make(&arena, SIZE_MAX - 3, 1, &block, NULL), ML_ELIMIT);
    ml__arena_end(&arena);
}

static void no_memory_is_told(void **state) {
    struct ml__arena arena;
    ml_error err = ML_ERROR_INIT;
    const char *text;
    void *block;

    (void)state;
    ml__arena_start(&arena, 0);
    allocations_left = 0;
    assert_int_equal(ml__arena_make(&arena, 10, 1, &block, &err), ML_ENOMEM);
    assert_int_equal(ml__arena_make(&arena, 10000, 1, &block, &err), ML_ENOMEM);
    assert_int_equal(ml__arena_text(&arena, "a", 1, &text, &err), ML_ENOMEM);
    allocations_left = SIZE_MAX;
    ml__arena_end(&arena);
}

static void a_text_is_copied_and_ended(void **state) {
    struct ml__arena arena;
    const char *text;

    (void)state;
    ml__arena_start(&arena, 0);
    assert_int_equal(ml__arena_text(&arena, "abc", 2, &text, NULL), ML_OK);
    assert_string_equal(text, "ab");
    assert_int_equal(ml__arena_text(&arena, NULL, 0, &text, NULL), ML_OK);
    assert_string_equal(text, "");
    ml__arena_end(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zero_aligned_and_apart),
        cmocka_unit_test(the_limit_is_twice_the_file_and_512_kib),
        cmocka_unit_test(a_product_that_overflows_is_a_limit),
        cmocka_unit_test(no_memory_is_told),
        cmocka_unit_test(a_text_is_copied_and_ended),
    };

    count_allocations();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
