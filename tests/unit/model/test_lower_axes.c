/* SPDX-License-Identifier: MIT */
/*
 * Softmax, ArgMax, and what only changes axes: Flatten, Reshape, Identity, Dropout.
 */
#include "unit/model/graphs.h"

static const float rows[] = {1, 3, 2, 0, 0, 0, 9, 9, -1, 5, 4, 6};

static void wanted_softmax(float *wanted, size_t count, size_t width, int logarithm) {
    for (size_t first = 0; first < count; first += width) {
        double sum = 0;

        for (size_t i = 0; i < width; i++) {
            sum += exp((double)rows[first + i]);
        }
        for (size_t i = 0; i < width; i++) {
            const double share = exp((double)rows[first + i]) / sum;

            wanted[first + i] = (float)(logarithm ? log(share) : share);
        }
    }
}

static void softmax_runs_by_the_rules_of_its_opset(void **state) {
    static const struct {
        int64_t opset;
        int has_axis;
        int64_t axis;
        size_t width;
    } cases[] = {{12, 0, 0, 6}, {12, 1, 2, 3}, {12, 1, -1, 3},
                 {13, 0, 0, 3}, {13, 1, 2, 3}, {9, 1, 1, 6}};
    const int64_t dims[] = {2, 3};

    (void)state;
    for (size_t k = 0; k < 2 * sizeof cases / sizeof cases[0]; k++) {
        struct graph g;
        float got[12];
        float wanted[12];

        graph_start(&g, cases[k / 2].opset);
        graph_output(
            &g, graph_unary(
                    &g, k % 2 ? ML__OP_LogSoftmax : ML__OP_Softmax,
                    graph_input(&g, ML_FP32, 3, dims)
                )
        );
        if (cases[k / 2].has_axis) {
            graph_int(&g, "axis", cases[k / 2].axis);
        }
        wanted_softmax(wanted, 12, cases[k / 2].width, k % 2 != 0);
        graph_run(&g, rows, 2, 0, got);
        check_floats(got, wanted, 12, 1e-6);
    }
}

static void argmax_takes_the_first_or_last_of_equals_along_any_axis(void **state) {
    static const int64_t first[] = {1, 0, 0, 2};
    static const int64_t last[] = {1, 2, 1, 2};
    const int64_t dims[] = {2, 3};
    struct graph g;
    int64_t got[6];
    ml_model *model;

    (void)state;
    for (int choose_last = 0; choose_last < 2; choose_last++) {
        graph_start(&g, 13);
        graph_output(&g, graph_unary(&g, ML__OP_ArgMax, graph_rows(&g, 3)));
        graph_int(&g, "axis", -1);
        graph_int(&g, "keepdims", 0);
        graph_int(&g, "select_last_index", choose_last);
        graph_run(&g, rows, 4, 0, got);
        assert_memory_equal(got, choose_last ? last : first, sizeof first);
    }
    graph_start(&g, 13);
    graph_output(&g, graph_unary(&g, ML__OP_ArgMax, graph_input(&g, ML_FP32, 3, dims)));
    graph_int(&g, "axis", 1);
    graph_run(&g, rows, 2, 0, got);
    for (int i = 0; i < 6; i++) {
        const int place = i / 3 * 6 + i % 3;

        assert_int_equal(got[i], rows[place + 3] > rows[place]);
    }
    model = graph_compile(&g);
    assert_int_equal(ml_model_describe(model)->outputs[0].rank, 3);
    assert_int_equal(ml_model_describe(model)->outputs[0].shape[1], 1);
    assert_int_equal(ml_model_describe(model)->outputs[0].shape[2], 3);
    assert_int_equal(ml_model_describe(model)->outputs[0].dtype, ML_INT64);
    ml_model_release(model);
}

static void shapes_of_a_row_change_without_a_step(void **state) {
    static const int64_t shapes[][3] = {{0, 3, 2}, {-1, 3, 2}, {0, -1, 2}, {-1, 6, 1}};
    const int64_t dims[] = {2, 3};

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        struct graph g;
        float got[12];
        uint32_t x;

        graph_start(&g, 13);
        x = graph_input(&g, ML_FP32, 3, dims);
        x = graph_unary(&g, ML__OP_Flatten, x);
        x = graph_binary(
            &g, ML__OP_Reshape, x, graph_constant(&g, ML_INT64, shapes[k], 3, 0, 0)
        );
        x = graph_unary(&g, ML__OP_Identity, x);
        graph_output(&g, graph_unary(&g, ML__OP_Dropout, x));
        graph_run(&g, rows, 2, 0, got);
        check_floats(got, rows, 12, 0);
    }
}

static void a_fixed_batch_may_be_named_in_a_reshape(void **state) {
    static const int64_t shape[] = {1, 3, 2};
    struct graph g;
    float got[12];
    uint32_t x;

    (void)state;
    graph_start(&g, 13);
    x = graph_rows(&g, 6);
    g.values[x].shape[0] = 1;
    graph_output(
        &g, graph_binary(&g, ML__OP_Reshape, x, graph_constant(&g, ML_INT64, shape, 3, 0, 0))
    );
    graph_run(&g, rows, 2, 0, got);
    check_floats(got, rows, 12, 0);
}

