/* SPDX-License-Identifier: MIT */
/*
 * lower_axes.c -- the operators that go along an axis, and those that change axes only.
 */
#include "model/lower.h"

#include "base/checked.h"
#include "base/fail.h"

static ml_status refuse_row_axis(const struct ml__cell *cell, uint32_t axis, ml_error *err) {
    if (cell->kind == ML__CELL_ROWS && axis == 0) {
        return ml__fail(err, ML_EUNSUPPORTED, "axis 0 is the row axis: rows would mix");
    }
    return ML_OK;
}

/* Before opset 13 all axes from `axis` on are one; since then it is that axis alone. */
ml_status
ml__lower_softmax(struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    const bool flattens = draft->graph->opset < 13;
    const struct ml__cell *source = ml__lower_input(draft, node, 0);
    const struct ml__shape *shape = &source->shape;
    struct ml__task task = {.name = node->name, .sources = {source}};
    uint32_t axis = 0;
    ml_status status = ml__lower_check_real(source, err);

    if (status == ML_OK) {
        status = ml__lower_axis(
            node, flattens ? 1 : -1, shape->rank, shape->rank - !flattens, &axis, err
        );
    }
    if (status == ML_OK) {
        status = refuse_row_axis(source, axis, err);
    }
    if (status != ML_OK) {
        return status;
    }
    task.step.kind = ML__STEP_SOFTMAX;
    task.step.inner = 1;
    task.step.logarithm = node->op == ML__OP_LogSoftmax;
    if (!ml__shape_product(shape, 0, axis, &task.step.outer) ||
        !ml__shape_product(shape, axis, shape->rank, &task.step.width)) {
        return ml__fail(err, ML_ESHAPE, "input is too large");
    }
    if (!flattens && task.step.width != shape->dims[axis]) {
        char text[ML__SHAPE_TEXT];

        return ml__fail(
            err, ML_EUNSUPPORTED, "axis %u of %s: only along the last axis", axis,
            ml__cell_text(source, text)
        );
    }
    task.result.dtype = source->dtype;
    task.result.shape = *shape;
    return ml__lower_add(draft, node, &task, err);
}

ml_status
ml__lower_argmax(struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    const struct ml__cell *source = ml__lower_input(draft, node, 0);
    const struct ml__shape *shape = &source->shape;
    struct ml__task task = {.name = node->name, .sources = {source}};
    uint32_t axis = 0;
    ml_status status = ML_OK;

    if (!ml__binary_takes(source->dtype)) {
        return ml__fail(
            err, ML_EUNSUPPORTED, "input is %s, expected FP32, FP64, INT32 or INT64",
            ml_dtype_name(source->dtype)
        );
    }
    status = shape->rank == 0
                 ? ml__fail(err, ML_ESHAPE, "input has no axis")
                 : ml__lower_axis(node, 0, shape->rank, shape->rank - 1, &axis, err);
    if (status == ML_OK) {
        status = refuse_row_axis(source, axis, err);
    }
    if (status != ML_OK) {
        return status;
    }
    if (!ml__shape_product(shape, 0, axis, &task.step.outer) ||
        !ml__shape_product(shape, axis + 1, shape->rank, &task.step.inner)) {
        return ml__fail(err, ML_ESHAPE, "input is too large");
    }
    task.step.kind = ML__STEP_ARGMAX;
    task.step.width = shape->dims[axis];
    task.step.choose_last = ml__attribute_int(node, "select_last_index", 0) != 0;
    task.result.dtype = ML_INT64;
    task.result.shape = *shape;
    task.result.shape.dims[axis] = 1;
    if (ml__attribute_int(node, "keepdims", 1) == 0) {
        task.result.shape.rank--;
        for (uint32_t i = axis; i + 1 < shape->rank; i++) {
            task.result.shape.dims[i] = shape->dims[i + 1];
        }
    }
    return ml__lower_add(draft, node, &task, err);
}

ml_status
ml__lower_identity(struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    const struct ml__cell *source = ml__lower_input(draft, node, 0);

    (void)err;
    ml__lower_alias(draft, node, source, &source->shape);
    return ML_OK;
}

ml_status
ml__lower_dropout(struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    const struct ml__cell *training = ml__lower_input(draft, node, 2);

    if (training != NULL && (training->kind != ML__CELL_CONSTANT || training->elements != 1 ||
                             ml__cell_number(training, 0) != 0.0)) {
        return ml__fail(err, ML_EUNSUPPORTED, "training_mode must be a constant false");
    }
    return ml__lower_identity(draft, node, err);
}

