/* SPDX-License-Identifier: MIT */
/*
 * subject.c -- predicts rows alone, then in company, and counts the bits that differ.
 *
 * The ROW_KINDS rows to draw from are those of the fixture, and copies with noise, small and
 * large. Each is predicted alone first, by the bare model and by a predictor of one thread. A
 * trial is a batch of them in random order (a row may come twice: then dedupe has its part in
 * it). Half of the trials have few rows, where tiles and vectors are not full.
 */
#include "support/cmocka_all.h"

#include "invariance/subject.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "unit/wire/random.h"

static const uint32_t thread_counts[WAY_COUNT - 1] = {1, 2, 4};

static size_t below(uint64_t *seed, size_t limit) {
    return (size_t)(random_bits(seed) % limit);
}

static double between_one(uint64_t *seed) {
    return (double)(int64_t)random_bits(seed) * 0x1p-63;
}

static void *take(size_t count, size_t size) {
    void *memory = calloc(count, size);

    assert_non_null(memory);
    return memory;
}

static void fill_kinds(
    struct subject *subject, ml_dtype dtype, const double *values, size_t count, uint64_t *seed
) {
    static const double noises[] = {0, 1e-6, 0.1, 1, 100};
    const size_t width = subject->row_elements;
    double *row = take(width, sizeof *row);

    for (size_t kind = 0; kind < ROW_KINDS; kind++) {
        const double *source = values + (kind < count ? kind : below(seed, count)) * width;
        const double noise = kind < count ? 0 : noises[below(seed, 5)];

        for (size_t i = 0; i < width; i++) {
            row[i] = source[i] * (1 + noise * between_one(seed)) + noise * between_one(seed);
        }
        assert_int_equal(
            ml_convert(row, ML_FP64, subject->kinds + kind * subject->row_bytes, dtype, width),
            ML_OK
        );
    }
    free(row);
}

static void add_answer(
    struct subject *subject, const char *name, ml_dtype dtype, const size_t *shape, size_t rank,
    size_t row_elements
) {
    struct answers *answers = &subject->answers[subject->answer_count++];

    assert_in_range(subject->answer_count, 1, MOST_OUTPUTS);
    answers->row_bytes = row_elements * ml_dtype_size(dtype);
    answers->alone = take(ROW_KINDS, answers->row_bytes);
    answers->batch = take(MOST_ROWS, answers->row_bytes);
    answers->tensor.name = name;
    answers->tensor.data = answers->batch;
    answers->tensor.dtype = dtype;
    answers->tensor.rank = (uint32_t)rank;
    memcpy(answers->tensor.shape, shape, rank * sizeof *shape);
}

static void add_answers(struct subject *subject) {
    const size_t one[1] = {0};
    bool labels = false;

    for (size_t i = 0; i < subject->info->output_count; i++) {
        const ml_port *port = &subject->info->outputs[i];

        add_answer(
            subject, port->name, (ml_dtype)port->dtype, port->shape, port->rank,
            port->row_elements
        );
        labels = labels || strcmp(port->name, "label") == 0 ||
                 (port->alias != NULL && strcmp(port->alias, "label") == 0);
    }
    if (subject->info->task == ML_TASK_CLASSIFIER && !labels) {
        add_answer(subject, "label", ML_INT64, one, 1, 1);
    }
}

/* Answer the rows at hand; the number of answers that this way gives. */
static size_t predict(struct subject *subject, size_t way, size_t row_count) {
    const ml_port *port = &subject->info->inputs[0];
    const void *input = subject->rows;
    void *outputs[MOST_OUTPUTS];
    ml_tensor tensors[MOST_OUTPUTS];
    ml_tensor rows = {0};
    ml_error err = ML_ERROR_INIT;
    ml_status status;

    for (size_t i = 0; i < subject->answer_count; i++) {
        memset(subject->answers[i].batch, 0x55, row_count * subject->answers[i].row_bytes);
        outputs[i] = subject->answers[i].batch;
        tensors[i] = subject->answers[i].tensor;
        tensors[i].shape[0] = row_count;
    }
    if (way == WAY_COUNT - 1) {
        status = ml_model_run(subject->model, &input, outputs, row_count, &err);
    } else {
        rows.data = subject->rows;
        rows.dtype = port->dtype;
        rows.rank = 2;
        rows.shape[0] = row_count;
        rows.shape[1] = subject->row_elements;
        status = ml_predict_batch(
            subject->predictors[way], ml_tensor_list(&rows, 1),
            ml_tensor_list(tensors, subject->answer_count), NULL, &err
        );
    }
    if (status != ML_OK) {
        fail_msg("%s: %s", subject->name, err.message);
    }
    return way == WAY_COUNT - 1 ? subject->info->output_count : subject->answer_count;
}

