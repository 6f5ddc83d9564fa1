/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic, activations, Clip and Cast, element by element.
 */
#include "unit/model/graphs.h"

static const enum ml__op arithmetic[] = {ML__OP_Add, ML__OP_Sub, ML__OP_Mul, ML__OP_Div};

static double apply(enum ml__op op, double a, double b) {
    return op == ML__OP_Add   ? a + b
           : op == ML__OP_Sub ? a - b
           : op == ML__OP_Mul ? a * b
                              : a / b;
}

static void numbers_a_column_and_single_numbers_are_repeated(void **state) {
    static const float rows[] = {1, -2, 3, 4, 5, 0};
    static const float column[] = {2, -4, 8};
    static const float one[] = {0.5f};

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        for (int constant_first = 0; constant_first < 2; constant_first++) {
            for (int single = 0; single < 2; single++) {
                struct graph g;
                float got[6];
                float wanted[6];
                uint32_t x;
                uint32_t c;

                graph_start(&g, 13);
                x = graph_rows(&g, 3);
                c = single ? graph_floats(&g, one, 0, 0) : graph_floats(&g, column, 3, 0);
                graph_output(
                    &g, constant_first ? graph_binary(&g, arithmetic[k], c, x)
                                       : graph_binary(&g, arithmetic[k], x, c)
                );
                graph_run(&g, rows, 2, 0, got);
                for (int i = 0; i < 6; i++) {
                    const double number = (double)(single ? one[0] : column[i % 3]);
                    const double value = (double)rows[i];

                    wanted[i] = (float
                    )(constant_first ? apply(arithmetic[k], number, value)
                                     : apply(arithmetic[k], value, number));
                }
                check_floats(got, wanted, 6, 1e-7);
            }
        }
    }
}

static void values_of_a_row_broadcast_inside_it(void **state) {
    /* [rows, 2, 3] + [rows, 2, 1] of the same elements would not fit; so by two inputs. */
    const int64_t wide[] = {2, 3};
    const int64_t narrow[] = {2, 1};
    static const float a[] = {1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60};
    static const float b[] = {100, 200, 300, 400};
    static const float wanted[] = {101, 102, 103, 204, 205, 206, 310, 320, 330, 440, 450, 460};
    const void *inputs[] = {a, b};
    float got[12];
    void *outputs[] = {got};
    struct graph g;
    ml_model *model;
    uint32_t left;

    (void)state;
    graph_start(&g, 13);
    left = graph_input(&g, ML_FP32, 3, wide);
    graph_output(&g, graph_binary(&g, ML__OP_Add, left, graph_input(&g, ML_FP32, 3, narrow)));
    model = graph_compile(&g);
    assert_int_equal(ml_model_run(model, inputs, outputs, 2, NULL), ML_OK);
    check_floats(got, wanted, 12, 0);
    ml_model_release(model);
}

static void residual_connection_adds_a_value_to_what_came_of_it(void **state) {
    static const float w[] = {0, 1, 1, 0};
    static const float rows[] = {1, 2, 3, -4};
    static const float wanted[] = {3, 3, 3, -1};
    struct graph g;
    float got[4];
    uint32_t x;
    uint32_t hidden;

    (void)state;
    graph_start(&g, 13);
    x = graph_rows(&g, 2);
    hidden = graph_binary(&g, ML__OP_MatMul, x, graph_floats(&g, w, 2, 2));
    hidden = graph_unary(&g, ML__OP_Relu, hidden);
    graph_output(&g, graph_binary(&g, ML__OP_Add, hidden, x));
    graph_run(&g, rows, 2, 0, got);
    check_floats(got, wanted, 4, 0);
}

static void integers_wrap_truncate_and_survive_zero(void **state) {
    static const int64_t rows[] = {INT64_MAX, 2, -7, 2, INT64_MIN, -1, 5, 0};
    static const int64_t sums[] = {INT64_MIN + 1, -5, INT64_MAX, 5};
    static const int64_t quotients[] = {INT64_MAX / 2, -3, INT64_MIN, 0};
    static const int64_t first[] = {0, 1};
    const int64_t two = 2;
    struct graph g;
    int64_t got[8];

    (void)state;

    for (int k = 0; k < 2; k++) { /* [rows, 2] split by inputs of width 1 */
        const int64_t one = 1;
        int64_t left[4];
        int64_t right[4];
        const void *inputs[] = {left, right};
        void *outputs[] = {got};
        ml_model *model;
        uint32_t x;

        for (int i = 0; i < 4; i++) {
            left[i] = rows[2 * i];
            right[i] = rows[2 * i + 1];
        }
        graph_start(&g, 13);
        x = graph_input(&g, ML_INT64, 2, &one);
        graph_output(
            &g, graph_binary(
                    &g, k == 0 ? ML__OP_Add : ML__OP_Div, x, graph_input(&g, ML_INT64, 2, &one)
                )
        );
        model = graph_compile(&g);
        assert_int_equal(ml_model_run(model, inputs, outputs, 4, NULL), ML_OK);
        assert_memory_equal(got, k == 0 ? sums : quotients, sizeof sums);
        ml_model_release(model);
    }
    graph_start(&g, 13);
    graph_refuse(
        &g,
        graph_binary(
            &g, ML__OP_Div, graph_input(&g, ML_INT64, 2, &two),
            graph_constant(&g, ML_INT64, first, 2, 0, 0)
        ),
        ML_EFORMAT, "node 'Div_0' (Div): integers are divided by a constant 0"
    );
}

