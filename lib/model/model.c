/* SPDX-License-Identifier: MIT */
/*
 * model.c -- a model is a back end, its description, and the scratch memory of its calls.
 *
 * The model that a file became (load.c) and the one that a program brings stand behind the same
 * vtable, so everything here is written once. All but the scratch blocks is set at birth and
 * only read afterwards.
 *
 * A call takes a scratch block from the model's list, or makes one where the list is empty, and
 * puts it back: there are as many blocks as there were ever calls at once, and no allocation
 * once warm.
 *
 * Locks: model->lock guards the list of spare blocks.
 */
#include <mlserve/model_plugin.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/thread.h"
#include "model/info.h"

#define SCRATCH_START 64 /* keeps the scratch behind the block's link aligned */

struct block {
    struct block *next;
};

struct ml_model {
    /* Taking needs no order: who retains has the model already. The last release must see all
       that the other owners did: acquire and release. */
    atomic_size_t owner_count;

    ml_model_info *info;
    ml_backend backend;
    void *self;

    struct ml__lock lock; /* guards the one below */
    struct block *spare;
};

static ml_status read_backend(ml_backend *own, const ml_backend *backend, ml_error *err) {
    ml_status status;

    if (backend == NULL) {
        return ml__fail(err, ML_EINVAL, "a model needs a back end");
    }
    status = ml__options_read(own, sizeof *own, backend, err);
    if (status == ML_OK && own->run == NULL) {
        status = ml__fail(err, ML_EINVAL, "a back end needs a function run");
    }
    return status;
}

ml_status ml_model_create(
    const ml_backend *backend, const ml_model_info *info, void *self, ml_model **out,
    ml_error *err
) {
    ml_model *model = NULL;
    ml_backend own;
    ml_status status;

    if (out == NULL) {
        return ml__fail(err, ML_EINVAL, "out is NULL");
    }
    status = read_backend(&own, backend, err);
    if (status != ML_OK) {
        return status;
    }
    model = ml__make(1, sizeof *model);
    if (model == NULL) {
        return ml__fail(err, ML_ENOMEM, "model handle of %zu bytes", sizeof *model);
    }
    status = ml__info_copy(info, &model->info, err);
    if (status != ML_OK) {
        goto done;
    }
    if (!ml__lock_open(&model->lock)) {
        status = ml__fail(err, ML_ENOMEM, "lock of a model");
        goto done;
    }
    model->backend = own;
    model->self = self;
    atomic_init(&model->owner_count, 1);
    *out = model;
    model = NULL;
done:
    if (model != NULL) {
        ml__free(model->info);
        ml__free(model);
    }
    return status;
}

ml_model *ml_model_retain(ml_model *model) {
    (void)atomic_fetch_add_explicit(&model->owner_count, 1, memory_order_relaxed);
    return model;
}

void ml_model_release(ml_model *model) {
    if (model == NULL ||
        atomic_fetch_sub_explicit(&model->owner_count, 1, memory_order_acq_rel) > 1) {
        return;
    }
    if (model->backend.close != NULL) {
        model->backend.close(model->self);
    }
    while (model->spare != NULL) {
        struct block *block = model->spare;

        model->spare = block->next;
        ml__free_aligned(block);
    }
    ml__lock_close(&model->lock);
    ml__free(model->info);
    ml__free(model);
}

const ml_model_info *ml_model_describe(const ml_model *model) {
    return model->info;
}

