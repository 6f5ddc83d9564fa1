/* SPDX-License-Identifier: MIT */
/*
 * test_bits.c -- same row, same bits: whatever the number of rows, the place among them, the
 * neighbours, the threads and the kernels.
 *
 * Walks manifest.json by itself, so that a kind of model that is added later is held to the
 * promise too. Each file that loads is opened with each choice of kernels; each of these gets
 * as many trials (see subject.c). Run once for each kind of OpenBLAS kernels, by the
 * environment variable OPENBLAS_CORETYPE: what the program prints says which was taken.
 *
 *   MLSERVE_TRIALS  number of trials
 *   MLSERVE_LONG    set: ten times as many
 *   MLSERVE_SEED    of the random choices
 */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(WITH_OPENBLAS)
#include <cblas.h>
#endif

#include <mlserve/model_plugin.h>

#include "golden/manifest.h"
#include "invariance/subject.h"

static const struct {
    const char *name;
    uint32_t kernel;
} kernels[] = {
    {"builtin", ML_KERNEL_BUILTIN},
    {"auto", ML_KERNEL_AUTO},
#if defined(WITH_OPENBLAS)
    {"blas", ML_KERNEL_BLAS},
#endif
};

#define KERNEL_COUNT (sizeof kernels / sizeof kernels[0])

static uint64_t seed = 20240607;
static size_t trial_count = TRIALS;

static const char *core_name(void) {
#if defined(WITH_OPENBLAS)
    return openblas_get_corename();
#else
    return "none";
#endif
}

/* NULL: the library does not support what is in the file, which the golden tests list. */
static ml_model *load(const char *path, uint32_t kernel) {
    ml_model_options options = ML_MODEL_OPTIONS_INIT;
    ml_model *model = NULL;
    ml_error err = ML_ERROR_INIT;
    ml_status status;
    char whole[256];

    (void)snprintf(whole, sizeof whole, GOLDEN "%s", path);
    options.kernel = kernel;
    status = ml_model_load(whole, &options, &model, &err);
    if (status != ML_OK && status != ML_EUNSUPPORTED) {
        fail_msg("%s", err.message);
    }
    return model;
}

static size_t count_models(const cJSON *fixtures) {
    const cJSON *fixture;
    const cJSON *path;
    size_t count = 0;

    cJSON_ArrayForEach(fixture, fixtures) {
        cJSON_ArrayForEach(path, cJSON_GetObjectItemCaseSensitive(fixture, "models")) {
            ml_model *model = load(path->valuestring, ML_KERNEL_AUTO);

            count += model != NULL;
            ml_model_release(model);
        }
    }
    return count;
}

static void
try_model(const cJSON *fixture, const char *path, size_t share, struct tally *tally) {
    struct matrix values = matrix_read(text_of(fixture, "X"), ML_FP64);

    for (size_t i = 0; i < KERNEL_COUNT; i++) {
        ml_model *model = load(path, kernels[i].kernel);
        const size_t wrong_bits = tally->wrong_bits;
        struct subject subject;

        if (model == NULL) {
            assert_int_equal(i, 0); /* not for one choice of kernels alone */
            print_message("%s: not supported\n", path);
            break;
        }
        subject_open(&subject, path, model, values.values, values.row_count, &seed);
        subject_try(&subject, share, &seed, tally);
        subject_close(&subject);
        if (tally->wrong_bits > wrong_bits) {
            print_error(
                "%s, kernel %s: %zu bits differ\n", path, kernels[i].name,
                tally->wrong_bits - wrong_bits
            );
        }
    }
    free(values.values);
}

