/* SPDX-License-Identifier: MIT */
/*
 * test_predictor.c -- the whole way: order, what the caller gets on success and on failure,
 * memory, threads, birth.
 *
 * This program has a pthread_create() of its own before the system's, which can be told to
 * refuse.
 */
#include "fake.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

#define ROWS 6
#define WIDTH 3

static const float rows[ROWS][WIDTH] = {{1, 2, 3}, {4, 5, 6},  {1, 2, 3},
                                        {7, 8, 9}, {-1, 0, 1}, {4, 5, 6}};
static const float sums[ROWS] = {6, 15, 6, 24, 0, 15};

static atomic_bool refuse_threads;

int pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument
) {
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    void *symbol = dlsym(RTLD_NEXT, "pthread_create");

    if (atomic_load(&refuse_threads)) {
        return EAGAIN;
    }
    memcpy(&real, &symbol, sizeof real);
    return real(thread, attributes, run, argument);
}

static void answers_come_in_the_order_of_the_rows_and_equal_ones_are_computed_once(void **state
) {
    struct fake fake;
    float out[ROWS] = {0};
    ml_predictor *predictor;

    (void)state;
    fake_init(&fake, ML_FP32, WIDTH);
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f32_rows(rows[0], ROWS, WIDTH), ml_f32_out(out, ROWS, 1), NULL, NULL
        ),
        ML_OK
    );
    assert_memory_equal(out, sums, sizeof sums);
    assert_int_equal(atomic_load(&fake.rows), 4);
    ml_predictor_close(predictor);
    assert_true(fake.closed);
}

static void the_models_memory_is_the_callers_where_nothing_has_to_change(void **state) {
    struct fake fake;
    float out[3] = {0};
    ml_predictor *predictor;

    (void)state;
    fake_init(&fake, ML_FP32, WIDTH);
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f32_rows(rows[1], 3, WIDTH), ml_f32_out(out, 3, 1), NULL, NULL
        ),
        ML_OK
    );
    assert_ptr_equal(fake.last_input, rows[1]);
    assert_ptr_equal(fake.last_output, out);
    ml_predictor_close(predictor);
}

static void bad_rows_fail_alone_and_their_answers_are_void(void **state) {
    float bad[ROWS][WIDTH];
    float out[ROWS];
    struct fake fake;
    ml_row_result results[ROWS];
    ml_call call = ML_CALL_INIT;
    ml_error err = ML_ERROR_INIT;
    ml_predictor *predictor;

    (void)state;
    memcpy(bad, rows, sizeof bad);
    bad[1][2] = NAN;
    bad[4][0] = INFINITY;
    call.results = results;
    fake_init(&fake, ML_FP32, WIDTH);
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f32_rows(bad[0], ROWS, WIDTH), ml_f32_out(out, ROWS, 1), &call, &err
        ),
        ML_EROWS
    );
    assert_int_equal(err.status, ML_EROWS);
    assert_string_equal(
        err.message, "row 1: feature 2 is NaN; this model takes no missing values"
    );
    for (int i = 0; i < ROWS; i++) {
        const bool good = i != 1 && i != 4;

        assert_int_equal(results[i].status, good ? ML_OK : ML_EVALUE);
        assert_true(good ? out[i] == sums[i] : isnan(out[i]));
        assert_true(good == (results[i].reason == NULL));
    }
    assert_int_equal(results[0].column, ML_NO_COLUMN);
    assert_int_equal(results[4].column, 0);
    ml_predictor_close(predictor);
}

static void rows_that_the_reader_failed_are_left_as_they_are(void **state) {
    struct fake fake;
    float out[ROWS];
    ml_row_result results[ROWS];
    ml_call call = ML_CALL_INIT;
    ml_error err = ML_ERROR_INIT;
    ml_predictor *predictor;

    (void)state;
    for (int i = 0; i < ROWS; i++) {
        results[i] = (ml_row_result){ML_OK, ML_NO_COLUMN, NULL};
    }
    results[0] = (ml_row_result){ML_ESHAPE, ML_NO_COLUMN, "2 values, expected 3"};
    results[3] = (ml_row_result){ML_EVALUE, 1, "overflows"};
    call.results = results;
    call.flags = ML_CALL_PRECHECKED;
    fake_init(&fake, ML_FP32, WIDTH);
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f32_rows(rows[0], ROWS, WIDTH), ml_f32_out(out, ROWS, 1), &call, &err
        ),
        ML_EROWS
    );
    assert_string_equal(err.message, "row 0: 2 values, expected 3");
    assert_int_equal(results[0].status, ML_ESHAPE);
    assert_int_equal(results[3].column, 1);
    assert_true(isnan(out[0]) && isnan(out[3]));
    assert_true(out[1] == 15 && out[2] == 6 && out[4] == 0 && out[5] == 15);
    assert_int_equal(atomic_load(&fake.rows), 3);
    ml_predictor_close(predictor);
}

