/* SPDX-License-Identifier: MIT */
/*
 * test_onnx_node.c -- proves lib/formats/onnx_node.c: known operators with what they take.
 */
#include "unit/formats/onnx_models.h"

static void a_node_keeps_operator_name_inputs_and_attributes(void **state) {
    const float weights[] = {1, 2};
    struct message graph = graph_x_to_y();
    struct message gemm = node("g", "Gemm", "x w", "y");
    struct message m;
    struct ml__graph *read;

    (void)state;
    put_message(&gemm, 5, float_attribute("alpha", 0.5f));
    put_message(&gemm, 5, int_attribute("transB", 1));
    put_text(&gemm, 7, "ai.onnx");
    put_message(&graph, 1, gemm);
    put_message(&graph, 5, vector("w", weights, 2));
    m = model(graph, 13);
    read = read_model(&m);
    assert_int_equal(read->node_count, 1);
    assert_int_equal(read->nodes[0].op, ML__OP_Gemm);
    assert_string_equal(read->nodes[0].name, "g");
    assert_int_equal(read->nodes[0].input_count, 2);
    assert_string_equal(read->values[read->nodes[0].inputs[1]].name, "w");
    assert_int_equal(read->nodes[0].output_count, 1);
    assert_int_equal(read->nodes[0].outputs[0], read->outputs[0]);
    assert_true(ml__attribute_float(&read->nodes[0], "alpha", 1) == 0.5f);
    assert_int_equal(ml__attribute_int(&read->nodes[0], "transB", 0), 1);
    ml__graph_free(read);
}

static void a_node_without_a_name_gets_its_number(void **state) {
    const struct message m = model_of(node("", "Relu", "x", "y"));
    struct ml__graph *graph = read_model(&m);

    (void)state;
    assert_string_equal(graph->nodes[0].name, "node 0");
    ml__graph_free(graph);
}

static void unknown_operators_are_refused_by_name_and_domain(void **state) {
    struct message foo = node("gemm_1", "Foo", "x", "y");

    (void)state;
    assert_model_refused(
        model_of(foo), ML_EUNSUPPORTED, "operator Foo (domain '') is not supported"
    );
    put_text(&foo, 7, "com.x");
    assert_model_refused(
        model_of(foo), ML_EUNSUPPORTED,
        "node 'gemm_1' (byte 55): operator Foo (domain 'com.x') is not supported"
    );
    foo = node("r", "Relu", "x", "y");
    put_text(&foo, 8, "overload");
    assert_model_refused(model_of(foo), ML_EUNSUPPORTED, "operator Relu");
}

static void the_numbers_of_inputs_and_outputs_are_checked(void **state) {
    (void)state;
    assert_model_refused(
        model_of(node("r", "Relu", "", "y")), ML_EFORMAT,
        "Relu has 0 inputs, expected 1..1 in opset 13"
    );
    assert_model_refused(
        model_of(node("r", "Relu", "x x", "y")), ML_EFORMAT, "Relu has 2 inputs"
    );
    assert_model_refused(
        model_of(node("r", "Relu", "x", "")), ML_EFORMAT, "Relu has 0 outputs, expected 1..1"
    );
    assert_model_refused(
        model_of(node("r", "Relu", "x", "y z")), ML_EFORMAT, "Relu has 2 outputs"
    );
    assert_model_refused(
        model_of(node("r", "Relu", "x", "- ")), ML_EFORMAT, "a value without a name"
    );
}

static void a_missing_value_is_named_with_its_node(void **state) {
    (void)state;
    assert_model_refused(
        model_of(node("add", "Add", "x nobody", "y")), ML_EFORMAT,
        "node 'add' (byte 60): Add reads 'nobody', which nothing makes"
    );
}

