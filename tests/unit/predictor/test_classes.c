/* SPDX-License-Identifier: MIT */
/*
 * test_classes.c -- labels and the k best, as numbers and as names.
 */
#include "fake.h"

#define CLASSES 5
#define ROWS 5

static const float scores[ROWS][CLASSES] = {
    {0.1f, 0.5f, 0.1f, 0.2f, 0.1f}, /* ties: by class order */
    {0.2f, 0.2f, 0.2f, 0.2f, 0.2f},         {NAN, 0.3f, NAN, 0.7f, -1.0f}, /* NaN last */
    {0.1f, 0.5f, 0.1f, 0.2f, 0.1f},                                        /* the first again */
    {-INFINITY, NAN, 1.0f, INFINITY, 0.0f},
};
static const int order[ROWS][CLASSES] = {
    {1, 3, 0, 2, 4}, {0, 1, 2, 3, 4}, {3, 1, 4, 0, 2}, {1, 3, 0, 2, 4}, {3, 2, 4, 0, 1}};
static const char *const names[CLASSES] = {"zero", "one", "two", "three", "four"};
static const int64_t numbers[CLASSES] = {10, -11, 0, 13, 14};

static ml_predictor *make(struct fake *fake, bool named, bool numbered) {
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;

    options.skip = ML_SKIP_VALIDATE;
    fake_init(fake, ML_FP32, CLASSES);
    fake->info.task = ML_TASK_CLASSIFIER;
    fake->info.label_count = CLASSES;
    fake->info.labels = named ? names : NULL;
    fake->info.label_numbers = numbered ? numbers : NULL;
    return fake_make(fake, &options);
}

static void the_k_best_come_best_first_equal_ones_by_class_and_nan_last(void **state) {
    struct fake fake;
    ml_predictor *predictor = make(&fake, true, false);

    (void)state;
    for (size_t k = 1; k <= CLASSES; k++) {
        int64_t classes[ROWS * CLASSES];
        ml_bytes texts[ROWS * CLASSES];
        double best[ROWS * CLASSES];
        ml_tensor outputs[3] = {
            tensor_of("top_classes", classes, ML_INT64, ROWS, k),
            tensor_of("top_scores", best, ML_FP64, ROWS, k),
            tensor_of("top_classes", texts, ML_BYTES, ROWS, k)};

        assert_int_equal(
            ml_predict_batch(
                predictor, ml_f32_rows(scores[0], ROWS, CLASSES), ml_tensor_list(outputs, 3),
                NULL, NULL
            ),
            ML_OK
        );
        for (size_t row = 0; row < ROWS; row++) {
            for (size_t i = 0; i < k; i++) {
                const int expected = order[row][i];
                const double score = (double)scores[row][expected];
                const ml_bytes text = texts[row * k + i];

                assert_int_equal(classes[row * k + i], expected);
                assert_true(
                    best[row * k + i] == score || (isnan(score) && isnan(best[row * k + i]))
                );
                assert_int_equal(text.size, strlen(names[expected]));
                assert_memory_equal(text.data, names[expected], text.size);
            }
        }
    }
    ml_predictor_close(predictor);
}

static void the_label_is_the_best_class_where_the_model_gives_none(void **state) {
    struct fake fake;
    int64_t labels[ROWS];
    ml_bytes text = {NULL, 0};
    ml_tensor output = tensor_of("label", &text, ML_BYTES, 1, 1);
    ml_predictor *predictor = make(&fake, true, true);

    (void)state;
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f32_rows(scores[0], ROWS, CLASSES), ml_label_out(labels, ROWS), NULL,
            NULL
        ),
        ML_OK
    );
    for (size_t row = 0; row < ROWS; row++) {
        assert_int_equal(labels[row], numbers[order[row][0]]);
    }
    assert_int_equal(
        ml_predict(
            predictor, ml_f32_rows(scores[2], 1, CLASSES), ml_tensor_list(&output, 1), NULL,
            NULL
        ),
        ML_OK
    );
    assert_int_equal(text.size, 5);
    assert_memory_equal(text.data, "three", 5);
    ml_predictor_close(predictor);
}

/* A model whose second output is "label": the sum of its one input, as a number. */
static void the_models_own_label_is_a_number_or_the_name_to_it(void **state) {
    const float in[6] = {10, -11, 0, 14, 2, 10};
    const char *const expected[6] = {"zero", "one", "two", "four", "", "zero"};
    int64_t labels[6];
    ml_bytes texts[6];
    ml_tensor outputs[2] = {
        tensor_of("label", labels, ML_INT64, 6, 1), tensor_of("label", texts, ML_BYTES, 6, 1)};
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    fake_init(&fake, ML_FP32, 1);
    fake_port(&fake.outputs[1], "output_label", ML_INT64, 1);
    fake.outputs[1].alias = "label";
    fake.info.labels = names;
    fake.info.label_numbers = numbers;
    fake.info.label_count = CLASSES;
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f32_rows(in, 6, 1), ml_tensor_list(outputs, 2), NULL, NULL
        ),
        ML_OK
    );
    for (int i = 0; i < 6; i++) {
        assert_int_equal(labels[i], (int64_t)in[i]);
        assert_int_equal(texts[i].size, strlen(expected[i]));
        assert_memory_equal(texts[i].data, expected[i], texts[i].size);
    }
    ml_predictor_close(predictor);
}

static void a_failed_row_has_class_0_and_an_empty_name(void **state) {
    int64_t number = 7;
    ml_bytes text = {"x", 1};
    ml_tensor outputs[2] = {
        tensor_of("label", &number, ML_INT64, 1, 1), tensor_of("label", &text, ML_BYTES, 1, 1)};
    struct fake fake;
    ml_predictor *predictor = make(&fake, true, false);

    (void)state;
    fake.poison = 1.0;
    assert_int_equal(
        ml_predict(
            predictor, ml_f32_rows((const float[CLASSES]){1, 0, 0, 0, 0}, 1, CLASSES),
            ml_tensor_list(outputs, 2), NULL, NULL
        ),
        ML_EBACKEND
    );
    assert_int_equal(number, 0);
    assert_int_equal(text.size, 0);
    ml_predictor_close(predictor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_k_best_come_best_first_equal_ones_by_class_and_nan_last),
        cmocka_unit_test(the_label_is_the_best_class_where_the_model_gives_none),
        cmocka_unit_test(the_models_own_label_is_a_number_or_the_name_to_it),
        cmocka_unit_test(a_failed_row_has_class_0_and_an_empty_name),
    };

    return count_allocations() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
