/* SPDX-License-Identifier: MIT */
/*
 * bind.c -- the caller's tensors meet the model's inputs and outputs: names, types, shapes.
 *
 * What is wrong here is wrong with the call, not with a row: the whole call is refused before
 * any value is looked at. Nothing is converted yet; numbers of any type stand for numbers.
 */
#include <stdalign.h>
#include <string.h>

#include "base/fail.h"
#include "predictor/batch.h"

#define CLASSES "probabilities"

static bool is_name(const char *name, const char *other) {
    return name != NULL && strcmp(name, other) == 0;
}

/* Flat, or in the model's own shape. */
static bool row_fits(const ml_tensor *tensor, size_t row_elements, const ml_port *port) {
    if (row_elements != port->row_elements) {
        return false;
    }
    if (tensor->rank <= 2) {
        return true;
    }
    return tensor->rank == port->rank &&
           memcmp(
               &tensor->shape[1], &port->shape[1], (port->rank - 1) * sizeof port->shape[0]
           ) == 0;
}

static ml_status check_memory(const ml_tensor *tensor, const char *name, ml_error *err) {
    const size_t alignment =
        tensor->dtype == ML_BYTES ? alignof(ml_bytes) : ml_dtype_size((ml_dtype)tensor->dtype);

    if ((uintptr_t)tensor->data % alignment != 0) {
        return ml__fail(
            err, ML_EINVAL, "%.64s: data is not aligned to the %zu bytes of %s", name,
            alignment, ml_dtype_name((ml_dtype)tensor->dtype)
        );
    }
    return ML_OK;
}

static ml_status check_against_port(
    const ml_tensor *tensor, size_t row_elements, const ml_port *port, ml_error *err
) {
    if ((tensor->dtype == ML_BYTES) != (port->dtype == ML_BYTES)) {
        return ml__fail(
            err, ML_ESHAPE, "%.64s: type is %s, the model's is %s", port->name,
            ml_dtype_name((ml_dtype)tensor->dtype), ml_dtype_name((ml_dtype)port->dtype)
        );
    }
    if (row_elements != port->row_elements) {
        return ml__fail(
            err, ML_ESHAPE, "%.64s: %zu elements a row, expected %zu", port->name, row_elements,
            port->row_elements
        );
    }
    if (!row_fits(tensor, row_elements, port)) {
        return ml__fail(
            err, ML_ESHAPE, "%.64s: a row's shape is neither flat nor the model's", port->name
        );
    }
    return ML_OK;
}

static ml_status bind_input(struct ml__batch *batch, const ml_tensor *tensor, ml_error *err) {
    const ml_model_info *info = batch->plan->info;
    const char *name;
    struct ml__input *input;
    size_t index = 0;
    ml_status status = ML_OK;

    if (tensor->name == NULL && info->input_count > 1) {
        return ml__fail(
            err, ML_EINVAL, "an input has no name, and the model has %zu inputs",
            info->input_count
        );
    }
    if (tensor->name != NULL) {
        status = ml_model_find_input(batch->plan->model, tensor->name, &index, err);
    }
    if (status != ML_OK) {
        return status;
    }
    name = info->inputs[index].name;
    input = &batch->inputs[index];
    if (input->tensor != NULL) {
        return ml__fail(err, ML_EINVAL, "%.64s: input is given twice", name);
    }
    status = ml_tensor_check(tensor, &input->row_elements, err);
    if (status == ML_OK) {
        status = check_memory(tensor, name, err);
    }
    if (status == ML_OK) {
        status = check_against_port(tensor, input->row_elements, &info->inputs[index], err);
    }
    input->tensor = tensor;
    input->data = tensor->data;
    input->dtype = (ml_dtype)tensor->dtype;
    input->row_bytes = input->row_elements * ml_dtype_size(input->dtype);
    return status;
}

