/* SPDX-License-Identifier: MIT */
/*
 * test_ring.c -- the bounded queue of tasks.
 */
#include "pool/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void tasks_come_out_in_the_order_they_went_in_also_around_the_end(void **state) {
    int marks[100];
    struct ml__ring ring;
    struct ml__task task = {NULL, NULL};
    size_t put = 0;
    size_t taken = 0;

    (void)state;
    assert_true(ml__ring_open(&ring, 7));
    while (taken < 100) {
        while (put < 100 && ring.count < 5 + put % 3) {
            task.argument = &marks[put++];
            assert_true(ml__ring_put(&ring, task));
        }
        for (size_t i = 0; i < 3 && taken < put; i++) {
            assert_true(ml__ring_take(&ring, &task));
            assert_ptr_equal(task.argument, &marks[taken++]);
        }
    }
    assert_false(ml__ring_take(&ring, &task));
    ml__ring_close(&ring);
}

static void a_full_ring_takes_no_more(void **state) {
    struct ml__ring ring;
    struct ml__task task = {NULL, NULL};

    (void)state;
    assert_true(ml__ring_open(&ring, 2));
    assert_true(ml__ring_put(&ring, task));
    assert_true(ml__ring_put(&ring, task));
    assert_false(ml__ring_put(&ring, task));
    assert_true(ml__ring_take(&ring, &task));
    assert_true(ml__ring_put(&ring, task));
    ml__ring_close(&ring);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_come_out_in_the_order_they_went_in_also_around_the_end),
        cmocka_unit_test(a_full_ring_takes_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