static void optional_inputs_and_outputs_may_be_absent(void **state) {
    struct message m = model_of(node("c", "Clip", "x - -", "y"));
    struct ml__graph *graph = read_model(&m);

    (void)state;
    assert_int_equal(graph->nodes[0].input_count, 3);
    assert_int_equal(graph->nodes[0].inputs[1], ML__NO_VALUE);
    ml__graph_free(graph);
    m = model_of(node("d", "Dropout", "x", "y -"));
    graph = read_model(&m);
    assert_int_equal(graph->nodes[0].outputs[1], ML__NO_VALUE);
    ml__graph_free(graph);
    assert_model_refused(
        model_of(node("a", "Add", "x -", "y")), ML_EFORMAT, "Add needs its input 1"
    );
}

static void a_constant_node_is_a_constant_and_no_node(void **state) {
    const float bias[] = {1, 2};
    struct message graph = graph_x_to_y();
    struct message constant = node("c", "Constant", "", "b");
    struct message value = attribute("value", 4);
    struct message m;
    struct ml__graph *read;

    (void)state;
    put_message(&value, 5, vector("", bias, 2));
    put_message(&constant, 5, value);
    put_message(&graph, 1, node("a", "Add", "x b", "y")); /* before what it reads */
    put_message(&graph, 1, constant);
    m = model(graph, 13);
    read = read_model(&m);
    assert_int_equal(read->node_count, 1);
    assert_int_equal(read->parameter_count, 2);
    assert_non_null(read->values[read->nodes[0].inputs[1]].constant);
    ml__graph_free(read);
}

static void a_constant_node_has_one_value(void **state) {
    struct message graph = graph_x_to_y();
    struct message twice = node("c", "Constant", "", "y");

    (void)state;
    assert_model_refused(model_of(twice), ML_EFORMAT, "Constant has 0 attributes, expected 1");
    put_message(&twice, 5, float_attribute("value_float", 1));
    put_message(&twice, 5, int_attribute("value_int", 1));
    put_message(&graph, 1, twice);
    assert_model_refused(model(graph, 13), ML_EFORMAT, "Constant has 2 attributes, expected 1");
}

static void a_required_attribute_is_missed(void **state) {
    struct message cast = node("c", "Cast", "x", "y");
    struct message m;

    (void)state;
    assert_model_refused(
        model_of(cast), ML_EFORMAT, "node 'c' (byte 55): Cast needs the attribute 'to'"
    );
    put_message(&cast, 5, int_attribute("to", 1));
    m = model_of(cast);
    ml__graph_free(read_model(&m));
}

static void an_attribute_is_given_once(void **state) {
    struct message softmax = node("s", "Softmax", "x", "y");

    (void)state;
    put_message(&softmax, 5, int_attribute("axis", 1));
    put_message(&softmax, 5, int_attribute("axis", 0));
    assert_model_refused(model_of(softmax), ML_EFORMAT, "is given twice");
}

static void control_characters_in_names_are_refused(void **state) {
    (void)state;
    assert_model_refused(
        model_of(node("r\n", "Relu", "x", "y")), ML_EFORMAT, "NodeProto.name holds 0x0a"
    );
    assert_model_refused(
        model_of(node("r", "Relu", "x", "\xff")), ML_EFORMAT, "NodeProto.output holds 0xff"
    );
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_keeps_operator_name_inputs_and_attributes),
        cmocka_unit_test(a_node_without_a_name_gets_its_number),
        cmocka_unit_test(unknown_operators_are_refused_by_name_and_domain),
        cmocka_unit_test(the_numbers_of_inputs_and_outputs_are_checked),
        cmocka_unit_test(a_missing_value_is_named_with_its_node),
        cmocka_unit_test(optional_inputs_and_outputs_may_be_absent),
        cmocka_unit_test(a_constant_node_is_a_constant_and_no_node),
        cmocka_unit_test(a_constant_node_has_one_value),
        cmocka_unit_test(a_required_attribute_is_missed),
        cmocka_unit_test(an_attribute_is_given_once),
        cmocka_unit_test(control_characters_in_names_are_refused),
    };

    count_allocations();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
