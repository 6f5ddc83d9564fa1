/* SPDX-License-Identifier: MIT */
/*
 * run.c -- the model is given the rows of all slots, split over the pool.
 *
 * Where rows and slots are the same and the types are the model's, it reads the caller's rows
 * and writes to the caller's memory. Otherwise each chunk brings its own rows into the model's
 * type and order first.
 *
 * A chunk is worth at least CHUNK_NS of computing by the model's own estimate, so that handing
 * it over costs little, and there are a few per thread, so that a slow one does not hold up the
 * rest. A row's answer does not depend on its chunk: models promise that.
 *
 * If the back end fails on a chunk, it is asked again for the halves, and so on, until the rows
 * that make it fail are found; all others are answered. Its being out of memory is nobody's
 * fault: that fails the call.
 */
#include <string.h>

#include "base/fail.h"
#include "predictor/batch.h"

#define CHUNK_NS 20000
#define CHUNKS_PER_THREAD 4
#define UNKNOWN_ROW_NS 1000
#define MAX_HALVINGS 34 /* slots are fewer than 2^32 */

static const char *const says_poison = "made the model's back end fail";

struct run {
    struct ml__batch *batch;
    void **inputs; /* [input_count] rows in the model's type; NULL: the caller's own are */
    const void **sources; /* [chunk_count, input_count] what the model is called with */
    void **targets;       /* [chunk_count, output_count] */
    size_t chunk_rows;
    ml_error error; /* of the call; under work->lock */
};

struct range {
    size_t first; /* slot */
    size_t count;
};

/* ---- where rows come from and answers go ---- */

static ml_status open_outputs(struct ml__batch *batch, ml_error *err) {
    const ml_model_info *info = batch->plan->info;

    batch->outputs = ml__work_take(batch->work, info->output_count, sizeof *batch->outputs);
    if (batch->outputs == NULL) {
        return ml__fail(err, ML_ENOMEM, "work memory for %zu outputs", info->output_count);
    }
    memset(batch->outputs, 0, info->output_count * sizeof *batch->outputs);
    for (size_t i = 0; i < batch->answer_count; i++) {
        const struct ml__answer *answer = &batch->answers[i];

        if (answer->source == ML__SOURCE_MODEL && batch->slots == NULL &&
            answer->tensor->dtype == (uint32_t)answer->dtype &&
            batch->outputs[answer->output] == NULL) {
            batch->outputs[answer->output] = answer->tensor->data;
        }
    }
    for (size_t i = 0; i < batch->answer_count; i++) {
        struct ml__answer *answer = &batch->answers[i];
        const ml_port *port = &info->outputs[answer->output];
        void **output = &batch->outputs[answer->output];

        if (*output == NULL) {
            *output = ml__work_take(
                batch->work, batch->slot_count,
                port->row_elements * ml_dtype_size((ml_dtype)port->dtype)
            );
        }
        if (*output == NULL) {
            return ml__fail(
                err, ML_ENOMEM, "%.64s: work memory for %zu rows", port->name, batch->slot_count
            );
        }
        answer->data = *output;
    }
    return ML_OK;
}

static ml_status open_inputs(struct run *run, ml_error *err) {
    const struct ml__batch *batch = run->batch;
    const ml_model_info *info = batch->plan->info;

    run->inputs = ml__work_take(batch->work, info->input_count, sizeof *run->inputs);
    if (run->inputs == NULL) {
        return ml__fail(err, ML_ENOMEM, "work memory for %zu inputs", info->input_count);
    }
    for (size_t i = 0; i < info->input_count; i++) {
        const ml_port *port = &info->inputs[i];

        run->inputs[i] = NULL;
        if (batch->slots == NULL && (uint32_t)batch->inputs[i].dtype == port->dtype) {
            continue;
        }
        run->inputs[i] = ml__work_take(
            batch->work, batch->slot_count,
            port->row_elements * ml_dtype_size((ml_dtype)port->dtype)
        );
        if (run->inputs[i] == NULL) {
            return ml__fail(
                err, ML_ENOMEM, "%.64s: work memory for %zu rows", port->name, batch->slot_count
            );
        }
    }
    return ML_OK;
}

