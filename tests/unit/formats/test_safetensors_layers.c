/* SPDX-License-Identifier: MIT */
/*
 * test_safetensors_layers.c -- proves lib/formats/safetensors_layers.c: layers become nodes.
 */
#include "unit/formats/reading.h"

#include "unit/formats/tensor_file.h"

#define META(texts) "\"__metadata__\":{" texts "}"
#define LAYERS(list) META("\"kind\":\"mlp\",\"layers\":\"" list "\"")
#define FIRST TENSOR("0.weight", "F32", "2,2", "0,16") "," TENSOR("0.bias", "F32", "2", "16,24")

static void assert_header_refused(const char *header, ml_status status, const char *word) {
    size_t size;
    unsigned char *data = tensor_file(header, 24, &size);

    assert_refused(ml__safetensors_read, header, data, size, status, word);
    free(data);
}

/* Read a file of this header; its bytes are left in *data for the graph to borrow. */
static struct ml__graph *read_header(const char *header, size_t bytes, unsigned char **data) {
    size_t size;

    *data = tensor_file(header, bytes, &size);
    return read_well(ml__safetensors_read, header, *data, size);
}

static void a_linear_layer_is_a_gemm_with_transposed_weights(void **state) {
    unsigned char *data;
    struct ml__graph *graph = read_header("{" LINEAR "," WEIGHTS "}", 24, &data);

    (void)state;
    assert_int_equal(graph->node_count, 2);
    assert_int_equal(graph->nodes[0].op, ML__OP_Gemm);
    assert_int_equal(ml__attribute_int(&graph->nodes[0], "transB", 0), 1);
    assert_int_equal(graph->nodes[0].input_count, 3);
    assert_string_equal(graph->values[graph->nodes[0].inputs[1]].name, "weight");
    assert_string_equal(graph->values[graph->nodes[0].inputs[2]].name, "bias");
    assert_int_equal(graph->nodes[1].op, ML__OP_Softmax);
    assert_int_equal(graph->nodes[1].inputs[0], graph->nodes[0].outputs[0]);
    assert_int_equal(graph->opset, 13);
    assert_int_equal(graph->output_count, 2);
    assert_string_equal(graph->values[graph->outputs[0]].name, "probabilities");
    assert_string_equal(graph->values[graph->outputs[1]].name, "logits");
    ml__graph_free(graph);
    free(data);
}

static void every_kind_of_layer_has_its_operator(void **state) {
    static const enum ml__op ops[] = {ML__OP_Gemm,     ML__OP_Relu,    ML__OP_LeakyRelu,
                                      ML__OP_Elu,      ML__OP_Selu,    ML__OP_Tanh,
                                      ML__OP_Sigmoid,  ML__OP_Softmax, ML__OP_LogSoftmax,
                                      ML__OP_Identity, ML__OP_Identity};
    unsigned char *data;
    struct ml__graph *graph = read_header(
        "{" LAYERS("0:linear,1:relu,2:leaky_relu,3:elu,4:selu,5:tanh,6:sigmoid,7:softmax,"
                   "8:log_softmax,9:identity,20:dropout") "," FIRST "}",
        24, &data
    );

    (void)state;
    assert_int_equal(graph->node_count, sizeof ops / sizeof ops[0]);
    for (size_t i = 0; i < graph->node_count; i++) {
        assert_int_equal(graph->nodes[i].op, ops[i]);
    }
    assert_string_equal(graph->nodes[1].name, "1:relu");
    assert_string_equal(graph->values[graph->outputs[0]].name, "variable");
    assert_int_equal(graph->output_count, 1);
    ml__graph_free(graph);
    free(data);
}

static void a_bias_may_be_missing(void **state) {
    unsigned char *data;
    struct ml__graph *graph = read_header(
        "{" LAYERS("0:linear") "," TENSOR("0.weight", "F64", "3,1", "0,24") "}", 24, &data
    );

    (void)state;
    assert_int_equal(graph->nodes[0].input_count, 2);
    assert_int_equal(graph->values[graph->inputs[0]].dtype, ML_FP64);
    ml__graph_free(graph);
    free(data);
}

static void an_input_scale_is_a_mul(void **state) {
    const float scale = 0.0625f;
    unsigned char *data;
    struct ml__graph *graph = read_header(
        "{" META("\"kind\":\"linear-softmax\",\"input_scale\":\"6.25e-2\"") "," WEIGHTS "}", 24,
        &data
    );
    const struct ml__value *constant = &graph->values[graph->nodes[0].inputs[1]];

    (void)state;
    assert_int_equal(graph->nodes[0].op, ML__OP_Mul);
    assert_int_equal(graph->nodes[0].inputs[0], graph->inputs[0]);
    assert_string_equal(constant->name, "scale");
    assert_int_equal(constant->dtype, ML_FP32);
    assert_int_equal(constant->rank, 1);
    assert_int_equal(constant->shape[0], 1);
    assert_memory_equal(constant->constant->data, &scale, sizeof scale);
    ml__graph_free(graph);
    free(data);
}

static void a_scale_of_doubles_is_a_double(void **state) {
    const double scale = 0.1;
    unsigned char *data;
    struct ml__graph *graph = read_header(
        "{" META("\"kind\":\"mlp\",\"layers\":\"0:linear\",\"input_scale\":\"0.1\""
        ) "," TENSOR("0.weight", "F64", "3,1", "0,24") "}",
        24, &data
    );

    (void)state;
    assert_memory_equal(
        graph->values[graph->nodes[0].inputs[1]].constant->data, &scale, sizeof scale
    );
    ml__graph_free(graph);
    free(data);
}

