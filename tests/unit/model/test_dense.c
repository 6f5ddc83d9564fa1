/* SPDX-License-Identifier: MIT */
/*
 * test_dense.c -- dense layers, by every kernel that this CPU runs and by OpenBLAS where the
 * build has it: exactness, the same bits for a row wherever it stands, and edges.
 */
#include "support/cmocka_all.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/dense.h"
#include "model/dense_blas.h"
#include "model/kernel_table.h"

#define SEED 20240607u

/* A way to compute: a kernel of ours, or OpenBLAS beside its activations. */
struct way {
    const struct ml__kernel *kernel;
    uint32_t choice;
};

static struct way ways[ML__KERNEL_MAX + 1];
static size_t way_count;
static size_t allocations_left = SIZE_MAX;
static size_t allocated_bytes;

static void *limited_allocate(void *user, size_t size) {
    (void)user;
    if (allocations_left == 0) {
        return NULL;
    }
    allocations_left--;
    allocated_bytes += size;
    return malloc(size);
}

static void *limited_resize(void *user, void *block, size_t size) {
    (void)user;
    return realloc(block, size);
}

static void plain_release(void *user, void *block) {
    (void)user;
    free(block);
}

static void find_ways(void) {
    const struct ml__kernel *kernels[ML__KERNEL_MAX];
    const size_t kernel_count = ml__kernel_list(kernels);

    for (size_t i = 0; i < kernel_count; i++) {
        ways[way_count++] = (struct way){kernels[i], ML_KERNEL_BUILTIN};
    }
    if (ml__blas_present()) {
        ways[way_count++] = (struct way){ml__kernel_best(), ML_KERNEL_BLAS};
    }
}

static uint32_t random_state = SEED;

/* Between -1 and 1. */
static double random_value(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return (int32_t)random_state * 0x1p-31;
}

static double get(ml_dtype dtype, const void *values, size_t i) {
    return dtype == ML_FP32 ? ((const float *)values)[i] : ((const double *)values)[i];
}

static void set(ml_dtype dtype, void *values, size_t i, double value) {
    if (dtype == ML_FP32) {
        ((float *)values)[i] = (float)value;
    } else {
        ((double *)values)[i] = value;
    }
}

static void *memory(size_t bytes) {
    void *block = aligned_alloc(64, (bytes + 64) / 64 * 64);

    assert_non_null(block);
    return block;
}

static void *random_values(ml_dtype dtype, size_t count) {
    void *values = memory(count * ml_dtype_size(dtype));

    for (size_t i = 0; i < count; i++) {
        set(dtype, values, i, random_value());
    }
    return values;
}

/* A layer with random weights and its own scratch. */
struct layer {
    struct ml__dense_spec spec;
    struct ml__dense *dense;
    void *weights;
    void *bias;
    void *scratch;
    size_t row_bytes;
    size_t out_bytes;
};

static struct layer make_layer(
    struct way way, ml_dtype dtype, size_t depth, size_t width, struct ml__activation a
) {
    struct layer layer = {0};

    layer.weights = random_values(dtype, depth * width);
    layer.bias = random_values(dtype, width);
    layer.row_bytes = depth * ml_dtype_size(dtype);
    layer.out_bytes = width * ml_dtype_size(dtype);
    layer.spec = (struct ml__dense_spec
    ){.dtype = dtype,
      .kernel = way.choice,
      .depth = depth,
      .width = width,
      .weights = layer.weights,
      .bias = layer.bias,
      .activation = a};
    assert_int_equal(ml__dense_make_on(&layer.spec, way.kernel, &layer.dense, NULL), ML_OK);
    layer.scratch = memory(ml__dense_scratch_bytes(layer.dense));
    return layer;
}

static void free_layer(struct layer *layer) {
    ml__dense_free(layer->dense);
    free(layer->weights);
    free(layer->bias);
    free(layer->scratch);
}

static void run(const struct layer *layer, const void *rows, void *out, size_t row_count) {
    ml__dense_run(layer->dense, rows, out, row_count, layer->scratch);
}

