/* SPDX-License-Identifier: MIT */
/*
 * test_onnx_attribute.c -- proves lib/formats/onnx_attribute.c: one value of the right type.
 */
#include "unit/formats/onnx_models.h"

static struct message softmax_with(struct message attribute_of_it) {
    struct message softmax = node("s", "Softmax", "x", "y");

    put_message(&softmax, 5, attribute_of_it);
    return model_of(softmax);
}

/* The constant of a Constant node with this attribute. */
static void assert_constant(
    struct message value, uint32_t dtype, uint32_t rank, const void *data, size_t size
) {
    struct message constant = node("c", "Constant", "", "y");
    const struct ml__constant *made;
    struct message m;
    struct ml__graph *graph;

    put_message(&constant, 5, value);
    m = model_of(constant);
    graph = read_model(&m);
    made = graph->values[graph->outputs[0]].constant;
    assert_non_null(made);
    assert_int_equal(made->dtype, dtype);
    assert_int_equal(made->rank, rank);
    assert_int_equal(made->count * ml_dtype_size((ml_dtype)dtype), size);
    assert_int_equal(rank == 1 ? made->shape[0] : made->count, made->count);
    assert_memory_equal(made->data, data, size);
    ml__graph_free(graph);
}

static void a_zero_may_be_left_out_where_the_type_is_told(void **state) {
    struct message leaky = node("l", "LeakyRelu", "x", "y");
    struct message m;
    struct ml__graph *graph;

    (void)state;
    put_message(&leaky, 5, attribute("alpha", 1));
    m = model_of(leaky);
    graph = read_model(&m);
    assert_true(ml__attribute_float(&graph->nodes[0], "alpha", 0.01f) == 0);
    ml__graph_free(graph);
    m = softmax_with(attribute("axis", 2));
    graph = read_model(&m);
    assert_int_equal(ml__attribute_int(&graph->nodes[0], "axis", -1), 0);
    ml__graph_free(graph);
}

static void a_value_without_a_type_counts_by_its_field(void **state) {
    struct message axis = {0};
    struct message m;

    (void)state;
    put_text(&axis, 1, "axis");
    assert_model_refused(
        softmax_with(axis), ML_EFORMAT, "attribute 'axis' (byte 77) has no value"
    );
    put_int(&axis, 3, 1);
    m = softmax_with(axis);
    ml__graph_free(read_model(&m));
}

static void unknown_attributes_are_refused_by_node_and_name(void **state) {
    struct message graph = graph_x_to_y();
    struct message clip = node("clip", "Clip", "x", "y");
    struct message m;

    (void)state;
    assert_model_refused(
        softmax_with(int_attribute("axes", 1)), ML_EUNSUPPORTED,
        "node 's': attribute 'axes' (byte 77) of Softmax is not supported in opset 13"
    );
    put_message(&clip, 5, float_attribute("min", 0));
    put_message(&graph, 1, clip);
    m = model(graph, 10);
    ml__graph_free(read_model(&m));
    assert_model_refused(
        model(graph, 11), ML_EUNSUPPORTED, "attribute 'min' (byte 77) of Clip is not supported"
    );
}

static void wrong_types_and_second_values_are_refused(void **state) {
    struct message axis = int_attribute("axis", 1);

    (void)state;
    assert_model_refused(
        softmax_with(float_attribute("axis", 1)), ML_EFORMAT,
        "attribute 'axis' (byte 77) has type 1, expected 2"
    );
    put_float(&axis, 2, 1);
    assert_model_refused(softmax_with(axis), ML_EFORMAT, "has more than one value");
    axis = attribute("axis", 2);
    put_text(&axis, 3, "1");
    assert_model_refused(softmax_with(axis), ML_EFORMAT, "AttributeProto.i has wire type 2");
    axis = int_attribute("axis", 1);
    put_text(&axis, 21, "outer");
    assert_model_refused(softmax_with(axis), ML_EUNSUPPORTED, "attribute 'axis'");
}

static void subgraphs_are_refused(void **state) {
    const struct message nothing = {0};
    struct message body = attribute("body", 5);

    (void)state;
    put_message(&body, 6, nothing);
    assert_model_refused(softmax_with(body), ML_EUNSUPPORTED, "attribute 'body'");
    body = attribute("axis", 5);
    put_message(&body, 6, nothing);
    assert_model_refused(softmax_with(body), ML_EFORMAT, "has type 5, expected 2");
}

static void every_kind_of_constant_is_read(void **state) {
    const float floats[] = {1.5f, -2};
    const int64_t integers[] = {-1, 64};
    struct message value = attribute("value", 4);

    (void)state;
    put_message(&value, 5, vector("", floats, 2));
    assert_constant(value, ML_FP32, 1, floats, sizeof floats);
    assert_constant(float_attribute("value_float", 1.5f), ML_FP32, 0, floats, 4);
    assert_constant(int_attribute("value_int", -1), ML_INT64, 0, integers, 8);
    value = attribute("value_floats", 6);
    put_float(&value, 7, floats[0]);
    put_float(&value, 7, floats[1]);
    assert_constant(value, ML_FP32, 1, floats, sizeof floats);
    value = attribute("value_floats", 6);
    put_block(&value, 7, floats, sizeof floats);
    assert_constant(value, ML_FP32, 1, floats, sizeof floats);
    value = attribute("value_ints", 7);
    put_int(&value, 8, integers[0]);
    put_int(&value, 8, integers[1]);
    assert_constant(value, ML_INT64, 1, integers, sizeof integers);
}

static void constants_of_other_kinds_are_refused(void **state) {
    const float floats[] = {1};
    struct message constant = node("c", "Constant", "", "y");
    struct message text = attribute("value_string", 3);
    struct message twice = attribute("value", 4);
    struct message bad = constant;
    struct message external = tensor("", FLOAT, (const int64_t[]){1, -1});

    (void)state;
    put_text(&text, 4, "a");
    put_message(&bad, 5, text);
    assert_model_refused(model_of(bad), ML_EUNSUPPORTED, "attribute 'value_string'");
    bad = constant;
    put_message(&bad, 5, twice);
    assert_model_refused(model_of(bad), ML_EFORMAT, "has no value");
    bad = constant;
    put_message(&twice, 5, vector("", floats, 1));
    put_message(&twice, 5, vector("", floats, 1));
    put_message(&bad, 5, twice);
    assert_model_refused(model_of(bad), ML_EFORMAT, "has more than one value");
    bad = constant;
    twice = attribute("value", 4);
    put_int(&external, 14, 1);
    put_message(&twice, 5, external);
    put_message(&bad, 5, twice);
    assert_model_refused(model_of(bad), ML_EUNSUPPORTED, "node 'c': tensor '' (byte");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zero_may_be_left_out_where_the_type_is_told),
        cmocka_unit_test(a_value_without_a_type_counts_by_its_field),
        cmocka_unit_test(unknown_attributes_are_refused_by_node_and_name),
        cmocka_unit_test(wrong_types_and_second_values_are_refused),
        cmocka_unit_test(subgraphs_are_refused),
        cmocka_unit_test(every_kind_of_constant_is_read),
        cmocka_unit_test(constants_of_other_kinds_are_refused),
    };

    count_allocations();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