static void if_all_rows_fail_the_model_is_not_asked(void **state) {
    float bad[2][WIDTH] = {{NAN, 0, 0}, {0, NAN, 0}};
    float out[2];
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    fake_init(&fake, ML_FP32, WIDTH);
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f32_rows(bad[0], 2, WIDTH), ml_f32_out(out, 2, 1), NULL, NULL
        ),
        ML_EROWS
    );
    assert_true(isnan(out[0]) && isnan(out[1]));
    assert_int_equal(atomic_load(&fake.calls), 0);
    ml_predictor_close(predictor);
}

static void no_rows_are_fine(void **state) {
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    fake_init(&fake, ML_FP32, WIDTH);
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f32_rows(NULL, 0, WIDTH), ml_f32_out(NULL, 0, 1), NULL, NULL
        ),
        ML_OK
    );
    assert_int_equal(atomic_load(&fake.calls), 0);
    ml_predictor_close(predictor);
}

static void one_row_answers_its_own_status(void **state) {
    const float bad[WIDTH] = {0, INFINITY, 0};
    float out = 1;
    struct fake fake;
    ml_error err = ML_ERROR_INIT;
    ml_predictor *predictor;
    ml_row_result results[2] = {{99, 0, NULL}, {99, 0, NULL}};
    ml_call call = ML_CALL_INIT;

    (void)state;
    fake_init(&fake, ML_FP32, WIDTH);
    fake.poison = 24;
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict(
            predictor, ml_f32_rows(rows[1], 1, WIDTH), ml_f32_out(&out, 1, 1), NULL, NULL
        ),
        ML_OK
    );
    assert_true(out == 15);
    assert_int_equal(
        ml_predict(predictor, ml_f32_rows(bad, 1, WIDTH), ml_f32_out(&out, 1, 1), NULL, &err),
        ML_EVALUE
    );
    assert_int_equal(err.status, ML_EVALUE);
    assert_string_equal(
        err.message, "feature 1 is infinite; this model takes no infinite values"
    );
    assert_true(isnan(out));
    assert_int_equal(
        ml_predict(
            predictor, ml_f32_rows(rows[3], 1, WIDTH), ml_f32_out(&out, 1, 1), NULL, &err
        ),
        ML_EBACKEND
    );
    assert_string_equal(err.message, "made the model's back end fail: sum 24 is poison");
    out = 7;
    assert_int_equal(
        ml_predict(
            predictor, ml_f32_rows(rows[0], 2, WIDTH), ml_f32_out(&out, 2, 1), NULL, &err
        ),
        ML_ESHAPE
    );
    assert_true(out == 7);
    call.results = results;
    assert_int_equal(
        ml_predict(
            predictor, ml_f32_rows(rows[0], 2, WIDTH), ml_f32_out(&out, 2, 1), &call, &err
        ),
        ML_ESHAPE
    );
    assert_int_equal(results[0].status, 99); /* there is room for one: none is written */
    assert_int_equal(results[1].status, 99);
    ml_predictor_close(predictor);
}