/* Bring the rows of a range into the model's type and order; the door, passed once a row. */
static ml_status fill_input(const struct run *run, size_t index, struct range range) {
    const struct ml__batch *batch = run->batch;
    const struct ml__input *input = &batch->inputs[index];
    const ml_dtype model_type = (ml_dtype)batch->plan->info->inputs[index].dtype;
    const size_t row_bytes = input->row_elements * ml_dtype_size(model_type);
    unsigned char *target = run->inputs[index];
    ml_status status = ML_OK;

    if (target == NULL) {
        return ML_OK;
    }
    target += range.first * row_bytes;
    if (batch->slots == NULL) {
        return ml_convert(
            input->data + range.first * input->row_bytes, input->dtype, target, model_type,
            range.count * input->row_elements
        );
    }
    for (size_t i = 0; i < range.count && status == ML_OK; i++) {
        status = ml_convert(
            input->data + batch->rows[range.first + i] * input->row_bytes, input->dtype,
            target + i * row_bytes, model_type, input->row_elements
        );
    }
    return status;
}

/* ---- the model ---- */

/* Ask the model for a range of a chunk. */
static ml_status ask(const struct run *run, size_t chunk, struct range range, ml_error *err) {
    const struct ml__batch *batch = run->batch;
    const ml_model_info *info = batch->plan->info;
    const void **sources = run->sources + chunk * info->input_count;
    void **targets = run->targets + chunk * info->output_count;

    for (size_t i = 0; i < info->input_count; i++) {
        const ml_port *port = &info->inputs[i];
        const unsigned char *rows = run->inputs[i];

        sources[i] = (rows != NULL ? rows : batch->inputs[i].data) +
                     range.first * port->row_elements * ml_dtype_size((ml_dtype)port->dtype);
    }
    for (size_t i = 0; i < info->output_count; i++) {
        const ml_port *port = &info->outputs[i];
        unsigned char *rows = batch->outputs[i];

        targets[i] = rows == NULL ? NULL
                                  : rows + range.first * port->row_elements *
                                               ml_dtype_size((ml_dtype)port->dtype);
    }
    return ml_model_run(batch->plan->model, sources, targets, range.count, err);
}

static void poison(struct ml__batch *batch, size_t slot, const ml_error *reason) {
    ml__lock_take(&batch->work->lock);
    if (!batch->any_poisoned) {
        memset(batch->poisoned, 0, batch->slot_count * sizeof *batch->poisoned);
        batch->any_poisoned = true;
        batch->poisoned_slot = slot;
    }
    batch->poisoned[slot] = true;
    if (slot <= batch->poisoned_slot) {
        batch->poisoned_slot = slot;
        batch->backend_error = *reason;
    }
    ml__lock_give(&batch->work->lock);
}

/* Answer all rows of a range but those that make the back end fail. */
static ml_status answer_range(struct run *run, size_t chunk, struct range range) {
    struct range open[MAX_HALVINGS];
    size_t open_count = 1;

    open[0] = range;
    while (open_count > 0) {
        const struct range now = open[--open_count];
        ml_error reason = ML_ERROR_INIT;
        const ml_status status = ask(run, chunk, now, &reason);

        if (status == ML_ENOMEM) {
            ml__lock_take(&run->batch->work->lock);
            run->error = reason;
            ml__lock_give(&run->batch->work->lock);
            return status;
        }
        if (status != ML_OK && now.count == 1) {
            poison(run->batch, now.first, &reason);
        } else if (status != ML_OK) {
            /* The second half waits: one more range a halving, never more than there are. */
            open[open_count].first = now.first + now.count / 2;
            open[open_count].count = now.count - now.count / 2;
            open[open_count + 1].first = now.first;
            open[open_count + 1].count = now.count / 2;
            open_count += 2;
        }
    }
    return ML_OK;
}

