/* SPDX-License-Identifier: MIT */
/*
 * Gemm, MatMul and BatchNormalization against sums written out here.
 */
#include "unit/model/graphs.h"

static const float rows[] = {1, 2, 3, 4, 5, 6};    /* [2, 3] */
static const float weights[] = {1, 2, 3, 4, 5, 6}; /* [3, 2] */
static const float turned[] = {1, 3, 5, 2, 4, 6};  /* [2, 3], the same */
static const float plain[] = {22, 28, 49, 64};     /* rows * weights */
static const float bias[] = {10, 20};

static void gemm_multiplies_and_adds(void **state) {
    static const float wanted[] = {32, 48, 59, 84};
    struct graph g;
    float got[4];

    (void)state;
    graph_start(&g, 13);
    graph_output(
        &g, graph_ternary(
                &g, ML__OP_Gemm, graph_rows(&g, 3), graph_floats(&g, weights, 3, 2),
                graph_floats(&g, bias, 2, 0)
            )
    );
    graph_run(&g, rows, 2, 0, got);
    check_floats(got, wanted, 4, 0);
}

static void gemm_turns_weights_and_takes_factors(void **state) {
    static const float wanted[] = {2 * 22 + 5, 2 * 28 + 10, 2 * 49 + 5, 2 * 64 + 10};
    struct graph g;
    float got[4];

    (void)state;
    graph_start(&g, 13);
    graph_output(
        &g, graph_ternary(
                &g, ML__OP_Gemm, graph_rows(&g, 3), graph_floats(&g, turned, 2, 3),
                graph_floats(&g, bias, 1, 2)
            )
    );
    graph_int(&g, "transB", 1);
    graph_float(&g, "alpha", 2.0f);
    graph_float(&g, "beta", 0.5f);
    graph_run(&g, rows, 2, 0, got);
    check_floats(got, wanted, 4, 0);
}

static void gemm_without_a_bias_or_with_one_number(void **state) {
    static const float wanted[] = {29, 35, 56, 71};
    static const float seven[] = {7};
    struct graph g;
    float got[4];

    (void)state;
    graph_start(&g, 13);
    graph_output(
        &g, graph_binary(&g, ML__OP_Gemm, graph_rows(&g, 3), graph_floats(&g, weights, 3, 2))
    );
    graph_run(&g, rows, 2, 0, got);
    check_floats(got, plain, 4, 0);
    graph_start(&g, 13);
    graph_output(
        &g, graph_ternary(
                &g, ML__OP_Gemm, graph_rows(&g, 3), graph_floats(&g, weights, 3, 2),
                graph_floats(&g, seven, 0, 0)
            )
    );
    graph_run(&g, rows, 2, 0, got);
    check_floats(got, wanted, 4, 0);
}

static void gemm_in_double_keeps_double(void **state) {
    static const double x[] = {1e-9, 1, 3};
    static const double w[] = {1, 1, 1};
    struct graph g;
    const int64_t three = 3;
    double got;

    (void)state;
    graph_start(&g, 13);
    graph_output(
        &g, graph_binary(
                &g, ML__OP_Gemm, graph_input(&g, ML_FP64, 2, &three),
                graph_constant(&g, ML_FP64, w, 3, 1, 0)
            )
    );
    graph_run(&g, x, 1, 0, &got);
    assert_true(fabs(got - 4.000000001) < 1e-15);
}

static void half_weights_are_widened_wherever_they_lie(void **state) {
    /* 1, 2, -0.5 as FP16 and as BF16, one byte off their alignment. */
    static const unsigned char fp16[] = {0, 0x00, 0x3c, 0x00, 0x40, 0x00, 0xb8};
    static const unsigned char bf16[] = {0, 0x80, 0x3f, 0x00, 0x40, 0x00, 0xbf};
    static const float wanted[] = {3.5f, 11.0f};
    struct graph g;
    float got[2];

    (void)state;
    graph_start(&g, 13);
    graph_output(
        &g,
        graph_binary(
            &g, ML__OP_MatMul, graph_rows(&g, 3), graph_constant(&g, ML_FP16, fp16 + 1, 3, 1, 0)
        )
    );
    graph_run(&g, rows, 2, 0, got);
    check_floats(got, wanted, 2, 0);
    graph_start(&g, 13);
    graph_output(
        &g,
        graph_binary(
            &g, ML__OP_MatMul, graph_rows(&g, 3), graph_constant(&g, ML_BF16, bf16 + 1, 3, 1, 0)
        )
    );
    graph_run(&g, rows, 2, 0, got);
    check_floats(got, wanted, 2, 0);
}

static void matmul_of_more_axes_goes_by_the_last(void **state) {
    const int64_t dims[] = {2, 3};
    static const float wanted[] = {22, 49};
    static const float column[] = {1, 3, 5};
    struct graph g;
    float got[4];

    (void)state;
    graph_start(&g, 13);
    graph_output(
        &g, graph_binary(
                &g, ML__OP_MatMul, graph_input(&g, ML_FP32, 3, dims),
                graph_floats(&g, weights, 3, 2)
            )
    );
    graph_run(&g, rows, 1, 0, got);
    check_floats(got, plain, 4, 0);
    graph_start(&g, 13);
    graph_output(
        &g,
        graph_binary(
            &g, ML__OP_MatMul, graph_input(&g, ML_FP32, 3, dims), graph_floats(&g, column, 3, 0)
        )
    );
    graph_run(&g, rows, 1, 0, got);
    check_floats(got, wanted, 2, 0);
}

