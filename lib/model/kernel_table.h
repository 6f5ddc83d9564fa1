/* SPDX-License-Identifier: MIT */
/*
 * kernel_table.h -- the instruction sets that the number crunching was compiled for.
 *
 * kernel_body.h and vector_math.h are compiled once an instruction set, in kernel_<name>.c;
 * this is how the rest of the room finds the one for the CPU it runs on. Between two kernels
 * the bits of an answer may differ; within one they depend on the row alone.
 */
#ifndef ML_MODEL_KERNEL_TABLE_H
#define ML_MODEL_KERNEL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/activation.h"

/* Weights stand in panels of this many vectors; only the last panel may be narrower. */
#define ML__PANEL_VECTORS 4

/*
 * A layer as a kernel sees it. Its weights are a list of panels: a panel of V vectors is
 * [depth, V * lanes], columns beyond `width` are 0. Or they are a list of columns, each
 * [depth in whole vectors], -0 beyond `depth`. bias: [width in whole vectors]; -0 where there
 * is none, which changes no sum.
 */
struct ml__panels {
    size_t depth;
    size_t width;
    const void *weights; /* 64-byte aligned */
    const void *bias;    /* 64-byte aligned */
    bool relu;           /* applied while the sums are in registers */
};

struct ml__kernel_type {
    size_t lanes; /* elements of a vector */
    void (*run_panels
    )(const struct ml__panels *panels, const void *rows, void *out, size_t row_count);
    void (*run_columns
    )(const struct ml__panels *panels, const void *rows, void *out, size_t row_count);
};

struct ml__kernel {
    const char *name;
    double fused_ops_per_ns; /* FP32 multiply-adds that one core does, roughly */
    struct ml__kernel_type f32;
    struct ml__kernel_type f64;
    void (*activate)(const struct ml__activation *activation, float *values, size_t count);
    void (*softmax
    )(const float *rows, float *out, size_t row_count, size_t width, bool logarithm);
};

#define ML__KERNEL_MAX 3

/* Kernels that this CPU runs, best first; answers how many, at least 1. */
size_t ml__kernel_list(const struct ml__kernel *list[ML__KERNEL_MAX]);
const struct ml__kernel *ml__kernel_best(void);

extern const struct ml__kernel ml__kernel_generic;
#if defined(__x86_64__)
extern const struct ml__kernel ml__kernel_avx2;
extern const struct ml__kernel ml__kernel_avx512;
#endif

#endif
