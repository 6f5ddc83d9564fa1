/* SPDX-License-Identifier: MIT */
/*
 * The front door with a back end of the test's own: y = 2 x, width 2, in FP32.
 */
#include "support/cmocka_all.h"

#include <mlserve/model_plugin.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "unit/model/counting.h"

struct twice {
    int closed;
    ml_status answer;
    const char *message;
    int saw_scratch;
    int misaligned;
};

static ml_status twice_run(
    void *self, const void *const *inputs, void *const *outputs, size_t row_count,
    void *scratch, ml_error *err
) {
    struct twice *twice = self;
    const float *x = inputs[0];
    float *work = scratch;

    if (twice->answer != ML_OK) {
        if (twice->message != NULL) {
            (void)snprintf(err->message, sizeof err->message, "%s", twice->message);
        }
        return twice->answer;
    }
    for (size_t i = 0; i < 2 * row_count; i++) {
        work[i % 2] = 2.0f * x[i];
        if (outputs[0] != NULL) {
            ((float *)outputs[0])[i] = work[i % 2];
        }
    }
    return ML_OK;
}

static ml_status bare_run(
    void *self, const void *const *inputs, void *const *outputs, size_t row_count,
    void *scratch, ml_error *err
) {
    struct twice *twice = self;

    (void)inputs;
    (void)outputs;
    (void)row_count;
    (void)err;
    twice->saw_scratch = scratch != NULL;
    return ML_OK;
}

static ml_status align_run(
    void *self, const void *const *inputs, void *const *outputs, size_t row_count,
    void *scratch, ml_error *err
) {
    struct twice *twice = self;

    (void)inputs;
    (void)outputs;
    (void)row_count;
    (void)err;
    twice->misaligned = (uintptr_t)scratch % 64 != 0;
    memset(scratch, 0xff, 100);
    return ML_OK;
}

static void twice_close(void *self) {
    ((struct twice *)self)->closed++;
}

static const ml_backend backend = {sizeof(ml_backend), twice_run, twice_close, 64};

static ml_port port(const char *name, const char *alias) {
    const ml_port made = {name, alias, ML_FP32, 2, {0, 2}, 2};

    return made;
}

static ml_model *make(const ml_backend *with, struct twice *self) {
    const ml_port inputs[] = {port("x", "rows")};
    const ml_port outputs[] = {port("y", "probabilities"), port("margin", NULL)};
    static const char *const labels[] = {"no", "yes"};
    static const int64_t numbers[] = {3, 5};
    ml_model_info info = {sizeof info, "twice", "doubles", inputs, 1, outputs, 2,       0, 0,
                          0,           0,       7,         8,      9, labels,  numbers, 2};
    ml_model *model = NULL;

    assert_int_equal(ml_model_create(with, &info, self, &model, NULL), ML_OK);
    return model;
}

static void description_is_a_copy_of_its_own(void **state) {
    struct twice self = {0};
    ml_model *model = make(&backend, &self);
    const ml_model_info *info = ml_model_describe(model);

    (void)state;
    assert_int_equal(info->size, sizeof *info);
    assert_string_equal(info->kind, "twice");
    assert_string_equal(info->detail, "doubles");
    assert_string_equal(info->inputs[0].name, "x");
    assert_string_equal(info->inputs[0].alias, "rows");
    assert_string_equal(info->outputs[0].alias, "probabilities");
    assert_null(info->outputs[1].alias);
    assert_int_equal(info->outputs[1].row_elements, 2);
    assert_int_equal(info->outputs[1].shape[0], 0);
    assert_int_equal(info->outputs[1].shape[1], 2);
    assert_string_equal(info->labels[1], "yes");
    assert_int_equal(info->label_numbers[1], 5);
    assert_int_equal(info->parameter_count, 7);
    ml_model_release(model);
}

