/* SPDX-License-Identifier: MIT */
/*
 * test_work.c -- the work memory of calls.
 */
#include "fake.h"

#include "predictor/work.h"

static void pieces_are_aligned_and_do_not_overlap(void **state) {
    struct ml__work *work = ml__work_open();
    unsigned char *pieces[200];

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < 200; i++) {
            pieces[i] = ml__work_take(work, i * 7, 3);
            assert_non_null(pieces[i]);
            assert_int_equal((uintptr_t)pieces[i] % 64, 0);
            memset(pieces[i], (int)i, i * 21);
        }
        for (size_t i = 0; i < 200; i++) {
            for (size_t j = 0; j < i * 21; j++) {
                assert_int_equal(pieces[i][j], i);
            }
        }
        ml__work_reset(work);
    }
    ml__work_close(work);
}

static void a_call_like_one_before_allocates_nothing(void **state) {
    struct ml__work *work = ml__work_open();
    long before = 0;

    (void)state;
    for (int round = 0; round < 5; round++) {
        if (round == 2) {
            before = atomic_load(&allocation_count);
        }
        for (size_t i = 0; i < 20; i++) {
            assert_non_null(ml__work_take(work, 10000, i));
        }
        ml__work_reset(work);
    }
    assert_int_equal(atomic_load(&allocation_count), before);
    ml__work_close(work);
}

static void a_size_that_overflows_is_no_memory(void **state) {
    struct ml__work *work = ml__work_open();

    (void)state;
    assert_null(ml__work_take(work, SIZE_MAX, 2));
    assert_null(ml__work_take(work, SIZE_MAX, 1));
    assert_null(ml__work_take(work, SIZE_MAX - 63, 1));
    assert_non_null(ml__work_take(work, 1, 1));
    ml__work_close(work);
    ml__work_close(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_do_not_overlap),
        cmocka_unit_test(a_call_like_one_before_allocates_nothing),
        cmocka_unit_test(a_size_that_overflows_is_no_memory),
    };

    return count_allocations() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
