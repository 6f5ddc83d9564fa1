/* SPDX-License-Identifier: MIT */
/*
 * lower_layers.c -- Gemm, MatMul and BatchNormalization: the operators that have weights.
 *
 * Weights must be constants, or known once constants are computed. A value of more axes than
 * two is a matrix whose rows are all its axes but the last, so a row of the batch may be
 * several rows of the matrix.
 */
#include "model/lower.h"

#include "base/fail.h"

static ml_status check_weights(
    const struct ml__cell *source, const struct ml__cell *weights, const char *what,
    ml_error *err
) {
    ml_status status = ml__lower_check_real(source, err);

    if (status == ML_OK && weights->kind != ML__CELL_CONSTANT) {
        status = ml__fail(err, ML_EUNSUPPORTED, "%s depend on the rows", what);
    }
    if (status == ML_OK && weights->dtype != source->dtype) {
        status = ml__fail(
            err, ML_ESHAPE, "input is %s, %s are %s", ml_dtype_name(source->dtype), what,
            ml_dtype_name(weights->dtype)
        );
    }
    return status;
}

static ml_status fail_depth(
    const struct ml__cell *source, const struct ml__cell *weights, size_t depth, ml_error *err
) {
    char source_text[ML__SHAPE_TEXT];
    char weights_text[ML__SHAPE_TEXT];

    return ml__fail(
        err, ML_ESHAPE, "input is %s, weights %s want %zu", ml__cell_text(source, source_text),
        ml__cell_text(weights, weights_text), depth
    );
}

/* The bias of a Gemm: one number, or one a column. */
static ml_status
check_bias(const struct ml__cell *bias, const struct ml__task *task, ml_error *err) {
    const struct ml__shape *shape = &bias->shape;
    char text[ML__SHAPE_TEXT];
    ml_status status = check_weights(&task->result, bias, "its terms C", err);

    if (status == ML_OK && bias->elements != 1 &&
        (shape->rank == 0 || shape->dims[shape->rank - 1] != task->step.width ||
         bias->elements != task->step.width)) {
        status = ml__fail(
            err, ML_ESHAPE, "C is %s, expected [%zu]", ml__cell_text(bias, text),
            task->step.width
        );
    }
    return status;
}

ml_status ml__lower_gemm(struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    const struct ml__cell *source = ml__lower_input(draft, node, 0);
    const struct ml__cell *weights = ml__lower_input(draft, node, 1);
    const bool transposed = ml__attribute_int(node, "transB", 0) != 0;
    struct ml__task task = {.name = node->name, .sources = {source}, .transposed = transposed};
    ml_status status = ML_OK;

    if (weights == NULL) {
        return ml__fail(err, ML_EFORMAT, "input 1 is absent");
    }
    status = check_weights(source, weights, "weights", err);
    if (status != ML_OK) {
        return status;
    }
    if (ml__attribute_int(node, "transA", 0) != 0) {
        return ml__fail(err, ML_EUNSUPPORTED, "transA would make rows of columns");
    }
    if (source->shape.rank != 2 || weights->shape.rank != 2) {
        return fail_depth(source, weights, 0, err);
    }
    task.step.kind = ML__STEP_DENSE;
    task.step.inner = weights->shape.dims[transposed ? 1 : 0];
    task.step.width = weights->shape.dims[transposed ? 0 : 1];
    task.step.repeat = source->shape.dims[0];
    task.parameters[0] = weights;
    task.alpha = (double)ml__attribute_float(node, "alpha", 1.0f);
    task.beta = (double)ml__attribute_float(node, "beta", 1.0f);
    task.scaled = task.alpha != 1.0;
    if (source->shape.dims[1] != task.step.inner) {
        return fail_depth(source, weights, task.step.inner, err);
    }
    task.result.dtype = source->dtype;
    task.result.shape.rank = 2;
    task.result.shape.dims[0] = source->shape.dims[0];
    task.result.shape.dims[1] = task.step.width;
    if (ml__lower_input(draft, node, 2) != NULL && task.beta != 0.0) {
        task.parameters[1] = ml__lower_input(draft, node, 2);
        status = check_bias(task.parameters[1], &task, err);
    }
    return status == ML_OK ? ml__lower_add(draft, node, &task, err) : status;
}

