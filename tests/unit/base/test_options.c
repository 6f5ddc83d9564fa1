/* SPDX-License-Identifier: MIT */
/*
 * test_options.c -- proves lib/base/options.c: options of any age.
 */
#include "support/cmocka_all.h"

#include <string.h>

#include "base/options.h"

struct now {
    size_t size;
    uint64_t first;
    uint64_t second;
};

struct older {
    size_t size;
    uint64_t first;
};

struct newer {
    size_t size;
    uint64_t first;
    uint64_t second;
    uint64_t third;
};

static void null_means_all_defaults(void **state) {
    struct now own;

    (void)state;
    memset(&own, 0xff, sizeof own);
    assert_int_equal(ml__options_read(&own, sizeof own, NULL, NULL), ML_OK);
    assert_int_equal(own.size, sizeof own);
    assert_int_equal(own.first, 0);
    assert_int_equal(own.second, 0);
}

static void an_older_struct_is_padded_with_zeros(void **state) {
    const struct older given = {sizeof given, 7};
    struct now own;

    (void)state;
    memset(&own, 0xff, sizeof own);
    assert_int_equal(ml__options_read(&own, sizeof own, &given, NULL), ML_OK);
    assert_int_equal(own.size, sizeof own);
    assert_int_equal(own.first, 7);
    assert_int_equal(own.second, 0);
}

static void a_newer_struct_with_zeros_is_taken(void **state) {
    const struct newer given = {sizeof given, 7, 8, 0};
    struct now own;

    (void)state;
    assert_int_equal(ml__options_read(&own, sizeof own, &given, NULL), ML_OK);
    assert_int_equal(own.second, 8);
}

static void a_newer_struct_that_asks_for_more_is_refused(void **state) {
    const struct newer given = {sizeof given, 7, 8, 9};
    struct now own;
    ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_int_equal(ml__options_read(&own, sizeof own, &given, &err), ML_EINVAL);
    assert_non_null(strstr(err.message, "byte 24"));
}

static void size_zero_is_refused(void **state) {
    const struct now given = {0, 0, 0};
    struct now own;
    ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_int_equal(ml__options_read(&own, sizeof own, &given, &err), ML_EINVAL);
    assert_non_null(strstr(err.message, "size is 0"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_means_all_defaults),
        cmocka_unit_test(an_older_struct_is_padded_with_zeros),
        cmocka_unit_test(a_newer_struct_with_zeros_is_taken),
        cmocka_unit_test(a_newer_struct_that_asks_for_more_is_refused),
        cmocka_unit_test(size_zero_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