static double activate(enum ml__op op, double x) {
    switch (op) {
    case ML__OP_Relu:
        return x > 0 ? x : 0;
    case ML__OP_LeakyRelu:
        return x < 0 ? 0.25 * x : x;
    case ML__OP_Elu:
        return x < 0 ? 0.25 * (exp(x) - 1) : x;
    case ML__OP_Selu:
        return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (exp(x) - 1));
    case ML__OP_Tanh:
        return tanh(x);
    default:
        return 1 / (1 + exp(-x));
    }
}

static void activations_stand_alone_and_behind_a_layer(void **state) {
    static const enum ml__op ops[] = {ML__OP_Relu, ML__OP_LeakyRelu, ML__OP_Elu,
                                      ML__OP_Selu, ML__OP_Tanh,      ML__OP_Sigmoid};
    static const float rows[] = {-3, -0.5f, 0, 0.25f, 2, 9};
    static const float w[] = {1};

    (void)state;
    for (size_t k = 0; k < 6; k++) {
        for (int behind = 0; behind < 2; behind++) {
            struct graph g;
            float got[6];
            float wanted[6];
            uint32_t x;

            graph_start(&g, 13);
            x = graph_rows(&g, 1);
            if (behind) {
                x = graph_binary(&g, ML__OP_MatMul, x, graph_floats(&g, w, 1, 1));
            }
            graph_output(&g, graph_unary(&g, ops[k], x));
            if (ops[k] == ML__OP_LeakyRelu || ops[k] == ML__OP_Elu) {
                graph_float(&g, "alpha", 0.25f);
            }
            graph_run(&g, rows, 6, 0, got);
            for (int i = 0; i < 6; i++) {
                wanted[i] = (float)activate(ops[k], (double)rows[i]);
            }
            check_floats(got, wanted, 6, 1e-6);
        }
    }
}

static void clip_takes_bounds_as_attributes_or_inputs(void **state) {
    static const float rows[] = {-3, 0.5f, 9};
    static const float low[] = {-1};
    static const float high[] = {2};
    static const float both[] = {-1, 0.5f, 2};
    static const float above[] = {-3, 0.5f, 2};
    struct graph g;
    float got[3];
    uint32_t x;

    (void)state;
    graph_start(&g, 10);
    graph_output(&g, graph_unary(&g, ML__OP_Clip, graph_rows(&g, 3)));
    graph_float(&g, "min", -1.0f);
    graph_float(&g, "max", 2.0f);
    graph_run(&g, rows, 1, 0, got);
    check_floats(got, both, 3, 0);
    graph_start(&g, 11);
    x = graph_rows(&g, 3);
    graph_output(
        &g, graph_ternary(
                &g, ML__OP_Clip, x, graph_floats(&g, low, 0, 0), graph_floats(&g, high, 0, 0)
            )
    );
    graph_run(&g, rows, 1, 0, got);
    check_floats(got, both, 3, 0);
    graph_start(&g, 11);
    x = graph_rows(&g, 3);
    graph_output(&g, graph_ternary(&g, ML__OP_Clip, x, 0, graph_floats(&g, high, 0, 0)));
    g.node_inputs[0][1] = ML__NO_VALUE;
    graph_run(&g, rows, 1, 0, got);
    check_floats(got, above, 3, 0);
}