static void last_release_closes_the_back_end_once(void **state) {
    struct twice self = {0};
    ml_model *model = make(&backend, &self);

    (void)state;
    assert_ptr_equal(ml_model_retain(model), model);
    ml_model_release(model);
    assert_int_equal(self.closed, 0);
    ml_model_release(model);
    assert_int_equal(self.closed, 1);
    ml_model_release(NULL);
}

static void outputs_are_found_by_name_alias_and_other_tools_names(void **state) {
    struct twice self = {0};
    ml_model *model = make(&backend, &self);
    ml_error err = ML_ERROR_INIT;
    size_t index = 9;

    (void)state;
    assert_int_equal(ml_model_find_output(model, NULL, &index, NULL), ML_OK);
    assert_int_equal(index, 0);
    assert_int_equal(ml_model_find_output(model, "margin", &index, NULL), ML_OK);
    assert_int_equal(index, 1);
    assert_int_equal(ml_model_find_output(model, "probabilities", &index, NULL), ML_OK);
    assert_int_equal(index, 0);
    assert_int_equal(ml_model_find_output(model, "raw", &index, NULL), ML_OK);
    assert_int_equal(index, 1);
    assert_int_equal(ml_model_find_output(model, "proba", &index, NULL), ML_OK);
    assert_int_equal(index, 0);
    index = 9;
    assert_int_equal(ml_model_find_output(model, "pred", &index, NULL), ML_OK);
    assert_int_equal(index, 0);
    index = 9;
    assert_int_equal(ml_model_find_output(model, "rows", &index, &err), ML_ENOTFOUND);
    assert_int_equal(index, 9);
    assert_string_equal(err.message, "no output 'rows'; there is: y, margin");
    ml_model_release(model);
}

static void inputs_are_found_by_name_and_alias(void **state) {
    struct twice self = {0};
    ml_model *model = make(&backend, &self);
    ml_error err = ML_ERROR_INIT;
    size_t index = 9;

    (void)state;
    assert_int_equal(ml_model_find_input(model, NULL, &index, NULL), ML_OK);
    assert_int_equal(index, 0);
    assert_int_equal(ml_model_find_input(model, "x", &index, NULL), ML_OK);
    assert_int_equal(ml_model_find_input(model, "rows", &index, NULL), ML_OK);
    assert_int_equal(ml_model_find_input(model, "proba", &index, &err), ML_ENOTFOUND);
    assert_string_equal(err.message, "no input 'proba'; there is: x");
    ml_model_release(model);
}

static void run_answers_rows_and_skips_what_is_not_wanted(void **state) {
    struct twice self = {0};
    ml_model *model = make(&backend, &self);
    const float x[] = {1, 2, 3, 4};
    float y[4] = {0};
    const void *inputs[] = {x};
    void *outputs[] = {y, NULL};
    void *none[] = {NULL, NULL};

    (void)state;
    assert_int_equal(ml_model_run(model, inputs, outputs, 2, NULL), ML_OK);
    assert_true(y[0] == 2 && y[1] == 4 && y[2] == 6 && y[3] == 8);
    assert_int_equal(ml_model_run(model, inputs, none, 2, NULL), ML_OK);
    assert_int_equal(ml_model_run(model, NULL, NULL, 0, NULL), ML_OK);
    ml_model_release(model);
}

static void missing_data_is_an_invalid_argument(void **state) {
    struct twice self = {0};
    ml_model *model = make(&backend, &self);
    const void *nothing[] = {NULL};
    void *outputs[] = {NULL, NULL};
    ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_int_equal(ml_model_run(model, nothing, outputs, 1, &err), ML_EINVAL);
    assert_string_equal(err.message, "input 'x' has no data");
    assert_int_equal(ml_model_run(model, NULL, outputs, 1, &err), ML_EINVAL);
    assert_int_equal(ml_model_run(model, nothing, NULL, 1, &err), ML_EINVAL);
    ml_model_release(model);
}

