/* SPDX-License-Identifier: MIT */
/*
 * test_operators.c -- proves lib/formats/operators.c: what each opset allows.
 */
#include "support/cmocka_all.h"

#include <string.h>

#include "formats/operators.h"

static ml_bytes text(const char *word) {
    return (ml_bytes){word, strlen(word)};
}

static void operators_are_found_by_their_whole_name(void **state) {
    (void)state;
    for (int op = 0; op < ML__OP_COUNT; op++) {
        assert_int_equal(ml__operator_find(text(ml__op_name((enum ml__op)op))), op);
    }
    assert_int_equal(ml__operator_find(text("Gem")), ML__OP_COUNT);
    assert_int_equal(ml__operator_find(text("gemm")), ML__OP_COUNT);
    assert_int_equal(ml__operator_find(text("")), ML__OP_COUNT);
}

static void inputs_that_came_later_are_not_there_before(void **state) {
    (void)state;
    assert_int_equal(ml__operator_arity(ML__OP_Clip, 10).most_inputs, 1);
    assert_int_equal(ml__operator_arity(ML__OP_Clip, 11).most_inputs, 3);
    assert_int_equal(ml__operator_arity(ML__OP_Dropout, 11).most_inputs, 1);
    assert_int_equal(ml__operator_arity(ML__OP_Dropout, 12).most_inputs, 3);
    assert_int_equal(ml__operator_arity(ML__OP_BatchNormalization, 13).most_outputs, 5);
    assert_int_equal(ml__operator_arity(ML__OP_BatchNormalization, 14).most_outputs, 3);
    assert_int_equal(ml__operator_arity(ML__OP_Gemm, 13).least_inputs, 2);
}

static void attributes_belong_to_an_operator_and_its_opsets(void **state) {
    const struct ml__attribute_rule *rule = ml__attribute_rule(ML__OP_Gemm, text("alpha"), 13);

    (void)state;
    assert_non_null(rule);
    assert_int_equal(rule->kind, ML__ATTRIBUTE_FLOAT);
    assert_null(ml__attribute_rule(ML__OP_Relu, text("alpha"), 13));
    assert_null(ml__attribute_rule(ML__OP_Gemm, text("alph"), 13));
    assert_non_null(ml__attribute_rule(ML__OP_Clip, text("min"), 10));
    assert_null(ml__attribute_rule(ML__OP_Clip, text("min"), 11));
    assert_null(ml__attribute_rule(ML__OP_Reshape, text("allowzero"), 13));
    assert_non_null(ml__attribute_rule(ML__OP_Reshape, text("allowzero"), 14));
    assert_null(ml__attribute_rule(ML__OP_BatchNormalization, text("spatial"), 9));
}

static void only_cast_must_have_an_attribute(void **state) {
    (void)state;
    for (int op = 0; op < ML__OP_COUNT; op++) {
        const struct ml__attribute_rule *rule = ml__attribute_required((enum ml__op)op);

        assert_int_equal(rule != NULL, op == ML__OP_Cast);
    }
    assert_string_equal(ml__attribute_required(ML__OP_Cast)->name, "to");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_are_found_by_their_whole_name),
        cmocka_unit_test(inputs_that_came_later_are_not_there_before),
        cmocka_unit_test(attributes_belong_to_an_operator_and_its_opsets),
        cmocka_unit_test(only_cast_must_have_an_attribute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
