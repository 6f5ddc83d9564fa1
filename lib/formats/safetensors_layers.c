/* SPDX-License-Identifier: MIT */
/*
 * safetensors_layers.c -- from "0:linear,1:relu" to Gemm and Relu.
 *
 * The graph is the one that the ONNX file of the same model holds, name for name, so that the
 * two give the same answers through the same compiler. Half-precision weights are used with
 * float inputs (they are widened before use); doubles stay doubles, and are not mixed with
 * others. A tensor that no layer uses is refused: the list would not tell the whole model.
 */
#include "formats/safetensors_layers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "wire/decimal.h"

#define NAME_BYTES 96

static const struct {
    const char *name;
    enum ml__op op;
} kinds[] = {
    {"linear", ML__OP_Gemm},
    {"relu", ML__OP_Relu},
    {"leaky_relu", ML__OP_LeakyRelu},
    {"elu", ML__OP_Elu},
    {"selu", ML__OP_Selu},
    {"tanh", ML__OP_Tanh},
    {"sigmoid", ML__OP_Sigmoid},
    {"softmax", ML__OP_Softmax},
    {"log_softmax", ML__OP_LogSoftmax},
    {"identity", ML__OP_Identity},
    {"dropout", ML__OP_Identity}, /* nothing is dropped at inference */
};

static const struct ml__attribute transposed = {
    .name = "transB", .kind = ML__ATTRIBUTE_INT, .i = 1};

struct layer {
    ml_bytes number; /* "" where layers are not numbered */
    ml_bytes kind;
    enum ml__op op;
    bool last;
};

struct build {
    struct ml__builder *builder;
    ml_bytes rest; /* of the list of layers */
    bool numbered;
    int64_t number; /* of the layer before */
    size_t tensor_count;
    bool *used;     /* [tensor_count] */
    uint32_t dtype; /* of inputs and outputs: ML_FP32 or ML_FP64 */
    uint32_t value; /* what the next layer reads */
    size_t width;   /* its columns */
};

static ml_status fail_layers(ml_error *err) {
    return ml__fail(
        err, ML_EUNSUPPORTED,
        "__metadata__ tells no layers: kind must be 'mlp' with layers such as "
        "'0:linear,1:relu,2:linear,3:softmax', or 'linear-softmax'"
    );
}

static ml_status start(
    struct build *build, struct ml__builder *builder, const struct ml__metadata *metadata,
    ml_error *err
) {
    void *block;
    ml_status status;

    *build = (struct build){.builder = builder, .number = -1};
    build->tensor_count = builder->graph.value_count;
    build->numbered = ml__text_is(metadata->kind, "mlp");
    if (build->numbered) {
        build->rest = metadata->layers;
    } else if (ml__text_is(metadata->kind, "linear-softmax")) {
        build->rest = (ml_bytes){"linear,softmax", 14};
    }
    if (build->rest.size == 0) {
        return fail_layers(err);
    }
    if (metadata->layout.data != NULL && !ml__text_is(metadata->layout, "weight[out,in]")) {
        return ml__fail(
            err, ML_EUNSUPPORTED, "layout is '" ML__SHOWN_FORMAT "', expected 'weight[out,in]'",
            ML__SHOWN(metadata->layout)
        );
    }
    status = ml__arena_make(&builder->scratch, build->tensor_count, sizeof(bool), &block, err);
    build->used = block;
    return status;
}

/* The number before a layer's kind, which must be above the one before. */
static ml_status
take_number(struct build *build, ml_bytes whole, struct layer *layer, ml_error *err) {
    const char *text = whole.data;
    const char *colon = memchr(text, ':', whole.size);
    struct ml__decimal decimal;
    int64_t number;

    if (colon == NULL || colon - text > ML__NUMBER_MAX_BYTES ||
        ml__decimal_scan(text, colon, false, &decimal) != colon ||
        !ml__decimal_i64(&decimal, &number) || number <= build->number) {
        return ml__fail(
            err, ML_EFORMAT,
            "layer '" ML__SHOWN_FORMAT "': expected an ascending number, a colon and a kind",
            ML__SHOWN(whole)
        );
    }
    build->number = number;
    layer->number = (ml_bytes){text, (size_t)(colon - text)};
    layer->kind = (ml_bytes){colon + 1, whole.size - layer->number.size - 1};
    return ML_OK;
}