static void matmul_of_constants_is_computed_at_load(void **state) {
    static const float identity[] = {1, 0, 0, 1};
    struct graph g;
    float got[4];
    uint32_t x;
    uint32_t product;

    (void)state;
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    product = graph_binary(
        &g, ML__OP_MatMul, graph_floats(&g, weights, 3, 2), graph_floats(&g, identity, 2, 2)
    );
    graph_output(&g, graph_binary(&g, ML__OP_MatMul, x, product));
    graph_run(&g, rows, 2, 0, got);
    check_floats(got, plain, 4, 0);
}

static void normalization_is_by_channel(void **state) {
    static const float scale[] = {2, 1, 0.5f};
    static const float shift[] = {0, 1, 2};
    static const float mean[] = {1, 2, 3};
    static const float variance[] = {4, 0.25f, 1};
    const int64_t dims[] = {3, 2};
    struct graph g;
    float got[6];
    float wanted[6];

    (void)state;
    for (int i = 0; i < 6; i++) { /* [3, 2]: two elements a channel */
        const int c = i / 2;

        wanted[i] = (float
        )(((double)rows[i] - (double)mean[c]) / sqrt((double)variance[c] + 1e-5) *
              (double)scale[c] +
          (double)shift[c]);
    }
    graph_start(&g, 13);
    graph_output(
        &g, graph_node5(
                &g, ML__OP_BatchNormalization, graph_input(&g, ML_FP32, 3, dims),
                graph_floats(&g, scale, 3, 0), graph_floats(&g, shift, 3, 0),
                graph_floats(&g, mean, 3, 0), graph_floats(&g, variance, 3, 0)
            )
    );
    graph_run(&g, rows, 1, 0, got);
    check_floats(got, wanted, 6, 1e-6);
    for (int i = 0; i < 6; i++) { /* [2 rows, 3] */
        const int c = i % 3;

        wanted[i] = (float
        )(((double)rows[i] - (double)mean[c]) / sqrt((double)variance[c] + 0.5) *
              (double)scale[c] +
          (double)shift[c]);
    }
    graph_start(&g, 13);
    graph_output(
        &g, graph_node5(
                &g, ML__OP_BatchNormalization, graph_rows(&g, 3), graph_floats(&g, scale, 3, 0),
                graph_floats(&g, shift, 3, 0), graph_floats(&g, mean, 3, 0),
                graph_floats(&g, variance, 3, 0)
            )
    );
    graph_float(&g, "epsilon", 0.5f);
    graph_run(&g, rows, 2, 0, got);
    check_floats(got, wanted, 6, 1e-6);
}

static void what_does_not_fit_is_refused_by_name(void **state) {
    static const double doubles[6] = {0};
    struct graph g;
    uint32_t x;

    (void)state;
    graph_start(&g, 13);
    x = graph_rows(&g, 4);
    graph_refuse(
        &g, graph_binary(&g, ML__OP_Gemm, x, graph_floats(&g, weights, 3, 2)), ML_ESHAPE,
        "node 'Gemm_0' (Gemm): input is [rows, 4], weights [3, 2] want 3"
    );
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    graph_refuse(
        &g,
        graph_ternary(
            &g, ML__OP_Gemm, x, graph_floats(&g, weights, 3, 2), graph_floats(&g, rows, 3, 0)
        ),
        ML_ESHAPE, "node 'Gemm_0' (Gemm): C is [3], expected [2]"
    );
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    graph_refuse(
        &g, graph_binary(&g, ML__OP_MatMul, x, graph_constant(&g, ML_FP64, doubles, 3, 2, 0)),
        ML_ESHAPE, "node 'MatMul_0' (MatMul): input is FP32, weights are FP64"
    );
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    graph_refuse(
        &g, graph_binary(&g, ML__OP_MatMul, x, x), ML_EUNSUPPORTED,
        "node 'MatMul_0' (MatMul): weights depend on the rows"
    );
    graph_start(&g, 13);
    x = graph_input(&g, ML_FP32, 1, NULL);
    graph_refuse(
        &g, graph_binary(&g, ML__OP_MatMul, x, graph_floats(&g, weights, 3, 2)),
        ML_EUNSUPPORTED, "node 'MatMul_0' (MatMul): input [rows] would be summed over the rows"
    );
    graph_start(&g, 13);
    x = graph_binary(&g, ML__OP_Gemm, graph_rows(&g, 3), graph_floats(&g, weights, 3, 2));
    graph_int(&g, "transA", 1);
    graph_refuse(
        &g, x, ML_EUNSUPPORTED, "node 'Gemm_0' (Gemm): transA would make rows of columns"
    );
    graph_start(&g, 13);
    x = graph_node5(
        &g, ML__OP_BatchNormalization, graph_rows(&g, 3), graph_floats(&g, bias, 2, 0),
        graph_floats(&g, rows, 3, 0), graph_floats(&g, rows, 3, 0), graph_floats(&g, rows, 3, 0)
    );
    graph_refuse(
        &g, x, ML_ESHAPE,
        "node 'BatchNormalization_0' (BatchNormalization): input is [rows, 3], its channels' "
        "numbers are [2]"
    );
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gemm_multiplies_and_adds),
        cmocka_unit_test(gemm_turns_weights_and_takes_factors),
        cmocka_unit_test(gemm_without_a_bias_or_with_one_number),
        cmocka_unit_test(gemm_in_double_keeps_double),
        cmocka_unit_test(half_weights_are_widened_wherever_they_lie),
        cmocka_unit_test(matmul_of_more_axes_goes_by_the_last),
        cmocka_unit_test(matmul_of_constants_is_computed_at_load),
        cmocka_unit_test(normalization_is_by_channel),
        cmocka_unit_test(what_does_not_fit_is_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
