/* SPDX-License-Identifier: MIT */
/*
 * dense.h -- a dense layer: out = activation(rows * weights + bias), in one pass.
 *
 * The kernel is chosen, and the weights are laid out for it, once, when the layer is made;
 * never by the number of rows. Each output is one chain of multiply-adds in the order of the
 * inner index (a few chains for narrow layers, as many as the width says), whatever rows
 * stand beside it: so a row's bits depend on that row alone.
 */
#ifndef ML_MODEL_DENSE_H
#define ML_MODEL_DENSE_H

#include <mlserve/model.h>

#include <stdbool.h>

#include "model/activation.h"

struct ml__dense;
struct ml__kernel;

struct ml__dense_spec {
    uint32_t dtype;      /* ML_FP32 or ML_FP64 */
    uint32_t kernel;     /* an ml_kernel */
    size_t depth;        /* K: elements of a row in, at least 1 */
    size_t width;        /* N: elements of a row out, at least 1 */
    const void *weights; /* [depth, width]; [width, depth] if transposed; borrowed; of any
                            alignment */
    bool transposed;
    const void *bias; /* [width], or NULL: none; borrowed */
    struct ml__activation activation;
    uint32_t kept_dtype; /* of the weights: 0: dtype; for FP32 also ML_FP16, ML_BF16 */
};

/* Errors: ML_ENOMEM, ML_EUNSUPPORTED (BLAS asked for in a build without). */
ML_MUST ml_status
ml__dense_make(const struct ml__dense_spec *spec, struct ml__dense **out, ml_error *err);

/* As above, on a given one of the kernels that this CPU runs (ml__kernel_list()). */
ML_MUST ml_status ml__dense_make_on(
    const struct ml__dense_spec *spec, const struct ml__kernel *kernel, struct ml__dense **out,
    ml_error *err
);
void ml__dense_free(struct ml__dense *dense); /* NULL is fine */

/* Scratch that run needs, for any row_count: a constant of the layer. 0: none. */
size_t ml__dense_scratch_bytes(const struct ml__dense *dense);

/* Nanoseconds that one row is likely to take. */
double ml__dense_row_cost_ns(const struct ml__dense *dense);

/* Name of the kernel that was chosen: "avx512", "avx2", "generic", "blas". */
const char *ml__dense_kernel_name(const struct ml__dense *dense);

/*
 * rows [row_count, depth] dense, out [row_count, width] dense; they must not overlap. scratch:
 * 64-byte aligned. Re-entrant; cannot fail.
 */
void ml__dense_run(
    const struct ml__dense *dense, const void *rows, void *out, size_t row_count, void *scratch
);

#endif