ml_status ml__bind_inputs(struct ml__batch *batch, const ml_tensors *inputs, ml_error *err) {
    const ml_model_info *info = batch->plan->info;
    size_t count;
    const ml_tensor *list = ml_tensors_list(inputs, &count);
    ml_status status = ML_OK;

    memset(batch->inputs, 0, info->input_count * sizeof *batch->inputs);
    for (size_t i = 0; i < count && status == ML_OK; i++) {
        status = bind_input(batch, &list[i], err);
    }
    for (size_t i = 0; i < info->input_count && status == ML_OK; i++) {
        if (batch->inputs[i].tensor == NULL) {
            return ml__fail(err, ML_EINVAL, "%.64s: input is not given", info->inputs[i].name);
        }
        if (batch->inputs[i].tensor->shape[0] != batch->inputs[0].tensor->shape[0]) {
            return ml__fail(
                err, ML_ESHAPE, "%.64s: %zu rows, but %.64s has %zu", info->inputs[i].name,
                batch->inputs[i].tensor->shape[0], info->inputs[0].name,
                batch->inputs[0].tensor->shape[0]
            );
        }
    }
    if (status == ML_OK) {
        batch->row_count = batch->inputs[0].tensor->shape[0];
        if (batch->row_count > batch->plan->max_rows) {
            status = ml__fail(
                err, ML_ELIMIT, "%zu rows in one call, at most %zu are allowed",
                batch->row_count, batch->plan->max_rows
            );
        }
    }
    return status;
}

/* What a name stands for: first the model's outputs, then what we make of probabilities. */
static ml_status find_source(
    const struct ml__batch *batch, const ml_tensor *tensor, struct ml__answer *answer,
    ml_error *err
) {
    const ml_model *model = batch->plan->model;
    const ml_port *ports = batch->plan->info->outputs;
    ml_error reason;
    ml_status status;

    answer->source = ML__SOURCE_MODEL;
    status = ml_model_find_output(model, tensor->name, &answer->output, &reason);
    if (status == ML_OK) {
        const ml_port *port = &ports[answer->output];

        if (tensor->dtype == ML_BYTES && port->dtype != ML_BYTES &&
            (is_name(port->name, "label") || is_name(port->alias, "label"))) {
            answer->source = ML__SOURCE_LABEL_NAME;
        }
        return ML_OK;
    }
    if (is_name(tensor->name, "label") || is_name(tensor->name, "top_classes")) {
        answer->source = ML__SOURCE_TOP_CLASSES;
    } else if (is_name(tensor->name, "top_scores")) {
        answer->source = ML__SOURCE_TOP_SCORES;
    } else {
        return ml__fail(err, status, "%.*s", (int)sizeof reason.message - 1, reason.message);
    }
    if (ml_model_find_output(model, CLASSES, &answer->output, NULL) != ML_OK ||
        ports[answer->output].dtype == ML_BYTES) {
        return ml__fail(
            err, ML_ENOTFOUND, "%.64s: this model has no probabilities", tensor->name
        );
    }
    return ML_OK;
}

/* Types and widths of what is made here, not by the model. */
static ml_status check_made(
    const struct ml__batch *batch, const struct ml__answer *answer, const char *name,
    ml_error *err
) {
    const ml_model_info *info = batch->plan->info;
    const ml_tensor *tensor = answer->tensor;
    const bool scores = answer->source == ML__SOURCE_TOP_SCORES;
    const size_t most = is_name(name, "label") ? 1 : info->outputs[answer->output].row_elements;

    if (scores ? tensor->dtype == ML_BYTES
               : tensor->dtype != ML_INT64 && tensor->dtype != ML_BYTES) {
        return ml__fail(
            err, ML_ESHAPE, "%.64s: type is %s, expected %s", name,
            ml_dtype_name((ml_dtype)tensor->dtype), scores ? "a number type" : "INT64 or BYTES"
        );
    }
    if (tensor->dtype == ML_BYTES && info->labels == NULL) {
        return ml__fail(err, ML_ENOTFOUND, "%.64s: this model has no names of classes", name);
    }
    if (answer->row_elements < 1 || answer->row_elements > most || tensor->rank > 2) {
        return ml__fail(
            err, ML_ESHAPE, "%.64s: %zu elements a row, expected 1..%zu", name,
            answer->row_elements, most
        );
    }
    return ML_OK;
}