/* Take the next layer off the list, which is not empty. */
static ml_status take_layer(struct build *build, struct layer *layer, ml_error *err) {
    const char *text = build->rest.data;
    const char *comma = memchr(text, ',', build->rest.size);
    const ml_bytes whole = {text, comma == NULL ? build->rest.size : (size_t)(comma - text)};
    const size_t taken = whole.size + (comma == NULL ? 0 : 1);
    ml_status status = ML_OK;

    *layer = (struct layer){{"", 0}, whole, ML__OP_COUNT, comma == NULL};
    if (build->numbered) {
        status = take_number(build, whole, layer, err);
    }
    build->rest = (ml_bytes){text + taken, build->rest.size - taken};
    if (status != ML_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (ml__text_is(layer->kind, kinds[i].name)) {
            layer->op = kinds[i].op;
        }
    }
    if (layer->op == ML__OP_COUNT || (comma != NULL && build->rest.size == 0)) {
        return ml__fail(
            err, ML_EUNSUPPORTED,
            "layer '" ML__SHOWN_FORMAT "' is of no kind that is supported", ML__SHOWN(whole)
        );
    }
    return ML_OK;
}

/* A new value of the graph that is no tensor of the file. */
static ml_status
add_value(struct build *build, const char *name, uint32_t *out, ml_error *err) {
    return ml__builder_add_value(build->builder, (ml_bytes){name, strlen(name)}, 0, out, err);
}

/* A node from `inputs` to a new value, which then is what the next layer reads. */
static ml_status add_node(
    struct build *build, enum ml__op op, const char *name, const char *output,
    const uint32_t *inputs, size_t input_count, ml_error *err
) {
    struct ml__arena *arena = &build->builder->kept;
    struct ml__node node = {.op = op, .input_count = input_count, .output_count = 1};
    uint32_t *values;
    void *block;
    ml_status status = ml__arena_make(arena, input_count + 1, sizeof *values, &block, err);

    if (status == ML_OK) {
        status = ml__arena_text(arena, name, strlen(name), &node.name, err);
    }
    if (status != ML_OK) {
        return status;
    }
    values = block;
    memcpy(values, inputs, input_count * sizeof *values);
    status = add_value(build, output, &build->value, err);
    if (status != ML_OK) {
        return status;
    }
    values[input_count] = build->value;
    node.inputs = values;
    node.outputs = values + input_count;
    if (op == ML__OP_Gemm) {
        node.attributes = &transposed;
        node.attribute_count = 1;
    }
    ml__builder_add_node(build->builder, &node);
    return ML_OK;
}

/* The tensor "<number>.weight" or "weight"; ML__NO_VALUE if there is none. */
static uint32_t
find_tensor(struct build *build, const struct layer *layer, const char *part, char *name) {
    uint32_t value;

    (void)snprintf(
        name, NAME_BYTES, ML__SHOWN_FORMAT "%s%s", ML__SHOWN(layer->number),
        layer->number.size > 0 ? "." : "", part
    );
    value = ml__builder_find(build->builder, (ml_bytes){name, strlen(name)});
    if (value >= build->tensor_count) {
        return ML__NO_VALUE;
    }
    build->used[value] = true;
    return value;
}

/* A tensor's shape and type must fit what came before. */
static ml_status check_tensor(
    const struct build *build, uint32_t value, uint32_t rank, size_t last_axis,
    const char *name, ml_error *err
) {
    const struct ml__constant *constant = build->builder->values[value].constant;

    if (constant->rank != rank || constant->shape[rank - 1] != last_axis ||
        constant->count == 0) {
        return ml__fail(
            err, ML_ESHAPE,
            "tensor '%s': rank %u and last axis %zu, expected rank %u and %zu, and no empty "
            "axis",
            name, constant->rank, constant->rank > 0 ? constant->shape[constant->rank - 1] : 0,
            rank, last_axis
        );
    }
    if ((constant->dtype == ML_FP64) != (build->dtype == ML_FP64)) {
        return ml__fail(
            err, ML_EUNSUPPORTED, "tensor '%s': %s beside %s; F64 is not mixed with others",
            name, ml_dtype_name((ml_dtype)constant->dtype),
            ml_dtype_name((ml_dtype)build->dtype)
        );
    }
    return ML_OK;
}