/* |out - right| <= 2 K eps sum |x w|, the bias counted as one more product. */
static void check_exact(const struct layer *layer, const void *rows, const void *out) {
    const struct ml__dense_spec *spec = &layer->spec;
    const double eps = spec->dtype == ML_FP32 ? FLT_EPSILON / 2 : DBL_EPSILON / 2;

    for (size_t column = 0; column < spec->width; column++) {
        const double bias = spec->bias == NULL ? 0 : get(spec->dtype, spec->bias, column);
        const size_t terms = spec->depth + (spec->bias != NULL);
        long double right = bias;
        long double size = fabs(bias);

        for (size_t k = 0; k < spec->depth; k++) {
            const size_t i =
                spec->transposed ? column * spec->depth + k : k * spec->width + column;
            const long double product =
                (long double)get(spec->dtype, rows, k) * get(spec->dtype, spec->weights, i);

            right += product;
            size += fabsl(product);
        }
        assert_true(
            fabsl(get(spec->dtype, out, column) - right) <= 2 * (long double)terms * eps * size
        );
    }
}

static void try_shape(struct way way, ml_dtype dtype, size_t depth, size_t width) {
    const struct ml__activation none = {ML__ACTIVATION_NONE, 0, 0};
    const size_t row_count = 1 + (depth + width) % 9;
    struct layer layer = make_layer(way, dtype, depth, width, none);
    void *rows = random_values(dtype, row_count * depth);
    unsigned char *out = memory(row_count * layer.out_bytes);

    for (int variant = 0; variant < 4; variant++) {
        ml__dense_free(layer.dense);
        layer.dense = NULL;
        layer.spec.transposed = variant & 1;
        layer.spec.bias = variant & 2 ? layer.bias : NULL;
        assert_int_equal(ml__dense_make_on(&layer.spec, way.kernel, &layer.dense, NULL), ML_OK);
        run(&layer, rows, out, row_count);
        for (size_t row = 0; row < row_count; row++) {
            check_exact(
                &layer, (char *)rows + row * layer.row_bytes, out + row * layer.out_bytes
            );
        }
    }
    free(rows);
    free(out);
    free_layer(&layer);
}

static void outputs_are_near_the_exact_sum(void **state) {
    static const size_t depths[] = {1, 2, 3, 5, 64, 127, 128, 129, 300, 1000};
    static const size_t widths[] = {1, 2, 10, 15, 16, 17, 31, 48, 63, 64, 65, 130, 1000};

    (void)state;
    for (size_t w = 0; w < way_count; w++) {
        for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
            for (size_t j = 0; j < sizeof widths / sizeof *widths; j++) {
                if (depths[i] * widths[j] <= 130000) {
                    try_shape(
                        ways[w], (i + j) % 2 == 1 ? ML_FP64 : ML_FP32, depths[i], widths[j]
                    );
                    try_shape(ways[w], ML_FP32, depths[i], 1 + random_state % 80);
                    try_shape(ways[w], ML_FP64, 1 + random_state % 300, 1 + widths[j] % 100);
                }
            }
        }
    }
}

/* Each row alone, then in batches of every size, from ever other rows on. */
static void check_bits(struct layer *layer) {
    enum { ROWS = 70, LONG = 410 }; /* LONG: more than two chunks */
    unsigned char *rows = random_values(layer->spec.dtype, ROWS * layer->spec.depth);
    unsigned char *batch = memory(LONG * layer->row_bytes);
    unsigned char *alone = memory(ROWS * layer->out_bytes);
    unsigned char *out = memory(LONG * layer->out_bytes);

    for (size_t row = 0; row < ROWS; row++) {
        run(layer, rows + row * layer->row_bytes, alone + row * layer->out_bytes, 1);
    }
    for (size_t size = 1; size <= ROWS + 1; size++) {
        const size_t count = size <= ROWS ? size : LONG;

        for (size_t i = 0; i < count; i++) {
            memcpy(
                batch + i * layer->row_bytes,
                rows + (size * 13 + i * 3) % ROWS * layer->row_bytes, layer->row_bytes
            );
        }
        run(layer, batch, out, count);
        for (size_t i = 0; i < count; i++) {
            assert_memory_equal(
                out + i * layer->out_bytes,
                alone + (size * 13 + i * 3) % ROWS * layer->out_bytes, layer->out_bytes
            );
        }
    }
    free(rows);
    free(batch);
    free(alone);
    free(out);
}