static void
refuse_reshape(const int64_t *shape, size_t rank, ml_status status, const char *message) {
    const int64_t dims[] = {2, 3};
    struct graph g;
    uint32_t x;

    graph_start(&g, 13);
    x = graph_input(&g, ML_FP32, 3, dims);
    graph_refuse(
        &g,
        graph_binary(&g, ML__OP_Reshape, x, graph_constant(&g, ML_INT64, shape, rank, 0, 0)),
        status, message
    );
}

static void what_mixes_rows_is_refused_by_name(void **state) {
    static const int64_t merged[] = {-1, 3};
    static const int64_t one[] = {1, -1};
    static const int64_t two[] = {-1, -1};
    static const int64_t wild[] = {-1, INT64_MAX};
    static const int64_t below[] = {-7, 6};
    static const int64_t wrong[] = {0, 5};
    const int64_t dims[] = {2, 3};
    struct graph g;

    (void)state;
    refuse_reshape(
        merged, 2, ML_ESHAPE,
        "node 'Reshape_0' (Reshape): input [rows, 2, 3] does not become a shape of 6 elements "
        "a row"
    );
    refuse_reshape(
        one, 2, ML_EUNSUPPORTED,
        "node 'Reshape_0' (Reshape): shape[0] is 1: rows would not stay rows"
    );
    refuse_reshape(
        two, 2, ML_EFORMAT, "node 'Reshape_0' (Reshape): shape has more than one -1"
    );
    refuse_reshape(
        wild, 2, ML_ESHAPE, "node 'Reshape_0' (Reshape): shape[1] is 9223372036854775808"
    );
    refuse_reshape(below, 2, ML_ESHAPE, "node 'Reshape_0' (Reshape): shape[0] is -7");
    refuse_reshape(
        wrong, 2, ML_ESHAPE,
        "node 'Reshape_0' (Reshape): input [rows, 2, 3] does not become a shape of 5 elements "
        "a row"
    );
    graph_start(&g, 13);
    graph_unary(&g, ML__OP_Flatten, graph_input(&g, ML_FP32, 3, dims));
    graph_int(&g, "axis", 2);
    graph_refuse(
        &g, g.node_outputs[0], ML_EUNSUPPORTED,
        "node 'Flatten_0' (Flatten): axis 2 of [rows, 2, 3]: rows would not stay rows"
    );
    graph_start(&g, 13);
    graph_unary(&g, ML__OP_ArgMax, graph_rows(&g, 3));
    graph_refuse(
        &g, g.node_outputs[0], ML_EUNSUPPORTED,
        "node 'ArgMax_0' (ArgMax): axis 0 is the row axis: rows would mix"
    );
    graph_start(&g, 13);
    graph_unary(&g, ML__OP_Softmax, graph_rows(&g, 3));
    graph_int(&g, "axis", 0);
    graph_refuse(
        &g, g.node_outputs[0], ML_EUNSUPPORTED,
        "node 'Softmax_0' (Softmax): axis 0 is the row axis: rows would mix"
    );
    graph_start(&g, 13);
    graph_unary(&g, ML__OP_Softmax, graph_input(&g, ML_FP32, 3, dims));
    graph_int(&g, "axis", 1);
    graph_refuse(
        &g, g.node_outputs[0], ML_EUNSUPPORTED,
        "node 'Softmax_0' (Softmax): axis 1 of [rows, 2, 3]: only along the last axis"
    );
    graph_start(&g, 13);
    graph_unary(&g, ML__OP_Softmax, graph_rows(&g, 3));
    graph_int(&g, "axis", 2);
    graph_refuse(
        &g, g.node_outputs[0], ML_ESHAPE,
        "node 'Softmax_0' (Softmax): axis is 2, the input has 2 axes"
    );
}

static void dropout_in_training_is_refused(void **state) {
    static const unsigned char yes[] = {1};
    static const float ratio[] = {0.5f};
    struct graph g;
    uint32_t x;

    (void)state;
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    x = graph_ternary(
        &g, ML__OP_Dropout, x, graph_floats(&g, ratio, 0, 0),
        graph_constant(&g, ML_BOOL, yes, 0, 0, 0)
    );
    graph_refuse(
        &g, x, ML_EUNSUPPORTED,
        "node 'Dropout_0' (Dropout): training_mode must be a constant false"
    );
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_runs_by_the_rules_of_its_opset),
        cmocka_unit_test(argmax_takes_the_first_or_last_of_equals_along_any_axis),
        cmocka_unit_test(shapes_of_a_row_change_without_a_step),
        cmocka_unit_test(a_fixed_batch_may_be_named_in_a_reshape),
        cmocka_unit_test(what_mixes_rows_is_refused_by_name),
        cmocka_unit_test(dropout_in_training_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
