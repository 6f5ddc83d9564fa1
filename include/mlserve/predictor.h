/* SPDX-License-Identifier: MIT */
/*
 * predictor.h -- the main job: a batch of rows goes in, checked, cleaned and made unique; the
 * model answers; every caller's row gets its answer, in order.
 *
 *   validate > clean > dedupe > model (rows split over the pool) > scatter > format
 */
#ifndef MLSERVE_PREDICTOR_H
#define MLSERVE_PREDICTOR_H

#include <mlserve/model.h>
#include <mlserve/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ml_predictor ml_predictor;

/*
 * One row as the callbacks see it: its inputs in the order of the model's description, each
 * with elements in the type that the caller sent. Frozen.
 *
 *   inputs    [input_count] tensors of one row, shape[0] is 1. In `clean` their data may be
 *             changed in place, also the bytes of a BYTES element: it may be made shorter, or
 *             pointed to memory that lives until the call returns. In `validate` only read
 *   position  the row's place in the caller's batch
 */
typedef struct ml_row {
    ml_tensor *inputs;
    size_t input_count;
    size_t position;
} ml_row;

/* What to do with NaN (missing) and infinite values. */
typedef enum ml_value_policy {
    ML_VALUES_MODEL = 0,  /* as the model describes */
    ML_VALUES_ACCEPT = 1, /* hand them to the model */
    ML_VALUES_REJECT = 2  /* the row fails with ML_EVALUE */
} ml_value_policy;

/* Stages that can be left out. */
enum {
    ML_SKIP_VALIDATE = 1, /* values are not looked at but by your own callback; shapes and
                             types always are */
    ML_SKIP_DEDUPE = 2    /* equal rows are computed each */
};

/*
 * validate  look at a row; an answer other than ML_OK fails it, with `reason` (static text,
 *           may be left alone) and the column it is about
 * clean     change a row in place (the caller's memory is not touched: rows are copied first);
 *           runs before dedupe, so that what is equal after cleaning is computed once
 * format    change the answers, after they were scattered: [row_count] rows of one output in
 *           the caller's memory and type; called once an output and call. A status other than
 *           ML_OK fails the whole call
 *
 * All may be called from several threads at once, of the pool or of callers.
 */
typedef struct ml_predictor_options {
    size_t size;
    ml_pool *pool;         /* borrowed, must outlive the predictor; NULL: see thread_count */
    uint32_t thread_count; /* without a pool: 0 or 1, compute in the caller's thread; n, keep a
                              pool of n - 1 threads, which the caller's thread helps */
    uint32_t skip;         /* ML_SKIP_..., or-ed */
    uint32_t nan_policy;   /* an ml_value_policy */
    uint32_t infinity_policy; /* an ml_value_policy */
    uint64_t max_batch_rows;  /* more rows in one call: ML_ELIMIT; 0: 1,048,576 */
    uint64_t max_text_bytes;  /* a longer BYTES element fails its row; 0: 1 MiB */
    ml_status (*validate)(void *user, const ml_row *row, ml_row_result *result);
    ml_status (*clean)(void *user, ml_row *row, ml_row_result *result);
    ml_status (*format)(void *user, ml_tensor *output, const ml_row_result *results);
    void *user;                    /* for the callbacks */
    const ml_model_options *model; /* for ml_predictor_open(); NULL: the defaults */
} ml_predictor_options;

#define ML_PREDICTOR_OPTIONS_INIT                                                              \
    { sizeof(ml_predictor_options), NULL, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL }

/* What may differ from call to call. NULL: none of it. */
typedef struct ml_call {
    size_t size;
    ml_row_result *results; /* [row_count] out: each row's own result; NULL: not wanted */
    uint32_t flags;         /* ML_CALL_..., or-ed */
    uint32_t reserved;      /* 0 */
} ml_call;

#define ML_CALL_INIT                                                                           \
    { sizeof(ml_call), NULL, 0, 0 }

enum {
    ML_CALL_PRECHECKED = 1 /* `results` is also an input: rows whose status is not ML_OK are
                              failed already, say by the reader, and are left as they are */
};

/*
 * Make a predictor for a model, or for a model's file.
 *
 *   model    retained
 *   path     the file, as for ml_model_load()
 *   options  NULL: the defaults
 *   out      yours, to be given to ml_predictor_close()
 *   err      NULL, or room for the reason
 *
 * Threads:   any.
 * Blocks:    open: while reading the file.
 * Allocates: the predictor; open: the model too.
 * Errors:    ML_EINVAL, ML_ENOMEM, ML_ETHREAD; open: those of ml_model_load() too.
 */
ML_API ML_MUST ml_status ml_predictor_create(
    ml_model *model, const ml_predictor_options *options, ml_predictor **out, ml_error *err
);
ML_API ML_MUST ml_status ml_predictor_open(
    const char *path, const ml_predictor_options *options, ml_predictor **out, ml_error *err
);

/*
 * Free a predictor and release its model. No call may be under way.
 *
 *   predictor  NULL is fine
 *
 * Threads:   none else.
 * Blocks:    until an own pool has stopped.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API void ml_predictor_close(ml_predictor *predictor);

/*
 * The model behind a predictor, borrowed from it.
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API ml_model *ml_predictor_model(const ml_predictor *predictor);

/*
 * Predict a batch of rows.
 *
 *   inputs   the model's inputs, by name, or one without a name for a model of one input. The
 *            first axis is the row axis; what follows must hold the model's number of elements
 *            per row, flat or in the model's shape. Number types are converted to the model's
 *   outputs  where answers go: outputs by name (ml_model_find_output()), the first one where
 *            the name is NULL. [row_count, width] of any number type, converted to. Also:
 *            "label" as INT64 (class number) or BYTES (class name, text that belongs to the
 *            model); "top_classes" INT64 or BYTES and "top_scores", both [row_count, k]: the k
 *            most probable classes, best first, equal ones by class order
 *   call     NULL, or the options of this call
 *   err      NULL, or room for the reason
 *
 * No output may overlap an input or another output.
 *
 * A bad row fails alone: the others are answered and ML_EROWS is returned, with the first bad
 * row in `err` and each row's result in call->results. The answer of a failed row is NaN, 0 or
 * an empty string by type. A row with which the back end fails is found by asking it again for
 * parts of the batch. Any other failure is the whole call's: outputs are as they were, or, if
 * the model was asked already, all void as those of failed rows; results then mean nothing.
 *
 * Threads:   any.
 * Blocks:    while computing.
 * Allocates: work memory that the predictor keeps: nothing once warm.
 * Errors:    ML_EINVAL, ML_ENOMEM, ML_ENOTFOUND (a name), ML_ESHAPE, ML_ELIMIT, ML_EROWS,
 *            and what the format callback answers. Of rows, in their results: ML_EVALUE,
 *            ML_ELIMIT (a text), ML_EBACKEND, and what the other callbacks answer.
 */
ML_API ML_MUST ml_status ml_predict_batch(
    ml_predictor *predictor, ml_tensors inputs, ml_tensors outputs, const ml_call *call,
    ml_error *err
);

/*
 * Predict one row: as ml_predict_batch() with a row_count of 1, but the row's own status is
 * returned in place of ML_EROWS.
 *
 * Threads:   any.
 * Blocks:    while computing.
 * Allocates: as ml_predict_batch().
 * Errors:    as ml_predict_batch(), of the call and of the row.
 */
ML_API ML_MUST ml_status ml_predict(
    ml_predictor *predictor, ml_tensors inputs, ml_tensors outputs, const ml_call *call,
    ml_error *err
);

#ifdef __cplusplus
}
#endif

#endif
