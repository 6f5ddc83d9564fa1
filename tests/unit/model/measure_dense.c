/* SPDX-License-Identifier: MIT */
/*
 * measure_dense.c -- how fast is a dense layer, beside a plain call of OpenBLAS on the whole
 * batch?
 *
 * A layer of 784 by 512 and the like, with bias and ReLU, for 1 to 1024 rows. Columns: our
 * kernels that this CPU runs, OpenBLAS in tiles (which keep a row's bits), and one plain
 * gemm over all rows (which does not keep them, and here has neither bias nor ReLU). Each
 * figure is the median of samples of about a millisecond of CPU time, in GFLOP/s and
 * microseconds a batch.
 * The kernels are inner parts of the library, so this stands beside the tests.
 *
 *   OPENBLAS_NUM_THREADS=1 build/release/tests/measure_dense [f32|f64] [784x512 ...]
 *
 * OPENBLAS_CORETYPE=SkylakeX (Haswell, ...) chooses OpenBLAS's kernels.
 */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/dense.h"
#include "model/kernel_table.h"

#define SAMPLES 9
#define WAYS (ML__KERNEL_MAX + 2) /* ours, tiles by OpenBLAS, a plain gemm */
#define SAMPLE_NS 1000000

struct subject {
    ml_dtype dtype;
    size_t depth;
    size_t width;
    void *weights;
    void *bias;
    void *rows;
    void *out;
    void *scratch;
};

static void plain_gemm(const struct subject *s, size_t row_count) {
    const int m = (int)row_count;
    const int n = (int)s->width;
    const int k = (int)s->depth;

    if (s->dtype == ML_FP32) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, s->rows, k, s->weights, n, 0,
            s->out, n
        );
    } else {
        cblas_dgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, s->rows, k, s->weights, n, 0,
            s->out, n
        );
    }
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* CPU time of this thread: what else runs here disturbs it less than it does the wall clock. */
static double now_ns(void) {
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Nanoseconds of one of `count` runs; dense NULL: the plain gemm. */
static double time_runs(
    const struct subject *s, const struct ml__dense *dense, size_t row_count, size_t count
) {
    const double begin = now_ns();

    for (size_t run = 0; run < count; run++) {
        if (dense == NULL) {
            plain_gemm(s, row_count);
        } else {
            ml__dense_run(dense, s->rows, s->out, row_count, s->scratch);
        }
    }
    return (now_ns() - begin) / (double)count;
}

/* Medians of all ways, which take turns: what disturbs one sample disturbs its neighbours. */
static void measure(
    const struct subject *s, struct ml__dense *const *ways, double *medians, size_t row_count
) {
    double samples[WAYS][SAMPLES];
    size_t counts[WAYS];

    for (size_t way = 0; way < WAYS; way++) {
        double ns = time_runs(s, ways[way], row_count, 1);

        ns = time_runs(s, ways[way], row_count, ns < 1e5 ? 10 : 1); /* warm now */
        counts[way] = ns < SAMPLE_NS ? (size_t)(SAMPLE_NS / (ns + 1)) + 1 : 1;
    }
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t way = 0; way < WAYS; way++) {
            samples[way][i] = time_runs(s, ways[way], row_count, counts[way]);
        }
    }
    for (size_t way = 0; way < WAYS; way++) {
        qsort(samples[way], SAMPLES, sizeof **samples, by_size);
        medians[way] = samples[way][SAMPLES / 2];
    }
}

static void fill(ml_dtype dtype, void *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const double value = (double)(i * 2654435761u % 2001) / 1000 - 1;

        if (dtype == ML_FP32) {
            ((float *)values)[i] = (float)value;
        } else {
            ((double *)values)[i] = value;
        }
    }
}

static void *memory(size_t bytes) {
    void *block = aligned_alloc(64, (bytes + 64) / 64 * 64);

    if (block == NULL) {
        exit(1);
    }
    return block;
}

static void compare(ml_dtype dtype, size_t depth, size_t width) {
    static const size_t row_counts[] = {1, 8, 32, 256, 1024};
    const struct ml__kernel *kernels[ML__KERNEL_MAX];
    const size_t kernel_count = ml__kernel_list(kernels);
    const size_t size = ml_dtype_size(dtype);
    struct ml__dense *ways[WAYS] = {NULL};
    double medians[WAYS];
    struct subject s = {dtype, depth, width, NULL, NULL, NULL, NULL, NULL};
    struct ml__dense_spec spec = {
        .dtype = dtype,
        .depth = depth,
        .width = width,
        .activation = {ML__ACTIVATION_RELU, 0, 0}};

    spec.weights = s.weights = memory(depth * width * size);
    spec.bias = s.bias = memory(width * size);
    s.rows = memory(1024 * depth * size);
    s.out = memory(1024 * width * size);
    s.scratch = memory(16 * (depth + width) * size);
    fill(dtype, s.weights, depth * width);
    fill(dtype, s.bias, width);
    fill(dtype, s.rows, 1024 * depth);
    for (size_t k = 0; k < WAYS - 1; k++) {
        const struct ml__kernel *kernel = kernels[k < kernel_count ? k : 0];

        spec.kernel = k < ML__KERNEL_MAX ? ML_KERNEL_BUILTIN : ML_KERNEL_BLAS;
        if (ml__dense_make_on(&spec, kernel, &ways[k], NULL) != ML_OK) {
            exit(1);
        }
    }
    for (size_t i = 0; i < sizeof row_counts / sizeof *row_counts; i++) {
        const size_t row_count = row_counts[i];
        const double operations = 2.0 * (double)row_count * (double)depth * (double)width;

        measure(&s, ways, medians, row_count);
        printf("%5zux%-5zu %5zu rows", depth, width, row_count);
        for (size_t k = 0; k < WAYS; k++) {
            printf(
                "  %s %6.1f (%8.2f us)",
                ways[k] == NULL ? "plain" : ml__dense_kernel_name(ways[k]),
                operations / medians[k], medians[k] / 1e3
            );
        }
        printf("\n");
    }
    for (size_t k = 0; k < WAYS; k++) {
        ml__dense_free(ways[k]);
    }
    free(s.weights);
    free(s.bias);
    free(s.rows);
    free(s.out);
    free(s.scratch);
}

int main(int argc, char **argv) {
    static const size_t shapes[][2] = {{64, 128},  {128, 10}, {784, 512},
                                       {512, 256}, {256, 10}, {30, 1}};
    const ml_dtype dtype = argc > 1 && strcmp(argv[1], "f64") == 0 ? ML_FP64 : ML_FP32;

    for (int i = 2; i < argc; i++) {
        size_t depth;
        size_t width;

        if (sscanf(argv[i], "%zux%zu", &depth, &width) == 2) {
            compare(dtype, depth, width);
        }
    }
    for (size_t i = 0; argc < 3 && i < sizeof shapes / sizeof *shapes; i++) {
        compare(dtype, shapes[i][0], shapes[i][1]);
    }
    return 0;
}
