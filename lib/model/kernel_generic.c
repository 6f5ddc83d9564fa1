/* SPDX-License-Identifier: MIT */
/*
 * kernel_generic.c -- the kernels for any CPU: vectors of 16 bytes in the compiler's own terms.
 *
 * A multiply-add is two roundings here, except on 64-bit ARM, which always has the fused one.
 */
#if defined(__aarch64__)
#include <arm_neon.h>
#endif
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "model/kernel_table.h"

#if defined(__aarch64__)
#define TILE_ROWS 6
#else
#define TILE_ROWS 2
#endif

#define TARGET
#define INLINE static inline __attribute__((always_inline))

typedef float vector_f32 __attribute__((vector_size(16)));
typedef float loose_f32 __attribute__((vector_size(16), aligned(4), may_alias));
typedef size_t mask_f32;

INLINE vector_f32 multiply_add_f32(vector_f32 a, vector_f32 b, vector_f32 c) {
#if defined(__aarch64__)
    return (vector_f32)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return a * b + c;
#endif
}

INLINE vector_f32 relu_f32(vector_f32 x) {
    return (vector_f32)((__typeof__(x < x))x & ~(x < (vector_f32){0}));
}

INLINE mask_f32 first_f32(size_t count) {
    return count;
}

INLINE vector_f32 load_f32(const float *from, mask_f32 mask) {
    vector_f32 vector = {0};

    if (mask * sizeof *from == sizeof vector) {
        return *(const loose_f32 *)from;
    }
    memcpy(&vector, from, mask * sizeof *from);
    return vector;
}

INLINE void store_f32(float *to, mask_f32 mask, vector_f32 vector) {
    if (mask * sizeof *to == sizeof vector) {
        *(loose_f32 *)to = vector;
    } else {
        memcpy(to, &vector, mask * sizeof *to);
    }
}

INLINE float total_f32(vector_f32 vector) {
    return (vector[0] + vector[2]) + (vector[1] + vector[3]);
}

typedef double vector_f64 __attribute__((vector_size(16)));
typedef double loose_f64 __attribute__((vector_size(16), aligned(8), may_alias));
typedef size_t mask_f64;

INLINE vector_f64 multiply_add_f64(vector_f64 a, vector_f64 b, vector_f64 c) {
#if defined(__aarch64__)
    return (vector_f64)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
    return a * b + c;
#endif
}

INLINE vector_f64 relu_f64(vector_f64 x) {
    return (vector_f64)((__typeof__(x < x))x & ~(x < (vector_f64){0}));
}

INLINE mask_f64 first_f64(size_t count) {
    return count;
}

INLINE vector_f64 load_f64(const double *from, mask_f64 mask) {
    vector_f64 vector = {0};

    if (mask * sizeof *from == sizeof vector) {
        return *(const loose_f64 *)from;
    }
    memcpy(&vector, from, mask * sizeof *from);
    return vector;
}

INLINE void store_f64(double *to, mask_f64 mask, vector_f64 vector) {
    if (mask * sizeof *to == sizeof vector) {
        *(loose_f64 *)to = vector;
    } else {
        memcpy(to, &vector, mask * sizeof *to);
    }
}

INLINE double total_f64(vector_f64 vector) {
    return vector[0] + vector[1];
}

#define REAL float
#define NAME(name) name##_f32
#include "model/kernel_body.h"
#undef REAL
#undef NAME

#define REAL double
#define NAME(name) name##_f64
#include "model/kernel_body.h"

#include "model/vector_math.h"

const struct ml__kernel ml__kernel_generic = {
    .name = "generic",
    .fused_ops_per_ns = 8,
    .f32 = {sizeof(vector_f32) / sizeof(float), run_panels_f32, run_columns_f32},
    .f64 = {sizeof(vector_f64) / sizeof(double), run_panels_f64, run_columns_f64},
    .activate = activate,
    .softmax = softmax,
};