ml_status
ml__lower_flatten(struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    const struct ml__cell *source = ml__lower_input(draft, node, 0);
    const struct ml__shape *shape = &source->shape;
    struct ml__shape flat = {2, {1, 1}};
    char text[ML__SHAPE_TEXT];
    uint32_t axis = 0;
    const ml_status status = ml__lower_axis(node, 1, shape->rank, shape->rank, &axis, err);

    if (status != ML_OK) {
        return status;
    }
    if (!ml__shape_product(shape, 0, axis, &flat.dims[0]) ||
        !ml__shape_product(shape, axis, shape->rank, &flat.dims[1])) {
        return ml__fail(err, ML_ESHAPE, "input is too large");
    }
    if (source->kind == ML__CELL_ROWS && (axis == 0 || flat.dims[0] != 1)) {
        return ml__fail(
            err, ML_EUNSUPPORTED, "axis %u of %s: rows would not stay rows", axis,
            ml__cell_text(source, text)
        );
    }
    ml__lower_alias(draft, node, source, &flat);
    return ML_OK;
}

/* One number of the shape that Reshape asks for; -1 stays -1, to be found out. */
static ml_status read_extent(
    const struct ml__draft *draft, const struct ml__cell *source, const struct ml__cell *wanted,
    uint32_t axis, bool zero_copies, int64_t *extent, ml_error *err
) {
    const double number = ml__cell_number(wanted, axis);
    const int64_t given = number >= -2.0 && number <= INT32_MAX ? (int64_t)number : -2;

    *extent = given;
    if (given == 0 && zero_copies && axis < source->shape.rank) {
        *extent = (int64_t)source->shape.dims[axis];
    } else if (given == 0 || given < -1) {
        return ml__fail(err, ML_ESHAPE, "shape[%u] is %.0f", axis, number);
    } else if (source->kind == ML__CELL_ROWS && axis == 0 && given != -1) {
        if (draft->batch == 0 || (uint64_t)given != draft->batch) {
            return ml__fail(
                err, ML_EUNSUPPORTED, "shape[0] is %lld: rows would not stay rows",
                (long long)given
            );
        }
        *extent = 1;
    }
    return ML_OK;
}

/*
 * Replace the -1 of `extents`, if any, by what is left of `elements`. Of rows the first axis
 * may be the -1 only if it comes out as the row axis, which is written as 1.
 */
static ml_status infer_shape(
    const struct ml__cell *source, const int64_t *extents, struct ml__shape *shape,
    ml_error *err
) {
    uint32_t unknown = ML_MAX_RANK;
    size_t product = 1;
    char text[ML__SHAPE_TEXT];

    for (uint32_t axis = 0; axis < shape->rank; axis++) {
        if (extents[axis] == -1 && unknown != ML_MAX_RANK) {
            return ml__fail(err, ML_EFORMAT, "shape has more than one -1");
        }
        if (extents[axis] == -1) {
            unknown = axis;
            continue;
        }
        shape->dims[axis] = (size_t)extents[axis];
        if (!ml__mul(product, shape->dims[axis], &product)) {
            return ml__fail(err, ML_ESHAPE, "shape is too large");
        }
    }
    if (unknown != ML_MAX_RANK && product != 0) {
        shape->dims[unknown] = source->elements / product;
        if (!ml__mul(product, shape->dims[unknown], &product)) {
            return ml__fail(err, ML_ESHAPE, "shape is too large");
        }
    }
    if (product != source->elements ||
        (source->kind == ML__CELL_ROWS && (shape->rank == 0 || shape->dims[0] != 1))) {
        return ml__fail(
            err, ML_ESHAPE, "input %s does not become a shape of %zu elements%s",
            ml__cell_text(source, text), product, source->kind == ML__CELL_ROWS ? " a row" : ""
        );
    }
    return ML_OK;
}

ml_status
ml__lower_reshape(struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    const bool zero_copies = ml__attribute_int(node, "allowzero", 0) == 0;
    const struct ml__cell *source = ml__lower_input(draft, node, 0);
    const struct ml__cell *wanted = ml__lower_input(draft, node, 1);
    int64_t extents[ML_MAX_RANK] = {0};
    struct ml__shape shape = {0, {0}};
    ml_status status = ML_OK;

    if (wanted == NULL || wanted->kind != ML__CELL_CONSTANT || wanted->dtype != ML_INT64 ||
        wanted->shape.rank != 1) {
        return ml__fail(err, ML_EUNSUPPORTED, "the shape must be constant INT64 numbers");
    }
    if (wanted->elements > ML_MAX_RANK) {
        return ml__fail(
            err, ML_EUNSUPPORTED, "shape has %zu axes, at most %d are supported",
            wanted->elements, ML_MAX_RANK
        );
    }
    shape.rank = (uint32_t)wanted->elements;
    for (uint32_t axis = 0; axis < shape.rank && status == ML_OK; axis++) {
        status = read_extent(draft, source, wanted, axis, zero_copies, &extents[axis], err);
    }
    if (status == ML_OK) {
        status = infer_shape(source, extents, &shape, err);
    }
    if (status == ML_OK) {
        ml__lower_alias(draft, node, source, &shape);
    }
    return status;
}
