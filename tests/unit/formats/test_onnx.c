/* SPDX-License-Identifier: MIT */
/*
 * test_onnx.c -- proves lib/formats/onnx.c: good files become graphs, bad ones sentences.
 */
#include "unit/formats/onnx_models.h"

static const struct {
    const char *file;
    const char *detail;
    size_t input_count;
    size_t output_count;
    uint64_t parameter_count;
} good_files[] = {
    {"digits/logreg.onnx", "libmlserve-fixtures, opset 13: Gemm 1, Mul 1, Softmax 1", 1, 2,
     651},
    {"digits/mlp.onnx", "opset 13: Gemm 2, Relu 1, Softmax 1", 1, 1, 9610},
    {"digits/mlp_fixed1.onnx", "opset 13: Gemm 2, Relu 1, Softmax 1", 1, 1, 9610},
    {"digits/mlp_matmul_opset9.onnx", "opset 9: MatMul 2, Add 2, Relu 1, Softmax 1", 1, 1,
     9610},
    {"digits/mlp_tanh.onnx", "opset 13: Gemm 4, Div 1, Tanh 3, Softmax 1, ArgMax 1", 1, 2,
     5731},
    {"digits/mlp_wide.onnx", "opset 13: Gemm 3, Relu 2, Softmax 1", 1, 1, 167178},
    {"diabetes/mlp_reg.onnx", "opset 13: Gemm 2, Sub 1, Mul 1, Sigmoid 1", 1, 1, 213},
};

static const struct {
    const char *file;
    ml_status status;
    const char *word;
} bad_files[] = {
    {"bad/onnx_truncated.onnx", ML_EFORMAT, "byte 25: field 7 is 38736 bytes long, only 19356"},
    {"bad/onnx_garbage.onnx", ML_EFORMAT, "byte 0"},
    {"bad/onnx_empty.onnx", ML_EFORMAT, "without a graph"},
    {"bad/onnx_initializer_dims_lie.onnx", ML_EFORMAT,
     "initializer '0.weight' (byte 190): dims ask for 70368744177664 elements, raw_data holds "
     "8192"},
    {"bad/onnx_missing_initializer.onnx", ML_EFORMAT,
     "node 2 (byte 107): Gemm reads '2.bias', which nothing makes"},
    {"bad/onnx_unknown_op.onnx", ML_EUNSUPPORTED, "node 1 (byte 77): operator NoSuchOp"},
    {"bad/onnx_graph_cycle.onnx", ML_EFORMAT, "cycle through 'node 0' (Gemm)"},
    {"bad/onnx_tree_cycle.onnx", ML_EUNSUPPORTED, "operator TreeEnsembleClassifier"},
    {"bad/onnx_tree_feature.onnx", ML_EUNSUPPORTED, "operator TreeEnsembleClassifier"},
    {"bad/onnx_tree_class.onnx", ML_EUNSUPPORTED, "operator TreeEnsembleClassifier"},
    {"bad/onnx_tree_child.onnx", ML_EUNSUPPORTED, "operator TreeEnsembleClassifier"},
    {"digits/cnn.onnx", ML_EUNSUPPORTED, "node 2 (byte 73): operator Conv (domain '')"},
    {"digits/logreg_ml.onnx", ML_EUNSUPPORTED, "operator Scaler (domain 'ai.onnx.ml')"},
};

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static unsigned char *load_golden(const char *file, size_t *size) {
    char path[200];

    (void)snprintf(path, sizeof path, "tests/golden/%s", file);
    return load(path, size);
}

static void good_files_become_graphs(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(good_files); i++) {
        size_t size;
        unsigned char *data = load_golden(good_files[i].file, &size);
        struct ml__graph *graph = read_well(ml__onnx_read, good_files[i].file, data, size);

        assert_string_equal(graph->kind, "onnx");
        assert_non_null(strstr(graph->detail, good_files[i].detail));
        assert_int_equal(graph->input_count, good_files[i].input_count);
        assert_int_equal(graph->output_count, good_files[i].output_count);
        assert_int_equal(graph->parameter_count, good_files[i].parameter_count);
        ml__graph_free(graph);
        free(data);
    }
}

static void bad_files_are_refused_for_their_reason(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(bad_files); i++) {
        size_t size;
        unsigned char *data = load_golden(bad_files[i].file, &size);

        live_peak_bytes = live_bytes;
        assert_refused(
            ml__onnx_read, bad_files[i].file, data, size, bad_files[i].status, bad_files[i].word
        );
        assert_in_range(live_peak_bytes, 0, 4 * size + (1 << 20));
        free(data);
    }
}

