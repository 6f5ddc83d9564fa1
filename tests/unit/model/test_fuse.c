/* SPDX-License-Identifier: MIT */
/*
 * What a layer swallows, seen by the number of steps that are left and by their answers; and
 * what the plan makes of it: slots, tiles, only the steps that are wanted.
 */
#include "unit/model/graphs.h"

#include <stdlib.h>

#include "model/draft.h"

static const float weights[] = {1, 2, 3, 4, 5, 6}; /* [3, 2] */
static const float rows[] = {1, 2, 3, -4, 5, -6};
static const float pair[] = {2, -4};

/* The plan of a graph of one input, with the given values as outputs. */
static struct ml__plan *make_plan(struct graph *g, const uint32_t *outputs, size_t count) {
    struct ml__draft draft = {0};
    struct ml__plan *plan = NULL;
    struct ml__cell *input;

    assert_int_equal(ml__draft_open(&draft, &g->graph, 100000, NULL), ML_OK);
    input = &draft.cells[g->inputs[0]];
    for (size_t i = 0; i < g->graph.value_count; i++) {
        const struct ml__constant *constant = g->values[i].constant;

        if (constant != NULL) {
            draft.cells[i].kind = ML__CELL_CONSTANT;
            draft.cells[i].dtype = draft.cells[i].stored = (ml_dtype)constant->dtype;
            draft.cells[i].shape.rank = constant->rank;
            memcpy(draft.cells[i].shape.dims, constant->shape, sizeof constant->shape);
            draft.cells[i].elements = constant->count;
            draft.cells[i].data = constant->data;
        }
    }
    input->dtype = ML_FP32;
    input->shape = (struct ml__shape){2, {1, (size_t)g->values[g->inputs[0]].shape[1]}};
    input->elements = input->shape.dims[1];
    assert_int_equal(ml__draft_register(&draft, input, NULL), ML_OK);
    draft.registers[input->index].input = 0;
    for (size_t i = 0; i < g->graph.node_count; i++) {
        assert_int_equal(ml__lower(&draft, &g->nodes[i], NULL), ML_OK);
    }
    for (size_t i = 0; i < count; i++) {
        draft.registers[draft.cells[outputs[i]].index].port = (uint32_t)i;
    }
    ml__fuse(&draft);
    assert_int_equal(ml__schedule(&draft, count, &plan, NULL), ML_OK);
    ml__draft_close(&draft);
    return plan;
}

static void run_plan(struct ml__plan *plan, const float *x, size_t row_count, void **outputs) {
    const void *inputs[] = {x};
    void *scratch = aligned_alloc(64, (plan->scratch_bytes + 127) / 64 * 64);

    assert_non_null(scratch);
    assert_int_equal(ml__plan_run(plan, inputs, outputs, row_count, scratch, NULL), ML_OK);
    free(scratch);
}

static void
check_plan(struct graph *g, uint32_t output, size_t step_count, const float *wanted) {
    struct ml__plan *plan = make_plan(g, &output, 1);
    float got[4];
    void *outputs[] = {got};

    assert_int_equal(plan->step_count, step_count);
    run_plan(plan, rows, 2, outputs);
    check_floats(got, wanted, 4, 1e-6);
    ml__plan_free(plan);
}

static uint32_t start(struct graph *g) {
    graph_start(g, 13);
    return graph_binary(g, ML__OP_MatMul, graph_rows(g, 3), graph_floats(g, weights, 3, 2));
}

static void layer_swallows_bias_factor_shift_and_activation(void **state) {
    /* MatMul gives 22 28, -19 -24. */
    struct graph g;
    uint32_t y = start(&g);
    const uint32_t p = graph_floats(&g, pair, 2, 0);

    (void)state;
    y = graph_binary(&g, ML__OP_Add, y, p); /* 24 24, -17 -28 */
    y = graph_binary(&g, ML__OP_Sub, p, y); /* -22 -28, 19 24 */
    y = graph_binary(&g, ML__OP_Mul, y, p); /* a step: one factor, a sign, is in the weights */
    y = graph_unary(&g, ML__OP_Relu, y);
    check_plan(&g, y, 3, (const float[]){0, 112, 38, 0});
    y = start(&g);
    y = graph_binary(&g, ML__OP_Mul, y, graph_floats(&g, pair, 2, 0)); /* 44 -112, -38 96 */
    y = graph_binary(&g, ML__OP_Add, graph_floats(&g, pair, 2, 0), y); /* 46 -116, -36 92 */
    y = graph_unary(&g, ML__OP_Relu, y);
    check_plan(&g, y, 1, (const float[]){46, 0, 0, 92});
    y = start(&g);
    y = graph_binary(&g, ML__OP_Div, y, graph_floats(&g, pair, 2, 0));
    check_plan(&g, y, 1, (const float[]){11, -7, -9.5f, 6});
}

static void layer_swallows_a_normalization(void **state) {
    static const float mean[] = {20, 30};
    static const float variance[] = {4 - 1e-5f, 0.25f - 1e-5f};
    struct graph g;
    uint32_t y = start(&g);
    const uint32_t p = graph_floats(&g, pair, 2, 0);

    (void)state;
    y = graph_node5(
        &g, ML__OP_BatchNormalization, y, p, p, graph_floats(&g, mean, 2, 0),
        graph_floats(&g, variance, 2, 0)
    );
    y = graph_unary(&g, ML__OP_Identity, y);
    check_plan(&g, y, 1, (const float[]){4, 12, -37, 428});
}

