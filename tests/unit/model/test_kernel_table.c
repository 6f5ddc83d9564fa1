/* SPDX-License-Identifier: MIT */
/*
 * test_kernel_table.c -- the kernels that this CPU runs, best first.
 */
#include "support/cmocka_all.h"

#include "model/kernel_table.h"

static void the_best_is_the_first_and_generic_the_last(void **state) {
    const struct ml__kernel *list[ML__KERNEL_MAX];
    const size_t count = ml__kernel_list(list);

    (void)state;
    assert_in_range(count, 1, ML__KERNEL_MAX);
    assert_ptr_equal(ml__kernel_best(), list[0]);
    assert_ptr_equal(list[count - 1], &ml__kernel_generic);
}

static void each_is_faster_than_the_next(void **state) {
    const struct ml__kernel *list[ML__KERNEL_MAX];
    const size_t count = ml__kernel_list(list);

    (void)state;
    for (size_t i = 1; i < count; i++) {
        assert_true(list[i - 1]->fused_ops_per_ns > list[i]->fused_ops_per_ns);
        assert_string_not_equal(list[i - 1]->name, list[i]->name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_is_the_first_and_generic_the_last),
        cmocka_unit_test(each_is_faster_than_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
