/* SPDX-License-Identifier: MIT */
/*
 * test_graph.c -- proves lib/formats/graph.c: what can be asked of a graph.
 */
#include "support/cmocka_all.h"

#include "formats/graph.h"

static void operators_have_names(void **state) {
    (void)state;
    assert_string_equal(ml__op_name(ML__OP_Gemm), "Gemm");
    assert_string_equal(ml__op_name(ML__OP_Constant), "Constant");
    assert_string_equal(ml__op_name(ML__OP_COUNT), "?");
}

static void attributes_are_found_or_taken_as_the_default(void **state) {
    const struct ml__attribute attributes[] = {
        {.name = "alpha", .kind = ML__ATTRIBUTE_FLOAT, .f = 0.5f},
        {.name = "axis", .kind = ML__ATTRIBUTE_INT, .i = -1},
    };
    const struct ml__node node = {.attributes = attributes, .attribute_count = 2};

    (void)state;
    assert_ptr_equal(ml__attribute_find(&node, "axis"), &attributes[1]);
    assert_null(ml__attribute_find(&node, "beta"));
    assert_true(ml__attribute_float(&node, "alpha", 1) == 0.5f);
    assert_true(ml__attribute_float(&node, "beta", 1) == 1);
    assert_int_equal(ml__attribute_int(&node, "axis", 7), -1);
    assert_int_equal(ml__attribute_int(&node, "to", 7), 7);
}

static void no_graph_can_be_freed(void **state) {
    (void)state;
    ml__graph_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_have_names),
        cmocka_unit_test(attributes_are_found_or_taken_as_the_default),
        cmocka_unit_test(no_graph_can_be_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
