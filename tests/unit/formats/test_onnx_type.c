/* SPDX-License-Identifier: MIT */
/*
 * test_onnx_type.c -- proves lib/formats/onnx_type.c: what a file declares, and what it cannot.
 */
#include "unit/formats/onnx_models.h"

/* TypeProto.Tensor in a ValueInfoProto. */
static struct message info(const char *name, struct message tensor_type) {
    struct message type = {0};
    struct message m = {0};

    put_message(&type, 1, tensor_type);
    put_text(&m, 1, name);
    put_message(&m, 2, type);
    return m;
}

/* A model from an input "x" declared like this to "y", which declares nothing. */
static struct message model_from(struct message input) {
    struct message graph = {0};
    struct message output = {0};

    put_text(&output, 1, "y");
    put_message(&graph, 11, input);
    put_message(&graph, 12, output);
    put_message(&graph, 1, node("r", "Relu", "x", "y"));
    return model(graph, 13);
}

static void lengths_are_numbers_or_unknown(void **state) {
    struct message dims[4] = {{0}, {0}, {0}, {0}};
    struct message shape = {0};
    struct message tensor_type = {0};
    struct message m;
    struct ml__graph *graph;
    const struct ml__value *x;

    (void)state;
    put_int(&dims[0], 1, -1);
    put_int(&dims[1], 1, 0);
    put_text(&dims[2], 2, "N");
    for (size_t i = 0; i < 4; i++) {
        put_message(&shape, 1, dims[i]);
    }
    put_int(&tensor_type, 1, DOUBLE);
    put_message(&tensor_type, 2, shape);
    m = model_from(info("x", tensor_type));
    graph = read_model(&m);
    x = &graph->values[graph->inputs[0]];
    assert_int_equal(x->dtype, ML_FP64);
    assert_int_equal(x->rank, 4);
    assert_int_equal(x->shape[0], -1);
    assert_int_equal(x->shape[1], 0);
    assert_int_equal(x->shape[2], -1);
    assert_int_equal(x->shape[3], -1);
    ml__graph_free(graph);
}

static void what_is_not_declared_is_not_known(void **state) {
    struct message name_only = {0};
    struct message empty = {0};
    struct message m;
    struct ml__graph *graph;

    (void)state;
    put_text(&name_only, 1, "x");
    m = model_from(name_only);
    graph = read_model(&m);
    assert_int_equal(graph->values[graph->inputs[0]].dtype, ML_DTYPE_NONE);
    assert_false(graph->values[graph->inputs[0]].has_shape);
    ml__graph_free(graph);
    put_message(&empty, 2, empty); /* a shape without dimensions: a scalar */
    m = model_from(info("x", empty));
    graph = read_model(&m);
    assert_true(graph->values[graph->inputs[0]].has_shape);
    assert_int_equal(graph->values[graph->inputs[0]].rank, 0);
    ml__graph_free(graph);
}

static void a_type_in_two_parts_merges(void **state) {
    struct message element = {0};
    struct message shape = {0};
    struct message dims = {0};
    struct message dim = {0};
    struct message part = {0};
    struct message both;
    struct message m;
    struct ml__graph *graph;

    (void)state;
    put_int(&element, 1, FLOAT);
    both = info("x", element);
    put_int(&dim, 1, 7);
    put_message(&dims, 1, dim);
    put_message(&shape, 2, dims);
    put_message(&part, 1, shape);
    put_message(&both, 2, part);
    m = model_from(both);
    graph = read_model(&m);
    assert_int_equal(graph->values[graph->inputs[0]].dtype, ML_FP32);
    assert_int_equal(graph->values[graph->inputs[0]].rank, 1);
    assert_int_equal(graph->values[graph->inputs[0]].shape[0], 7);
    ml__graph_free(graph);
}

static void types_that_we_do_not_have_are_refused_where_they_matter(void **state) {
    struct message complex_type = {0};
    struct message sequence = {0};
    struct message type = {0};
    struct message shape = {0};
    struct message dim = {0};
    struct message deep = {0};
    struct message graph = graph_x_to_y();
    struct message m;

    (void)state;
    put_int(&complex_type, 1, COMPLEX64);
    assert_model_refused(
        model_from(info("x", complex_type)), ML_EUNSUPPORTED,
        "input 'x' (byte 11): its type (element type 14) is not supported"
    );
    put_text(&sequence, 1, "x");
    put_message(&type, 4, dim);
    put_message(&sequence, 2, type);
    assert_model_refused(
        model_from(sequence), ML_EUNSUPPORTED, "input 'x' (byte 11): its type"
    );
    for (int i = 0; i < 9; i++) {
        put_message(&shape, 1, dim);
    }
    put_message(&deep, 2, shape);
    assert_model_refused(model_from(info("x", deep)), ML_ELIMIT, "rank 9, at most 8");
    put_message(&graph, 1, node("r", "Relu", "x", "y"));
    put_message(&graph, 13, info("y", complex_type)); /* inside it does not matter */
    m = model(graph, 13);
    ml__graph_free(read_model(&m));
}

static void wrong_wire_types_are_refused(void **state) {
    struct message wrong = {0};
    struct message graph = {0};

    (void)state;
    put_text(&wrong, 1, "x");
    put_int(&wrong, 2, 1);
    assert_model_refused(model_from(wrong), ML_EFORMAT, "ValueInfoProto.type has wire type 0");
    put_int(&graph, 11, 1);
    assert_model_refused(model(graph, 13), ML_EFORMAT, "ValueInfoProto has wire type 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_numbers_or_unknown),
        cmocka_unit_test(what_is_not_declared_is_not_known),
        cmocka_unit_test(a_type_in_two_parts_merges),
        cmocka_unit_test(types_that_we_do_not_have_are_refused_where_they_matter),
        cmocka_unit_test(wrong_wire_types_are_refused),
    };

    count_allocations();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
