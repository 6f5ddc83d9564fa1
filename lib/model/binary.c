/* SPDX-License-Identifier: MIT */
/*
 * binary.c -- element by element: add, subtract, multiply, divide, with broadcasting.
 *
 * Broadcasting is a walk with steps: an operand moves by its step along each axis, 0 where it
 * is repeated. Axes along which both operands go on as if they were one are merged when the
 * operation is made, so that the everyday cases (equal shapes; a number a column; one number)
 * end as one inner loop that the compiler makes vectors of.
 *
 * Integers wrap around as two's complement does, and a division by 0 gives 0: C leaves both
 * undefined, and a row from outside must not end the process.
 */
#include "model/binary.h"

#include <string.h>

typedef void (*inner_loop
)(void *out, const void *left, size_t left_step, const void *right, size_t right_step,
  size_t count);

#define INNER_LOOP(name, type, expression)                                                     \
    static void name(                                                                          \
        void *out_data, const void *left_data, size_t left_step, const void *right_data,       \
        size_t right_step, size_t count                                                        \
    ) {                                                                                        \
        type *out = out_data;                                                                  \
        const type *left = left_data;                                                          \
        const type *right = right_data;                                                        \
                                                                                               \
        if (left_step == 1 && right_step == 1) {                                               \
            for (size_t i = 0; i < count; i++) {                                               \
                const type a = left[i];                                                        \
                const type b = right[i];                                                       \
                out[i] = expression;                                                           \
            }                                                                                  \
        } else if (left_step == 1) {                                                           \
            const type b = right[0];                                                           \
            for (size_t i = 0; i < count; i++) {                                               \
                const type a = left[i];                                                        \
                out[i] = expression;                                                           \
            }                                                                                  \
        } else {                                                                               \
            const type a = left[0];                                                            \
            for (size_t i = 0; i < count; i++) {                                               \
                const type b = right[i * right_step];                                          \
                out[i] = expression;                                                           \
            }                                                                                  \
        }                                                                                      \
    }

/* INT_MIN / -1 wraps around to INT_MIN, as the negation of it does. */
#define DIVIDE(type, unsigned_type)                                                            \
    (b == 0 ? 0 : b == -1 ? (type)(0 - (unsigned_type)a) : (type)(a / b))

INNER_LOOP(add_fp32, float, a + b)
INNER_LOOP(sub_fp32, float, a - b)
INNER_LOOP(mul_fp32, float, a *b)
INNER_LOOP(div_fp32, float, a / b)
INNER_LOOP(add_fp64, double, a + b)
INNER_LOOP(sub_fp64, double, a - b)
INNER_LOOP(mul_fp64, double, a *b)
INNER_LOOP(div_fp64, double, a / b)
INNER_LOOP(add_int32, int32_t, (int32_t)((uint32_t)a + (uint32_t)b))
INNER_LOOP(sub_int32, int32_t, (int32_t)((uint32_t)a - (uint32_t)b))
INNER_LOOP(mul_int32, int32_t, (int32_t)((uint32_t)a *(uint32_t)b))
INNER_LOOP(div_int32, int32_t, DIVIDE(int32_t, uint32_t))
INNER_LOOP(add_int64, int64_t, (int64_t)((uint64_t)a + (uint64_t)b))
INNER_LOOP(sub_int64, int64_t, (int64_t)((uint64_t)a - (uint64_t)b))
INNER_LOOP(mul_int64, int64_t, (int64_t)((uint64_t)a *(uint64_t)b))
INNER_LOOP(div_int64, int64_t, DIVIDE(int64_t, uint64_t))

static inner_loop pick(enum ml__binary_op op, ml_dtype dtype) {
    static const inner_loop fp32[] = {add_fp32, sub_fp32, mul_fp32, div_fp32};
    static const inner_loop fp64[] = {add_fp64, sub_fp64, mul_fp64, div_fp64};
    static const inner_loop int32[] = {add_int32, sub_int32, mul_int32, div_int32};
    static const inner_loop int64[] = {add_int64, sub_int64, mul_int64, div_int64};

    return dtype == ML_FP32    ? fp32[op]
           : dtype == ML_FP64  ? fp64[op]
           : dtype == ML_INT32 ? int32[op]
                               : int64[op];
}