static ml_status run_chunk(void *context, size_t index) {
    struct run *run = context;
    const struct ml__batch *batch = run->batch;
    const ml_model_info *info = batch->plan->info;
    const size_t first = index * run->chunk_rows;
    const size_t left = batch->slot_count - first;
    const struct range range = {first, left < run->chunk_rows ? left : run->chunk_rows};

    for (size_t i = 0; i < info->input_count; i++) {
        const ml_status status = fill_input(run, i, range);

        if (status != ML_OK) {
            return status;
        }
    }
    return answer_range(run, index, range);
}

/* ---- the split ---- */

static size_t choose_chunk_rows(const struct ml__plan *plan, size_t row_count) {
    const uint64_t row_ns =
        plan->info->row_cost_ns > 0 ? plan->info->row_cost_ns : UNKNOWN_ROW_NS;
    const size_t least = (size_t)((CHUNK_NS + row_ns - 1) / row_ns);
    size_t chunk_count;
    size_t chunk_rows;

    if (plan->pool == NULL) {
        return row_count;
    }
    chunk_count = CHUNKS_PER_THREAD * ((size_t)ml_pool_thread_count(plan->pool) + 1);
    chunk_rows = row_count / chunk_count + (row_count % chunk_count > 0);
    return chunk_rows > least ? chunk_rows : least;
}

/* The rows of the slots that made the back end fail. */
static void fail_poisoned(struct ml__batch *batch) {
    for (size_t row = 0; row < batch->row_count; row++) {
        const size_t slot = batch->slots != NULL ? batch->slots[row] : row;

        if (slot != ML__NO_SLOT && batch->poisoned[slot]) {
            ml__row_fail(batch, row, ML_EBACKEND, ML_NO_COLUMN, says_poison);
        }
    }
}

static ml_status open_run(struct run *run, size_t chunk_count, ml_error *err) {
    struct ml__batch *batch = run->batch;
    const ml_model_info *info = batch->plan->info;
    ml_status status = open_outputs(batch, err);

    if (status == ML_OK) {
        status = open_inputs(run, err);
    }
    if (status != ML_OK) {
        return status;
    }
    run->sources =
        ml__work_take(batch->work, chunk_count, info->input_count * sizeof *run->sources);
    run->targets =
        ml__work_take(batch->work, chunk_count, info->output_count * sizeof *run->targets);
    batch->poisoned = ml__work_take(batch->work, batch->slot_count, sizeof *batch->poisoned);
    if (run->sources == NULL || run->targets == NULL || batch->poisoned == NULL) {
        return ml__fail(err, ML_ENOMEM, "work memory for %zu chunks", chunk_count);
    }
    return ML_OK;
}

ml_status ml__run(struct ml__batch *batch, ml_error *err) {
    struct run run = {.batch = batch};
    size_t chunk_count;
    ml_status status;

    if (batch->slot_count == 0) {
        return ML_OK;
    }
    run.chunk_rows = choose_chunk_rows(batch->plan, batch->slot_count);
    chunk_count = batch->slot_count / run.chunk_rows + (batch->slot_count % run.chunk_rows > 0);
    status = open_run(&run, chunk_count, err);
    if (status != ML_OK) {
        return status;
    }
    batch->started = true;
    if (chunk_count == 1) {
        status = run_chunk(&run, 0);
    } else {
        status = ml_pool_map(batch->plan->pool, run_chunk, &run, chunk_count, NULL);
    }
    if (status != ML_OK) {
        return ml__fail(
            err, status, "%.*s", (int)sizeof run.error.message - 1, run.error.message
        );
    }
    if (batch->any_poisoned) {
        fail_poisoned(batch);
    }
    return ML_OK;
}