static void a_row_has_the_same_bits_in_every_batch(void **state) {
    static const size_t shapes[][2] = {
        {1, 1},     {30, 1},    {64, 10},  {37, 17},   {300, 33},  {50, 50},
        {1100, 64}, {1100, 74}, {20, 200}, {257, 150}, {2100, 10}, {130, 3},
    };

    (void)state;
    for (size_t w = 0; w < way_count; w++) {
        for (size_t i = 0; i < 2 * sizeof shapes / sizeof *shapes; i++) {
            struct layer layer = make_layer(
                ways[w], i & 1 ? ML_FP64 : ML_FP32, shapes[i / 2][0], shapes[i / 2][1],
                (struct ml__activation){ML__ACTIVATION_RELU, 0, 0}
            );

            check_bits(&layer);
            free_layer(&layer);
        }
    }
}

static void so_with_every_activation_and_without_bias(void **state) {
    (void)state;
    for (size_t w = 0; w < way_count; w++) {
        for (int i = 0; i < 4 * (ML__ACTIVATION_CLIP + 1); i++) {
            const struct ml__activation activation = {i / 4, 0.5, 1.5};
            struct layer layer =
                make_layer(ways[w], i & 1 ? ML_FP64 : ML_FP32, 19, i & 2 ? 37 : 10, activation);

            ml__dense_free(layer.dense);
            layer.dense = NULL;
            layer.spec.bias = NULL;
            assert_int_equal(
                ml__dense_make_on(&layer.spec, ways[w].kernel, &layer.dense, NULL), ML_OK
            );
            check_bits(&layer);
            free_layer(&layer);
        }
    }
}

static void the_activation_is_that_of_activation_c(void **state) {
    enum { DEPTH = 40, WIDTH = 75, ROWS = 100 };

    (void)state;
    for (size_t w = 0; w < way_count; w++) {
        for (int i = 0; i < 2 * (ML__ACTIVATION_CLIP + 1); i++) {
            const ml_dtype dtype = i & 1 ? ML_FP64 : ML_FP32;
            const struct ml__activation activation = {i / 2, 0.25, 0.75};
            const uint32_t before = random_state;
            struct layer plain;
            struct layer fused = make_layer(ways[w], dtype, DEPTH, WIDTH, activation);
            void *rows = random_values(dtype, ROWS * DEPTH);
            void *out = memory(ROWS * fused.out_bytes);
            void *right = memory(ROWS * fused.out_bytes);

            random_state = before;
            plain = make_layer(
                ways[w], dtype, DEPTH, WIDTH, (struct ml__activation){ML__ACTIVATION_NONE, 0, 0}
            );
            run(&fused, rows, out, ROWS);
            run(&plain, rows, right, ROWS);
            if (dtype == ML_FP32) {
                ways[w].kernel->activate(&activation, right, ROWS * WIDTH);
            } else {
                ml__activate(&activation, dtype, right, ROWS * WIDTH);
            }
            assert_memory_equal(out, right, ROWS * fused.out_bytes);
            free_layer(&fused);
            free_layer(&plain);
            free(rows);
            free(out);
            free(right);
        }
    }
}

static void nan_and_infinity_pass_and_stay_in_their_row(void **state) {
    enum { DEPTH = 33, WIDTH = 70, ROWS = 9, BAD = 4 };

    (void)state;
    for (size_t w = 0; w < 2 * way_count; w++) {
        const ml_dtype dtype = w & 1 ? ML_FP64 : ML_FP32;
        struct layer layer = make_layer(
            ways[w / 2], dtype, DEPTH, WIDTH, (struct ml__activation){ML__ACTIVATION_RELU, 0, 0}
        );
        char *rows = random_values(dtype, ROWS * DEPTH);
        char *before = memory(ROWS * layer.out_bytes);
        char *out = memory(ROWS * layer.out_bytes);

        run(&layer, rows, before, ROWS);
        set(dtype, rows, BAD * DEPTH + 7, NAN);
        run(&layer, rows, out, ROWS);
        for (size_t i = 0; i < WIDTH; i++) {
            assert_true(isnan(get(dtype, out, BAD * WIDTH + i)));
        }
        memcpy(out + BAD * layer.out_bytes, before + BAD * layer.out_bytes, layer.out_bytes);
        assert_memory_equal(out, before, ROWS * layer.out_bytes);

        set(dtype, rows, BAD * DEPTH + 7, INFINITY);
        run(&layer, rows, out, ROWS);
        for (size_t i = 0; i < WIDTH; i++) {
            const double sign = get(dtype, layer.weights, 7 * WIDTH + i);

            assert_true(get(dtype, out, BAD * WIDTH + i) == (sign > 0 ? INFINITY : 0));
        }
        free(rows);
        free(before);
        free(out);
        free_layer(&layer);
    }
}

