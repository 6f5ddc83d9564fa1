/* SPDX-License-Identifier: MIT */
/*
 * lower_elements.c -- the operators that go element by element.
 */
#include <float.h>
#include <math.h>

#include "base/fail.h"
#include "formats/onnx_tensor.h"
#include "model/lower.h"

static ml_status fail_pair(
    const struct ml__cell *left, const struct ml__cell *right, const char *why, ml_error *err
) {
    char left_text[ML__SHAPE_TEXT];
    char right_text[ML__SHAPE_TEXT];

    return ml__fail(
        err, ML_ESHAPE, "inputs are %s %s and %s %s: %s", ml_dtype_name(left->dtype),
        ml__cell_text(left, left_text), ml_dtype_name(right->dtype),
        ml__cell_text(right, right_text), why
    );
}

/* Rows must stay rows: on the first axis of the result, and each with the same constant. */
static bool keeps_rows(const struct ml__cell *cell, const struct ml__shape *result) {
    return cell->kind != ML__CELL_ROWS ||
           (cell->shape.rank == result->rank && result->dims[0] == 1);
}

static bool has_zero(const struct ml__cell *cell) {
    for (size_t i = 0; i < cell->elements; i++) {
        if (ml__cell_number(cell, i) == 0.0) {
            return true;
        }
    }
    return false;
}

ml_status
ml__lower_binary(struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    const struct ml__cell *left = ml__lower_input(draft, node, 0);
    const struct ml__cell *right = ml__lower_input(draft, node, 1);
    struct ml__task task = {.name = node->name, .sources = {left, right}};
    struct ml__shape *shape = &task.result.shape;

    if (right == NULL) {
        return ml__fail(err, ML_EFORMAT, "input 1 is absent");
    }
    if (left->dtype != right->dtype) {
        return fail_pair(left, right, "their types differ", err);
    }
    if (!ml__binary_takes(left->dtype)) {
        return ml__fail(
            err, ML_EUNSUPPORTED, "inputs are %s, expected FP32, FP64, INT32 or INT64",
            ml_dtype_name(left->dtype)
        );
    }
    if (!ml__shape_broadcast(&left->shape, &right->shape, shape)) {
        return fail_pair(left, right, "their shapes do not fit", err);
    }
    if (!keeps_rows(left, shape) || !keeps_rows(right, shape)) {
        return fail_pair(left, right, "rows would not stay rows", err);
    }
    if (node->op == ML__OP_Div && right->kind == ML__CELL_CONSTANT &&
        (left->dtype == ML_INT32 || left->dtype == ML_INT64) && has_zero(right)) {
        return ml__fail(err, ML_EFORMAT, "integers are divided by a constant 0");
    }
    task.step.kind = ML__STEP_BINARY;
    task.step.binary.dtype = left->dtype;
    task.step.binary.op = node->op == ML__OP_Add   ? ML__BINARY_ADD
                          : node->op == ML__OP_Sub ? ML__BINARY_SUB
                          : node->op == ML__OP_Mul ? ML__BINARY_MUL
                                                   : ML__BINARY_DIV;
    ml__binary_make(
        &task.step.binary, &left->shape, left->kind == ML__CELL_ROWS, &right->shape,
        right->kind == ML__CELL_ROWS, shape
    );
    task.result.dtype = left->dtype;
    return ml__lower_add(draft, node, &task, err);
}

static ml_status add_activation(
    struct ml__draft *draft, const struct ml__node *node, struct ml__activation activation,
    ml_error *err
) {
    const struct ml__cell *source = ml__lower_input(draft, node, 0);
    struct ml__task task = {.name = node->name, .sources = {source}};
    const ml_status status = ml__lower_check_real(source, err);

    if (status != ML_OK) {
        return status;
    }
    task.step.kind = ML__STEP_ACTIVATE;
    task.step.activation = activation;
    task.result.dtype = source->dtype;
    task.result.shape = source->shape;
    return ml__lower_add(draft, node, &task, err);
}

ml_status
ml__lower_activation(struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    struct ml__activation activation = {ML__ACTIVATION_NONE, 0.0, 0.0};

    switch (node->op) {
    case ML__OP_LeakyRelu:
        activation.kind = ML__ACTIVATION_LEAKY_RELU;
        activation.alpha = (double)ml__attribute_float(node, "alpha", 0.01f);
        break;
    case ML__OP_Elu:
        activation.kind = ML__ACTIVATION_ELU;
        activation.alpha = (double)ml__attribute_float(node, "alpha", 1.0f);
        break;
    case ML__OP_Selu:
        activation.kind = ML__ACTIVATION_SELU;
        activation.alpha =
            (double)ml__attribute_float(node, "alpha", 1.67326319217681884765625f);
        activation.beta =
            (double)ml__attribute_float(node, "gamma", 1.05070102214813232421875f);
        break;
    case ML__OP_Tanh:
        activation.kind = ML__ACTIVATION_TANH;
        break;
    case ML__OP_Sigmoid:
        activation.kind = ML__ACTIVATION_SIGMOID;
        break;
    default:
        activation.kind = ML__ACTIVATION_RELU;
        break;
    }
    return add_activation(draft, node, activation, err);
}

/* A bound of Clip: an attribute before opset 11, then an input. */
static ml_status find_bound(
    const struct ml__draft *draft, const struct ml__node *node, size_t input, double *bound,
    ml_error *err
) {
    const char *name = input == 1 ? "min" : "max";
    const struct ml__cell *cell = ml__lower_input(draft, node, input);
    const struct ml__cell *source = ml__lower_input(draft, node, 0);

    if (cell == NULL) {
        *bound = (double)ml__attribute_float(node, name, (float)*bound);
    } else if (cell->kind != ML__CELL_CONSTANT) {
        return ml__fail(err, ML_EUNSUPPORTED, "%s depends on the rows", name);
    } else if (cell->elements != 1 || cell->dtype != source->dtype) {
        return fail_pair(source, cell, "a bound must be one number of the input's type", err);
    } else {
        *bound = ml__cell_number(cell, 0);
    }
    if (isnan(*bound)) {
        return ml__fail(err, ML_EFORMAT, "%s is NaN", name);
    }
    return ML_OK;
}

ml_status ml__lower_clip(struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    const bool is_double = ml__lower_input(draft, node, 0)->dtype == ML_FP64;
    const double most = is_double ? DBL_MAX : (double)FLT_MAX;
    struct ml__activation activation = {ML__ACTIVATION_CLIP, -most, most};
    ml_status status = find_bound(draft, node, 1, &activation.alpha, err);

    if (status == ML_OK) {
        status = find_bound(draft, node, 2, &activation.beta, err);
    }
    return status == ML_OK ? add_activation(draft, node, activation, err) : status;
}

ml_status ml__lower_cast(struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    const struct ml__cell *source = ml__lower_input(draft, node, 0);
    const int64_t to = ml__attribute_int(node, "to", 0);
    const ml_dtype dtype = ml__computed_type(ml__onnx_dtype((uint64_t)to));
    struct ml__task task = {.name = node->name, .sources = {source}};

    if (dtype == ML_DTYPE_NONE || dtype == ML_BYTES || source->dtype == ML_BYTES) {
        return ml__fail(
            err, ML_EUNSUPPORTED, "from %s to type %lld", ml_dtype_name(source->dtype),
            (long long)to
        );
    }
    if (dtype == source->dtype) {
        ml__lower_alias(draft, node, source, &source->shape);
        return ML_OK;
    }
    task.step.kind = ML__STEP_CAST;
    task.result.dtype = dtype;
    task.result.shape = source->shape;
    return ml__lower_add(draft, node, &task, err);
}