static void without_layers_a_file_is_not_supported(void **state) {
    (void)state;
    assert_header_refused("{" FIRST "}", ML_EUNSUPPORTED, "__metadata__ tells no layers: kind");
    assert_header_refused(
        "{" META("\"kind\":\"cnn\"") "," FIRST "}", ML_EUNSUPPORTED, "tells no layers"
    );
    assert_header_refused(
        "{" META("\"kind\":\"mlp\"") "," FIRST "}", ML_EUNSUPPORTED, "tells no layers"
    );
    assert_header_refused(
        "{" LAYERS("0:relu") "," FIRST "}", ML_EUNSUPPORTED, "no linear layer"
    );
    assert_header_refused(
        "{" META("\"kind\":\"linear-softmax\",\"layout\":\"weight[in,out]\"") "," WEIGHTS "}",
        ML_EUNSUPPORTED, "layout is 'weight[in,out]'"
    );
}

static void bad_lists_are_refused_at_their_layer(void **state) {
    (void)state;
    assert_header_refused(
        "{" LAYERS("0:linear,1:conv") "," FIRST "}", ML_EUNSUPPORTED, "layer '1:conv'"
    );
    assert_header_refused(
        "{" LAYERS("0:linear,") "," FIRST "}", ML_EUNSUPPORTED, "layer '0:linear' is of no kind"
    );
    assert_header_refused(
        "{" LAYERS("0:linear,0:relu") "," FIRST "}", ML_EFORMAT,
        "layer '0:relu': expected an "
        "ascending number"
    );
    assert_header_refused("{" LAYERS("linear") "," FIRST "}", ML_EFORMAT, "layer 'linear'");
    assert_header_refused("{" LAYERS("0.5:linear") "," FIRST "}", ML_EFORMAT, "'0.5:linear'");
}

static void tensors_must_fit_their_layers(void **state) {
    (void)state;
    assert_header_refused(
        "{" LAYERS("0:linear,1:linear") "," FIRST "}", ML_EFORMAT, "needs the tensor '1.weight'"
    );
    assert_header_refused(
        "{" LAYERS("0:linear") "," TENSOR("0.weight", "F32", "1,2", "0,8") "," TENSOR(
            "0.bias", "F32", "4", "8,24"
        ) "}",
        ML_ESHAPE, "tensor '0.bias': rank 1 and last axis 4, expected rank 1 and 1"
    );
    assert_header_refused(
        "{" LAYERS("0:linear,1:linear") "," TENSOR("0.weight", "F32", "1,2", "0,8") "," TENSOR(
            "1.weight", "F32", "1,4", "8,24"
        ) "}",
        ML_ESHAPE, "tensor '1.weight': rank 2 and last axis 4, expected rank 2 and 1"
    );
    assert_header_refused(
        "{" LAYERS("0:linear") "," TENSOR("0.weight", "F32", "6", "0,24") "}", ML_ESHAPE,
        "tensor '0.weight': rank 1"
    );
    assert_header_refused(
        "{" LAYERS("0:linear") "," TENSOR("0.weight", "F64", "1,2", "0,16") "," TENSOR(
            "0.bias", "F32", "2", "16,24"
        ) "}",
        ML_ESHAPE, "tensor '0.bias'"
    );
    assert_header_refused(
        "{" LAYERS("0:linear") "," TENSOR("0.weight", "F64", "2,1", "0,16") "," TENSOR(
            "0.bias", "F32", "2", "16,24"
        ) "}",
        ML_EUNSUPPORTED, "tensor '0.bias': FP32 beside FP64"
    );
    assert_header_refused(
        "{" LINEAR
        "," TENSOR("weight", "F32", "2,2", "0,16") "," TENSOR("other", "F32", "2", "16,24") "}",
        ML_EFORMAT, "tensor 'other' belongs to no layer"
    );
    assert_header_refused(
        "{" LAYERS("0:linear"
        ) "," TENSOR("0.weight", "F32", "2,2", "0,16") "," TENSOR("X", "F32", "2", "16,24") "}",
        ML_EFORMAT, "value 'X' is made twice"
    );
}

static void a_scale_must_be_a_finite_number(void **state) {
#define SCALED(scale)                                                                          \
    "{" META("\"kind\":\"linear-softmax\",\"input_scale\":\"" scale "\"") "," WEIGHTS "}"
    (void)state;
    assert_header_refused(SCALED("big"), ML_EFORMAT, "input_scale is 'big'");
    assert_header_refused(SCALED("1e99"), ML_EFORMAT, "input_scale is '1e99'");
    assert_header_refused(SCALED("1 "), ML_EFORMAT, "input_scale is '1 '");
    assert_header_refused(SCALED(""), ML_EFORMAT, "input_scale is ''");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_linear_layer_is_a_gemm_with_transposed_weights),
        cmocka_unit_test(every_kind_of_layer_has_its_operator),
        cmocka_unit_test(a_bias_may_be_missing),
        cmocka_unit_test(an_input_scale_is_a_mul),
        cmocka_unit_test(a_scale_of_doubles_is_a_double),
        cmocka_unit_test(without_layers_a_file_is_not_supported),
        cmocka_unit_test(bad_lists_are_refused_at_their_layer),
        cmocka_unit_test(tensors_must_fit_their_layers),
        cmocka_unit_test(a_scale_must_be_a_finite_number),
    };

    count_allocations();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
