/* SPDX-License-Identifier: MIT */
/*
 * dense_blas.h -- the product of a dense layer by OpenBLAS, in tiles that keep a row's bits.
 */
#ifndef ML_MODEL_DENSE_BLAS_H
#define ML_MODEL_DENSE_BLAS_H

#include <mlserve/tensor.h>

#include <stdbool.h>

/* A layer's shape and weights: [depth, width] of `dtype`, borrowed. */
struct ml__blas {
    ml_dtype dtype;
    size_t depth;
    size_t width;
    const void *weights;
};

/* Whether this build has OpenBLAS. */
bool ml__blas_present(void);

/* *bytes: scratch that a run needs, for any row_count; false: it does not fit size_t. */
bool ml__blas_scratch_bytes(const struct ml__blas *layer, size_t *bytes);

/*
 * *keeps: whether a row has the same bits at each place of a tile and beside any neighbours
 * (false, too, for shapes that tiles are not for: beyond int, or deep and narrow ones, whose
 * tiles would outweigh the layer).
 * What OpenBLAS does depends on the CPU, so it is tried where the layer will run, with its own
 * weights.
 *
 * Errors: ML_ENOMEM.
 */
ML_MUST ml_status ml__blas_try(const struct ml__blas *layer, bool *keeps, ml_error *err);

/* rows [row_count, depth] to out [row_count, width] = rows * weights. */
void ml__blas_run(
    const struct ml__blas *layer, const void *rows, void *out, size_t row_count, void *scratch
);

#endif