static void what_others_read_or_want_is_not_swallowed(void **state) {
    struct graph g;
    uint32_t y = start(&g);
    uint32_t outputs[2] = {y, 0};
    struct ml__plan *plan;
    uint32_t z;

    (void)state;
    z = graph_unary(&g, ML__OP_Relu, y);
    check_plan(&g, graph_binary(&g, ML__OP_Add, z, y), 3, (const float[]){44, 56, -19, -24});
    y = start(&g);
    outputs[0] = y;
    outputs[1] = graph_unary(&g, ML__OP_Relu, y);
    plan = make_plan(&g, outputs, 2);
    assert_int_equal(plan->step_count, 2);
    ml__plan_free(plan);
}

static void factor_that_would_cost_precision_stays_a_step(void **state) {
    static const float tiny[] = {1e-39f, 1e-39f};
    static const float zero[] = {0, 0};
    struct graph g;
    uint32_t y = start(&g);

    (void)state;
    y = graph_binary(&g, ML__OP_Mul, y, graph_floats(&g, tiny, 2, 0));
    check_plan(&g, y, 2, (const float[]){22e-39f, 28e-39f, -19e-39f, -24e-39f});
    y = start(&g);
    y = graph_binary(&g, ML__OP_Div, y, graph_floats(&g, zero, 2, 0));
    check_plan(&g, y, 2, (const float[]){INFINITY, INFINITY, -INFINITY, -INFINITY});
}

static void chain_of_any_length_takes_two_slots(void **state) {
    static const float square[] = {0, 1, 1, 0};
    struct graph g;
    struct ml__plan *plan;
    uint32_t y;
    float got[2];
    void *outputs[] = {got};

    (void)state;
    graph_start(&g, 13);
    y = graph_rows(&g, 2);
    for (int i = 0; i < 20; i++) {
        y = graph_binary(&g, ML__OP_MatMul, y, graph_floats(&g, square, 2, 2));
    }
    plan = make_plan(&g, &y, 1);
    assert_int_equal(plan->step_count, 20);
    assert_true(plan->tile_rows == 256);
    assert_true(plan->scratch_bytes <= 2 * 256 * 2 * sizeof(float) + 65536);
    run_plan(plan, rows, 1, outputs);
    check_floats(got, rows, 2, 0);
    ml__plan_free(plan);
}

static void tiles_shrink_as_rows_grow_and_change_no_bit(void **state) {
    enum { WIDTH = 6000, COUNT = 25 };
    static float x[COUNT * WIDTH];
    static float alone[COUNT * WIDTH];
    static float together[COUNT * WIDTH];
    struct graph g;
    struct ml__plan *plan;
    uint32_t y;

    (void)state;
    for (size_t i = 0; i < COUNT * WIDTH; i++) {
        x[i] = (float)(i % 1013) * 0.01f - 5.0f;
    }
    graph_start(&g, 13);
    y = graph_unary(&g, ML__OP_Tanh, graph_rows(&g, WIDTH));
    y = graph_unary(&g, ML__OP_Softmax, graph_binary(&g, ML__OP_Mul, y, y));
    plan = make_plan(&g, &y, 1);
    assert_true(plan->tile_rows > 1 && plan->tile_rows < COUNT);
    run_plan(plan, x, COUNT, (void *[]){together});
    for (size_t i = 0; i < COUNT; i++) {
        run_plan(plan, x + i * WIDTH, 1, (void *[]){alone + i * WIDTH});
    }
    assert_memory_equal(alone, together, sizeof alone);
    ml__plan_free(plan);
}

static void unwanted_outputs_do_not_disturb_wanted_ones(void **state) {
    struct graph g;
    struct ml__plan *plan;
    uint32_t outputs[3];
    float got[3][6];
    float only[6];

    (void)state;
    graph_start(&g, 13);
    outputs[0] = graph_unary(&g, ML__OP_Tanh, graph_rows(&g, 3));
    outputs[1] = graph_unary(&g, ML__OP_Sigmoid, outputs[0]);
    outputs[2] = graph_binary(&g, ML__OP_Add, outputs[0], outputs[1]);
    plan = make_plan(&g, outputs, 3);
    run_plan(plan, rows, 2, (void *[]){got[0], got[1], got[2]});
    for (size_t mask = 0; mask < 8; mask++) {
        void *wanted[3];
        float room[3][6];

        for (size_t i = 0; i < 3; i++) {
            wanted[i] = (mask >> i & 1) != 0 ? room[i] : NULL;
        }
        run_plan(plan, rows, 2, wanted);
        for (size_t i = 0; i < 3; i++) {
            assert_true(wanted[i] == NULL || memcmp(room[i], got[i], sizeof only) == 0);
        }
    }
    ml__plan_free(plan);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layer_swallows_bias_factor_shift_and_activation),
        cmocka_unit_test(layer_swallows_a_normalization),
        cmocka_unit_test(what_others_read_or_want_is_not_swallowed),
        cmocka_unit_test(factor_that_would_cost_precision_stays_a_step),
        cmocka_unit_test(chain_of_any_length_takes_two_slots),
        cmocka_unit_test(tiles_shrink_as_rows_grow_and_change_no_bit),
        cmocka_unit_test(unwanted_outputs_do_not_disturb_wanted_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
