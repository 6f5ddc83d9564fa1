/* SPDX-License-Identifier: MIT */
/*
 * Files of real models: each fixture of tests/golden that part 1 runs is loaded and answers as
 * the tool that made it did; each broken file is refused; memory stays in its bound.
 */
#include "support/cmocka_all.h"

#include <mlserve/model.h>

#include <cjson/cJSON.h>
#include <math.h>
#include <pthread.h>

#include "unit/model/counting.h"
#include "unit/model/npy.h"

#define FOLDER "tests/golden/"

/* Of part 4: convolutions and the ai.onnx.ml operators. */
static int is_later(const char *model) {
    return strcmp(model, "digits/cnn.onnx") == 0 || strcmp(model, "digits/logreg_ml.onnx") == 0;
}

static const char *in_folder(const char *name) {
    static char path[256];

    (void)snprintf(path, sizeof path, FOLDER "%s", name);
    return path;
}

static const char *text_of(const cJSON *object, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static double number_of(const cJSON *object, const char *key) {
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static float *read_rows(const char *name, size_t *count) {
    double *values = npy_read(in_folder(name), count);
    float *rows = malloc(*count * sizeof *rows);

    assert_non_null(rows);
    for (size_t i = 0; i < *count; i++) {
        rows[i] = (float)values[i];
    }
    free(values);
    return rows;
}

/* Answers of one output as doubles, to free(). */
static double *run(const ml_model *model, size_t output, const float *rows, size_t row_count) {
    const ml_port *port = &ml_model_describe(model)->outputs[output];
    const size_t count = row_count * port->row_elements;
    double *answers = malloc(count * sizeof *answers);
    void *raw = malloc(count * ml_dtype_size((ml_dtype)port->dtype));
    void *outputs[16] = {NULL};
    const void *inputs[] = {rows};
    ml_error err = ML_ERROR_INIT;

    assert_true(answers != NULL && raw != NULL && output < 16);
    outputs[output] = raw;
    if (ml_model_run(model, inputs, outputs, row_count, &err) != ML_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(ml_convert(raw, (ml_dtype)port->dtype, answers, ML_FP64, count), ML_OK);
    free(raw);
    return answers;
}

static void
check_output(const ml_model *model, const cJSON *output, const float *rows, size_t row_count) {
    const double atol = number_of(output, "atol");
    const double rtol = number_of(output, "rtol");
    ml_error err = ML_ERROR_INIT;
    size_t count = 0;
    size_t index = 0;
    double *wanted = npy_read(in_folder(text_of(output, "file")), &count);
    double *got;

    if (ml_model_find_output(model, text_of(output, "name"), &index, &err) != ML_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(count, row_count * ml_model_describe(model)->outputs[index].row_elements);
    got = run(model, index, rows, row_count);
    for (size_t i = 0; i < count; i++) {
        if (!(fabs(got[i] - wanted[i]) <= atol + rtol * fabs(wanted[i]))) {
            fail_msg(
                "%s: element %zu is %.9g, expected %.9g", text_of(output, "file"), i, got[i],
                wanted[i]
            );
        }
    }
    free(got);
    free(wanted);
}

static void check_model(const char *name, const cJSON *fixture) {
    ml_model *model = NULL;
    ml_error err = ML_ERROR_INIT;
    const cJSON *output;
    size_t count;
    float *rows = read_rows(text_of(fixture, "X"), &count);
    size_t width;

    if (ml_model_load(in_folder(name), NULL, &model, &err) != ML_OK) {
        fail_msg("%s: %s", name, err.message);
    }
    width = ml_model_describe(model)->inputs[0].row_elements;
    cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(fixture, "outputs")) {
        check_output(model, output, rows, count / width);
    }
    ml_model_release(model);
    free(rows);
}

/* Call for each model file of the manifest that part 1 runs. */
static void each_model(void (*visit)(const char *name, const cJSON *fixture)) {
    size_t size;
    char *text = npy_file(FOLDER "manifest.json", &size);
    cJSON *manifest = cJSON_Parse(text);
    const cJSON *fixture;
    const cJSON *model;
    size_t seen = 0;

    assert_non_null(manifest);
    cJSON_ArrayForEach(fixture, cJSON_GetObjectItemCaseSensitive(manifest, "fixtures")) {
        cJSON_ArrayForEach(model, cJSON_GetObjectItemCaseSensitive(fixture, "models")) {
            if (!is_later(model->valuestring)) {
                visit(model->valuestring, fixture);
                seen++;
            }
        }
    }
    assert_int_equal(seen, 12);
    cJSON_Delete(manifest);
    free(text);
}

static void each_fixture_answers_as_the_tool_that_made_it(void **state) {
    (void)state;
    each_model(check_model);
}

static void check_memory(const char *name, const cJSON *fixture) {
    const size_t before = atomic_load(&counting_live_bytes);
    ml_model *model = NULL;
    size_t file_bytes;

    (void)fixture;
    counting_restart(0);
    assert_int_equal(ml_model_load(in_folder(name), NULL, &model, NULL), ML_OK);
    file_bytes = ml_model_describe(model)->file_bytes;
    if (atomic_load(&counting_peak_bytes) - before > 4 * file_bytes + (1 << 20)) {
        fail_msg(
            "%s: %zu bytes for a file of %zu", name, atomic_load(&counting_peak_bytes) - before,
            file_bytes
        );
    }
    ml_model_release(model);
    assert_int_equal(atomic_load(&counting_live_bytes), before);
}

static void loading_takes_four_times_the_file_and_a_mebibyte_at_most(void **state) {
    (void)state;
    each_model(check_memory);
}

static void a_large_layer_of_halves_is_widened_only_once(void **state) {
    enum { WIDTH = 1000, COUNT = WIDTH * WIDTH };
    static const char header[] = "{\"__metadata__\":{\"kind\":\"mlp\",\"layers\":\"0:linear\"},"
                                 "\"0.weight\":{\"dtype\":\"F16\",\"shape\":[1000,1000],"
                                 "\"data_offsets\":[0,2000000]},"
                                 "\"0.bias\":{\"dtype\":\"F16\",\"shape\":[1000],"
                                 "\"data_offsets\":[2000000,2002000]}}";
    const uint64_t header_bytes = sizeof header - 1;
    const size_t size = 8 + header_bytes + 2 * (COUNT + WIDTH);
    const size_t before = atomic_load(&counting_live_bytes);
    char *file = calloc(size, 1);
    ml_model *model = NULL;
    ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_non_null(file);
    memcpy(file, &header_bytes, 8);
    memcpy(file + 8, header, header_bytes);
    counting_restart(0);
    if (ml_model_load_memory(file, size, NULL, &model, &err) != ML_OK) {
        fail_msg("%s", err.message);
    }
    /* The file itself, were it read from disk, is one of the four times. */
    assert_true(atomic_load(&counting_peak_bytes) - before <= 3 * size);
    ml_model_release(model);
    free(file);
}

static void check_faults(const char *name, const cJSON *fixture) {
    const size_t before = atomic_load(&counting_live_bytes);
    size_t size;
    char *data = npy_file(in_folder(name), &size);
    ml_model *model = NULL;

    (void)fixture;
    for (size_t n = 1; model == NULL; n++) {
        ml_error err = ML_ERROR_INIT;
        ml_status status;

        counting_restart(n);
        status = ml_model_load_memory(data, size, NULL, &model, &err);
        if (status != (model == NULL ? ML_ENOMEM : ML_OK)) {
            fail_msg(
                "%s: allocation %zu: %s: %s", name, n, ml_status_name(status), err.message
            );
        }
        assert_true(status == ML_OK || atomic_load(&counting_live_bytes) == before);
        assert_true(n < 5000);
    }
    counting_restart(0);
    ml_model_release(model);
    assert_int_equal(atomic_load(&counting_live_bytes), before);
    free(data);
}

static void each_failed_allocation_leaves_nothing_behind(void **state) {
    (void)state;
    each_model(check_faults);
}

static void check_bits(const char *name, const cJSON *fixture) {
    static uint32_t random = 12345;
    ml_model *model = NULL;
    size_t count;
    float *rows = read_rows(text_of(fixture, "X"), &count);
    size_t row_count;
    size_t width;
    double *alone;

    assert_int_equal(ml_model_load(in_folder(name), NULL, &model, NULL), ML_OK);
    width = ml_model_describe(model)->inputs[0].row_elements;
    row_count = count / width;
    for (size_t i = 0; i < ml_model_describe(model)->output_count; i++) {
        const size_t elements = ml_model_describe(model)->outputs[i].row_elements;

        alone = malloc(row_count * elements * sizeof *alone);
        assert_non_null(alone);
        for (size_t row = 0; row < row_count; row++) {
            double *one = run(model, i, rows + row * width, 1);

            memcpy(alone + row * elements, one, elements * sizeof *one);
            free(one);
        }
        for (size_t first = 0; first < row_count;) {
            const size_t left = row_count - first;
            const size_t batch = (random = random * 1664525u + 1013904223u) / 65536 % 300 + 1;
            const size_t taken = batch < left ? batch : left;
            double *many = run(model, i, rows + first * width, taken);

            assert_memory_equal(
                many, alone + first * elements, taken * elements * sizeof *many
            );
            free(many);
            first += taken;
        }
        free(alone);
    }
    ml_model_release(model);
    free(rows);
}

static void a_row_gives_the_same_bits_alone_and_in_any_batch(void **state) {
    (void)state;
    each_model(check_bits);
}

static void description_tells_what_the_file_holds(void **state) {
    ml_model *model = NULL;
    const ml_model_info *info;

    (void)state;
    assert_int_equal(ml_model_load(FOLDER "digits/mlp_tanh.onnx", NULL, &model, NULL), ML_OK);
    info = ml_model_describe(model);
    assert_string_equal(info->kind, "onnx");
    assert_int_equal(info->task, ML_TASK_CLASSIFIER);
    assert_int_equal(info->input_count, 1);
    assert_string_equal(info->inputs[0].name, "X");
    assert_int_equal(info->inputs[0].row_elements, 64);
    assert_int_equal(info->output_count, 3);
    assert_string_equal(info->outputs[0].name, "probabilities");
    assert_int_equal(info->outputs[0].row_elements, 10);
    assert_string_equal(info->outputs[1].name, "label");
    assert_int_equal(info->outputs[1].dtype, ML_INT64);
    assert_int_equal(info->outputs[1].rank, 1);
    assert_string_equal(info->outputs[2].name, "logits");
    assert_int_equal(info->label_count, 10);
    assert_null(info->labels);
    assert_int_equal(
        info->parameter_count, 1 + 64 * 48 + 48 + 48 * 32 + 32 + 32 * 24 + 24 + 24 * 10 + 10
    );
    assert_int_equal(info->file_bytes, 23446);
    assert_true(info->row_cost_ns > 0);
    assert_int_equal(info->takes_missing, 0);
    ml_model_release(model);
}

static void broken_files_are_refused(void **state) {
    static const struct {
        const char *name;
        ml_status status;
    } files[] = {
        {"onnx_empty.onnx", ML_EFORMAT},
        {"onnx_garbage.onnx", ML_EFORMAT},
        {"onnx_graph_cycle.onnx", ML_EFORMAT},
        {"onnx_initializer_dims_lie.onnx", ML_EFORMAT},
        {"onnx_missing_initializer.onnx", ML_EFORMAT},
        {"onnx_shape_mismatch.onnx", ML_ESHAPE},
        {"onnx_truncated.onnx", ML_EFORMAT},
        {"onnx_unknown_op.onnx", ML_EUNSUPPORTED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char name[80];
        ml_model *model = NULL;
        ml_error err = ML_ERROR_INIT;
        const size_t before = atomic_load(&counting_live_bytes);
        ml_status status;

        (void)snprintf(name, sizeof name, "bad/%s", files[i].name);
        status = ml_model_load(in_folder(name), NULL, &model, &err);
        if (status != files[i].status || err.message[0] == '\0') {
            fail_msg("%s: %s: %s", name, ml_status_name(status), err.message);
        }
        assert_null(model);
        assert_int_equal(atomic_load(&counting_live_bytes), before);
    }
}

static void mismatch_is_told_with_its_node(void **state) {
    ml_model *model = NULL;
    ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_int_equal(
        ml_model_load(FOLDER "bad/onnx_shape_mismatch.onnx", NULL, &model, &err), ML_ESHAPE
    );
    assert_non_null(strstr(err.message, "node '"));
    assert_non_null(strstr(err.message, "weights ["));
}

static void labels_are_copied_and_counted(void **state) {
    char zero[] = "zero";
    const char *names[10] = {zero,   "one", "two",   "three", "four",
                             "five", "six", "seven", "eight", "nine"};
    ml_model_options options = ML_MODEL_OPTIONS_INIT;
    ml_model *model = NULL;
    ml_error err = ML_ERROR_INIT;

    (void)state;
    options.labels = names;
    options.label_count = 10;
    assert_int_equal(ml_model_load(FOLDER "digits/mlp.onnx", &options, &model, NULL), ML_OK);
    zero[0] = 'Z';
    assert_string_equal(ml_model_describe(model)->labels[0], "zero");
    ml_model_release(model);
    model = NULL;
    options.label_count = 9;
    assert_int_equal(
        ml_model_load(FOLDER "digits/mlp.onnx", &options, &model, &err), ML_ESHAPE
    );
    assert_string_equal(
        err.message, FOLDER "digits/mlp.onnx: 9 labels for a model of 10 classes"
    );
    options.label_count = 10;
    assert_int_equal(
        ml_model_load(FOLDER "diabetes/mlp_reg.onnx", &options, &model, &err), ML_ESHAPE
    );
    names[3] = NULL;
    assert_int_equal(
        ml_model_load(FOLDER "digits/mlp.onnx", &options, &model, &err), ML_EINVAL
    );
    options.labels = NULL;
    assert_int_equal(
        ml_model_load(FOLDER "digits/mlp.onnx", &options, &model, &err), ML_EINVAL
    );
    assert_null(model);
}

static void task_can_be_insisted_on(void **state) {
    ml_model_options options = ML_MODEL_OPTIONS_INIT;
    ml_model *model = NULL;
    ml_error err = ML_ERROR_INIT;

    (void)state;
    options.task = ML_TASK_REGRESSOR;
    assert_int_equal(ml_model_load(FOLDER "digits/mlp.onnx", &options, &model, NULL), ML_OK);
    assert_int_equal(ml_model_describe(model)->task, ML_TASK_REGRESSOR);
    assert_int_equal(ml_model_describe(model)->output_count, 1);
    assert_string_equal(ml_model_describe(model)->outputs[0].alias, "pred");
    ml_model_release(model);
    model = NULL;
    options.task = ML_TASK_CLASSIFIER;
    assert_int_equal(
        ml_model_load(FOLDER "diabetes/mlp_reg.onnx", &options, &model, &err), ML_ESHAPE
    );
    assert_string_equal(
        err.message, FOLDER "diabetes/mlp_reg.onnx: no output can be probabilities: output "
                            "'variable' is FP32, 1 a row"
    );
}

static void arguments_are_checked(void **state) {
    ml_model_options options = ML_MODEL_OPTIONS_INIT;
    ml_model *model = NULL;
    ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_int_equal(ml_model_load(NULL, NULL, &model, &err), ML_EINVAL);
    assert_int_equal(ml_model_load(FOLDER "digits/mlp.onnx", NULL, NULL, &err), ML_EINVAL);
    assert_int_equal(ml_model_load_memory(NULL, 3, NULL, &model, &err), ML_EINVAL);
    assert_int_equal(ml_model_load_memory("abc", 3, NULL, NULL, &err), ML_EINVAL);
    assert_int_equal(ml_model_load(FOLDER "none.onnx", NULL, &model, &err), ML_ENOTFOUND);
    assert_int_equal(ml_model_load(FOLDER, NULL, &model, &err), ML_EIO);
    options.kernel = 3;
    assert_int_equal(
        ml_model_load(FOLDER "digits/mlp.onnx", &options, &model, &err), ML_EINVAL
    );
    options.kernel = 0;
    options.task = 3;
    assert_int_equal(
        ml_model_load(FOLDER "digits/mlp.onnx", &options, &model, &err), ML_EINVAL
    );
    options.task = 0;
    options.max_file_bytes = 1000;
    assert_int_equal(
        ml_model_load(FOLDER "digits/mlp.onnx", &options, &model, &err), ML_ELIMIT
    );
    assert_int_equal(ml_model_load_memory("abc", 1001, &options, &model, &err), ML_ELIMIT);
    assert_null(model);
}

static const float *shared_rows;
static const double *shared_answers;

static void *run_slices(void *argument) {
    for (size_t n = 1; n < 60; n++) {
        double *got = run(argument, 0, shared_rows + 64 * n, n);
        const int differs = memcmp(got, shared_answers + 10 * n, 10 * n * sizeof *got);

        free(got);
        if (differs != 0) {
            return argument;
        }
    }
    return NULL;
}

static void four_threads_get_the_bits_that_one_gets(void **state) {
    ml_model *model = NULL;
    pthread_t threads[4];
    size_t count;
    float *rows = read_rows("digits/X_test.npy", &count);
    double *answers;

    (void)state;
    assert_int_equal(ml_model_load(FOLDER "digits/mlp.onnx", NULL, &model, NULL), ML_OK);
    answers = run(model, 0, rows, count / 64);
    shared_rows = rows;
    shared_answers = answers;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, run_slices, model), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *wrong = NULL;

        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    free(answers);
    free(rows);
    ml_model_release(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fixture_answers_as_the_tool_that_made_it),
        cmocka_unit_test(loading_takes_four_times_the_file_and_a_mebibyte_at_most),
        cmocka_unit_test(a_large_layer_of_halves_is_widened_only_once),
        cmocka_unit_test(each_failed_allocation_leaves_nothing_behind),
        cmocka_unit_test(a_row_gives_the_same_bits_alone_and_in_any_batch),
        cmocka_unit_test(description_tells_what_the_file_holds),
        cmocka_unit_test(broken_files_are_refused),
        cmocka_unit_test(mismatch_is_told_with_its_node),
        cmocka_unit_test(labels_are_copied_and_counted),
        cmocka_unit_test(task_can_be_insisted_on),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(four_threads_get_the_bits_that_one_gets),
    };

    if (!counting_install()) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
