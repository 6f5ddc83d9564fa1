/* SPDX-License-Identifier: MIT */
/*
 * models.c -- load the models that a server answers for, and decide once what each takes and
 * answers, so that no request has to.
 */
#include "models.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static ml_status fail(ml_error *err, ml_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static ml_status fail(ml_error *err, ml_status status, const char *format, ...) {
    va_list list;

    err->status = status;
    va_start(list, format);
    (void)vsnprintf(err->message, sizeof err->message, format, list);
    va_end(list);
    return status;
}

const struct served_model *
server_find_model(const struct server *server, struct framing_span name, size_t *index) {
    size_t i;

    if (name.size == 0) {
        *index = 0;
        return &server->models[0];
    }
    for (i = 0; i < server->model_count; i++) {
        const struct served_model *model = &server->models[i];

        if (strlen(model->name) == name.size &&
            memcmp(model->name, name.text, name.size) == 0) {
            *index = i;
            return model;
        }
    }
    return NULL;
}

static bool is_name(const char *text, size_t size) {
    size_t i;

    for (i = 0; i < size; i++) {
        const char byte = text[i];

        if (!(byte >= 'a' && byte <= 'z') && !(byte >= 'A' && byte <= 'Z') &&
            !(byte >= '0' && byte <= '9') && strchr("_.-", byte) == NULL) {
            return false;
        }
    }
    return size >= 1 && size <= MAX_MODEL_NAME && text[0] != '.';
}

/* What rows are read as, and which output is answered. */
static ml_status describe(struct served_model *model, ml_error *err) {
    const ml_model_info *info = ml_model_describe(ml_predictor_model(model->predictor));
    const uint32_t input = info->inputs[0].dtype;
    size_t index = 0;
    ml_status status;

    model->info = info;
    if (info->input_count != 1) {
        return fail(
            err, ML_EUNSUPPORTED, "%s: %zu inputs; rows over HTTP fit a model of one",
            model->name, info->input_count
        );
    }
    model->rows_dtype = input == ML_BYTES                                          ? ML_BYTES
                        : input == ML_FP32 || input == ML_FP16 || input == ML_BF16 ? ML_FP32
                                                                                   : ML_FP64;
    model->form = info->task == ML_TASK_CLASSIFIER ? ANSWER_CLASSES : ANSWER_VALUES;
    model->output_name = model->form == ANSWER_CLASSES ? "probabilities" : NULL;
    status = ml_model_find_output(
        ml_predictor_model(model->predictor), model->output_name, &index, err
    );
    if (status != ML_OK) {
        return status;
    }
    model->output_width = info->outputs[index].row_elements;
    model->output_dtype = info->outputs[index].dtype == ML_FP64 ? ML_FP64 : ML_FP32;
    if (info->outputs[index].dtype == ML_BYTES) {
        return fail(err, ML_EUNSUPPORTED, "%s: an output of strings", model->name);
    }
    return ML_OK;
}

ml_status
models_add(struct server *server, const char *text, uint32_t thread_count, ml_error *err) {
    const char *path = strchr(text, '=');
    const size_t name_size = path == NULL ? 0 : (size_t)(path - text);
    const struct framing_span name = {text, name_size};
    struct served_model *model = &server->models[server->model_count];
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    size_t index;
    ml_status status;

    if (path == NULL || !is_name(text, name_size)) {
        return fail(
            err, ML_EINVAL,
            "--model is '%s', expected NAME=PATH, NAME of 1 to 64 of A-Za-z0-9_.-", text
        );
    }
    if (server->model_count == MAX_MODELS) {
        return fail(err, ML_ELIMIT, "more than %d models", MAX_MODELS);
    }
    if (server->model_count > 0 && server_find_model(server, name, &index) != NULL) {
        return fail(err, ML_EINVAL, "two models are called '%.*s'", (int)name_size, text);
    }
    memcpy(model->name, text, name_size);
    model->name[name_size] = '\0';
    options.thread_count = thread_count;
    status = ml_predictor_open(path + 1, &options, &model->predictor, err);
    if (status != ML_OK) {
        return status;
    }
    status = describe(model, err);
    if (status != ML_OK) {
        ml_predictor_close(model->predictor);
        return status;
    }
    server->model_count++;
    return ML_OK;
}

void models_close(struct server *server) {
    while (server->model_count > 0) {
        ml_predictor_close(server->models[--server->model_count].predictor);
    }
}