static void wrong_shapes_are_left_to_the_compiler(void **state) {
    size_t size;
    unsigned char *data = load_golden("bad/onnx_shape_mismatch.onnx", &size);
    struct ml__graph *graph = read_well(ml__onnx_read, "mismatch", data, size);

    (void)state;
    ml__graph_free(graph);
    free(data);
}

static void dense_weights_are_borrowed_and_memory_stays_below_twice_the_file(void **state) {
    size_t size;
    unsigned char *data = load_golden("digits/mlp_wide.onnx", &size);
    const size_t before = live_bytes;
    struct ml__graph *graph;

    (void)state;
    live_peak_bytes = before;
    graph = read_well(ml__onnx_read, "mlp_wide", data, size);
    assert_in_range(live_peak_bytes - before, 1, size / 10);
    for (size_t i = 0; i < graph->value_count; i++) {
        const struct ml__constant *constant = graph->values[i].constant;

        if (constant != NULL) {
            assert_in_range(constant->data, data, data + size);
        }
    }
    ml__graph_free(graph);
    free(data);
}

static void inputs_and_outputs_keep_names_types_and_shapes(void **state) {
    const struct message m = model_of(node("r", "Relu", "x", "y"));
    struct ml__graph *graph = read_model(&m);
    const struct ml__value *x = &graph->values[graph->inputs[0]];
    const struct ml__value *y = &graph->values[graph->outputs[0]];

    (void)state;
    assert_string_equal(x->name, "x");
    assert_int_equal(x->dtype, ML_FP32);
    assert_true(x->has_shape);
    assert_int_equal(x->rank, 2);
    assert_int_equal(x->shape[0], -1);
    assert_int_equal(x->shape[1], 2);
    assert_string_equal(y->name, "y");
    assert_string_equal(graph->detail, "tests, opset 13: Relu 1");
    assert_int_equal(graph->opset, 13);
    ml__graph_free(graph);
}

static void opsets_7_to_23_are_read_and_others_refused(void **state) {
    struct message graph = graph_x_to_y();
    struct message m;

    (void)state;
    put_message(&graph, 1, node("r", "Relu", "x", "y"));
    for (int64_t opset = 7; opset <= 23; opset++) {
        m = model(graph, opset);
        ml__graph_free(read_model(&m));
    }
    assert_model_refused(model(graph, 6), ML_EUNSUPPORTED, "opset 6 is not supported");
    assert_model_refused(model(graph, 24), ML_EUNSUPPORTED, "opset 24 is not supported");
    assert_model_refused(model(graph, -1), ML_EUNSUPPORTED, "opset -1");
    m = model(graph, 13);
    put_message(&m, 8, opset_import("ai.onnx", 14));
    assert_model_refused(m, ML_EFORMAT, "opset 14 is imported after opset 13");
}

static void other_domains_may_be_imported_but_not_used(void **state) {
    struct message relu = node("r", "Relu", "x", "y");
    struct message m = model_of(relu);

    (void)state;
    put_message(&m, 8, opset_import("com.x", 1));
    put_message(&m, 8, opset_import("ai.onnx", 13));
    ml__graph_free(read_model(&m));
    put_text(&relu, 7, "com.x");
    assert_model_refused(
        model_of(relu), ML_EUNSUPPORTED,
        "node 'r' (byte 55): operator Relu (domain 'com.x') is not supported"
    );
}

static void a_model_needs_an_opset_a_graph_and_outputs(void **state) {
    struct message graph = graph_x_to_y();
    struct message empty = {0};
    struct message m = {0};

    (void)state;
    put_message(&graph, 1, node("r", "Relu", "x", "y"));
    put_message(&m, 7, graph);
    assert_model_refused(m, ML_EUNSUPPORTED, "no opset");
    assert_model_refused(model(empty, 13), ML_EFORMAT, "no outputs");
    m = empty;
    put_message(&m, 7, empty);
    assert_model_refused(m, ML_EFORMAT, "no opset");
    m = empty;
    put_int(&m, 1, 7);
    assert_model_refused(m, ML_EFORMAT, "without a graph (2 bytes)");
    m = empty;
    put_int(&m, 7, 1);
    assert_model_refused(m, ML_EFORMAT, "byte 0: ModelProto.graph has wire type 0, expected 2");
}

