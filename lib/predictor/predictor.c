/* SPDX-License-Identifier: MIT */
/*
 * predictor.c -- the way of a request, and the handle that knows it.
 *
 * answer() is the story: a batch goes through its stages, each in a file of its name, each
 * working on the whole batch. Rows fail alone, inside the batch; a status that comes up from a
 * stage is a failure of the whole call.
 *
 * All a call needs beside the caller's memory comes from its work memory, which is taken from
 * the predictor's list of spare ones and goes back there: as many as there were ever calls at
 * once, and no allocation once warm.
 *
 * Locks: predictor->lock guards the list of spare work memory.
 */
#include <mlserve/predictor.h>

#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/options.h"
#include "predictor/batch.h"

#define DEFAULT_BATCH_ROWS 1048576
#define DEFAULT_TEXT_BYTES 1048576
#define MOST_ROWS ((uint64_t)UINT32_MAX - 1) /* slots are 32-bit numbers */

struct ml_predictor {
    struct ml__plan plan;
    ml_pool *own_pool; /* NULL: none, or the caller's */

    struct ml__lock lock; /* guards the one below */
    struct ml__work *spare;
};

/* ---- the way of a request ---- */

static ml_status answer(struct ml__batch *batch, ml_error *err) {
    ml_status status = ml__validate(batch, err);

    if (status == ML_OK) {
        status = ml__clean(batch, err);
    }
    if (status == ML_OK) {
        status = ml__dedupe(batch, err);
    }
    if (status == ML_OK) {
        status = ml__run(batch, err);
    }
    if (status == ML_OK) {
        status = ml__classes(batch, err);
    }
    if (status == ML_OK) {
        ml__scatter(batch);
        status = ml__format(batch, err);
    }
    if (status != ML_OK && batch->started) {
        ml__scatter_nothing(batch); /* no half answer is left */
    }
    return status;
}

/* The caller's results, or room for our own; and what they say already. */
static ml_status bind_results(struct ml__batch *batch, const ml_call *call, ml_error *err) {
    batch->results = call->results;
    if (batch->results == NULL) {
        batch->results = ml__work_take(batch->work, batch->row_count, sizeof *batch->results);
        if (batch->results == NULL) {
            return ml__fail(
                err, ML_ENOMEM, "work memory for the results of %zu rows", batch->row_count
            );
        }
        return ML_OK;
    }
    if ((call->flags & ML_CALL_PRECHECKED) == 0) {
        ml__batch_open_results(batch);
        return ML_OK;
    }
    batch->results_ready = true;
    for (size_t row = batch->row_count; row > 0; row--) {
        if (batch->results[row - 1].status != ML_OK) {
            batch->first_failed = row - 1;
            batch->failed_count++;
        }
    }
    return ML_OK;
}

static ml_status read_call(const ml_call *call, ml_call *own, ml_error *err) {
    const ml_status status = ml__options_read(own, sizeof *own, call, err);

    if (status != ML_OK) {
        return status;
    }
    if ((own->flags & ~(uint32_t)ML_CALL_PRECHECKED) != 0 || own->reserved != 0) {
        return ml__fail(
            err, ML_EINVAL,
            "call: flags are %#x and reserved is %u, which this library (%s) "
            "does not know",
            own->flags, own->reserved, ml_version()
        );
    }
    if ((own->flags & ML_CALL_PRECHECKED) != 0 && own->results == NULL) {
        return ml__fail(err, ML_EINVAL, "call: ML_CALL_PRECHECKED without results");
    }
    return ML_OK;
}

static ml_status bind(
    struct ml__batch *batch, const ml_tensors *inputs, const ml_tensors *outputs,
    const ml_call *call, bool alone, ml_error *err
) {
    const size_t input_count = batch->plan->info->input_count;
    ml_call own;
    ml_status status = read_call(call, &own, err);

    if (status != ML_OK) {
        return status;
    }
    batch->inputs = ml__work_take(batch->work, input_count, sizeof *batch->inputs);
    if (batch->inputs == NULL) {
        return ml__fail(err, ML_ENOMEM, "work memory for %zu inputs", input_count);
    }
    status = ml__bind_inputs(batch, inputs, err);
    if (status == ML_OK && alone && batch->row_count != 1) {
        /* Before the results are touched: there is room for one. */
        status = ml__fail(err, ML_ESHAPE, "%zu rows, expected 1", batch->row_count);
    }
    if (status == ML_OK) {
        status = ml__bind_outputs(batch, outputs, err);
    }
    if (status == ML_OK) {
        status = bind_results(batch, &own, err);
    }
    return status;
}