static void failure_of_the_back_end_keeps_its_words(void **state) {
    struct twice self = {0};
    ml_model *model = make(&backend, &self);
    const float x[] = {1, 2};
    const void *inputs[] = {x};
    void *outputs[] = {NULL, NULL};
    ml_error err = ML_ERROR_INIT;

    (void)state;
    self.answer = ML_EIO;
    self.message = "the disk is gone";
    assert_int_equal(ml_model_run(model, inputs, outputs, 1, &err), ML_EBACKEND);
    assert_int_equal(err.status, ML_EBACKEND);
    assert_string_equal(err.message, "the disk is gone");
    self.answer = ML_ENOMEM;
    self.message = NULL;
    assert_int_equal(ml_model_run(model, inputs, outputs, 1, &err), ML_ENOMEM);
    assert_string_equal(err.message, "the back end gave no reason");
    self.answer = ML_EINVAL;
    assert_int_equal(ml_model_run(model, inputs, outputs, 1, NULL), ML_EINVAL);
    ml_model_release(model);
}

static void scratch_is_aligned_or_absent_as_asked(void **state) {
    const ml_backend bare = {sizeof bare, bare_run, NULL, 0};
    const ml_backend aligned = {sizeof aligned, align_run, NULL, 100};
    struct twice self = {0, ML_OK, NULL, 1, 1};
    const float x[] = {1, 2};
    const void *inputs[] = {x};
    void *outputs[] = {NULL, NULL};
    ml_model *model = make(&bare, &self);

    (void)state;
    assert_int_equal(ml_model_run(model, inputs, outputs, 1, NULL), ML_OK);
    assert_int_equal(self.saw_scratch, 0);
    ml_model_release(model);
    model = make(&aligned, &self);
    assert_int_equal(ml_model_run(model, inputs, outputs, 1, NULL), ML_OK);
    assert_int_equal(self.misaligned, 0);
    ml_model_release(model);
}

static void warm_run_allocates_nothing(void **state) {
    struct twice self = {0};
    ml_model *model = make(&backend, &self);
    const float x[] = {1, 2};
    const void *inputs[] = {x};
    void *outputs[] = {NULL, NULL};

    (void)state;
    counting_restart(1);
    assert_int_equal(ml_model_run(model, inputs, outputs, 1, NULL), ML_ENOMEM);
    counting_restart(0);
    assert_int_equal(ml_model_run(model, inputs, outputs, 1, NULL), ML_OK);
    assert_int_equal(atomic_load(&counting_calls), 1);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ml_model_run(model, inputs, outputs, 1, NULL), ML_OK);
    }
    assert_int_equal(atomic_load(&counting_calls), 1);
    ml_model_release(model);
}

static void *run_often(void *argument) {
    ml_model *model = argument;

    for (int i = 0; i < 2000; i++) {
        const float x[] = {(float)i, 1};
        float y[2] = {0};
        const void *inputs[] = {x};
        void *outputs[] = {y, NULL};

        if (ml_model_run(model, inputs, outputs, 1, NULL) != ML_OK || y[0] != 2.0f * x[0]) {
            return argument;
        }
        ml_model_release(ml_model_retain(model));
    }
    return NULL;
}

static void four_threads_may_run_one_model(void **state) {
    struct twice self = {0};
    ml_model *model = make(&backend, &self);
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_often, model), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *wrong = NULL;

        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    ml_model_release(model);
    assert_int_equal(self.closed, 1);
}

static void refuse(const ml_backend *with, const ml_model_info *info, const char *message) {
    ml_model *model = NULL;
    ml_error err = ML_ERROR_INIT;

    assert_int_equal(ml_model_create(with, info, NULL, &model, &err), ML_EINVAL);
    assert_string_equal(err.message, message);
    assert_null(model);
}