static void functions_and_sparse_initializers_are_refused(void **state) {
    struct message empty = {0};
    struct message graph = graph_x_to_y();
    struct message m = model_of(node("r", "Relu", "x", "y"));

    (void)state;
    put_message(&m, 25, empty);
    assert_model_refused(m, ML_EUNSUPPORTED, "functions");
    put_message(&graph, 15, empty);
    assert_model_refused(model(graph, 13), ML_EUNSUPPORTED, "sparse");
}

static void initializers_that_are_inputs_too_are_no_inputs(void **state) {
    const float bias[] = {1, 2};
    struct message graph = graph_x_to_y();
    struct message m;
    struct ml__graph *read;

    (void)state;
    put_message(&graph, 11, matrix_info("b", FLOAT, 2));
    put_message(&graph, 1, node("a", "Add", "x b", "y"));
    put_message(&graph, 5, vector("b", bias, 2));
    m = model(graph, 8);
    read = read_model(&m);
    assert_int_equal(read->input_count, 1);
    assert_string_equal(read->values[read->inputs[0]].name, "x");
    assert_int_equal(read->parameter_count, 2);
    ml__graph_free(read);
}

static void a_graph_in_two_parts_is_one(void **state) {
    struct message first = graph_x_to_y();
    struct message second = {0};
    struct message m;
    struct ml__graph *read;

    (void)state;
    put_message(&first, 1, node("a", "Relu", "x", "h"));
    put_message(&second, 1, node("b", "Tanh", "h", "y"));
    m = model(first, 13);
    put_message(&m, 7, second);
    read = read_model(&m);
    assert_int_equal(read->node_count, 2);
    ml__graph_free(read);
}

static void values_are_made_once(void **state) {
    const float bias[] = {1, 2};
    struct message graph = graph_x_to_y();
    struct message again;

    (void)state;
    put_message(&graph, 1, node("a", "Relu", "x", "y"));
    again = graph;
    put_message(&again, 1, node("b", "Tanh", "x", "y"));
    assert_model_refused(model(again, 13), ML_EFORMAT, "value 'y' is made twice");
    again = graph;
    put_message(&again, 1, node("b", "Tanh", "y", "x"));
    assert_model_refused(model(again, 13), ML_EFORMAT, "value 'x' is made twice");
    again = graph;
    put_message(&again, 5, vector("w", bias, 2));
    put_message(&again, 5, vector("w", bias, 2));
    assert_model_refused(model(again, 13), ML_EFORMAT, "value 'w' is made twice");
    again = graph;
    put_message(&again, 11, matrix_info("x", FLOAT, 2));
    assert_model_refused(model(again, 13), ML_EFORMAT, "value 'x' is made twice");
    again = graph;
    put_message(&again, 5, vector("", bias, 2));
    assert_model_refused(model(again, 13), ML_EFORMAT, "a value without a name");
}

static void an_output_must_be_made(void **state) {
    struct message graph = graph_x_to_y();

    (void)state;
    put_message(&graph, 1, node("a", "Relu", "x", "h"));
    assert_model_refused(model(graph, 13), ML_EFORMAT, "nothing makes the output 'y'");
}

static void value_info_tells_of_inner_values_and_may_name_unknown_ones(void **state) {
    struct message graph = graph_x_to_y();
    struct message m;
    struct ml__graph *read;

    (void)state;
    put_message(&graph, 1, node("a", "Relu", "x", "h"));
    put_message(&graph, 1, node("b", "Relu", "h", "y"));
    put_message(&graph, 13, matrix_info("h", FLOAT, 5));
    put_message(&graph, 13, matrix_info("nobody", FLOAT, 5));
    m = model(graph, 13);
    read = read_model(&m);
    assert_int_equal(read->value_count, 3);
    assert_string_equal(read->values[1].name, "h");
    assert_int_equal(read->values[1].shape[1], 5);
    ml__graph_free(read);
}

static struct message small_model(void) {
    const float weights[] = {1, 2, 3, 4};
    const int64_t dims[] = {2, 2, -1};
    const int64_t scalar[] = {-1};
    struct message graph = graph_x_to_y();
    struct message gemm = node("g", "Gemm", "x w c", "h");
    struct message constant = node("c", "Constant", "", "c");
    struct message value = attribute("value", 4);
    struct message w = tensor("w", FLOAT, dims);
    struct message c = tensor("", FLOAT16, scalar);

    put_block(&w, 4, weights, sizeof weights);
    put_int(&c, 5, 0x3c00);
    put_message(&value, 5, c);
    put_message(&constant, 5, value);
    put_message(&gemm, 5, int_attribute("transB", 1));
    put_message(&graph, 1, node("s", "Softmax", "h", "y"));
    put_message(&graph, 1, gemm);
    put_message(&graph, 1, constant);
    put_message(&graph, 5, w);
    return model(graph, 13);
}

