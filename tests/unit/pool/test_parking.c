/* SPDX-License-Identifier: MIT */
/*
 * test_parking.c -- the event count by which workers sleep.
 */
#include "pool/parking.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define EPOCH(word) ((uint32_t)(word))
#define CALLED(word) ((word) >> 32 & 0xffff)
#define WAITING(word) ((word) >> 48)

static void waking_when_nobody_waits_changes_nothing(void **state) {
    struct ml__parking parking = {0};

    (void)state;
    ml__parking_wake(&parking);
    ml__parking_wake_many(&parking, 5);
    assert_true(parking.word == 0);
}

static void a_sleep_does_not_begin_after_a_wake(void **state) {
    struct ml__parking parking = {0};
    const uint32_t epoch = ml__parking_enter(&parking);

    (void)state;
    ml__parking_wake(&parking);
    ml__parking_sleep(&parking, epoch); /* returns at once, else this test never ends */
    assert_int_equal(CALLED(parking.word), 0);
    assert_int_equal(WAITING(parking.word), 0);
}

static void while_one_is_called_no_other_is_woken(void **state) {
    struct ml__parking parking = {0};

    (void)state;
    (void)ml__parking_enter(&parking);
    (void)ml__parking_enter(&parking);
    ml__parking_wake(&parking);
    ml__parking_wake(&parking);
    assert_int_equal(EPOCH(parking.word), 1);
    assert_int_equal(CALLED(parking.word), 1);
    ml__parking_leave(&parking);
    assert_int_equal(CALLED(parking.word), 0);
    ml__parking_wake(&parking);
    assert_int_equal(EPOCH(parking.word), 2);
    ml__parking_leave(&parking);
    assert_true(CALLED(parking.word) == 0 && WAITING(parking.word) == 0);
}

static void many_are_called_but_no_more_than_wait(void **state) {
    struct ml__parking parking = {0};

    (void)state;
    for (int i = 0; i < 5; i++) {
        (void)ml__parking_enter(&parking);
    }
    ml__parking_wake_many(&parking, 0);
    assert_int_equal(CALLED(parking.word), 0);
    ml__parking_wake_many(&parking, 2);
    assert_int_equal(CALLED(parking.word), 2);
    ml__parking_wake_many(&parking, SIZE_MAX);
    assert_int_equal(CALLED(parking.word), 5);
    for (int i = 0; i < 5; i++) {
        ml__parking_leave(&parking);
    }
    assert_int_equal(EPOCH(parking.word), 2);
    assert_true(parking.word >> 32 == 0);
}

static void the_epoch_does_not_run_over_into_the_counts(void **state) {
    struct ml__parking parking = {UINT32_MAX};
    const uint32_t epoch = ml__parking_enter(&parking);

    (void)state;
    assert_true(epoch == UINT32_MAX);
    ml__parking_wake(&parking);
    assert_int_equal(EPOCH(parking.word), 0);
    assert_int_equal(CALLED(parking.word), 1);
    assert_int_equal(WAITING(parking.word), 1);
    ml__parking_sleep(&parking, epoch);
    assert_true(parking.word == 0);
}

static void *sleep_once(void *argument) {
    struct ml__parking *parking = argument;

    ml__parking_sleep(parking, ml__parking_enter(parking));
    return NULL;
}

static void all_sleepers_are_woken_at_once(void **state) {
    struct ml__parking parking = {0};
    pthread_t threads[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, sleep_once, &parking), 0);
    }
    while (WAITING(parking.word) < 3) {
    }
    ml__parking_wake_many(&parking, 3);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_true(parking.word >> 32 == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waking_when_nobody_waits_changes_nothing),
        cmocka_unit_test(a_sleep_does_not_begin_after_a_wake),
        cmocka_unit_test(while_one_is_called_no_other_is_woken),
        cmocka_unit_test(many_are_called_but_no_more_than_wait),
        cmocka_unit_test(the_epoch_does_not_run_over_into_the_counts),
        cmocka_unit_test(all_sleepers_are_woken_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