static void zero_times_nan_is_nan(void **state) {
    (void)state;
    for (size_t w = 0; w < 2 * way_count; w++) {
        const ml_dtype dtype = w & 1 ? ML_FP64 : ML_FP32;
        struct layer layer = make_layer(
            ways[w / 2], dtype, 3, 20, (struct ml__activation){ML__ACTIVATION_NONE, 0, 0}
        );
        const double rows[3] = {0};
        double out[20];

        set(dtype, layer.weights, 25, NAN);
        ml__dense_free(layer.dense);
        assert_int_equal(
            ml__dense_make_on(&layer.spec, ways[w / 2].kernel, &layer.dense, NULL), ML_OK
        );
        run(&layer, rows, out, 1);
        for (size_t i = 0; i < 20; i++) {
            assert_true(isnan(get(dtype, out, i)) == (i == 5));
        }
        free_layer(&layer);
    }
}

static void minus_zero_and_subnormals_are_kept(void **state) {
    (void)state;
    for (size_t w = 0; w < way_count; w++) {
        if (ways[w].choice == ML_KERNEL_BLAS) {
            continue; /* begins its sums with +0 */
        }
        for (size_t width = 1; width < 70; width += 17) {
            struct ml__dense_spec spec = {.dtype = ML_FP32, .depth = 1, .width = width};
            const float rows[2] = {-0.0f, 1e-40f};
            struct ml__dense *dense = NULL;
            float weights[70];
            float out[140];

            for (size_t i = 0; i < width; i++) {
                weights[i] = 1;
            }
            spec.weights = weights;
            assert_int_equal(ml__dense_make_on(&spec, ways[w].kernel, &dense, NULL), ML_OK);
            ml__dense_run(dense, rows, out, 2, NULL);
            for (size_t i = 0; i < width; i++) {
                assert_true(out[i] == 0 && signbit(out[i]));
                assert_true(out[width + i] == 1e-40f);
            }
            ml__dense_free(dense);
        }
    }
}

/* Bytes that end where memory that may not be touched begins. */
static unsigned char *at_the_edge(size_t bytes, void **whole, size_t *whole_bytes) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);

    *whole_bytes = (bytes + page - 1) / page * page + page;
    *whole =
        mmap(NULL, *whole_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(*whole, MAP_FAILED);
    assert_int_equal(mprotect((char *)*whole + *whole_bytes - page, page, PROT_NONE), 0);
    return (unsigned char *)*whole + *whole_bytes - page - bytes;
}

static void nothing_beyond_rows_and_out_is_touched(void **state) {
    static const size_t shapes[][2] = {{1, 1}, {5, 10}, {13, 17}, {300, 60}, {7, 130}};

    (void)state;
    for (size_t w = 0; w < 2 * way_count; w++) {
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            for (size_t row_count = 0; row_count < 15; row_count++) {
                void *whole[2];
                size_t bytes[2];
                struct layer layer = make_layer(
                    ways[w / 2], w & 1 ? ML_FP64 : ML_FP32, shapes[i][0], shapes[i][1],
                    (struct ml__activation){ML__ACTIVATION_TANH, 0, 0}
                );

                run(&layer, at_the_edge(row_count * layer.row_bytes, &whole[0], &bytes[0]),
                    at_the_edge(row_count * layer.out_bytes, &whole[1], &bytes[1]), row_count);
                munmap(whole[0], bytes[0]);
                munmap(whole[1], bytes[1]);
                free_layer(&layer);
            }
        }
    }
}

static void without_memory_it_says_so(void **state) {
    (void)state;
    for (size_t w = 0; w < way_count; w++) {
        const double weights[6] = {1, 2, 3, 4, 5, 6};
        const struct ml__dense_spec spec = {
            .dtype = ML_FP64,
            .kernel = ways[w].choice,
            .depth = 2,
            .width = 3,
            .weights = weights};
        struct ml__dense *dense = NULL;
        ml_status status = ML_ENOMEM;
        size_t failures = 0;

        for (size_t limit = 0; status != ML_OK; limit++) {
            ml_error err = ML_ERROR_INIT;

            allocations_left = limit;
            status = ml__dense_make_on(&spec, ways[w].kernel, &dense, &err);
            allocations_left = SIZE_MAX;
            if (status != ML_OK) {
                assert_int_equal(status, ML_ENOMEM);
                assert_int_equal(err.status, ML_ENOMEM);
                assert_null(dense);
                failures++;
            }
        }
        assert_true(failures >= 3);
        ml__dense_free(dense);
    }
}

