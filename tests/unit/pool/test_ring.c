/* SPDX-License-Identifier: MIT */
/*
 * test_ring.c -- the bounded queue of tasks.
 */
#include "pool/ring.h"

#include <pthread.h>
#include <sched.h>
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
        while (put < 100 && put - taken < 5 + put % 3) {
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

static void a_look_sees_a_task_and_takes_nothing(void **state) {
    struct ml__ring ring;
    struct ml__task task = {NULL, NULL};

    (void)state;
    assert_true(ml__ring_open(&ring, 1));
    for (int round = 0; round < 3; round++) {
        assert_false(ml__ring_has_task(&ring));
        assert_true(ml__ring_put(&ring, task));
        assert_true(ml__ring_has_task(&ring));
        assert_false(ml__ring_put(&ring, task));
        assert_int_equal(ml__ring_put_count(&ring), round + 1);
        assert_true(ml__ring_take(&ring, &task));
    }
    ml__ring_close(&ring);
}

static void nothing(void *argument) {
    (void)argument;
}

static void a_cancelled_task_is_taken_in_its_turn_without_a_function(void **state) {
    int marks[6];
    struct ml__ring ring;
    struct ml__task task = {nothing, NULL};

    (void)state;
    assert_true(ml__ring_open(&ring, 6));
    for (int i = 0; i < 6; i++) {
        task.argument = &marks[i % 3];
        assert_true(ml__ring_put(&ring, task));
    }
    assert_true(ml__ring_take(&ring, &task));
    task.argument = &marks[0];
    assert_int_equal(ml__ring_cancel(&ring, task), 1); /* the other is taken */
    assert_int_equal(ml__ring_cancel(&ring, task), 0);
    for (int i = 1; i < 6; i++) {
        assert_true(ml__ring_take(&ring, &task));
        assert_ptr_equal(task.argument, &marks[i % 3]);
        assert_int_equal(task.run == NULL, i == 3);
    }
    assert_false(ml__ring_take(&ring, &task));
    ml__ring_close(&ring);
}

/* ---- many threads ---- */

#define EACH 20000

struct crowd {
    struct ml__ring ring;
    atomic_size_t taken;
    atomic_uchar seen[2][EACH];
};

static struct crowd crowd;

static void *put_each(void *argument) {
    struct ml__task task = {nothing, argument};

    for (int i = 0; i < EACH; i++) {
        while (!ml__ring_put(&crowd.ring, task)) {
            sched_yield();
        }
        task.argument = (atomic_uchar *)task.argument + 1;
    }
    return NULL;
}

/* Each taker sees the tasks of one putter in order. */
static void *take_each(void *argument) {
    uintptr_t last[2] = {0, 0};
    struct ml__task task;

    (void)argument;
    while (atomic_load(&crowd.taken) < 2 * EACH) {
        if (ml__ring_take(&crowd.ring, &task)) {
            atomic_uchar *seen = task.argument;
            const int putter = seen >= crowd.seen[1];

            assert_true((uintptr_t)seen > last[putter]);
            last[putter] = (uintptr_t)seen;
            atomic_fetch_add(seen, 1);
            atomic_fetch_add(&crowd.taken, 1);
        } else {
            sched_yield();
        }
    }
    return NULL;
}

static void many_threads_take_each_task_once_and_in_order(void **state) {
    pthread_t threads[4];

    (void)state;
    assert_true(ml__ring_open(&crowd.ring, 5));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, put_each, crowd.seen[i]), 0);
        assert_int_equal(pthread_create(&threads[2 + i], NULL, take_each, NULL), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < 2 * EACH; i++) {
        assert_int_equal(atomic_load(&crowd.seen[i / EACH][i % EACH]), 1);
    }
    assert_int_equal(ml__ring_put_count(&crowd.ring), 2 * EACH);
    ml__ring_close(&crowd.ring);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_come_out_in_the_order_they_went_in_also_around_the_end),
        cmocka_unit_test(a_full_ring_takes_no_more),
        cmocka_unit_test(a_look_sees_a_task_and_takes_nothing),
        cmocka_unit_test(a_cancelled_task_is_taken_in_its_turn_without_a_function),
        cmocka_unit_test(many_threads_take_each_task_once_and_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