/* The weight of a linear layer. */
static ml_status find_weight(
    struct build *build, const struct layer *layer, char *name, uint32_t *out, ml_error *err
) {
    *out = find_tensor(build, layer, "weight", name);
    if (*out == ML__NO_VALUE) {
        return ml__fail(err, ML_EFORMAT, "a linear layer needs the tensor '%s'", name);
    }
    return ML_OK;
}

static ml_status add_linear(
    struct build *build, const struct layer *layer, const char *name, const char *output,
    ml_error *err
) {
    char tensor[NAME_BYTES];
    uint32_t inputs[3] = {build->value};
    size_t input_count = 2;
    size_t width = 0;
    ml_status status = find_weight(build, layer, tensor, &inputs[1], err);

    if (status == ML_OK) {
        status = check_tensor(build, inputs[1], 2, build->width, tensor, err);
    }
    if (status != ML_OK) {
        return status;
    }
    width = build->builder->values[inputs[1]].constant->shape[0];
    inputs[2] = find_tensor(build, layer, "bias", tensor);
    if (inputs[2] != ML__NO_VALUE) {
        input_count = 3;
        status = check_tensor(build, inputs[2], 1, width, tensor, err);
    }
    build->width = width;
    return status == ML_OK
               ? add_node(build, ML__OP_Gemm, name, output, inputs, input_count, err)
               : status;
}

/* What a layer's value is called. */
static void name_output(const struct build *build, const struct layer *layer, char *name) {
    const char *output = !build->numbered ? "logits" : NULL;

    if (layer->last) {
        output = layer->op == ML__OP_Softmax ? "probabilities" : "variable";
    }
    if (output != NULL) {
        (void)snprintf(name, NAME_BYTES, "%s", output);
    } else {
        (void)snprintf(
            name, NAME_BYTES, ML__SHOWN_FORMAT ":" ML__SHOWN_FORMAT, ML__SHOWN(layer->number),
            ML__SHOWN(layer->kind)
        );
    }
}

static ml_status add_layer(struct build *build, const struct layer *layer, ml_error *err) {
    char output[NAME_BYTES];
    char name[2 * NAME_BYTES];

    name_output(build, layer, output);
    (void)snprintf(
        name, sizeof name, ML__SHOWN_FORMAT "%s" ML__SHOWN_FORMAT, ML__SHOWN(layer->number),
        layer->number.size > 0 ? ":" : "", ML__SHOWN(layer->kind)
    );
    if (layer->op == ML__OP_Gemm) {
        return add_linear(build, layer, name, output, err);
    }
    return add_node(build, layer->op, name, output, &build->value, 1, err);
}

/* The first linear layer tells the width and type of the input. */
static ml_status add_input(struct build *build, ml_error *err) {
    struct build ahead = *build;
    struct layer layer = {.op = ML__OP_COUNT};
    const struct ml__constant *weight;
    char name[NAME_BYTES];
    uint32_t value;
    ml_status status = ML_OK;

    while (status == ML_OK && layer.op != ML__OP_Gemm) {
        if (ahead.rest.size == 0) {
            return ml__fail(err, ML_EUNSUPPORTED, "the list of layers has no linear layer");
        }
        status = take_layer(&ahead, &layer, err);
    }
    if (status == ML_OK) {
        status = find_weight(build, &layer, name, &value, err);
    }
    if (status != ML_OK) {
        return status;
    }
    weight = build->builder->values[value].constant;
    build->dtype = weight->dtype == ML_FP64 ? ML_FP64 : ML_FP32;
    build->width = weight->rank > 0 ? weight->shape[weight->rank - 1] : 0;
    status = add_value(build, "X", &build->value, err);
    if (status == ML_OK) {
        struct ml__value *input = &build->builder->values[build->value];

        input->dtype = build->dtype;
        input->has_shape = true;
        input->rank = 2;
        input->shape[0] = -1;
        input->shape[1] = (int64_t)build->width;
        ml__builder_add_input(build->builder, build->value);
    }
    return status;
}

