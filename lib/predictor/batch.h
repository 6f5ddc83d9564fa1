/* SPDX-License-Identifier: MIT */
/*
 * batch.h -- one call of ml_predict_batch() on its way, and the stages it goes through.
 *
 * A *row* is a place in the caller's batch. A *slot* is a place in what the model is given:
 * rows that failed have none, equal rows share one. Where every row has a slot of its own the
 * two are the same, there are no lists, and nothing is copied.
 *
 * Stages run one after the other in the caller's thread and each works on the whole batch; only
 * ml__run() splits it. What cannot be had any more (memory) is the only thing that ends a
 * stage early.
 */
#ifndef ML_PREDICTOR_BATCH_H
#define ML_PREDICTOR_BATCH_H

#include <mlserve/predictor.h>

#include <stdbool.h>

#include "predictor/row_hash.h"
#include "predictor/work.h"

#define ML__NO_SLOT UINT32_MAX

/* From which magnitude on a value of a float type is not finite in the model's type. */
struct ml__limits {
    uint64_t magnitude[5]; /* by ml_dtype, ML_FP32 to ML_BF16: bits without the sign */
};

/* What is the same for all calls: set when the predictor is made, only read later. */
struct ml__plan {
    ml_model *model;
    const ml_model_info *info;
    ml_pool *pool; /* NULL: compute in the caller's thread */
    ml_predictor_options options;
    bool reject_nan;
    bool reject_infinite;
    struct ml__limits *limits; /* [input_count] */
    struct ml__row_key row_key;
    size_t max_rows;
};

/* An input as the caller gave it, or as it was cleaned. */
struct ml__input {
    const ml_tensor *tensor;
    const unsigned char *data; /* [row_count] rows */
    ml_dtype dtype;            /* the caller's */
    size_t row_elements;
    size_t row_bytes;
};

enum ml__source {
    ML__SOURCE_MODEL,       /* an output of the model */
    ML__SOURCE_LABEL_NAME,  /* the names to the numbers in the model's output "label" */
    ML__SOURCE_TOP_CLASSES, /* numbers or names of the k best; also "label", where it must be
                               made from probabilities: the best one */
    ML__SOURCE_TOP_SCORES   /* their probabilities */
};

/* A tensor of the caller that gets answers. */
struct ml__answer {
    const ml_tensor *tensor;
    enum ml__source source;
    size_t output; /* the model's output it is made of */
    size_t row_elements;
    const void *data; /* [slot_count] answers, before they are scattered; the caller's own
                         memory if the model writes straight into it */
    ml_dtype dtype;   /* of `data` */
};

struct ml__batch {
    const struct ml__plan *plan;
    struct ml__work *work;
    size_t row_count;
    struct ml__input *inputs; /* [input_count], in the model's order */
    struct ml__answer *answers;
    size_t answer_count;

    ml_row_result *results; /* [row_count], written only if results_ready */
    bool results_ready;
    size_t failed_count;
    size_t first_failed;    /* row */
    ml_error backend_error; /* of the lowest slot that made the back end fail */

    uint32_t *slots; /* [row_count] slot of each row; NULL: each row is its own */
    uint32_t *rows;  /* [slot_count] first row of each slot; with `slots` */
    size_t slot_count;

    void **outputs; /* [output_count] the model's: [slot_count] rows each; NULL: not wanted */
    bool *poisoned; /* [slot_count], written only if any_poisoned */
    bool any_poisoned;    /* these two and backend_error: under work->lock while running */
    size_t poisoned_slot; /* the lowest */
    bool started;         /* the model may have written to the caller's memory */
};

/* Make room for and fill the row results, if that was not done yet. */
void ml__batch_open_results(struct ml__batch *batch);

/* Whether a row has failed already. */
static inline bool ml__row_failed(const struct ml__batch *batch, size_t row) {
    return batch->failed_count > 0 && batch->results[row].status != ML_OK;
}

/* A row fails alone: keep why. */
void ml__row_fail(
    struct ml__batch *batch, size_t row, ml_status status, size_t column, const char *reason
);

/*
 * The row `position` as the callbacks see it. `tensors` has room for [input_count], and was
 * filled by ml__row_view_open() with what is the same for all rows.
 */
void ml__row_view_open(const struct ml__batch *batch, ml_tensor *tensors);
ml_row ml__row_view(const struct ml__batch *batch, size_t position, ml_tensor *tensors);

/* bind.c: names, shapes and types. Any failure is of the whole call. */
ML_MUST ml_status
ml__bind_inputs(struct ml__batch *batch, const ml_tensors *inputs, ml_error *err);
ML_MUST ml_status
ml__bind_outputs(struct ml__batch *batch, const ml_tensors *outputs, ml_error *err);

/* validate.c: values, row by row. */
struct ml__limits ml__limits_of(ml_dtype model_type);
ML_MUST ml_status ml__validate(struct ml__batch *batch, ml_error *err);

/* clean.c: the callback, on a copy of the rows. */
ML_MUST ml_status ml__clean(struct ml__batch *batch, ml_error *err);

/* dedupe.c: which rows the model is given. */
ML_MUST ml_status ml__dedupe(struct ml__batch *batch, ml_error *err);

/* run.c: the model's answer for each slot. */
ML_MUST ml_status ml__run(struct ml__batch *batch, ml_error *err);

/* classes.c: labels and best classes of each slot. */
ML_MUST ml_status ml__classes(struct ml__batch *batch, ml_error *err);

/* scatter.c: each row's answer to its place, in the caller's type; or all of them void. */
void ml__scatter(struct ml__batch *batch);
void ml__scatter_nothing(struct ml__batch *batch);

/* format.c: the callback, on the answers. */
ML_MUST ml_status ml__format(struct ml__batch *batch, ml_error *err);

#endif