static void a_call_that_breaks_the_contract_is_refused_and_writes_nothing(void **state) {
    const ml_tensors in = ml_f32_rows(rows[0], 2, WIDTH);
    float values[2] = {5, 5};
    const ml_tensors out = ml_f32_out(values, 2, 1);
    struct fake fake;
    ml_call call = ML_CALL_INIT;
    ml_predictor *predictor;

    (void)state;
    fake_init(&fake, ML_FP32, WIDTH);
    predictor = fake_make(&fake, NULL);
    assert_int_equal(ml_predict_batch(NULL, in, out, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_predict(NULL, in, out, NULL, NULL), ML_EINVAL);
    call.flags = 2;
    assert_int_equal(ml_predict_batch(predictor, in, out, &call, NULL), ML_EINVAL);
    call.flags = ML_CALL_PRECHECKED;
    assert_int_equal(ml_predict_batch(predictor, in, out, &call, NULL), ML_EINVAL);
    call.flags = 0;
    call.reserved = 1;
    assert_int_equal(ml_predict_batch(predictor, in, out, &call, NULL), ML_EINVAL);
    call.reserved = 0;
    call.size = 0;
    assert_int_equal(ml_predict_batch(predictor, in, out, &call, NULL), ML_EINVAL);
    assert_true(values[0] == 5 && values[1] == 5);
    assert_int_equal(atomic_load(&fake.calls), 0);
    ml_predictor_close(predictor);
}

static void when_the_model_runs_out_of_memory_all_answers_are_void(void **state) {
    float out[ROWS] = {0};
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    fake_init(&fake, ML_FP32, WIDTH);
    fake.shortage = 24;
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f32_rows(rows[0], ROWS, WIDTH), ml_f32_out(out, ROWS, 1), NULL, NULL
        ),
        ML_ENOMEM
    );
    for (int i = 0; i < ROWS; i++) {
        assert_true(isnan(out[i]));
    }
    ml_predictor_close(predictor);
}

/* ---- memory ---- */

static ml_status shorten(void *user, ml_row *row, ml_row_result *result) {
    (void)user;
    (void)result;
    ((double *)row->inputs[0].data)[0] += 0.0;
    return ML_OK;
}

static ml_status look(void *user, const ml_row *row, ml_row_result *result) {
    (void)user;
    (void)row;
    (void)result;
    return ML_OK;
}

/* Every stage has work to do: other types, duplicates, a bad row, callbacks, best classes. */
struct busy {
    double rows[64][4];
    double sums[64];
    float scores[64][2];
    int64_t classes[64][2];
};

static ml_status predict_busy(ml_predictor *predictor, struct busy *busy) {
    ml_tensor outputs[3] = {
        tensor_of("sum", busy->sums, ML_FP64, 64, 1),
        tensor_of("top_scores", busy->scores, ML_FP32, 64, 2),
        tensor_of("top_classes", busy->classes, ML_INT64, 64, 2)};

    for (int i = 0; i < 64; i++) {
        for (int j = 0; j < 4; j++) {
            busy->rows[i][j] = (i * 7 + j * 5) % 11;
        }
        busy->sums[i] = -1;
    }
    busy->rows[9][3] = (double)NAN;
    return ml_predict_batch(
        predictor, ml_f64_rows(busy->rows[0], 64, 4), ml_tensor_list(outputs, 3), NULL, NULL
    );
}

static void check_busy(const struct busy *busy) {
    for (int i = 0; i < 64; i++) {
        const double *row = busy->rows[i];

        if (i == 9) {
            assert_true(isnan(busy->sums[i]) && isnan(busy->scores[i][0]));
            assert_int_equal(busy->classes[i][0], 0);
        } else {
            assert_true(busy->sums[i] == row[0] + row[1] + row[2] + row[3]);
            assert_true((double)busy->scores[i][0] == row[busy->classes[i][0]]);
        }
    }
}

static ml_predictor *make_busy(struct fake *fake) {
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;

    options.clean = shorten;
    options.validate = look;
    fake_init(fake, ML_FP32, 4);
    return fake_make(fake, &options);
}

static void nothing_is_allocated_once_warm(void **state) {
    struct fake fake;
    struct busy busy;
    ml_predictor *predictor = make_busy(&fake);
    long before;

    (void)state;
    assert_int_equal(predict_busy(predictor, &busy), ML_EROWS);
    assert_int_equal(predict_busy(predictor, &busy), ML_EROWS);
    before = atomic_load(&allocation_count);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(predict_busy(predictor, &busy), ML_EROWS);
        check_busy(&busy);
    }
    assert_int_equal(atomic_load(&allocation_count), before);
    ml_predictor_close(predictor);
}

