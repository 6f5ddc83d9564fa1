/* SPDX-License-Identifier: MIT */
/*
 * shape.h -- shapes of tensors: their size, numpy's broadcasting, and how they are written.
 */
#ifndef ML_MODEL_SHAPE_H
#define ML_MODEL_SHAPE_H

#include <mlserve/tensor.h>

#include <stdbool.h>

struct ml__shape {
    uint32_t rank; /* 0: a scalar */
    size_t dims[ML_MAX_RANK];
};

/* Product of dims[first..after); false if it does not fit. */
bool ml__shape_product(
    const struct ml__shape *shape, uint32_t first, uint32_t after, size_t *out
);

/* The shape of an operation on `left` and `right` by numpy's rules; false: they do not fit. */
bool ml__shape_broadcast(
    const struct ml__shape *left, const struct ml__shape *right, struct ml__shape *out
);

bool ml__shape_equal(const struct ml__shape *left, const struct ml__shape *right);

#define ML__SHAPE_TEXT 64

/* "[64, 10]", with the first axis as "rows" where it is the row axis; cut to fit. */
const char *
ml__shape_text(const struct ml__shape *shape, bool of_rows, char text[ML__SHAPE_TEXT]);

#endif
