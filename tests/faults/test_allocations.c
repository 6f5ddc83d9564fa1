/* SPDX-License-Identifier: MIT */
/*
 * test_allocations.c -- every allocation of every part fails in turn, once and for ever: the
 * answer is ML_ENOMEM (or the work went on without), nothing leaks, the next run is right.
 */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "faults/scenarios.h"
#include "support/faults.h"

#define DIGITS "tests/golden/digits/"

static bool out_of_memory(ml_status status) {
    return status == ML_ENOMEM;
}

static void sweep(ml_status (*scenario)(void *context), const char *path) {
    char copy[256];
    long count;

    (void)snprintf(copy, sizeof copy, "%s", path);
    count = faults_sweep(FAULT_ALLOCATION, scenario, copy, out_of_memory);
    print_message("%ld allocations: %s\n", count, path);
    assert_true(count > 0);
}

static void no_allocation_of_loading_a_model_can_break_it(void **state) {
    (void)state;
    sweep(load_and_run, DIGITS "logreg.onnx");
    sweep(load_and_run, DIGITS "mlp_tanh.onnx");
    sweep(load_and_run, DIGITS "mlp_matmul_opset9.onnx");
    sweep(load_and_run, DIGITS "mlp_f16.safetensors");
    sweep(load_and_run, DIGITS "logreg.safetensors");
}

static void no_allocation_of_predicting_can_break_it(void **state) {
    (void)state;
    sweep(predict_mixed_rows, DIGITS "mlp.onnx");
}

static void no_allocation_of_json_can_break_it(void **state) {
    (void)state;
    sweep(read_json_rows, "rows");
    sweep(write_json, "document");
}

static void no_allocation_of_tables_can_break_it(void **state) {
    char folder[] = "/tmp/mlserve-faults-XXXXXX";
    char path[64];

    (void)state;
    assert_non_null(mkdtemp(folder));
    sweep(read_table, DIGITS "X_test.npy");
    (void)snprintf(path, sizeof path, "%s/y.npy", folder);
    sweep(write_table, path);
    (void)snprintf(path, sizeof path, "%s/y.csv", folder);
    sweep(write_table, path);
    assert_int_equal(rmdir(folder), 0);
}

static void no_allocation_of_the_pool_can_break_it(void **state) {
    (void)state;
    sweep(use_pool, "pool");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_allocation_of_loading_a_model_can_break_it),
        cmocka_unit_test(no_allocation_of_predicting_can_break_it),
        cmocka_unit_test(no_allocation_of_json_can_break_it),
        cmocka_unit_test(no_allocation_of_tables_can_break_it),
        cmocka_unit_test(no_allocation_of_the_pool_can_break_it),
    };

    faults_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