/* The bits of the row at `position` that are not those of `kind` alone. */
static size_t
wrong_bits(const struct subject *subject, size_t count, size_t position, size_t kind) {
    size_t wrong = 0;

    for (size_t i = 0; i < count; i++) {
        const struct answers *answers = &subject->answers[i];
        const unsigned char *got = answers->batch + position * answers->row_bytes;
        const unsigned char *want = answers->alone + kind * answers->row_bytes;

        if (memcmp(got, want, answers->row_bytes) == 0) {
            continue;
        }
        for (size_t byte = 0; byte < answers->row_bytes; byte++) {
            wrong += (size_t)__builtin_popcount((unsigned)(got[byte] ^ want[byte]));
        }
    }
    return wrong;
}

static void predict_each_alone(struct subject *subject) {
    for (size_t kind = 0; kind < ROW_KINDS; kind++) {
        memcpy(subject->rows, subject->kinds + kind * subject->row_bytes, subject->row_bytes);
        (void)predict(subject, 0, 1);
        for (size_t i = 0; i < subject->answer_count; i++) {
            struct answers *answers = &subject->answers[i];

            memcpy(
                answers->alone + kind * answers->row_bytes, answers->batch, answers->row_bytes
            );
        }
        assert_int_equal(wrong_bits(subject, predict(subject, WAY_COUNT - 1, 1), 0, kind), 0);
    }
}

void subject_open(
    struct subject *subject, const char *name, ml_model *model, const double *values,
    size_t count, uint64_t *seed
) {
    const ml_model_info *info = ml_model_describe(model);
    const ml_dtype dtype = (ml_dtype)info->inputs[0].dtype;

    memset(subject, 0, sizeof *subject);
    assert_int_equal(info->input_count, 1);
    subject->name = name;
    subject->model = model;
    subject->info = info;
    subject->row_elements = info->inputs[0].row_elements;
    subject->row_bytes = subject->row_elements * ml_dtype_size(dtype);
    subject->kinds = take(ROW_KINDS, subject->row_bytes);
    subject->rows = take(MOST_ROWS, subject->row_bytes);
    fill_kinds(subject, dtype, values, count, seed);
    add_answers(subject);
    for (size_t i = 0; i < WAY_COUNT - 1; i++) {
        ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;

        options.thread_count = thread_counts[i];
        assert_int_equal(
            ml_predictor_create(model, &options, &subject->predictors[i], NULL), ML_OK
        );
    }
    predict_each_alone(subject);
}

void subject_close(struct subject *subject) {
    for (size_t i = 0; i < WAY_COUNT - 1; i++) {
        ml_predictor_close(subject->predictors[i]);
    }
    for (size_t i = 0; i < subject->answer_count; i++) {
        free(subject->answers[i].alone);
        free(subject->answers[i].batch);
    }
    free(subject->kinds);
    free(subject->rows);
    ml_model_release(subject->model);
}

void subject_try(
    struct subject *subject, size_t trial_count, uint64_t *seed, struct tally *tally
) {
    size_t kinds[MOST_ROWS];

    for (size_t trial = 0; trial < trial_count; trial++) {
        const size_t most = below(seed, 2) == 0 ? MOST_ROWS : (size_t)2 << below(seed, 10);
        const size_t row_count = 1 + below(seed, most);
        const size_t way = below(seed, WAY_COUNT);
        size_t count;

        for (size_t row = 0; row < row_count; row++) {
            kinds[row] = below(seed, ROW_KINDS);
            memcpy(
                subject->rows + row * subject->row_bytes,
                subject->kinds + kinds[row] * subject->row_bytes, subject->row_bytes
            );
        }
        count = predict(subject, way, row_count);
        for (size_t row = 0; row < row_count; row++) {
            const size_t wrong = wrong_bits(subject, count, row, kinds[row]);

            tally->wrong_bits += wrong;
            tally->wrong_rows += wrong > 0;
        }
        tally->trial_count++;
        tally->row_count += row_count;
    }
}