/* ---- work memory ---- */

static struct ml__work *take_work(ml_predictor *predictor) {
    struct ml__work *work;

    ml__lock_take(&predictor->lock);
    work = predictor->spare;
    if (work != NULL) {
        predictor->spare = work->next;
    }
    ml__lock_give(&predictor->lock);
    return work != NULL ? work : ml__work_open();
}

static void give_work(ml_predictor *predictor, struct ml__work *work) {
    ml__work_reset(work);
    ml__lock_take(&predictor->lock);
    work->next = predictor->spare;
    predictor->spare = work;
    ml__lock_give(&predictor->lock);
}

/* ---- the public calls ---- */

/* Say why the first failed row failed; alone it has no place. */
static ml_status fail_first(const struct ml__batch *batch, bool alone, ml_error *err) {
    const size_t row = batch->first_failed;
    const ml_row_result *result = &batch->results[row];
    const ml_status status = alone ? (ml_status)result->status : ML_EROWS;
    char text[200];

    ml_row_result_text(result, text, sizeof text);
    if (result->status == ML_EBACKEND && batch->any_poisoned &&
        (batch->slots != NULL ? batch->slots[row] : row) == batch->poisoned_slot) {
        (void)ml__fail(
            err, status, "%s: %.*s", text, (int)sizeof batch->backend_error.message - 1,
            batch->backend_error.message
        );
    } else {
        (void)ml__fail(err, status, "%s", text);
    }
    if (!alone) {
        char place[32];

        (void)snprintf(place, sizeof place, "row %zu", row);
        (void)ml__fail_prefix(err, status, place);
    }
    return status;
}

static ml_status predict(
    ml_predictor *predictor, const ml_tensors *inputs, const ml_tensors *outputs,
    const ml_call *call, bool alone, ml_error *err
) {
    struct ml__batch batch;
    ml_status status;

    if (predictor == NULL) {
        return ml__fail(err, ML_EINVAL, "predictor is NULL");
    }
    memset(&batch, 0, sizeof batch);
    batch.plan = &predictor->plan;
    batch.work = take_work(predictor);
    if (batch.work == NULL) {
        return ml__fail(err, ML_ENOMEM, "work memory for a call");
    }
    status = bind(&batch, inputs, outputs, call, alone, err);
    if (status == ML_OK) {
        status = answer(&batch, err);
    }
    if (status == ML_OK && batch.failed_count > 0) {
        status = fail_first(&batch, alone, err);
    }
    give_work(predictor, batch.work);
    return status;
}

ml_status ml_predict_batch(
    ml_predictor *predictor, ml_tensors inputs, ml_tensors outputs, const ml_call *call,
    ml_error *err
) {
    return predict(predictor, &inputs, &outputs, call, false, err);
}

ml_status ml_predict(
    ml_predictor *predictor, ml_tensors inputs, ml_tensors outputs, const ml_call *call,
    ml_error *err
) {
    return predict(predictor, &inputs, &outputs, call, true, err);
}

/* ---- birth and end ---- */

static ml_status
read_options(const ml_predictor_options *options, ml_predictor_options *own, ml_error *err) {
    const ml_status status = ml__options_read(own, sizeof *own, options, err);

    if (status != ML_OK) {
        return status;
    }
    if ((own->skip & ~(uint32_t)(ML_SKIP_VALIDATE | ML_SKIP_DEDUPE)) != 0) {
        return ml__fail(err, ML_EINVAL, "predictor: skip is %#x, no such stage", own->skip);
    }
    if (own->nan_policy > ML_VALUES_REJECT || own->infinity_policy > ML_VALUES_REJECT) {
        return ml__fail(
            err, ML_EINVAL, "predictor: nan_policy is %u, infinity_policy %u, expected 0..%d",
            own->nan_policy, own->infinity_policy, ML_VALUES_REJECT
        );
    }
    if (own->max_batch_rows == 0) {
        own->max_batch_rows = DEFAULT_BATCH_ROWS;
    }
    if (own->max_text_bytes == 0) {
        own->max_text_bytes = DEFAULT_TEXT_BYTES;
    }
    return ML_OK;
}