ml_status
ml__lower_matmul(struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    const struct ml__cell *source = ml__lower_input(draft, node, 0);
    const struct ml__cell *weights = ml__lower_input(draft, node, 1);
    struct ml__task task = {.name = node->name, .sources = {source}, .alpha = 1.0};
    const uint32_t rank = source->shape.rank;
    size_t repeat;
    ml_status status;

    if (weights == NULL) {
        return ml__fail(err, ML_EFORMAT, "input 1 is absent");
    }
    status = check_weights(source, weights, "weights", err);
    if (status != ML_OK) {
        return status;
    }
    if (source->kind == ML__CELL_ROWS && rank < 2) {
        return ml__fail(err, ML_EUNSUPPORTED, "input [rows] would be summed over the rows");
    }
    if (rank == 0 || weights->shape.rank == 0 || weights->shape.rank > 2) {
        return fail_depth(source, weights, 0, err);
    }
    task.step.kind = ML__STEP_DENSE;
    task.step.inner = weights->shape.dims[0];
    task.step.width = weights->shape.rank == 2 ? weights->shape.dims[1] : 1;
    task.parameters[0] = weights;
    if (source->shape.dims[rank - 1] != task.step.inner) {
        return fail_depth(source, weights, task.step.inner, err);
    }
    if (!ml__shape_product(&source->shape, 0, rank - 1, &repeat)) {
        return ml__fail(err, ML_ESHAPE, "input is too large");
    }
    task.step.repeat = repeat;
    task.result.dtype = source->dtype;
    task.result.shape = source->shape;
    task.result.shape.rank = weights->shape.rank == 2 ? rank : rank - 1;
    task.result.shape.dims[rank - 1] = task.step.width;
    return ml__lower_add(draft, node, &task, err);
}

static ml_status
check_channels(const struct ml__cell *source, const struct ml__cell *cell, ml_error *err) {
    char source_text[ML__SHAPE_TEXT];
    char text[ML__SHAPE_TEXT];
    ml_status status = check_weights(source, cell, "channels", err);

    if (status == ML_OK && cell->elements != source->shape.dims[1]) {
        status = ml__fail(
            err, ML_ESHAPE, "input is %s, its channels' numbers are %s",
            ml__cell_text(source, source_text), ml__cell_text(cell, text)
        );
    }
    return status;
}

ml_status ml__lower_norm(struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    const struct ml__cell *source = ml__lower_input(draft, node, 0);
    const struct ml__shape *shape = &source->shape;
    struct ml__task task = {.name = node->name, .sources = {source}};
    ml_status status = ml__lower_check_real(source, err);

    if (status == ML_OK && shape->rank < 2) {
        status =
            ml__fail(err, ML_ESHAPE, "input has %u axes, expected at least 2", shape->rank);
    }
    if (status == ML_OK && (ml__attribute_int(node, "training_mode", 0) != 0 ||
                            ml__attribute_int(node, "spatial", 1) != 1)) {
        status = ml__fail(err, ML_EUNSUPPORTED, "training_mode must be 0 and spatial 1");
    }
    for (size_t i = 0; i < 4 && status == ML_OK; i++) {
        task.parameters[i] = ml__lower_input(draft, node, i + 1);
        status = task.parameters[i] == NULL
                     ? ml__fail(err, ML_EFORMAT, "input %zu is absent", i + 1)
                     : check_channels(source, task.parameters[i], err);
    }
    if (status == ML_OK && !ml__shape_product(shape, 2, shape->rank, &task.step.inner)) {
        status = ml__fail(err, ML_ESHAPE, "input is too large");
    }
    if (status != ML_OK) {
        return status;
    }
    task.step.kind = ML__STEP_NORM;
    task.step.outer = shape->dims[0];
    task.step.width = shape->dims[1];
    task.beta = (double)ml__attribute_float(node, "epsilon", 1e-5f);
    task.result.dtype = source->dtype;
    task.result.shape = *shape;
    return ml__lower_add(draft, node, &task, err);
}
