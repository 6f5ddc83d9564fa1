/* SPDX-License-Identifier: MIT */
/*
 * shape.c -- shapes of tensors: their size, numpy's broadcasting, and how they are written.
 */
#include "model/shape.h"

#include <stdio.h>

#include "base/checked.h"

bool ml__shape_product(
    const struct ml__shape *shape, uint32_t first, uint32_t after, size_t *out
) {
    size_t product = 1;

    for (uint32_t axis = first; axis < after; axis++) {
        if (!ml__mul(product, shape->dims[axis], &product)) {
            return false;
        }
    }
    *out = product;
    return true;
}

bool ml__shape_broadcast(
    const struct ml__shape *left, const struct ml__shape *right, struct ml__shape *out
) {
    const uint32_t rank = left->rank > right->rank ? left->rank : right->rank;
    struct ml__shape shape = {rank, {0}};

    for (uint32_t back = 1; back <= rank; back++) {
        const size_t a = back <= left->rank ? left->dims[left->rank - back] : 1;
        const size_t b = back <= right->rank ? right->dims[right->rank - back] : 1;

        if (a != b && a != 1 && b != 1) {
            return false;
        }
        shape.dims[rank - back] = a == 1 ? b : a;
    }
    *out = shape;
    return true;
}

bool ml__shape_equal(const struct ml__shape *left, const struct ml__shape *right) {
    if (left->rank != right->rank) {
        return false;
    }
    for (uint32_t axis = 0; axis < left->rank; axis++) {
        if (left->dims[axis] != right->dims[axis]) {
            return false;
        }
    }
    return true;
}

const char *
ml__shape_text(const struct ml__shape *shape, bool of_rows, char text[ML__SHAPE_TEXT]) {
    size_t used = 1;

    text[0] = '[';
    text[1] = '\0';
    for (uint32_t axis = 0; axis < shape->rank && used < ML__SHAPE_TEXT; axis++) {
        const char *comma = axis == 0 ? "" : ", ";
        const int more =
            axis == 0 && of_rows
                ? snprintf(text + used, ML__SHAPE_TEXT - used, "rows")
                : snprintf(
                      text + used, ML__SHAPE_TEXT - used, "%s%zu", comma, shape->dims[axis]
                  );

        used += more > 0 ? (size_t)more : 0;
    }
    if (used < ML__SHAPE_TEXT) {
        (void)snprintf(text + used, ML__SHAPE_TEXT - used, "]");
    }
    return text;
}