static void broken_descriptions_are_refused_by_what_is_wrong(void **state) {
    const ml_backend empty = ML_BACKEND_INIT;
    ml_port x = port("x", NULL);
    const ml_port y = port("y", NULL);
    const char *const labels[] = {"a", NULL};
    ml_model_info info = {sizeof info, "k", NULL, &x, 1, &y,   1,    0, 0,
                          0,           0,   0,    0,  0, NULL, NULL, 0};

    (void)state;
    refuse(NULL, &info, "a model needs a back end");
    refuse(&empty, &info, "a back end needs a function run");
    refuse(&backend, NULL, "a model needs an info");
    x.name = NULL;
    refuse(&backend, &info, "input 0 has no name");
    x = port("x", NULL);
    x.dtype = 77;
    refuse(&backend, &info, "input 'x': 77 is no type");
    x = port("x", NULL);
    x.rank = 9;
    refuse(&backend, &info, "input 'x': rank is 9, expected 1..8");
    x = port("x", NULL);
    x.row_elements = 3;
    refuse(&backend, &info, "input 'x': row_elements is 3, its shape holds 2");
    x = port("x", NULL);
    x.rank = 3;
    x.shape[1] = x.shape[2] = SIZE_MAX / 2;
    refuse(&backend, &info, "input 'x': row_elements is 2, its shape holds 0");
    x = port("x", NULL);
    info.input_count = 0;
    refuse(&backend, &info, "a model needs an input");
    info.input_count = 1;
    info.outputs = NULL;
    refuse(&backend, &info, "a model needs an output");
    info.outputs = &y;
    info.task = 3;
    refuse(&backend, &info, "task is 3, no ml_task");
    info.task = 0;
    info.reserved = 1;
    refuse(&backend, &info, "reserved is 1, expected 0");
    info.reserved = 0;
    info.labels = labels;
    info.label_count = 2;
    refuse(&backend, &info, "label 1 is NULL");
    info.labels = NULL;
    assert_int_equal(ml_model_create(&backend, &info, NULL, NULL, NULL), ML_EINVAL);
}

static void each_failed_allocation_leaves_nothing_behind(void **state) {
    const ml_port x = port("x", NULL);
    const ml_model_info info = {sizeof info, "k", NULL, &x, 1, &x,   1,    0, 0,
                                0,           0,   0,    0,  0, NULL, NULL, 0};
    const size_t before = atomic_load(&counting_live_bytes);
    struct twice self = {0};
    ml_model *model = NULL;

    (void)state;
    for (size_t n = 1; model == NULL; n++) {
        ml_status status;

        counting_restart(n);
        status = ml_model_create(&backend, &info, &self, &model, NULL);
        assert_int_equal(status, model == NULL ? ML_ENOMEM : ML_OK);
        assert_int_equal(self.closed, 0);
        assert_true(model != NULL || atomic_load(&counting_live_bytes) == before);
        assert_true(n < 10);
    }
    counting_restart(0);
    ml_model_release(model);
    assert_int_equal(atomic_load(&counting_live_bytes), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(description_is_a_copy_of_its_own),
        cmocka_unit_test(last_release_closes_the_back_end_once),
        cmocka_unit_test(outputs_are_found_by_name_alias_and_other_tools_names),
        cmocka_unit_test(inputs_are_found_by_name_and_alias),
        cmocka_unit_test(run_answers_rows_and_skips_what_is_not_wanted),
        cmocka_unit_test(missing_data_is_an_invalid_argument),
        cmocka_unit_test(failure_of_the_back_end_keeps_its_words),
        cmocka_unit_test(scratch_is_aligned_or_absent_as_asked),
        cmocka_unit_test(warm_run_allocates_nothing),
        cmocka_unit_test(four_threads_may_run_one_model),
        cmocka_unit_test(broken_descriptions_are_refused_by_what_is_wrong),
        cmocka_unit_test(each_failed_allocation_leaves_nothing_behind),
    };

    if (!counting_install()) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
