/* SPDX-License-Identifier: MIT */
/*
 * test_thread.c -- proves lib/base/thread.c and clock.c.
 */
#include "support/cmocka_all.h"

#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"

struct shared {
    struct ml__lock lock; /* guards all below */
    struct ml__signal changed;
    int count;
    bool signals_blocked;
    char name[16];
};

static void *count_up(void *argument) {
    struct shared *shared = argument;
    sigset_t blocked;

    (void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    for (int i = 0; i < 1000; i++) {
        ml__lock_take(&shared->lock);
        shared->count++;
        ml__lock_give(&shared->lock);
    }
    ml__lock_take(&shared->lock);
    shared->signals_blocked = sigismember(&blocked, SIGTERM) == 1;
    (void)pthread_getname_np(pthread_self(), shared->name, sizeof shared->name);
    ml__signal_all(&shared->changed);
    ml__lock_give(&shared->lock);
    return NULL;
}

static void threads_share_under_a_lock_with_signals_blocked(void **state) {
    struct shared shared;
    struct ml__thread threads[4];

    (void)state;
    memset(&shared, 0, sizeof shared);
    assert_true(ml__lock_open(&shared.lock));
    assert_true(ml__signal_open(&shared.changed));
    /* The parent names a thread after its start: let none go on before all have their name. */
    ml__lock_take(&shared.lock);
    for (int i = 0; i < 4; i++) {
        assert_true(ml__thread_start(&threads[i], count_up, &shared, "counter"));
    }
    while (shared.count < 4000) {
        ml__signal_wait(&shared.changed, &shared.lock);
    }
    ml__lock_give(&shared.lock);
    for (int i = 0; i < 4; i++) {
        ml__thread_join(&threads[i]);
    }
    assert_int_equal(shared.count, 4000);
    assert_true(shared.signals_blocked);
    assert_string_equal(shared.name, "counter");
    ml__signal_close(&shared.changed);
    ml__lock_close(&shared.lock);
}

static void a_wait_ends_at_its_deadline(void **state) {
    struct ml__lock lock;
    struct ml__signal signal;
    const uint64_t due_ns = ml_clock_now_ns() + 2000000;

    (void)state;
    assert_true(ml__lock_open(&lock));
    assert_true(ml__signal_open(&signal));
    ml__lock_take(&lock);
    while (ml__signal_wait_until(&signal, &lock, due_ns)) {
    }
    assert_true(ml_clock_now_ns() >= due_ns);
    assert_false(ml__signal_wait_until(&signal, &lock, 0));
    ml__lock_give(&lock);
    ml__signal_close(&signal);
    ml__lock_close(&lock);
}

static uint64_t fixed_now(void *user) {
    return *(const uint64_t *)user;
}

static void a_clock_of_the_callers_own_is_asked(void **state) {
    uint64_t now = 41;
    const ml_clock clock = {fixed_now, &now};
    const uint64_t first = ml__now_ns(NULL);

    (void)state;
    assert_int_equal(ml__now_ns(&clock), 41);
    assert_true(ml__now_ns(NULL) >= first);
    assert_true(first > 0);
}

static void there_is_at_least_one_core(void **state) {
    (void)state;
    assert_true(ml__core_count() >= 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_share_under_a_lock_with_signals_blocked),
        cmocka_unit_test(a_wait_ends_at_its_deadline),
        cmocka_unit_test(a_clock_of_the_callers_own_is_asked),
        cmocka_unit_test(there_is_at_least_one_core),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
