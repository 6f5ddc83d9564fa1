/* SPDX-License-Identifier: MIT */
/*
 * dense_blas.c -- the product of a dense layer by OpenBLAS, in tiles that keep a row's bits.
 *
 * A plain gemm gives a row other bits when the number of rows changes: it picks its way, and
 * its order of summing, by the shape. So each call here has the same shape: TILE_ROWS rows,
 * the last of them zeros where there are fewer, by a fixed number of columns and depths.
 * Whether a row's place inside the tile matters is up to the kernels that OpenBLAS has for the
 * CPU; ml__blas_try() finds out.
 *
 * OpenBLAS starts threads for a call above 262,144 multiply-adds (interface/gemm.c of 0.3.21).
 * The number of its threads belongs to the host, so calls stay at or below that.
 *
 * alpha is always 1 (with 0, some kernels answer NaN for an infinite input, others 0).
 */
#include "model/dense_blas.h"

#if defined(ML__WITH_BLAS)
#include <cblas.h>
#endif
#include <limits.h>
#include <string.h>

#include "base/checked.h"
#include "base/fail.h"
#include "base/memory.h"

#define TILE_ROWS 8
#define CALL_MAX 262144
#define SCRATCH_MAX 262144 /* bytes, for a layer narrower than two tiles have rows */
#define DEPTH_MAX 2048     /* of a call; what is deeper is added up call by call */

bool ml__blas_scratch_bytes(const struct ml__blas *layer, size_t *bytes) {
    size_t elements;

    return ml__add(layer->depth, layer->width, &elements) &&
           ml__mul(elements, TILE_ROWS * ml_dtype_size(layer->dtype), bytes);
}

#if defined(ML__WITH_BLAS)

bool ml__blas_present(void) {
    return true;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* A piece of a tile; from the second block of depth on it is added to what is in `out`. */
static void multiply(
    const struct ml__blas *layer, const void *rows, void *out, size_t depth, size_t column,
    size_t depth_count, size_t column_count
) {
    const blasint k = (blasint)depth_count;
    const blasint n = (blasint)column_count;
    const blasint row_stride = (blasint)layer->depth;
    const blasint out_stride = (blasint)layer->width;
    const size_t weight = depth * layer->width + column;

    if (layer->dtype == ML_FP32) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, TILE_ROWS, n, k, 1,
            (const float *)rows + depth, row_stride, (const float *)layer->weights + weight,
            out_stride, depth > 0, (float *)out + column, out_stride
        );
    } else {
        cblas_dgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, TILE_ROWS, n, k, 1,
            (const double *)rows + depth, row_stride, (const double *)layer->weights + weight,
            out_stride, depth > 0, (double *)out + column, out_stride
        );
    }
}

/* TILE_ROWS rows, in calls whose shapes depend on the layer's alone. */
static void run_tile(const struct ml__blas *layer, const void *rows, void *out) {
    const size_t deepest = smaller(layer->depth, DEPTH_MAX);
    const size_t widest = CALL_MAX / TILE_ROWS / deepest / 16 * 16; /* at least 16 */

    for (size_t depth = 0; depth < layer->depth; depth += deepest) {
        for (size_t column = 0; column < layer->width; column += widest) {
            multiply(
                layer, rows, out, depth, column, smaller(deepest, layer->depth - depth),
                smaller(widest, layer->width - column)
            );
        }
    }
}

void ml__blas_run(
    const struct ml__blas *layer, const void *rows, void *out, size_t row_count, void *scratch
) {
    const size_t row_bytes = layer->depth * ml_dtype_size(layer->dtype);
    const size_t out_bytes = layer->width * ml_dtype_size(layer->dtype);
    const unsigned char *source = rows;
    unsigned char *target = out;
    unsigned char *padded = scratch;

    for (; row_count >= TILE_ROWS; row_count -= TILE_ROWS) {
        run_tile(layer, source, target);
        source += TILE_ROWS * row_bytes;
        target += TILE_ROWS * out_bytes;
    }
    if (row_count > 0) {
        memcpy(padded, source, row_count * row_bytes);
        memset(padded + row_count * row_bytes, 0, (TILE_ROWS - row_count) * row_bytes);
        run_tile(layer, padded, padded + TILE_ROWS * row_bytes);
        memcpy(target, padded + TILE_ROWS * row_bytes, row_count * out_bytes);
    }
}

/* Numbers between -1 and 1, the same in each run. */
static void fill(ml_dtype dtype, void *values, size_t count) {
    uint32_t state = 1;

    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        if (dtype == ML_FP32) {
            ((float *)values)[i] = (float)(int32_t)state * 0x1p-31f;
        } else {
            ((double *)values)[i] = (int32_t)state * 0x1p-31;
        }
    }
}

/* Multiply a tile of unlike rows, then tiles that hold one of these rows at every place. */
static bool
places_agree(const struct ml__blas *layer, unsigned char *rows, unsigned char *out) {
    const size_t row_bytes = layer->depth * ml_dtype_size(layer->dtype);
    const size_t out_bytes = layer->width * ml_dtype_size(layer->dtype);
    unsigned char *same_rows = rows + TILE_ROWS * row_bytes;
    unsigned char *same_out = out + TILE_ROWS * out_bytes;

    fill(layer->dtype, rows, TILE_ROWS * layer->depth);
    run_tile(layer, rows, out);
    for (size_t row = 0; row < TILE_ROWS; row += 3) {
        for (size_t place = 0; place < TILE_ROWS; place++) {
            memcpy(same_rows + place * row_bytes, rows + row * row_bytes, row_bytes);
        }
        run_tile(layer, same_rows, same_out);
        for (size_t place = 0; place < TILE_ROWS; place++) {
            if (memcmp(same_out + place * out_bytes, out + row * out_bytes, out_bytes) != 0) {
                return false;
            }
        }
    }
    return true;
}

ml_status ml__blas_try(const struct ml__blas *layer, bool *keeps, ml_error *err) {
    unsigned char *rows = NULL;
    size_t bytes = 0;

    if (layer->depth > INT_MAX || layer->width > INT_MAX) {
        *keeps = false; /* more than its interface can say */
        return ML_OK;
    }
    if (ml__blas_scratch_bytes(layer, &bytes)) {
        if (bytes > SCRATCH_MAX && layer->width < 2 * TILE_ROWS) {
            *keeps = false; /* a tile would take more memory than the weights */
            return ML_OK;
        }
        rows = ml__make_aligned(bytes, 2);
    }
    if (rows == NULL) {
        return ml__fail(
            err, ML_ENOMEM, "tile of a layer of %zu by %zu", layer->depth, layer->width
        );
    }
    *keeps = places_agree(
        layer, rows, rows + (size_t)2 * TILE_ROWS * layer->depth * ml_dtype_size(layer->dtype)
    );
    ml__free_aligned(rows);
    return ML_OK;
}

#else

bool ml__blas_present(void) {
    return false;
}

ml_status ml__blas_try(const struct ml__blas *layer, bool *keeps, ml_error *err) {
    (void)layer;
    (void)err;
    *keeps = false;
    return ML_OK;
}

void ml__blas_run(
    const struct ml__blas *layer, const void *rows, void *out, size_t row_count, void *scratch
) {
    (void)layer;
    (void)rows;
    (void)out;
    (void)row_count;
    (void)scratch;
}

#endif