static bool rejects(uint32_t policy, uint32_t model_takes) {
    return policy == ML_VALUES_REJECT || (policy == ML_VALUES_MODEL && model_takes == 0);
}

static ml_status make_plan(
    struct ml__plan *plan, ml_model *model, const ml_predictor_options *options, ml_error *err
) {
    plan->info = ml_model_describe(model);
    plan->options = *options;
    plan->options.model = NULL; /* it was the caller's for the time of opening */
    plan->pool = options->pool;
    plan->reject_nan = rejects(options->nan_policy, plan->info->takes_missing);
    plan->reject_infinite = rejects(options->infinity_policy, plan->info->takes_infinite);
    plan->max_rows =
        options->max_batch_rows < MOST_ROWS ? (size_t)options->max_batch_rows : MOST_ROWS;
    ml__row_key_make(&plan->row_key);
    plan->limits = ml__make(plan->info->input_count, sizeof *plan->limits);
    if (plan->limits == NULL) {
        return ml__fail(err, ML_ENOMEM, "limits of %zu inputs", plan->info->input_count);
    }
    for (size_t i = 0; i < plan->info->input_count; i++) {
        plan->limits[i] = ml__limits_of((ml_dtype)plan->info->inputs[i].dtype);
    }
    plan->model = ml_model_retain(model);
    return ML_OK;
}

/* A pool of its own: of one thread fewer, for the caller's is one too. */
static ml_status
open_pool(ml_predictor *predictor, const ml_predictor_options *options, ml_error *err) {
    ml_pool_options pool_options = ML_POOL_OPTIONS_INIT;
    ml_status status;

    if (options->pool != NULL || options->thread_count <= 1) {
        return ML_OK;
    }
    pool_options.thread_count = options->thread_count - 1;
    pool_options.queue_capacity = 1; /* maps need none */
    pool_options.name = "mlpredict";
    status = ml_pool_create(&pool_options, &predictor->own_pool, err);
    predictor->plan.pool = predictor->own_pool;
    return status;
}

ml_status ml_predictor_create(
    ml_model *model, const ml_predictor_options *options, ml_predictor **out, ml_error *err
) {
    ml_predictor_options own;
    ml_predictor *predictor = NULL;
    ml_status status;

    if (model == NULL || out == NULL) {
        return ml__fail(err, ML_EINVAL, "%s is NULL", model == NULL ? "model" : "out");
    }
    status = read_options(options, &own, err);
    if (status != ML_OK) {
        return status;
    }
    predictor = ml__make(1, sizeof *predictor);
    if (predictor == NULL || !ml__lock_open(&predictor->lock)) {
        ml__free(predictor);
        return ml__fail(err, ML_ENOMEM, "predictor of %zu bytes", sizeof *predictor);
    }
    status = make_plan(&predictor->plan, model, &own, err);
    if (status == ML_OK) {
        status = open_pool(predictor, &own, err);
    }
    if (status == ML_OK) {
        *out = predictor;
        predictor = NULL;
    }
    ml_predictor_close(predictor);
    return status;
}

ml_status ml_predictor_open(
    const char *path, const ml_predictor_options *options, ml_predictor **out, ml_error *err
) {
    ml_predictor_options own;
    ml_model *model = NULL;
    ml_status status = read_options(options, &own, err);

    if (status == ML_OK) {
        status = ml_model_load(path, own.model, &model, err);
    }
    if (status == ML_OK) {
        status = ml_predictor_create(model, &own, out, err);
    }
    ml_model_release(model); /* the predictor has retained it */
    return status;
}

void ml_predictor_close(ml_predictor *predictor) {
    if (predictor == NULL) {
        return;
    }
    ml_pool_free(predictor->own_pool);
    while (predictor->spare != NULL) {
        struct ml__work *work = predictor->spare;

        predictor->spare = work->next;
        ml__work_close(work);
    }
    ml_model_release(predictor->plan.model);
    ml__free(predictor->plan.limits);
    ml__lock_close(&predictor->lock);
    ml__free(predictor);
}

ml_model *ml_predictor_model(const ml_predictor *predictor) {
    return predictor->plan.model;
}