static bool overlap(const ml_tensor *a, size_t a_bytes, const ml_tensor *b, size_t b_bytes) {
    const uintptr_t a_start = (uintptr_t)a->data;
    const uintptr_t b_start = (uintptr_t)b->data;

    return a_bytes > 0 && b_bytes > 0 && a_start < b_start + b_bytes &&
           b_start < a_start + a_bytes;
}

static ml_status check_places(
    const struct ml__batch *batch, const struct ml__answer *answer, const char *name,
    ml_error *err
) {
    const ml_model_info *info = batch->plan->info;
    const size_t bytes = batch->row_count * answer->row_elements *
                         ml_dtype_size((ml_dtype)answer->tensor->dtype);

    if (answer->tensor->shape[0] != batch->row_count) {
        return ml__fail(
            err, ML_ESHAPE, "%.64s: room for %zu rows, there are %zu", name,
            answer->tensor->shape[0], batch->row_count
        );
    }
    for (size_t i = 0; i < info->input_count; i++) {
        const struct ml__input *input = &batch->inputs[i];

        if (overlap(
                answer->tensor, bytes, input->tensor, batch->row_count * input->row_bytes
            )) {
            return ml__fail(
                err, ML_EINVAL, "%.64s: output overlaps input %.64s", name, info->inputs[i].name
            );
        }
    }
    /* And with the outputs that were bound before it: two answers in one place are none. */
    for (const struct ml__answer *other = batch->answers; other != answer; other++) {
        const size_t other_bytes = batch->row_count * other->row_elements *
                                   ml_dtype_size((ml_dtype)other->tensor->dtype);

        if (overlap(answer->tensor, bytes, other->tensor, other_bytes)) {
            return ml__fail(
                err, ML_EINVAL, "%.64s: output overlaps output %zu", name,
                (size_t)(other - batch->answers)
            );
        }
    }
    return ML_OK;
}

static ml_status bind_output(
    struct ml__batch *batch, const ml_tensor *tensor, struct ml__answer *answer, ml_error *err
) {
    const ml_port *port;
    const char *name;
    ml_status status;

    memset(answer, 0, sizeof *answer);
    answer->tensor = tensor;
    status = find_source(batch, tensor, answer, err);
    if (status != ML_OK) {
        return status;
    }
    port = &batch->plan->info->outputs[answer->output];
    name = tensor->name != NULL ? tensor->name : port->name;
    status = ml_tensor_check(tensor, &answer->row_elements, err);
    if (status == ML_OK) {
        status = check_memory(tensor, name, err);
    }
    if (status == ML_OK && answer->source == ML__SOURCE_MODEL) {
        status = check_against_port(tensor, answer->row_elements, port, err);
    } else if (status == ML_OK) {
        status = check_made(batch, answer, name, err);
    }
    if (status == ML_OK) {
        status = check_places(batch, answer, name, err);
    }
    answer->dtype = (ml_dtype)port->dtype;
    if (answer->source == ML__SOURCE_LABEL_NAME || answer->source == ML__SOURCE_TOP_CLASSES) {
        answer->dtype = (ml_dtype)tensor->dtype; /* they are made in the caller's type */
    }
    return status;
}

ml_status ml__bind_outputs(struct ml__batch *batch, const ml_tensors *outputs, ml_error *err) {
    const ml_tensor *list = ml_tensors_list(outputs, &batch->answer_count);
    ml_status status = ML_OK;

    if (batch->answer_count == 0) {
        return ml__fail(err, ML_EINVAL, "no output is given");
    }
    batch->answers = ml__work_take(batch->work, batch->answer_count, sizeof *batch->answers);
    if (batch->answers == NULL) {
        return ml__fail(err, ML_ENOMEM, "work memory for %zu outputs", batch->answer_count);
    }
    for (size_t i = 0; i < batch->answer_count && status == ML_OK; i++) {
        status = bind_output(batch, &list[i], &batch->answers[i], err);
    }
    return status;
}