static void cast_truncates_and_same_type_is_free(void **state) {
    static const float rows[] = {-3.7f, 0, 2.9f, NAN};
    static const int64_t whole[] = {-3, 0, 2, 0};
    static const unsigned char truth[] = {1, 0, 1, 1};
    static const uint8_t pixels[] = {0, 128, 255};
    static const float shades[] = {0, 128, 255};
    const int64_t three = 3;
    struct graph g;
    int64_t got[4];
    unsigned char flags[4];
    float floats[4];

    (void)state;
    graph_start(&g, 13);
    graph_output(&g, graph_unary(&g, ML__OP_Cast, graph_rows(&g, 4)));
    graph_int(&g, "to", 7);
    graph_run(&g, rows, 1, 0, got);
    assert_memory_equal(got, whole, sizeof whole);
    graph_start(&g, 13);
    graph_output(&g, graph_unary(&g, ML__OP_Cast, graph_rows(&g, 4)));
    graph_int(&g, "to", 9);
    graph_run(&g, rows, 1, 0, flags);
    assert_memory_equal(flags, truth, sizeof truth);
    graph_start(&g, 13);
    graph_output(&g, graph_unary(&g, ML__OP_Cast, graph_input(&g, ML_UINT8, 2, &three)));
    graph_int(&g, "to", 1);
    graph_run(&g, pixels, 1, 0, floats);
    check_floats(floats, shades, 3, 0);
    graph_start(&g, 13);
    graph_output(&g, graph_unary(&g, ML__OP_Cast, graph_rows(&g, 4)));
    graph_int(&g, "to", 10);
    graph_run(&g, rows, 1, 0, floats);
    assert_memory_equal(floats, rows, sizeof rows);
    graph_start(&g, 13);
    graph_unary(&g, ML__OP_Cast, graph_rows(&g, 4));
    graph_int(&g, "to", 8);
    graph_refuse(
        &g, g.node_outputs[0], ML_EUNSUPPORTED, "node 'Cast_0' (Cast): from FP32 to type 8"
    );
}

static void what_would_move_rows_is_refused_by_name(void **state) {
    static const float numbers[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const int64_t integers[3] = {1, 2, 3};
    const int64_t three = 3;
    struct graph g;
    uint32_t x;

    (void)state;
    graph_start(&g, 13);
    x = graph_rows(&g, 4);
    graph_refuse(
        &g, graph_binary(&g, ML__OP_Add, x, graph_floats(&g, numbers, 2, 4)), ML_ESHAPE,
        "node 'Add_0' (Add): inputs are FP32 [rows, 4] and FP32 [2, 4]: rows would not stay "
        "rows"
    );
    graph_start(&g, 13);
    x = graph_rows(&g, 4);
    graph_refuse(
        &g, graph_binary(&g, ML__OP_Add, x, graph_constant(&g, ML_FP32, numbers, 1, 1, 4)),
        ML_ESHAPE,
        "node 'Add_0' (Add): inputs are FP32 [rows, 4] and FP32 [1, 1, 4]: rows would not stay "
        "rows"
    );
    graph_start(&g, 13);
    x = graph_rows(&g, 4);
    graph_refuse(
        &g, graph_binary(&g, ML__OP_Add, x, graph_floats(&g, numbers, 3, 0)), ML_ESHAPE,
        "node 'Add_0' (Add): inputs are FP32 [rows, 4] and FP32 [3]: their shapes do not fit"
    );
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    graph_refuse(
        &g, graph_binary(&g, ML__OP_Add, x, graph_constant(&g, ML_INT64, integers, 3, 0, 0)),
        ML_ESHAPE,
        "node 'Add_0' (Add): inputs are FP32 [rows, 3] and INT64 [3]: their types differ"
    );
    graph_start(&g, 13);
    x = graph_input(&g, ML_UINT8, 2, &three);
    graph_refuse(
        &g, graph_binary(&g, ML__OP_Mul, x, x), ML_EUNSUPPORTED,
        "node 'Mul_0' (Mul): inputs are UINT8, expected FP32, FP64, INT32 or INT64"
    );
    graph_start(&g, 13);
    x = graph_input(&g, ML_INT32, 2, &three);
    graph_refuse(
        &g, graph_unary(&g, ML__OP_Tanh, x), ML_EUNSUPPORTED,
        "node 'Tanh_0' (Tanh): input is INT32, expected FP32 or FP64"
    );
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    graph_refuse(
        &g, graph_binary(&g, ML__OP_Clip, x, x), ML_EUNSUPPORTED,
        "node 'Clip_0' (Clip): min depends on the rows"
    );
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_a_column_and_single_numbers_are_repeated),
        cmocka_unit_test(values_of_a_row_broadcast_inside_it),
        cmocka_unit_test(residual_connection_adds_a_value_to_what_came_of_it),
        cmocka_unit_test(integers_wrap_truncate_and_survive_zero),
        cmocka_unit_test(activations_stand_alone_and_behind_a_layer),
        cmocka_unit_test(clip_takes_bounds_as_attributes_or_inputs),
        cmocka_unit_test(cast_truncates_and_same_type_is_free),
        cmocka_unit_test(what_would_move_rows_is_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