static void every_cut_and_every_flipped_bit_is_survived(void **state) {
    const struct message m = small_model();

    (void)state;
    ml__graph_free(read_model(&m));
    assert_survives_damage(ml__onnx_read, m.bytes, m.size);
}

static void every_failed_allocation_is_survived(void **state) {
    const struct message m = small_model();
    size_t size;
    unsigned char *data = load_golden("digits/mlp_tanh.onnx", &size);

    (void)state;
    assert_survives_no_memory(ml__onnx_read, m.bytes, m.size);
    assert_survives_no_memory(ml__onnx_read, data, size);
    free(data);
}

/* A chain of Relu, the last one first, in a file of its own size. */
static unsigned char *long_chain(size_t count, size_t *size) {
    unsigned char *bytes = malloc(count * 40 + 200);
    struct message rest = {0};
    char names[2][16];

    *size = 0;
    for (size_t i = count; i-- > 0;) {
        struct message graph = {0};
        struct message whole = {0};

        (void)snprintf(names[0], sizeof names[0], "v%zu", i);
        (void)snprintf(names[1], sizeof names[1], "v%zu", i + 1);
        put_message(&graph, 1, node("", "Relu", names[0], names[1]));
        put_message(&whole, 7, graph);
        memcpy(bytes + *size, whole.bytes, whole.size);
        *size += whole.size;
    }
    (void)snprintf(names[1], sizeof names[1], "v%zu", count);
    put_message(&rest, 11, matrix_info("v0", FLOAT, 2));
    put_message(&rest, 12, matrix_info(names[1], FLOAT, 2));
    rest = model(rest, 13);
    memcpy(bytes + *size, rest.bytes, rest.size);
    *size += rest.size;
    return bytes;
}

static void a_file_of_nodes_alone_ends_at_the_memory_limit(void **state) {
    size_t size;
    unsigned char *data = long_chain(50000, &size);
    const size_t before = live_bytes;

    (void)state;
    live_peak_bytes = before;
    assert_refused(ml__onnx_read, "chain", data, size, ML_ELIMIT, "twice the file and 512 KiB");
    assert_in_range(live_peak_bytes - before, 0, 4 * size + (1 << 20));
    free(data);
}

static void nodes_past_the_limit_are_refused(void **state) {
    size_t size;
    unsigned char *data = long_chain(100001, &size);

    (void)state;
    assert_refused(ml__onnx_read, "chain", data, size, ML_ELIMIT, "100001 nodes");
    free(data);
}

static void a_reversed_chain_is_sorted(void **state) {
    size_t size;
    unsigned char *data = long_chain(2000, &size);
    struct ml__graph *graph = read_well(ml__onnx_read, "chain", data, size);

    (void)state;
    assert_int_equal(graph->node_count, 2000);
    for (size_t i = 0; i < graph->node_count; i++) {
        const uint32_t input = graph->nodes[i].inputs[0];

        assert_int_equal(input, i == 0 ? graph->inputs[0] : graph->nodes[i - 1].outputs[0]);
    }
    ml__graph_free(graph);
    free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files_become_graphs),
        cmocka_unit_test(bad_files_are_refused_for_their_reason),
        cmocka_unit_test(wrong_shapes_are_left_to_the_compiler),
        cmocka_unit_test(dense_weights_are_borrowed_and_memory_stays_below_twice_the_file),
        cmocka_unit_test(inputs_and_outputs_keep_names_types_and_shapes),
        cmocka_unit_test(opsets_7_to_23_are_read_and_others_refused),
        cmocka_unit_test(other_domains_may_be_imported_but_not_used),
        cmocka_unit_test(a_model_needs_an_opset_a_graph_and_outputs),
        cmocka_unit_test(functions_and_sparse_initializers_are_refused),
        cmocka_unit_test(initializers_that_are_inputs_too_are_no_inputs),
        cmocka_unit_test(a_graph_in_two_parts_is_one),
        cmocka_unit_test(values_are_made_once),
        cmocka_unit_test(an_output_must_be_made),
        cmocka_unit_test(value_info_tells_of_inner_values_and_may_name_unknown_ones),
        cmocka_unit_test(every_cut_and_every_flipped_bit_is_survived),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(a_file_of_nodes_alone_ends_at_the_memory_limit),
        cmocka_unit_test(nodes_past_the_limit_are_refused),
        cmocka_unit_test(a_reversed_chain_is_sorted),
    };

    count_allocations();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
