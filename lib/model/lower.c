/* SPDX-License-Identifier: MIT */
/*
 * lower.c -- a node of a graph becomes a task, another name for a value, or is refused.
 *
 * The first axis of every value that is no constant is the row axis. Operators are taken only
 * where they keep to one row: what would let rows meet (a sum over the first axis, a reshape
 * that merges rows, a constant with a number a row) is refused, and so is all that is wrong or
 * unknown. So a graph is compiled whole or not at all, and each row's answer is its own.
 */
#include "model/lower.h"

#include <stdio.h>

#include "base/fail.h"

static const ml__lowering lowerings[ML__OP_COUNT] = {
    [ML__OP_Gemm] = ml__lower_gemm,       [ML__OP_MatMul] = ml__lower_matmul,
    [ML__OP_Add] = ml__lower_binary,      [ML__OP_Sub] = ml__lower_binary,
    [ML__OP_Mul] = ml__lower_binary,      [ML__OP_Div] = ml__lower_binary,
    [ML__OP_Relu] = ml__lower_activation, [ML__OP_LeakyRelu] = ml__lower_activation,
    [ML__OP_Elu] = ml__lower_activation,  [ML__OP_Selu] = ml__lower_activation,
    [ML__OP_Tanh] = ml__lower_activation, [ML__OP_Sigmoid] = ml__lower_activation,
    [ML__OP_Softmax] = ml__lower_softmax, [ML__OP_LogSoftmax] = ml__lower_softmax,
    [ML__OP_Clip] = ml__lower_clip,       [ML__OP_Identity] = ml__lower_identity,
    [ML__OP_Flatten] = ml__lower_flatten, [ML__OP_Reshape] = ml__lower_reshape,
    [ML__OP_Cast] = ml__lower_cast,       [ML__OP_ArgMax] = ml__lower_argmax,
    [ML__OP_Dropout] = ml__lower_dropout, [ML__OP_BatchNormalization] = ml__lower_norm,
};

const struct ml__cell *
ml__lower_input(const struct ml__draft *draft, const struct ml__node *node, size_t i) {
    return i < node->input_count && node->inputs[i] != ML__NO_VALUE
               ? &draft->cells[node->inputs[i]]
               : NULL;
}

static void
set_output(struct ml__draft *draft, const struct ml__node *node, const struct ml__cell *cell) {
    if (node->output_count > 0 && node->outputs[0] != ML__NO_VALUE) {
        draft->cells[node->outputs[0]] = *cell;
    }
}

ml_status ml__lower_add(
    struct ml__draft *draft, const struct ml__node *node, struct ml__task *task, ml_error *err
) {
    const ml_status status = ml__draft_add(draft, task, err);

    if (status == ML_OK) {
        set_output(draft, node, &task->result);
    }
    return status;
}

void ml__lower_alias(
    struct ml__draft *draft, const struct ml__node *node, const struct ml__cell *cell,
    const struct ml__shape *shape
) {
    struct ml__cell alias = *cell;

    alias.shape = *shape;
    set_output(draft, node, &alias);
}

ml_status ml__lower_axis(
    const struct ml__node *node, int64_t otherwise, uint32_t rank, uint32_t most,
    uint32_t *axis, ml_error *err
) {
    const int64_t given = ml__attribute_int(node, "axis", otherwise);
    const int64_t counted = given < 0 ? given + rank : given;

    if (counted < 0 || counted > most) {
        return ml__fail(
            err, ML_ESHAPE, "axis is %lld, the input has %u axes", (long long)given, rank
        );
    }
    *axis = (uint32_t)counted;
    return ML_OK;
}

ml_status ml__lower_check_real(const struct ml__cell *cell, ml_error *err) {
    if (cell->dtype != ML_FP32 && cell->dtype != ML_FP64) {
        return ml__fail(
            err, ML_EUNSUPPORTED, "input is %s, expected FP32 or FP64",
            ml_dtype_name(cell->dtype)
        );
    }
    return ML_OK;
}

static ml_status
check_inputs(const struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    for (size_t i = 0; i < node->input_count; i++) {
        const struct ml__cell *cell = ml__lower_input(draft, node, i);

        if (cell != NULL && cell->kind == ML__CELL_NONE) {
            return ml__fail(
                err, ML_EUNSUPPORTED, "input '%.80s' is not computed in prediction",
                draft->graph->values[node->inputs[i]].name
            );
        }
    }
    if (ml__lower_input(draft, node, 0) == NULL) {
        return ml__fail(err, ML_EFORMAT, "input 0 is absent");
    }
    return ML_OK;
}

/* The reader names a node without a name "node 3". */
static ml_status name_node(const struct ml__node *node, ml_status status, ml_error *err) {
    char prefix[112];

    (void
    )snprintf(prefix, sizeof prefix, "node '%.64s' (%s)", node->name, ml__op_name(node->op));
    return ml__fail_prefix(err, status, prefix);
}

ml_status ml__lower(struct ml__draft *draft, const struct ml__node *node, ml_error *err) {
    ml_status status;

    if (lowerings[node->op] == NULL) {
        status = ml__fail(err, ML_EUNSUPPORTED, "the operator is not known");
        return name_node(node, status, err);
    }
    status = check_inputs(draft, node, err);
    if (status == ML_OK) {
        status = lowerings[node->op](draft, node, err);
    }
    return status == ML_OK ? ML_OK : name_node(node, status, err);
}