static void whichever_allocation_fails_the_call_says_so_and_the_next_one_is_right(void **state
) {
    ml_status status = ML_ENOMEM;
    long allowed;

    (void)state;
    for (allowed = 0; status == ML_ENOMEM; allowed++) {
        const long live = atomic_load(&live_count);
        struct fake fake;
        struct busy busy;
        ml_predictor *predictor = make_busy(&fake);

        atomic_store(&allocations_left, allowed);
        status = predict_busy(predictor, &busy);
        atomic_store(&allocations_left, 1000000000);
        if (status == ML_ENOMEM) {
            assert_true(busy.sums[0] == -1 && busy.sums[63] == -1);
            assert_int_equal(atomic_load(&fake.calls), 0);
        }
        assert_int_equal(predict_busy(predictor, &busy), ML_EROWS);
        check_busy(&busy);
        ml_predictor_close(predictor);
        assert_int_equal(atomic_load(&live_count), live);
    }
    assert_int_equal(status, ML_EROWS);
    assert_true(allowed > 2);
}

static void a_large_batch_that_gets_no_memory_writes_nothing(void **state) {
    enum { COUNT = 3000 };
    static float many[COUNT][WIDTH];
    static float out[COUNT];
    ml_status status = ML_ENOMEM;
    long allowed;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        many[i][0] = (float)(i / 2);
    }
    for (allowed = 0; status == ML_ENOMEM; allowed++) {
        struct fake fake;
        ml_predictor *predictor;

        fake_init(&fake, ML_FP32, WIDTH);
        predictor = fake_make(&fake, NULL);
        out[0] = out[COUNT - 1] = -1;
        atomic_store(&allocations_left, allowed);
        status = ml_predict_batch(
            predictor, ml_f32_rows(many[0], COUNT, WIDTH), ml_f32_out(out, COUNT, 1), NULL, NULL
        );
        atomic_store(&allocations_left, 1000000000);
        assert_true(status == ML_OK || (out[0] == -1 && out[COUNT - 1] == -1));
        ml_predictor_close(predictor);
    }
    assert_int_equal(status, ML_OK);
    assert_true(allowed > 4);
    assert_true(out[COUNT - 1] == (float)((COUNT - 1) / 2));
}

/* ---- threads ---- */

static void *predict_many_times(void *argument) {
    struct busy busy;

    for (int i = 0; i < 50; i++) {
        assert_int_equal(predict_busy(argument, &busy), ML_EROWS);
        check_busy(&busy);
    }
    return NULL;
}

static void several_threads_share_a_predictor(void **state) {
    struct fake fake;
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    pthread_t threads[3];
    ml_predictor *predictor;

    (void)state;
    options.thread_count = 3;
    fake_init(&fake, ML_FP32, 4);
    fake.info.row_cost_ns = 10000;
    predictor = fake_make(&fake, &options);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, predict_many_times, predictor), 0);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    ml_predictor_close(predictor);
}

/* ---- birth ---- */

static ml_status try_options(const ml_predictor_options *options) {
    struct fake fake;
    ml_backend backend = ML_BACKEND_INIT;
    ml_model *model = NULL;
    ml_predictor *predictor = NULL;
    ml_status status;

    fake_init(&fake, ML_FP32, 1);
    backend.run = fake_run;
    assert_int_equal(ml_model_create(&backend, &fake.info, &fake, &model, NULL), ML_OK);
    status = ml_predictor_create(model, options, &predictor, NULL);
    assert_true((predictor != NULL) == (status == ML_OK));
    if (predictor != NULL) {
        assert_ptr_equal(ml_predictor_model(predictor), model);
    }
    ml_predictor_close(predictor);
    ml_model_release(model);
    return status;
}

static void options_that_break_the_contract_are_refused(void **state) {
    const ml_predictor_options good = ML_PREDICTOR_OPTIONS_INIT;
    ml_predictor_options options = good;
    ml_predictor *predictor = NULL;

    (void)state;
    assert_int_equal(try_options(&good), ML_OK);
    options.skip = 4;
    assert_int_equal(try_options(&options), ML_EINVAL);
    options = good;
    options.nan_policy = 3;
    assert_int_equal(try_options(&options), ML_EINVAL);
    options = good;
    options.infinity_policy = 3;
    assert_int_equal(try_options(&options), ML_EINVAL);
    options = good;
    options.thread_count = 1026;
    assert_int_equal(try_options(&options), ML_EINVAL);
    options = good;
    options.size = 1;
    assert_int_equal(try_options(&options), ML_EINVAL);
    assert_int_equal(ml_predictor_create(NULL, NULL, &predictor, NULL), ML_EINVAL);
    assert_int_equal(ml_predictor_open("x", &options, &predictor, NULL), ML_EINVAL);
    ml_predictor_close(NULL);
}

