/* SPDX-License-Identifier: MIT */
/*
 * test_run.c -- the split over threads changes nothing, and poison is found.
 */
#include "fake.h"

#define ROWS 1000
#define WIDTH 5

static float rows[ROWS][WIDTH];
static float out[ROWS];
static ml_row_result results[ROWS];

static void fill_rows(void) {
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < WIDTH; j++) {
            rows[i][j] = (float)i + (float)j * 0.1f;
        }
        rows[i][0] = (float)(i * 5); /* sums differ by more than they round */
    }
}

static float sum_of(int i) {
    double sum = 0;

    for (int j = 0; j < WIDTH; j++) {
        sum += (double)rows[i][j];
    }
    return (float)sum;
}

static ml_predictor *make(struct fake *fake, uint32_t threads, uint64_t row_cost_ns) {
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    const double poison = fake->poison;

    fill_rows();
    options.thread_count = threads;
    fake_init(fake, ML_FP32, WIDTH);
    fake->outputs[0].dtype = ML_FP64;
    fake->info.row_cost_ns = row_cost_ns;
    fake->poison = poison;
    return fake_make(fake, &options);
}

static ml_status predict(ml_predictor *predictor, ml_error *err) {
    ml_call call = ML_CALL_INIT;

    call.results = results;
    return ml_predict_batch(
        predictor, ml_f32_rows(rows[0], ROWS, WIDTH), ml_f32_out(out, ROWS, 1), &call, err
    );
}

static void answers_have_the_same_bits_for_any_number_of_threads(void **state) {
    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads *= 2) {
        for (uint64_t row_cost_ns = 1; row_cost_ns <= 1000000; row_cost_ns *= 100) {
            struct fake fake = {.poison = (double)NAN};
            ml_predictor *predictor = make(&fake, threads, row_cost_ns);

            assert_int_equal(predict(predictor, NULL), ML_OK);
            for (int i = 0; i < ROWS; i++) {
                assert_true(out[i] == sum_of(i));
            }
            assert_int_equal(atomic_load(&fake.rows), ROWS);
            ml_predictor_close(predictor);
        }
    }
}

static void a_chunk_is_worth_its_hand_over(void **state) {
    struct fake fake = {.poison = (double)NAN};
    ml_predictor *predictor = make(&fake, 2, 20); /* 1000 rows: one chunk's worth */

    (void)state;
    assert_int_equal(predict(predictor, NULL), ML_OK);
    assert_int_equal(atomic_load(&fake.calls), 1);
    ml_predictor_close(predictor);
    predictor = make(&fake, 2, 1000);
    assert_int_equal(predict(predictor, NULL), ML_OK);
    assert_int_equal(atomic_load(&fake.calls), 8);
    ml_predictor_close(predictor);
}

static void rows_that_make_the_back_end_fail_fail_alone(void **state) {
    const int poisonous[] = {0, 1, 499, 500, 777, ROWS - 1};

    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads *= 2) {
        for (size_t p = 0; p < sizeof poisonous / sizeof poisonous[0]; p++) {
            struct fake fake = {.poison = (double)NAN};
            ml_error err = ML_ERROR_INIT;
            char expected[100];
            ml_predictor *predictor = make(&fake, threads, 1000);
            double sum = 0;

            for (int j = 0; j < WIDTH; j++) {
                sum += (double)rows[poisonous[p]][j];
            }
            fake.poison = sum;
            assert_int_equal(predict(predictor, &err), ML_EROWS);
            snprintf(
                expected, sizeof expected,
                "row %d: made the model's back end fail: sum %g is poison", poisonous[p], sum
            );
            assert_string_equal(err.message, expected);
            for (int i = 0; i < ROWS; i++) {
                const bool good = i != poisonous[p];

                assert_int_equal(results[i].status, good ? ML_OK : ML_EBACKEND);
                assert_true(good ? out[i] == sum_of(i) : isnan(out[i]));
            }
            ml_predictor_close(predictor);
        }
    }
}

static void
equal_poisonous_rows_all_fail_and_a_back_end_that_always_fails_fails_all(void **state) {
    struct fake fake = {.poison = (double)NAN};
    ml_predictor *predictor = make(&fake, 1, 0);

    (void)state;
    memset(rows, 0, sizeof rows);
    for (int i = 0; i < ROWS; i++) {
        rows[i][0] = i % 2 == 0 ? 3.0f : (float)(10 + i);
    }
    fake.poison = 3;
    assert_int_equal(predict(predictor, NULL), ML_EROWS);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(results[i].status, i % 2 == 0 ? ML_EBACKEND : ML_OK);
        assert_true(i % 2 == 0 ? isnan(out[i]) : out[i] == (float)(10 + i));
    }
    ml_predictor_close(predictor);

    predictor = make(&fake, 1, 0);
    for (int i = 0; i < ROWS; i++) {
        rows[i][0] = 3 + (float)i;
        for (int j = 1; j < WIDTH; j++) {
            rows[i][j] = j == 1 ? -(float)i : 0;
        }
    }
    fake.poison = 3;
    assert_int_equal(predict(predictor, NULL), ML_EROWS);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(results[i].status, ML_EBACKEND);
    }
    ml_predictor_close(predictor);
}

static void a_pool_of_the_programs_serves_several_predictors(void **state) {
    struct fake fakes[2];
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    ml_pool_options pool_options = ML_POOL_OPTIONS_INIT;
    ml_predictor *predictors[2];

    (void)state;
    fill_rows();
    pool_options.thread_count = 2;
    assert_int_equal(ml_pool_create(&pool_options, &options.pool, NULL), ML_OK);
    for (int i = 0; i < 2; i++) {
        fake_init(&fakes[i], ML_FP32, WIDTH);
        fakes[i].info.row_cost_ns = 1000;
        predictors[i] = fake_make(&fakes[i], &options);
        assert_int_equal(predict(predictors[i], NULL), ML_OK);
        assert_int_equal(atomic_load(&fakes[i].calls), 12);
    }
    ml_predictor_close(predictors[0]);
    assert_int_equal(predict(predictors[1], NULL), ML_OK);
    ml_predictor_close(predictors[1]);
    ml_pool_free(options.pool);
}

static void rows_are_converted_once_to_the_models_type(void **state) {
    const double in[3] = {0.1, 16777217.0, 0.1};
    double echo[3];
    ml_tensor output = tensor_of("echo", echo, ML_FP64, 3, 1);
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    fake_init(&fake, ML_FP64, 1);
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f64_rows(in, 3, 1), ml_tensor_list(&output, 1), NULL, NULL
        ),
        ML_OK
    );
    assert_memory_equal(echo, in, sizeof in); /* FP64 all the way */
    ml_predictor_close(predictor);

    fake_init(&fake, ML_FP32, 1);
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f64_rows(in, 3, 1), ml_tensor_list(&output, 1), NULL, NULL
        ),
        ML_OK
    );
    for (int i = 0; i < 3; i++) {
        assert_true(echo[i] == (double)(float)in[i]);
    }
    ml_predictor_close(predictor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_have_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(a_chunk_is_worth_its_hand_over),
        cmocka_unit_test(rows_that_make_the_back_end_fail_fail_alone),
        cmocka_unit_test(
            equal_poisonous_rows_all_fail_and_a_back_end_that_always_fails_fails_all
        ),
        cmocka_unit_test(a_pool_of_the_programs_serves_several_predictors),
        cmocka_unit_test(rows_are_converted_once_to_the_models_type),
    };

    return count_allocations() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