static void row_has_the_same_bits_in_every_batch(void **state) {
    cJSON *manifest = manifest_read();
    const cJSON *fixtures = cJSON_GetObjectItemCaseSensitive(manifest, "fixtures");
    const size_t subject_count = count_models(fixtures) * KERNEL_COUNT;
    struct tally tally = {0};
    const cJSON *fixture;
    const cJSON *path;

    (void)state;
    assert_true(subject_count > 0);
    print_message(
        "%zu models with %zu choices of kernels\n", subject_count / KERNEL_COUNT, KERNEL_COUNT
    );
    cJSON_ArrayForEach(fixture, fixtures) {
        cJSON_ArrayForEach(path, cJSON_GetObjectItemCaseSensitive(fixture, "models")) {
            try_model(
                fixture, path->valuestring, (trial_count + subject_count - 1) / subject_count,
                &tally
            );
        }
    }
    print_message(
        "core %s: %zu trials, %zu rows; %zu rows differ, in %zu bits\n", core_name(),
        tally.trial_count, tally.row_count, tally.wrong_rows, tally.wrong_bits
    );
    assert_true(tally.trial_count >= trial_count);
    assert_int_equal(tally.wrong_bits, 0);
    cJSON_Delete(manifest);
}

/* ---- the test can fail ---- */

enum flaw { FLAW_NONE, FLAW_COUNT, FLAW_PLACE, FLAW_NEIGHBOUR };

/* Adds a last bit now and then. */
static ml_status run_flawed(
    void *self, const void *const *inputs, void *const *outputs, size_t row_count,
    void *scratch, ml_error *err
) {
    const enum flaw flaw = *(const enum flaw *)self;
    const float *in = inputs[0];
    float *out = outputs[0];

    (void)scratch;
    (void)err;
    for (size_t row = 0; row < row_count; row++) {
        const int wrong = (flaw == FLAW_COUNT && row_count > 600) ||
                          (flaw == FLAW_PLACE && row % 128 == 127) ||
                          (flaw == FLAW_NEIGHBOUR && row > 0 && in[row - 1] > 0.99f);

        out[row] = in[row] + (wrong ? 1e-6f : 0.0f);
    }
    return ML_OK;
}

static void try_flawed(enum flaw flaw, struct tally *tally) {
    static const double values[] = {0, 0.25, 0.5, 1};
    const ml_port input = {"X", NULL, ML_FP32, 2, {0, 1}, 1};
    const ml_port output = {"Y", NULL, ML_FP32, 2, {0, 1}, 1};
    ml_model_info info = ML_MODEL_INFO_INIT;
    ml_backend backend = ML_BACKEND_INIT;
    struct subject subject;
    ml_model *model = NULL;

    info.kind = "flawed";
    info.inputs = &input;
    info.input_count = 1;
    info.outputs = &output;
    info.output_count = 1;
    backend.run = run_flawed;
    assert_int_equal(ml_model_create(&backend, &info, &flaw, &model, NULL), ML_OK);
    subject_open(&subject, "flawed", model, values, 4, &seed);
    subject_try(&subject, 200, &seed, tally);
    subject_close(&subject);
}

static void back_end_without_a_flaw_passes(void **state) {
    struct tally tally = {0};

    (void)state;
    try_flawed(FLAW_NONE, &tally);
    assert_int_equal(tally.trial_count, 200);
    assert_int_equal(tally.wrong_bits, 0);
}

static void answer_that_depends_on_rows_count_place_or_neighbours_is_caught(void **state) {
    (void)state;
    for (enum flaw flaw = FLAW_COUNT; flaw <= FLAW_NEIGHBOUR; flaw++) {
        struct tally tally = {0};

        try_flawed(flaw, &tally);
        assert_true(tally.wrong_rows > 0);
        assert_true(tally.wrong_bits >= tally.wrong_rows);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(back_end_without_a_flaw_passes),
        cmocka_unit_test(answer_that_depends_on_rows_count_place_or_neighbours_is_caught),
        cmocka_unit_test(row_has_the_same_bits_in_every_batch),
    };
    const char *trials = getenv("MLSERVE_TRIALS");
    const char *random = getenv("MLSERVE_SEED");

    if (trials != NULL) {
        trial_count = strtoul(trials, NULL, 10);
    } else if (getenv("MLSERVE_LONG") != NULL) {
        trial_count *= 10;
    }
    if (random != NULL) {
        seed = strtoull(random, NULL, 10);
    }
    print_message("core %s, seed %llu\n", core_name(), (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
