/* SPDX-License-Identifier: MIT */
/*
 * backend.h -- a model of the consumer's own: the sum of a row's two features.
 */
#ifndef BACKEND_H
#define BACKEND_H

#include <mlserve/model_plugin.h>

static inline ml_status add_features(
    void *self, const void *const *inputs, void *const *outputs, size_t row_count,
    void *scratch, ml_error *err
) {
    const float *rows = (const float *)inputs[0];
    float *sums = (float *)outputs[0];

    (void)scratch;
    (void)err;
    for (size_t i = 0; i < row_count && sums != NULL; i++) {
        sums[i] = rows[2 * i] + rows[2 * i + 1];
    }
    ++*(int *)self; /* calls */
    return ML_OK;
}

static inline ml_backend sum_backend(void) {
    ml_backend backend = ML_BACKEND_INIT;

    backend.run = add_features;
    return backend;
}

/* One input "x" of width 2, one output "sum" of width 1; `ports` is [2], zeroed. */
static inline ml_model_info sum_info(ml_port *ports) {
    ml_model_info info = ML_MODEL_INFO_INIT;

    for (size_t i = 0; i < 2; i++) {
        ports[i].name = i == 0 ? "x" : "sum";
        ports[i].dtype = ML_FP32;
        ports[i].rank = 2;
        ports[i].row_elements = ports[i].shape[1] = 2 - i;
    }
    info.kind = "sum";
    info.inputs = &ports[0];
    info.input_count = 1;
    info.outputs = &ports[1];
    info.output_count = 1;
    info.task = ML_TASK_REGRESSOR;
    return info;
}

#endif