static void sizes_that_overflow_are_no_memory(void **state) {
    const float weight = 1;
    struct ml__dense_spec spec = {
        .dtype = ML_FP32, .depth = SIZE_MAX / 8, .width = 64, .weights = &weight};
    struct ml__dense *dense = NULL;

    (void)state;
    assert_int_equal(ml__dense_make(&spec, &dense, NULL), ML_ENOMEM);
    spec.depth = 1;
    spec.width = SIZE_MAX;
    assert_int_equal(ml__dense_make(&spec, &dense, NULL), ML_ENOMEM);
}

/* So that a model of narrow layers stays within its multiple of the file. */
static void packing_at_most_doubles_the_weights(void **state) {
    enum { DEPTH = 4099 };

    (void)state;
    for (size_t w = 0; w < way_count; w++) {
        for (size_t width = 1; width < 40 && ways[w].choice == ML_KERNEL_BUILTIN; width++) {
            const ml_dtype dtype = width & 1 ? ML_FP32 : ML_FP64;
            struct layer layer;

            allocated_bytes = 0;
            layer = make_layer(
                ways[w], dtype, DEPTH, width, (struct ml__activation){ML__ACTIVATION_NONE, 0, 0}
            );
            assert_true(allocated_bytes <= 2 * DEPTH * layer.out_bytes + 4096);
            free_layer(&layer);
        }
    }
}

static void the_kernel_has_a_name_and_a_cost(void **state) {
    (void)state;
    for (size_t w = 0; w < way_count; w++) {
        const struct ml__activation none = {ML__ACTIVATION_NONE, 0, 0};
        struct layer small = make_layer(ways[w], ML_FP32, 8, 8, none);
        struct layer large = make_layer(ways[w], ML_FP32, 500, 100, none);
        const char *name = ml__dense_kernel_name(small.dense);

        if (ways[w].choice == ML_KERNEL_BUILTIN) {
            assert_string_equal(name, ways[w].kernel->name);
            assert_int_equal(ml__dense_scratch_bytes(small.dense), 0);
        } else if (strcmp(name, "blas") == 0) {
            assert_int_equal(ml__dense_scratch_bytes(small.dense), 8 * 16 * sizeof(float));
        }
        assert_true(ml__dense_row_cost_ns(small.dense) > 0);
        assert_true(ml__dense_row_cost_ns(small.dense) < ml__dense_row_cost_ns(large.dense));
        free_layer(&small);
        free_layer(&large);
    }
}

static void blas_in_a_build_without_is_unsupported(void **state) {
    const float weight = 1;
    const struct ml__dense_spec spec = {
        .dtype = ML_FP32, .kernel = ML_KERNEL_BLAS, .depth = 1, .width = 1, .weights = &weight};
    struct ml__dense *dense = NULL;

    (void)state;
    assert_int_equal(
        ml__dense_make(&spec, &dense, NULL), ml__blas_present() ? ML_OK : ML_EUNSUPPORTED
    );
    ml__dense_free(dense);
}

int main(void) {
    static const ml_allocator limited = {limited_allocate, limited_resize, plain_release, NULL};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_near_the_exact_sum),
        cmocka_unit_test(a_row_has_the_same_bits_in_every_batch),
        cmocka_unit_test(so_with_every_activation_and_without_bias),
        cmocka_unit_test(the_activation_is_that_of_activation_c),
        cmocka_unit_test(nan_and_infinity_pass_and_stay_in_their_row),
        cmocka_unit_test(zero_times_nan_is_nan),
        cmocka_unit_test(minus_zero_and_subnormals_are_kept),
        cmocka_unit_test(nothing_beyond_rows_and_out_is_touched),
        cmocka_unit_test(without_memory_it_says_so),
        cmocka_unit_test(sizes_that_overflow_are_no_memory),
        cmocka_unit_test(packing_at_most_doubles_the_weights),
        cmocka_unit_test(the_kernel_has_a_name_and_a_cost),
        cmocka_unit_test(blas_in_a_build_without_is_unsupported),
    };

    if (ml_set_allocator(&limited) != ML_OK) {
        return 1;
    }
    find_ways();
    print_message("seed %u\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