bool ml__binary_takes(ml_dtype dtype) {
    return dtype == ML_FP32 || dtype == ML_FP64 || dtype == ML_INT32 || dtype == ML_INT64;
}

/* How far an operand moves along each axis of the result, not yet merged. */
static void
find_steps(const struct ml__shape *operand, const struct ml__shape *out, size_t *steps) {
    size_t step = 1;

    for (uint32_t back = 1; back <= out->rank; back++) {
        const size_t extent = back <= operand->rank ? operand->dims[operand->rank - back] : 1;

        steps[out->rank - back] = extent == 1 ? 0 : step;
        step *= extent;
    }
}

static size_t element_count(const struct ml__shape *shape) {
    size_t count = 1;

    for (uint32_t axis = 0; axis < shape->rank; axis++) {
        count *= shape->dims[axis];
    }
    return count;
}

void ml__binary_make(
    struct ml__binary *binary, const struct ml__shape *left, bool left_moves,
    const struct ml__shape *right, bool right_moves, const struct ml__shape *out
) {
    size_t left_steps[ML_MAX_RANK] = {0};
    size_t right_steps[ML_MAX_RANK] = {0};
    uint32_t rank = 0;

    find_steps(left, out, left_steps);
    find_steps(right, out, right_steps);
    for (uint32_t axis = 0; axis < out->rank; axis++) {
        const size_t extent = out->dims[axis];

        if (extent == 1) {
            continue;
        }
        if (rank > 0 && binary->left[rank - 1] == left_steps[axis] * extent &&
            binary->right[rank - 1] == right_steps[axis] * extent) {
            rank--; /* the axis before ends where this one begins anew */
            binary->dims[rank] *= extent;
        } else {
            binary->dims[rank] = extent;
        }
        binary->left[rank] = left_steps[axis];
        binary->right[rank] = right_steps[axis];
        rank++;
    }
    if (rank == 0) {
        binary->dims[0] = 1;
        binary->left[0] = left_moves;
        binary->right[0] = right_moves;
        rank = 1;
    }
    binary->rank = rank;
    binary->left_item = left_moves ? element_count(left) : 0;
    binary->right_item = right_moves ? element_count(right) : 0;
    binary->out_item = element_count(out);
}

/* All of one item: the outer axes by counting, the innermost by the loop. */
static void run_item(
    const struct ml__binary *binary, inner_loop loop, const unsigned char *left,
    const unsigned char *right, unsigned char *out
) {
    const size_t size = ml_dtype_size(binary->dtype);
    const uint32_t inner = binary->rank - 1;
    const size_t width = binary->dims[inner];
    size_t place[ML_MAX_RANK] = {0};
    uint32_t axis;

    do {
        loop(out, left, binary->left[inner], right, binary->right[inner], width);
        out += width * size;
        for (axis = inner; axis > 0; axis--) {
            left += binary->left[axis - 1] * size;
            right += binary->right[axis - 1] * size;
            if (++place[axis - 1] < binary->dims[axis - 1]) {
                break;
            }
            left -= binary->left[axis - 1] * binary->dims[axis - 1] * size;
            right -= binary->right[axis - 1] * binary->dims[axis - 1] * size;
            place[axis - 1] = 0;
        }
    } while (axis > 0);
}

void ml__binary_run(
    const struct ml__binary *binary, const void *left, const void *right, void *out,
    size_t item_count
) {
    const inner_loop loop = pick(binary->op, binary->dtype);
    const size_t size = ml_dtype_size(binary->dtype);
    const size_t width = binary->dims[0];
    const unsigned char *left_next = left;
    const unsigned char *right_next = right;
    unsigned char *out_next = out;

    /* One number a side, or all of a side: the items are one long row. */
    if (binary->rank == 1 && binary->left_item == binary->left[0] * width &&
        binary->right_item == binary->right[0] * width) {
        loop(out, left, binary->left[0], right, binary->right[0], width * item_count);
        return;
    }
    for (size_t item = 0; item < item_count; item++) {
        run_item(binary, loop, left_next, right_next, out_next);
        left_next += binary->left_item * size;
        right_next += binary->right_item * size;
        out_next += binary->out_item * size;
    }
}