static bool find_port(const ml_port *ports, size_t count, const char *name, size_t *index) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(ports[i].name, name) == 0) {
            *index = i;
            return true;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (ports[i].alias != NULL && strcmp(ports[i].alias, name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* "no output 'x'; there is: a, b": as many as fit. */
static ml_status fail_port(
    const ml_port *ports, size_t count, const char *what, const char *name, ml_error *err
) {
    char list[160] = "";
    size_t used = 0;

    for (size_t i = 0; i < count && used < sizeof list; i++) {
        const int more = snprintf(
            list + used, sizeof list - used, "%s%.60s", i == 0 ? "" : ", ", ports[i].name
        );

        used += more > 0 ? (size_t)more : 0;
    }
    return ml__fail(err, ML_ENOTFOUND, "no %s '%.50s'; there is: %s", what, name, list);
}

ml_status
ml_model_find_output(const ml_model *model, const char *name, size_t *index, ml_error *err) {
    /* What other tools call it, and what we do; NULL: the first output. */
    static const char *const others[][2] = {
        {"proba", "probabilities"}, {"raw", "margin"}, {"pred", NULL}};
    const ml_port *ports = model->info->outputs;
    const size_t count = model->info->output_count;

    if (name == NULL) {
        *index = 0;
        return ML_OK;
    }
    if (find_port(ports, count, name, index)) {
        return ML_OK;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(name, others[i][0]) != 0) {
            continue;
        }
        if (others[i][1] == NULL) {
            *index = 0;
            return ML_OK;
        }
        if (find_port(ports, count, others[i][1], index)) {
            return ML_OK;
        }
    }
    return fail_port(ports, count, "output", name, err);
}

ml_status
ml_model_find_input(const ml_model *model, const char *name, size_t *index, ml_error *err) {
    if (name == NULL) {
        *index = 0;
        return ML_OK;
    }
    if (find_port(model->info->inputs, model->info->input_count, name, index)) {
        return ML_OK;
    }
    return fail_port(model->info->inputs, model->info->input_count, "input", name, err);
}

static struct block *take_block(ml_model *model) {
    struct block *block;
    size_t bytes;

    ml__lock_take(&model->lock);
    block = model->spare;
    if (block != NULL) {
        model->spare = block->next;
    }
    ml__lock_give(&model->lock);
    if (block == NULL && ml__add(SCRATCH_START, model->backend.scratch_bytes, &bytes)) {
        block = ml__make_aligned(bytes, 1);
    }
    return block;
}

static void give_block(ml_model *model, struct block *block) {
    ml__lock_take(&model->lock);
    block->next = model->spare;
    model->spare = block;
    ml__lock_give(&model->lock);
}

static ml_status check_call(
    const ml_model_info *info, const void *const *inputs, void *const *outputs, ml_error *err
) {
    if (inputs == NULL || outputs == NULL) {
        return ml__fail(err, ML_EINVAL, "%s is NULL", inputs == NULL ? "inputs" : "outputs");
    }
    for (size_t i = 0; i < info->input_count; i++) {
        if (inputs[i] == NULL) {
            return ml__fail(err, ML_EINVAL, "input '%.80s' has no data", info->inputs[i].name);
        }
    }
    return ML_OK;
}

/* What a back end may answer is more than what we promise our callers. */
static ml_status name_failure(ml_status status, const ml_error *reason, ml_error *err) {
    const char *message =
        reason->message[0] != '\0' ? reason->message : "the back end gave no reason";

    if (status != ML_EINVAL && status != ML_ENOMEM) {
        status = ML_EBACKEND;
    }
    return ml__fail(err, status, "%.*s", (int)sizeof reason->message - 1, message);
}

ml_status ml_model_run(
    const ml_model *model, const void *const *inputs, void *const *outputs, size_t row_count,
    ml_error *err
) {
    /* Only the list of spare blocks changes, under its lock: the model is as it was. */
    union {
        const ml_model *fixed;
        ml_model *own;
    } handle = {model};
    struct block *block = NULL;
    void *scratch = NULL;
    ml_error reason;
    ml_status status;

    if (row_count == 0) {
        return ML_OK;
    }
    status = check_call(model->info, inputs, outputs, err);
    if (status != ML_OK) {
        return status;
    }
    if (model->backend.scratch_bytes > 0) {
        block = take_block(handle.own);
        if (block == NULL) {
            return ml__fail(
                err, ML_ENOMEM, "scratch of %zu bytes", model->backend.scratch_bytes
            );
        }
        scratch = (unsigned char *)block + SCRATCH_START;
    }
    reason.message[0] = '\0';
    status = model->backend.run(model->self, inputs, outputs, row_count, scratch, &reason);
    if (block != NULL) {
        give_block(handle.own, block);
    }
    return status == ML_OK ? ML_OK : name_failure(status, &reason, err);
}
