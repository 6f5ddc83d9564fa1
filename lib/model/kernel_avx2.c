/* SPDX-License-Identifier: MIT */
/*
 * kernel_avx2.c -- the kernels for x86 CPUs with AVX2 and FMA (2013 and later): vectors of 32
 * bytes. Three rows by four vectors of sums, and what is in flight, are its 16 registers.
 */
#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "model/kernel_table.h"

#define TARGET __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET
#define TILE_ROWS 3

typedef float vector_f32 __attribute__((vector_size(32)));
typedef float loose_f32 __attribute__((vector_size(32), aligned(4), may_alias));
typedef __m256i mask_f32;

INLINE vector_f32 multiply_add_f32(vector_f32 a, vector_f32 b, vector_f32 c) {
    return (vector_f32)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}

/* Of a NaN and of two zeros, max answers the second. */
INLINE vector_f32 relu_f32(vector_f32 x) {
    return (vector_f32)_mm256_max_ps(_mm256_setzero_ps(), (__m256)x);
}

INLINE mask_f32 first_f32(size_t count) {
    return _mm256_cmpgt_epi32(
        _mm256_set1_epi32((int)count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)
    );
}

INLINE vector_f32 load_f32(const float *from, mask_f32 mask) {
    return (vector_f32)_mm256_maskload_ps(from, mask);
}

INLINE void store_f32(float *to, mask_f32 mask, vector_f32 vector) {
    _mm256_maskstore_ps(to, mask, (__m256)vector);
}

INLINE float total_f32(vector_f32 vector) {
    __m128 sum = _mm_add_ps(
        _mm256_castps256_ps128((__m256)vector), _mm256_extractf128_ps((__m256)vector, 1)
    );

    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

typedef double vector_f64 __attribute__((vector_size(32)));
typedef double loose_f64 __attribute__((vector_size(32), aligned(8), may_alias));
typedef __m256i mask_f64;

INLINE vector_f64 multiply_add_f64(vector_f64 a, vector_f64 b, vector_f64 c) {
    return (vector_f64)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}

INLINE vector_f64 relu_f64(vector_f64 x) {
    return (vector_f64)_mm256_max_pd(_mm256_setzero_pd(), (__m256d)x);
}

INLINE mask_f64 first_f64(size_t count) {
    return _mm256_cmpgt_epi64(
        _mm256_set1_epi64x((int64_t)count), _mm256_setr_epi64x(0, 1, 2, 3)
    );
}

INLINE vector_f64 load_f64(const double *from, mask_f64 mask) {
    return (vector_f64)_mm256_maskload_pd(from, mask);
}

INLINE void store_f64(double *to, mask_f64 mask, vector_f64 vector) {
    _mm256_maskstore_pd(to, mask, (__m256d)vector);
}

INLINE double total_f64(vector_f64 vector) {
    const __m128d sum = _mm_add_pd(
        _mm256_castpd256_pd128((__m256d)vector), _mm256_extractf128_pd((__m256d)vector, 1)
    );

    return _mm_cvtsd_f64(_mm_add_sd(sum, _mm_unpackhi_pd(sum, sum)));
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

const struct ml__kernel ml__kernel_avx2 = {
    .name = "avx2",
    .fused_ops_per_ns = 35,
    .f32 = {sizeof(vector_f32) / sizeof(float), run_panels_f32, run_columns_f32},
    .f64 = {sizeof(vector_f64) / sizeof(double), run_panels_f64, run_columns_f64},
    .activate = activate,
    .softmax = softmax,
};

#endif

typedef int ml__kernel_avx2_is_not_empty; /* for other CPUs: C asks for a declaration */
