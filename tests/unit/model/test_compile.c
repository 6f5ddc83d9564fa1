/* SPDX-License-Identifier: MIT */
/*
 * What is settled when a graph is compiled: inputs, constants, limits.
 */
#include "unit/model/graphs.h"

static const float numbers[1000] = {1, 2, 3};

static void inputs_that_cannot_be_rows_are_refused_by_name(void **state) {
    const int64_t huge[] = {1 << 20, 1 << 20};
    struct graph g;
    uint32_t x;

    (void)state;
    graph_start(&g, 13);
    x = graph_rows(&g, -1);
    graph_refuse(
        &g, graph_unary(&g, ML__OP_Relu, x), ML_EUNSUPPORTED,
        "input 'x0': axis 1 is -1; all but the row axis must be known"
    );
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    g.values[x].has_shape = false;
    graph_refuse(
        &g, graph_unary(&g, ML__OP_Relu, x), ML_EUNSUPPORTED,
        "input 'x0': its shape is not declared"
    );
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    g.values[x].rank = 0;
    graph_refuse(
        &g, graph_unary(&g, ML__OP_Relu, x), ML_EUNSUPPORTED,
        "input 'x0': a number without a row axis"
    );
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    g.values[x].dtype = ML_BYTES;
    graph_refuse(
        &g, graph_unary(&g, ML__OP_Relu, x), ML_EUNSUPPORTED,
        "input 'x0' is BYTES, expected numbers"
    );
    graph_start(&g, 13);
    x = graph_input(&g, ML_FP32, 3, huge);
    graph_refuse(
        &g, graph_unary(&g, ML__OP_Relu, x), ML_ELIMIT,
        "input 'x0': a row of 1099511627776 elements is more than 16777216"
    );
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    g.values[x].shape[0] = 1;
    g.values[graph_rows(&g, 3)].shape[0] = 2;
    graph_refuse(
        &g, graph_unary(&g, ML__OP_Relu, x), ML_ESHAPE,
        "input 'x1' is declared with 2 rows, another with 1"
    );
    graph_start(&g, 13);
    graph_refuse(&g, graph_floats(&g, numbers, 3, 0), ML_EFORMAT, "the graph has no input");
}

static void halves_are_described_as_fp32(void **state) {
    const int64_t three = 3;
    struct graph g;
    ml_model *model;
    uint32_t y;

    (void)state;
    graph_start(&g, 13);
    y = graph_unary(&g, ML__OP_Relu, graph_input(&g, ML_FP16, 2, &three));
    g.values[y].dtype = ML_FP16;
    graph_output(&g, y);
    model = graph_compile(&g);
    assert_int_equal(ml_model_describe(model)->inputs[0].dtype, ML_FP32);
    assert_int_equal(ml_model_describe(model)->outputs[0].dtype, ML_FP32);
    assert_string_equal(ml_model_describe(model)->detail, "by hand");
    ml_model_release(model);
}

static void value_that_prediction_does_not_compute_is_refused(void **state) {
    struct graph g;
    uint32_t lost;

    (void)state;
    graph_start(&g, 13);
    (void)graph_rows(&g, 3);
    lost = graph_value(&g, "mask");
    graph_refuse(
        &g, graph_unary(&g, ML__OP_Relu, lost), ML_EUNSUPPORTED,
        "node 'Relu_0' (Relu): input 'mask1' is not computed in prediction"
    );
}

static void constants_that_grow_past_the_file_are_refused(void **state) {
    struct graph g;
    uint32_t x;

    (void)state;
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    (void)graph_binary(
        &g, ML__OP_Add, graph_constant(&g, ML_FP32, numbers, 1000, 1, 0),
        graph_constant(&g, ML_FP32, numbers, 1, 1000, 0)
    );
    graph_refuse(
        &g, x, ML_ELIMIT,
        "node 'Add_0' (Add): a constant of 1000000 elements is too large for this file"
    );
}

static void small_constants_are_computed_at_load_with_every_operator(void **state) {
    static const float rows[] = {1, 2, 3};
    struct graph g;
    float got[3];
    uint32_t c;

    (void)state;
    graph_start(&g, 13);
    c = graph_floats(&g, numbers, 3, 0);
    c = graph_binary(&g, ML__OP_Mul, c, graph_floats(&g, numbers, 1, 0));
    c = graph_unary(&g, ML__OP_Relu, c);
    c = graph_unary(&g, ML__OP_Cast, c);
    graph_int(&g, "to", 7);
    c = graph_unary(&g, ML__OP_Cast, c);
    graph_int(&g, "to", 1);
    c = graph_unary(&g, ML__OP_Flatten, graph_unary(&g, ML__OP_Identity, c));
    graph_int(&g, "axis", 0);
    graph_output(&g, graph_binary(&g, ML__OP_Add, graph_rows(&g, 3), c));
    graph_run(&g, rows, 1, 0, got);
    check_floats(got, (const float[]){2, 4, 6}, 3, 0);
}

static void dead_nodes_cost_nothing_but_must_be_right(void **state) {
    struct graph g;
    ml_model *model;
    uint32_t x;

    (void)state;
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    (void)graph_binary(&g, ML__OP_MatMul, x, graph_floats(&g, numbers, 3, 300));
    graph_output(&g, graph_unary(&g, ML__OP_Relu, x));
    model = graph_compile(&g);
    assert_string_equal(ml_model_describe(model)->detail, "by hand");
    assert_true(ml_model_describe(model)->row_cost_ns < 20);
    ml_model_release(model);
}

static void more_nodes_than_a_file_can_hold_are_refused(void **state) {
    const ml_model_options options = ML_MODEL_OPTIONS_INIT;
    struct graph g;
    ml_model *model = NULL;
    ml_error err = ML_ERROR_INIT;

    (void)state;
    graph_start(&g, 13);
    graph_output(&g, graph_unary(&g, ML__OP_Relu, graph_rows(&g, 3)));
    g.graph.node_count = 50000;
    assert_int_equal(ml__compile(&g.graph, 1000, &options, &model, &err), ML_ELIMIT);
    assert_string_equal(
        err.message, "50000 nodes and 2 values are too many for a file of 1000 bytes"
    );
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_that_cannot_be_rows_are_refused_by_name),
        cmocka_unit_test(halves_are_described_as_fp32),
        cmocka_unit_test(value_that_prediction_does_not_compute_is_refused),
        cmocka_unit_test(constants_that_grow_past_the_file_are_refused),
        cmocka_unit_test(small_constants_are_computed_at_load_with_every_operator),
        cmocka_unit_test(dead_nodes_cost_nothing_but_must_be_right),
        cmocka_unit_test(more_nodes_than_a_file_can_hold_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
