/* SPDX-License-Identifier: MIT */
/*
 * kernel_avx512.c -- the kernels for x86 CPUs with AVX-512 (F, BW, DQ, VL): vectors of 64
 * bytes. Six rows by four vectors of sums are 24 of its 32 registers.
 */
#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "model/kernel_table.h"

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET
#define TILE_ROWS 6

typedef float vector_f32 __attribute__((vector_size(64)));
typedef float loose_f32 __attribute__((vector_size(64), aligned(4), may_alias));
typedef __mmask16 mask_f32;

INLINE vector_f32 multiply_add_f32(vector_f32 a, vector_f32 b, vector_f32 c) {
    return (vector_f32)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

/* Of a NaN and of two zeros, max answers the second. */
INLINE vector_f32 relu_f32(vector_f32 x) {
    return (vector_f32)_mm512_max_ps(_mm512_setzero_ps(), (__m512)x);
}

INLINE mask_f32 first_f32(size_t count) {
    return (mask_f32)((1u << count) - 1);
}

INLINE vector_f32 load_f32(const float *from, mask_f32 mask) {
    return (vector_f32)_mm512_maskz_loadu_ps(mask, from);
}

INLINE void store_f32(float *to, mask_f32 mask, vector_f32 vector) {
    _mm512_mask_storeu_ps(to, mask, (__m512)vector);
}

INLINE float total_f32(vector_f32 vector) {
    return _mm512_reduce_add_ps((__m512)vector);
}

typedef double vector_f64 __attribute__((vector_size(64)));
typedef double loose_f64 __attribute__((vector_size(64), aligned(8), may_alias));
typedef __mmask8 mask_f64;

INLINE vector_f64 multiply_add_f64(vector_f64 a, vector_f64 b, vector_f64 c) {
    return (vector_f64)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}

INLINE vector_f64 relu_f64(vector_f64 x) {
    return (vector_f64)_mm512_max_pd(_mm512_setzero_pd(), (__m512d)x);
}

INLINE mask_f64 first_f64(size_t count) {
    return (mask_f64)((1u << count) - 1);
}

INLINE vector_f64 load_f64(const double *from, mask_f64 mask) {
    return (vector_f64)_mm512_maskz_loadu_pd(mask, from);
}

INLINE void store_f64(double *to, mask_f64 mask, vector_f64 vector) {
    _mm512_mask_storeu_pd(to, mask, (__m512d)vector);
}

INLINE double total_f64(vector_f64 vector) {
    return _mm512_reduce_add_pd((__m512d)vector);
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

const struct ml__kernel ml__kernel_avx512 = {
    .name = "avx512",
    .fused_ops_per_ns = 60,
    .f32 = {sizeof(vector_f32) / sizeof(float), run_panels_f32, run_columns_f32},
    .f64 = {sizeof(vector_f64) / sizeof(double), run_panels_f64, run_columns_f64},
    .activate = activate,
    .softmax = softmax,
};

#endif

typedef int ml__kernel_avx512_is_not_empty; /* for other CPUs: C asks for a declaration */