/* The scale's bits in the type of the input, little-endian. */
static ml_status
read_scale(const struct build *build, ml_bytes text, uint64_t *bits, ml_error *err) {
    const char *start_text = text.data;
    struct ml__decimal decimal;
    double wide = 0;
    float narrow = 0;
    uint32_t narrow_bits;
    bool good = ml__decimal_scan(start_text, start_text + text.size, false, &decimal) ==
                    start_text + text.size &&
                text.size <= ML__NUMBER_MAX_BYTES;

    if (good && build->dtype == ML_FP64) {
        good = ml__decimal_f64(&decimal, &wide);
        memcpy(bits, &wide, sizeof *bits);
    } else if (good) {
        good = ml__decimal_f32(&decimal, &narrow);
        memcpy(&narrow_bits, &narrow, sizeof narrow_bits);
        *bits = narrow_bits;
    }
    if (!good) {
        return ml__fail(
            err, ML_EFORMAT, "input_scale is '" ML__SHOWN_FORMAT "', expected a finite number",
            ML__SHOWN(text)
        );
    }
    return ML_OK;
}

static ml_status add_scale(struct build *build, ml_bytes text, ml_error *err) {
    const struct ml__constant *constant;
    uint32_t inputs[2] = {build->value};
    uint64_t bits = 0;
    ml_status status = read_scale(build, text, &bits, err);

    if (status == ML_OK) {
        status = ml__builder_number(build->builder, bits, build->dtype, 1, &constant, err);
    }
    if (status == ML_OK) {
        status = add_value(build, "scale", &inputs[1], err);
    }
    if (status != ML_OK) {
        return status;
    }
    ml__builder_set_constant(build->builder, inputs[1], constant);
    return add_node(build, ML__OP_Mul, "input_scale", "Xs", inputs, 2, err);
}

static ml_status check_used(const struct build *build, ml_error *err) {
    for (size_t i = 0; i < build->tensor_count; i++) {
        if (!build->used[i]) {
            return ml__fail(
                err, ML_EFORMAT, "tensor '%.64s' belongs to no layer",
                build->builder->values[i].name
            );
        }
    }
    return ML_OK;
}

void ml__layers_room(const struct ml__metadata *metadata, struct ml__room *room) {
    const char *text = metadata->layers.data;
    size_t layer_count = 2; /* of linear-softmax, and above one more than there are commas */

    for (size_t i = 0; i < metadata->layers.size; i++) {
        layer_count += text[i] == ',' ? 1 : 0;
    }
    room->values += layer_count + 3; /* X, scale, Xs */
    room->nodes += layer_count + 1;
    room->inputs += 1;
    room->outputs += 2;
}

ml_status ml__layers_build(
    struct ml__builder *builder, const struct ml__metadata *metadata, ml_error *err
) {
    struct build build;
    struct layer layer;
    ml_status status = start(&build, builder, metadata, err);

    if (status == ML_OK) {
        status = add_input(&build, err);
    }
    if (status == ML_OK && metadata->input_scale.data != NULL) {
        status = add_scale(&build, metadata->input_scale, err);
    }
    while (status == ML_OK && build.rest.size > 0) {
        status = take_layer(&build, &layer, err);
        if (status == ML_OK) {
            status = add_layer(&build, &layer, err);
        }
    }
    if (status == ML_OK) {
        status = check_used(&build, err);
    }
    if (status == ML_OK) {
        ml__builder_add_output(builder, build.value);
        if (!build.numbered) {
            ml__builder_add_output(
                builder, builder->nodes[builder->graph.node_count - 2].outputs[0]
            );
        }
        builder->graph.opset = 13;
    }
    return status;
}
