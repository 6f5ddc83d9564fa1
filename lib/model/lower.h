/* SPDX-License-Identifier: MIT */
/*
 * lower.h -- a node of a graph becomes a task, another name for a value, or is refused.
 */
#ifndef ML_MODEL_LOWER_H
#define ML_MODEL_LOWER_H

#include "model/draft.h"

typedef ml_status (*ml__lowering
)(struct ml__draft *draft, const struct ml__node *node, ml_error *err);

/* The operators that have weights, by rows of a matrix. */
ml_status ml__lower_gemm(struct ml__draft *draft, const struct ml__node *node, ml_error *err);
ml_status ml__lower_matmul(struct ml__draft *draft, const struct ml__node *node, ml_error *err);
ml_status ml__lower_norm(struct ml__draft *draft, const struct ml__node *node, ml_error *err);

/* Those that go element by element. */
ml_status ml__lower_binary(struct ml__draft *draft, const struct ml__node *node, ml_error *err);
ml_status
ml__lower_activation(struct ml__draft *draft, const struct ml__node *node, ml_error *err);
ml_status ml__lower_clip(struct ml__draft *draft, const struct ml__node *node, ml_error *err);
ml_status ml__lower_cast(struct ml__draft *draft, const struct ml__node *node, ml_error *err);

/* Those that go along an axis. */
ml_status
ml__lower_softmax(struct ml__draft *draft, const struct ml__node *node, ml_error *err);
ml_status ml__lower_argmax(struct ml__draft *draft, const struct ml__node *node, ml_error *err);

/* Those that only give a value another name or shape. */
ml_status
ml__lower_identity(struct ml__draft *draft, const struct ml__node *node, ml_error *err);
ml_status
ml__lower_dropout(struct ml__draft *draft, const struct ml__node *node, ml_error *err);
ml_status
ml__lower_flatten(struct ml__draft *draft, const struct ml__node *node, ml_error *err);
ml_status
ml__lower_reshape(struct ml__draft *draft, const struct ml__node *node, ml_error *err);

/* The cell of an input, or NULL where the node has none there. */
const struct ml__cell *
ml__lower_input(const struct ml__draft *draft, const struct ml__node *node, size_t i);

/* Add the task of a node, whose result is the node's first output. */
ml_status ml__lower_add(
    struct ml__draft *draft, const struct ml__node *node, struct ml__task *task, ml_error *err
);

/* Make the node's first output a copy of a cell, in a shape of as many elements. */
void ml__lower_alias(
    struct ml__draft *draft, const struct ml__node *node, const struct ml__cell *cell,
    const struct ml__shape *shape
);

/* An attribute that is an axis of `rank`, counted from 0; at most `most`. */
ml_status ml__lower_axis(
    const struct ml__node *node, int64_t otherwise, uint32_t rank, uint32_t most,
    uint32_t *axis, ml_error *err
);

/* Refuse what is not FP32 or FP64. */
ml_status ml__lower_check_real(const struct ml__cell *cell, ml_error *err);

#endif
