/* SPDX-License-Identifier: MIT */
/*
 * scenarios.c -- the work that the sweeps of faults do again and again.
 */
#include "support/cmocka_all.h"

#include "faults/scenarios.h"

#include <dirent.h>
#include <libgen.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROWS 10
#define PIXELS 64
#define CLASSES 10

static void fill_rows(float *rows) {
    for (size_t i = 0; i < ROWS * PIXELS; i++) {
        rows[i] = (float)(i * 7 % 17);
    }
}

ml_status load_and_run(void *context) {
    float rows[ROWS * PIXELS];
    float answers[ROWS * CLASSES];
    const void *inputs[1] = {rows};
    void *outputs[8] = {answers};
    ml_model *model = NULL;
    ml_status status = ml_model_load(context, NULL, &model, NULL);

    fill_rows(rows);
    if (status != ML_OK) {
        assert_null(model);
        return status;
    }
    status = ml_model_run(model, inputs, outputs, ROWS, NULL);
    ml_model_release(model);
    return status;
}

static ml_status halve(void *user, ml_row *row, ml_row_result *result) {
    float *pixels = row->inputs[0].data;

    (void)user;
    (void)result;
    for (size_t i = 0; i < PIXELS; i++) {
        pixels[i] *= 0.5f;
    }
    return ML_OK;
}

static ml_status predict(ml_predictor *predictor, float *rows, float *answers) {
    ml_row_result results[ROWS];
    ml_call call = ML_CALL_INIT;
    ml_status status;

    call.results = results;
    status = ml_predict_batch(
        predictor, ml_f32_rows(rows, ROWS, PIXELS), ml_f32_out(answers, ROWS, CLASSES), &call,
        NULL
    );
    if (status == ML_EROWS) {
        /* Row 3 holds a NaN; all others were answered. */
        for (int i = 0; i < ROWS; i++) {
            assert_int_equal(results[i].status, i == 3 ? ML_EVALUE : ML_OK);
            assert_int_equal(isnan(answers[i * CLASSES]) != 0, i == 3);
        }
        return ML_OK;
    }
    assert_int_not_equal(status, ML_OK);
    return status;
}

ml_status predict_mixed_rows(void *context) {
    float rows[ROWS * PIXELS];
    float first[ROWS * CLASSES];
    float second[ROWS * CLASSES];
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    ml_predictor *predictor = NULL;
    ml_status status;

    fill_rows(rows);
    memcpy(rows + 5 * PIXELS, rows + 2 * PIXELS, PIXELS * sizeof *rows);
    rows[3 * PIXELS + 9] = NAN;
    options.thread_count = 2;
    options.clean = halve;
    status = ml_predictor_open(context, &options, &predictor, NULL);
    if (status != ML_OK) {
        assert_null(predictor);
        return status;
    }
    status = predict(predictor, rows, first);
    if (status == ML_OK) {
        status = predict(predictor, rows, second);
    } else if (predict(predictor, rows, second) == ML_OK) {
        status = predict(predictor, rows, first); /* the handle works after a failure */
    }
    if (status == ML_OK) {
        assert_memory_equal(first, second, sizeof first);
    }
    ml_predictor_close(predictor);
    return status;
}

ml_status read_json_rows(void *context) {
    static const char body[] = "{\"note\": [1, {}], \"items\": [[1, 2, 3], [4, null, 6], null, "
                               "[1], [7, 8, 1e999], [9, 10, 11]]}";
    ml_rows *rows = NULL;
    size_t first = 99;
    size_t count = 99;
    ml_status status = ml_rows_create(NULL, &rows, NULL);

    (void)context;
    if (status != ML_OK) {
        assert_null(rows);
        return status;
    }
    for (int i = 0; i < 20 && status == ML_OK; i++) {
        const size_t before = ml_rows_count(rows);

        status = ml_rows_read_json(rows, body, sizeof body - 1, &first, &count, NULL, NULL);
        if (status == ML_OK) {
            assert_int_equal(first, before);
            assert_int_equal(count, 6);
            assert_int_equal(ml_rows_results(rows)[first + 3].status, ML_ESHAPE);
        } else {
            assert_int_equal(ml_rows_count(rows), before);
        }
    }
    ml_rows_free(rows);
    return status;
}