static void without_a_thread_for_its_own_pool_create_fails(void **state) {
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;

    (void)state;
    options.thread_count = 2;
    atomic_store(&refuse_threads, true);
    assert_int_equal(try_options(&options), ML_ETHREAD);
    atomic_store(&refuse_threads, false);
    assert_int_equal(try_options(&options), ML_OK);
}

static void open_loads_the_file_with_the_options_of_the_model(void **state) {
    static const char *const labels[10] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    static const float row[64];
    ml_model_options model = ML_MODEL_OPTIONS_INIT;
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    ml_bytes label = {NULL, 0};
    ml_tensor output = tensor_of("label", &label, ML_BYTES, 1, 1);
    ml_predictor *predictor = NULL;

    (void)state;
    model.labels = labels;
    model.label_count = 10;
    options.model = &model;
    assert_int_equal(
        ml_predictor_open("tests/golden/digits/mlp.onnx", &options, &predictor, NULL), ML_OK
    );
    assert_int_equal(ml_model_describe(ml_predictor_model(predictor))->label_count, 10);
    assert_int_equal(
        ml_predict(predictor, ml_f32_rows(row, 1, 64), ml_tensor_list(&output, 1), NULL, NULL),
        ML_OK
    );
    assert_int_equal(label.size, 1);
    assert_in_range(((const char *)label.data)[0], 'a', 'j');
    ml_predictor_close(predictor);
}

static void open_passes_on_why_the_model_was_not_loaded(void **state) {
    ml_error err = ML_ERROR_INIT;
    ml_predictor *predictor = NULL;

    (void)state;
    assert_int_not_equal(
        ml_predictor_open("tests/no-such-model", NULL, &predictor, &err), ML_OK
    );
    assert_null(predictor);
    assert_int_not_equal(err.message[0], '\0');
}

static void create_without_memory_fails_and_leaves_nothing(void **state) {
    const long live = atomic_load(&live_count);
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    ml_backend backend = ML_BACKEND_INIT;
    ml_status status = ML_ENOMEM;
    struct fake fake;
    ml_model *model = NULL;
    long allowed;

    (void)state;
    options.thread_count = 2;
    fake_init(&fake, ML_FP32, 1);
    backend.run = fake_run;
    assert_int_equal(ml_model_create(&backend, &fake.info, &fake, &model, NULL), ML_OK);
    for (allowed = 0; status == ML_ENOMEM; allowed++) {
        ml_predictor *predictor = NULL;

        atomic_store(&allocations_left, allowed);
        status = ml_predictor_create(model, &options, &predictor, NULL);
        atomic_store(&allocations_left, 1000000000);
        ml_predictor_close(predictor);
    }
    assert_int_equal(status, ML_OK);
    assert_true(allowed > 3);
    ml_model_release(model);
    assert_int_equal(atomic_load(&live_count), live);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_in_the_order_of_the_rows_and_equal_ones_are_computed_once
        ),
        cmocka_unit_test(the_models_memory_is_the_callers_where_nothing_has_to_change),
        cmocka_unit_test(bad_rows_fail_alone_and_their_answers_are_void),
        cmocka_unit_test(rows_that_the_reader_failed_are_left_as_they_are),
        cmocka_unit_test(if_all_rows_fail_the_model_is_not_asked),
        cmocka_unit_test(no_rows_are_fine),
        cmocka_unit_test(one_row_answers_its_own_status),
        cmocka_unit_test(a_call_that_breaks_the_contract_is_refused_and_writes_nothing),
        cmocka_unit_test(when_the_model_runs_out_of_memory_all_answers_are_void),
        cmocka_unit_test(nothing_is_allocated_once_warm),
        cmocka_unit_test(whichever_allocation_fails_the_call_says_so_and_the_next_one_is_right),
        cmocka_unit_test(a_large_batch_that_gets_no_memory_writes_nothing),
        cmocka_unit_test(several_threads_share_a_predictor),
        cmocka_unit_test(options_that_break_the_contract_are_refused),
        cmocka_unit_test(without_a_thread_for_its_own_pool_create_fails),
        cmocka_unit_test(open_loads_the_file_with_the_options_of_the_model),
        cmocka_unit_test(open_passes_on_why_the_model_was_not_loaded),
        cmocka_unit_test(create_without_memory_fails_and_leaves_nothing),
    };

    return count_allocations() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
