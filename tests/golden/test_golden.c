/* SPDX-License-Identifier: MIT */
/*
 * test_golden.c -- every model file of the manifest gives the numbers that its own tool gave.
 *
 * Walks manifest.json: each file of a fixture is opened, each output predicted for all rows by
 * the caller's thread and by two, from float32 and float64 rows, and compared within the
 * stated tolerance; scores on the true labels equal the manifest's. What is not supported yet
 * is listed here, and must be refused for the reason that the list gives: nothing is skipped.
 */
#include "support/cmocka_all.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden/manifest.h"

static const struct {
    const char *path;
    const char *operator_named;
} refused[] = {
    {"digits/cnn.onnx", "Conv"},
    {"digits/logreg_ml.onnx", "Scaler"},
};

static const char *refusal_of(const char *path) {
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (strcmp(refused[i].path, path) == 0) {
            return refused[i].operator_named;
        }
    }
    return NULL;
}

static bool opens(const char *path, uint32_t thread_count, ml_predictor **predictor) {
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    const char *refusal = refusal_of(path);
    char whole[256];
    ml_error err = ML_ERROR_INIT;
    ml_status status;

    (void)snprintf(whole, sizeof whole, GOLDEN "%s", path);
    options.thread_count = thread_count;
    status = ml_predictor_open(whole, &options, predictor, &err);
    if (refusal != NULL) {
        assert_int_equal(status, ML_EUNSUPPORTED);
        assert_non_null(strstr(err.message, refusal));
        return false;
    }
    if (status != ML_OK) {
        fail_msg("%s", err.message);
    }
    return true;
}

static size_t count_wrong(
    const double *got, const double *want, size_t count, const cJSON *output, const char *path
) {
    const double atol = number_of(output, "atol");
    const double rtol = number_of(output, "rtol");
    size_t wrong = 0;

    for (size_t i = 0; i < count; i++) {
        if (!(fabs(got[i] - want[i]) <= atol + rtol * fabs(want[i]))) {
            if (wrong++ == 0) {
                print_error(
                    "%s, %s[%zu]: %.9g, want %.9g\n", path, text_of(output, "name"), i, got[i],
                    want[i]
                );
            }
        }
    }
    return wrong;
}

/* Predict one output as FP64 and compare. */
static void check_output(
    ml_predictor *predictor, const ml_tensors *rows, const cJSON *output, const char *path
) {
    struct matrix want = matrix_read(text_of(output, "file"), ML_FP64);
    double *got = calloc(want.row_count * want.width, sizeof *got);
    ml_tensors out = ml_f64_out(got, want.row_count, want.width);
    ml_error err = ML_ERROR_INIT;

    assert_non_null(got);
    out.first.name = text_of(output, "name");
    if (ml_predict_batch(predictor, *rows, out, NULL, &err) != ML_OK) {
        fail_msg("%s: %s", path, err.message);
    }
    assert_int_equal(
        count_wrong(got, want.values, want.row_count * want.width, output, path), 0
    );
    free(got);
    free(want.values);
}

/* The share of right labels, or r2, of the default output against the true labels. */
static void check_score(ml_predictor *predictor, const ml_tensors *rows, const cJSON *fixture) {
    const cJSON *score = cJSON_GetObjectItemCaseSensitive(fixture, "score");
    const bool classifier = cJSON_GetObjectItemCaseSensitive(score, "accuracy") != NULL;
    struct matrix truth = matrix_read(text_of(fixture, "labels"), ML_FP64);
    double *got = calloc(truth.row_count, sizeof *got);
    ml_tensors out = ml_f64_out(got, truth.row_count, 1);
    const double *want = truth.values;
    double mean = 0;
    double error = 0;
    double spread = 0;
    size_t right = 0;

    assert_non_null(got);
    out.first.name = classifier ? "label" : "pred";
    assert_int_equal(ml_predict_batch(predictor, *rows, out, NULL, NULL), ML_OK);
    for (size_t i = 0; i < truth.row_count; i++) {
        right += got[i] == want[i];
        mean += want[i] / (double)truth.row_count;
        error += (got[i] - want[i]) * (got[i] - want[i]);
    }
    for (size_t i = 0; i < truth.row_count; i++) {
        spread += (want[i] - mean) * (want[i] - mean);
    }
    if (classifier) {
        assert_true(
            fabs((double)right / (double)truth.row_count - number_of(score, "accuracy")) < 5e-5
        );
    } else {
        assert_true(fabs(1 - error / spread - number_of(score, "r2")) < 5e-5);
    }
    free(got);
    free(truth.values);
}

static void check_file(const cJSON *fixture, const char *path, uint32_t thread_count) {
    const char *input = text_of(fixture, "X");
    struct matrix wide = matrix_read(input, ML_FP64);
    struct matrix narrow = matrix_read(input, ML_FP32);
    const ml_tensors rows[2] = {
        ml_f32_rows(narrow.values, narrow.row_count, narrow.width),
        ml_f64_rows(wide.values, wide.row_count, wide.width),
    };
    const cJSON *output;
    ml_predictor *predictor = NULL;

    if (opens(path, thread_count, &predictor)) {
        for (int i = 0; i < 2; i++) {
            cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(fixture, "outputs")) {
                check_output(predictor, &rows[i], output, path);
            }
            check_score(predictor, &rows[i], fixture);
        }
    }
    ml_predictor_close(predictor);
    free(wide.values);
    free(narrow.values);
}

static size_t check_all(uint32_t thread_count) {
    cJSON *manifest = manifest_read();
    const cJSON *fixture;
    const cJSON *path;
    size_t count = 0;

    cJSON_ArrayForEach(fixture, cJSON_GetObjectItemCaseSensitive(manifest, "fixtures")) {
        cJSON_ArrayForEach(path, cJSON_GetObjectItemCaseSensitive(fixture, "models")) {
            check_file(fixture, path->valuestring, thread_count);
            count++;
        }
    }
    cJSON_Delete(manifest);
    return count;
}

static void every_fixture_is_reproduced_by_one_thread(void **state) {
    (void)state;
    assert_int_equal(check_all(1), 14);
}

static void every_fixture_is_reproduced_by_two_threads(void **state) {
    (void)state;
    assert_int_equal(check_all(2), 14);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fixture_is_reproduced_by_one_thread),
        cmocka_unit_test(every_fixture_is_reproduced_by_two_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