ml_status write_json(void *context) {
    static const float numbers[3] = {1.5f, -0.0f, NAN};
    ml_json_writer *writer = NULL;
    ml_bytes text = {NULL, 0};
    ml_status status = ml_json_create(NULL, &writer, NULL);

    (void)context;
    if (status != ML_OK) {
        assert_null(writer);
        return status;
    }
    ml_json_begin_object(writer);
    ml_json_key(writer, "a");
    ml_json_begin_array(writer);
    for (int i = 0; i < 500; i++) {
        ml_json_f32s(writer, numbers, 3);
        ml_json_text(writer, "rome \"\n");
    }
    ml_json_end_array(writer);
    ml_json_key(writer, "b");
    ml_json_i64(writer, INT64_MIN);
    ml_json_end_object(writer);
    status = ml_json_finish(writer, &text, NULL);
    if (status == ML_OK) {
        assert_memory_equal(text.data, "{\"a\":[[1.5,-0", 13);
        assert_int_equal(((const char *)text.data)[text.size - 1], '}');
    }
    ml_json_free(writer);
    return status;
}

ml_status read_table(void *context) {
    double values[7 * PIXELS];
    ml_table_reader *reader = NULL;
    size_t row_count = 1;
    ml_status status = ml_table_open(context, NULL, &reader, NULL);

    if (status != ML_OK) {
        assert_null(reader);
        return status;
    }
    assert_true(ml_table_describe(reader)->width <= PIXELS);
    while (status == ML_OK && row_count > 0) {
        status = ml_table_read(reader, ML_FP64, values, 7, &row_count, NULL);
    }
    ml_table_close(reader);
    return status;
}

/* The number of entries beside "." and ".." in the folder of a path. */
static int files_beside(const char *path) {
    char copy[256];
    DIR *folder;
    int count = 0;

    (void)snprintf(copy, sizeof copy, "%s", path);
    folder = opendir(dirname(copy));
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    assert_int_equal(closedir(folder), 0);
    return count - 2;
}

ml_status write_table(void *context) {
    const char *path = context;
    float rows[ROWS * PIXELS];
    ml_table_writer *writer = NULL;
    ml_status status = ml_table_create(path, ML_FP32, PIXELS, NULL, &writer, NULL);

    fill_rows(rows);
    if (status != ML_OK) {
        assert_null(writer);
        assert_int_equal(files_beside(path), 0);
        return status;
    }
    status = ml_table_write(writer, rows, ROWS, NULL);
    if (status == ML_OK) {
        status = ml_table_commit(writer, NULL);
    } else {
        ml_table_abort(writer);
    }
    assert_int_equal(files_beside(path), status == ML_OK ? 1 : 0);
    if (status == ML_OK) {
        assert_int_equal(unlink(path), 0);
    }
    return status;
}

static ml_status add_index(void *context, size_t index) {
    atomic_fetch_add((atomic_size_t *)context, index);
    return ML_OK;
}

static void add_one(void *argument) {
    atomic_fetch_add((atomic_size_t *)argument, 1);
}

ml_status use_pool(void *context) {
    ml_pool_options options = ML_POOL_OPTIONS_INIT;
    atomic_size_t sum = 0;
    ml_pool *pool = NULL;
    ml_status status;

    (void)context;
    options.thread_count = 3;
    status = ml_pool_create(&options, &pool, NULL);
    if (status != ML_OK) {
        assert_null(pool);
        return status;
    }
    assert_true(ml_pool_thread_count(pool) >= 1);
    status = ml_pool_map(pool, add_index, &sum, 100, NULL);
    if (status == ML_OK) {
        status = ml_pool_submit(pool, add_one, &sum, NULL);
    }
    ml_pool_free(pool);
    if (status == ML_OK) {
        assert_int_equal(sum, 4951);
    }
    return status;
}
