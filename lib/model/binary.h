/* SPDX-License-Identifier: MIT */
/*
 * binary.h -- element by element: add, subtract, multiply, divide, with broadcasting.
 */
#ifndef ML_MODEL_BINARY_H
#define ML_MODEL_BINARY_H

#include "model/shape.h"

enum ml__binary_op { ML__BINARY_ADD, ML__BINARY_SUB, ML__BINARY_MUL, ML__BINARY_DIV };

/*
 * An operation on items (rows), its broadcasting resolved: `dims` of one item of the result,
 * neighbours that step alike merged; `left`, `right` how far each operand moves along them (0:
 * it is repeated), and from item to item.
 */
struct ml__binary {
    enum ml__binary_op op;
    ml_dtype dtype;
    uint32_t rank; /* at least 1 */
    size_t dims[ML_MAX_RANK];
    size_t left[ML_MAX_RANK];
    size_t right[ML_MAX_RANK];
    size_t left_item; /* elements from item to item; 0: the same for all items */
    size_t right_item;
    size_t out_item;
};

/* Whether there are kernels for the type: FP32, FP64, INT32, INT64. */
bool ml__binary_takes(ml_dtype dtype);

/*
 * Resolve the broadcasting of `left` and `right` to `out`, of which each is one item; an
 * operand that is not `..._moves` is the same for all items.
 */
void ml__binary_make(
    struct ml__binary *binary, const struct ml__shape *left, bool left_moves,
    const struct ml__shape *right, bool right_moves, const struct ml__shape *out
);

/*
 * Compute `item_count` items. `out` may be an operand that is not repeated. Integers wrap
 * around; what is divided by 0 is 0.
 */
void ml__binary_run(
    const struct ml__binary *binary, const void *left, const void *right, void *out,
    size_t item_count
);

#endif
