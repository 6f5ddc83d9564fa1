/* SPDX-License-Identifier: MIT */
/*
 * test_memory.c -- proves lib/base/memory.c: the hook gets every allocation, and only once.
 */
#include "support/cmocka_all.h"

#include <mlserve/base.h>

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/memory.h"

static int live_blocks;
static int refuse;

static void *count_allocate(void *user, size_t size) {
    void *block = refuse ? NULL : malloc(size);

    assert_ptr_equal(user, &live_blocks);
    live_blocks += block != NULL;
    return block;
}

static void *count_resize(void *user, void *block, size_t size) {
    (void)user;
    return refuse ? NULL : realloc(block, size);
}

static void count_release(void *user, void *block) {
    (void)user;
    live_blocks--;
    free(block);
}

static const ml_allocator counting = {
    count_allocate, count_resize, count_release, &live_blocks};

/* Must come first: the hook can be set only before the first allocation. */
static void the_hook_is_set_before_first_use_and_refused_after(void **state) {
    ml_allocator partly = counting;

    (void)state;
    partly.resize = NULL;
    assert_int_equal(ml_set_allocator(&partly), ML_EINVAL);
    assert_int_equal(ml_set_allocator(NULL), ML_OK);
    assert_false(ml__memory_used());
    assert_int_equal(ml_set_allocator(&counting), ML_OK);
    ml__free(ml__make(1, 1));
    assert_true(ml__memory_used());
    assert_int_equal(ml_set_allocator(&counting), ML_EINVAL);
    assert_int_equal(ml_set_log(NULL, NULL), ML_EINVAL);
    assert_int_equal(live_blocks, 0);
}

static void made_memory_is_zero_and_resizes(void **state) {
    unsigned char *block = ml__make(10, 7);

    (void)state;
    assert_non_null(block);
    for (int i = 0; i < 70; i++) {
        assert_int_equal(block[i], 0);
    }
    block[69] = 9;
    block = ml__resize(block, 200, 7);
    assert_int_equal(block[69], 9);
    ml__free(block);
    ml__free(NULL);
    assert_int_equal(live_blocks, 0);
}

static void a_product_that_overflows_is_no_memory(void **state) {
    size_t kept = 5;

    (void)state;
    assert_null(ml__make(SIZE_MAX / 2, 3));
    assert_null(ml__make_raw(SIZE_MAX, 2));
    assert_null(ml__resize(NULL, SIZE_MAX, 2));
    assert_null(ml__make_aligned(SIZE_MAX, 1));
    assert_null(ml__copy_bytes("", SIZE_MAX));
    assert_false(ml__mul(SIZE_MAX, 2, &kept));
    assert_false(ml__add(SIZE_MAX, 1, &kept));
    assert_int_equal(kept, 5);
    assert_true(ml__mul(6, 7, &kept));
    assert_int_equal(kept, 42);
    assert_int_equal(live_blocks, 0);
}

static void aligned_memory_starts_on_a_cache_line(void **state) {
    void *blocks[20];

    (void)state;
    for (size_t i = 0; i < 20; i++) {
        blocks[i] = ml__make_aligned(i * 3 + 1, 1);
        assert_int_equal((uintptr_t)blocks[i] % 64, 0);
        memset(blocks[i], 1, i * 3 + 1);
    }
    for (size_t i = 0; i < 20; i++) {
        ml__free_aligned(blocks[i]);
    }
    ml__free_aligned(NULL);
    assert_int_equal(live_blocks, 0);
}

static void refused_memory_is_null_and_the_old_block_stays(void **state) {
    char *block = ml__copy_text("rome");

    (void)state;
    refuse = 1;
    assert_null(ml__make(1, 1));
    assert_null(ml__make_aligned(1, 1));
    assert_null(ml__copy_text("x"));
    assert_null(ml__resize(block, 100, 1));
    refuse = 0;
    assert_string_equal(block, "rome");
    ml__free(block);
    assert_int_equal(live_blocks, 0);
}

static void zero_bytes_are_a_block_too(void **state) {
    void *block = ml__make(0, 8);
    char *empty = ml__copy_bytes(NULL, 0);

    (void)state;
    assert_non_null(block);
    assert_string_equal(empty, "");
    ml__free(block);
    ml__free(empty);
    assert_int_equal(live_blocks, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hook_is_set_before_first_use_and_refused_after),
        cmocka_unit_test(made_memory_is_zero_and_resizes),
        cmocka_unit_test(a_product_that_overflows_is_no_memory),
        cmocka_unit_test(aligned_memory_starts_on_a_cache_line),
        cmocka_unit_test(refused_memory_is_null_and_the_old_block_stays),
        cmocka_unit_test(zero_bytes_are_a_block_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
