/* SPDX-License-Identifier: MIT */
/*
 * load.c -- from a file to a model: read it, tell its kind, describe it, compile it.
 *
 * The file's bytes stay until the model is made, for the description borrows the weights from
 * them; afterwards nothing of the file is left but what the model packed.
 */
#include <mlserve/model.h>

#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/options.h"
#include "formats/detect.h"
#include "model/compile.h"

#define DEFAULT_MAX_BYTES ((uint64_t)1 << 30)

static ml_status
read_options(ml_model_options *own, const ml_model_options *options, ml_error *err) {
    const ml_status status = ml__options_read(own, sizeof *own, options, err);

    if (status != ML_OK) {
        return status;
    }
    if (own->max_file_bytes == 0) {
        own->max_file_bytes = DEFAULT_MAX_BYTES;
    }
    if (own->kernel > ML_KERNEL_BLAS) {
        return ml__fail(err, ML_EINVAL, "kernel is %u, no ml_kernel", own->kernel);
    }
    if (own->task > ML_TASK_REGRESSOR) {
        return ml__fail(err, ML_EINVAL, "task is %u, no ml_task", own->task);
    }
    return ML_OK;
}

static ml_status load(
    const void *data, size_t size, const ml_model_options *options, ml_model **out,
    ml_error *err
) {
    struct ml__graph *graph = NULL;
    ml_status status;

    switch (ml__format_detect(data, size)) {
    case ML__FORMAT_ONNX:
        status = ml__onnx_read(data, size, &graph, err);
        break;
    case ML__FORMAT_SAFETENSORS:
        status = ml__safetensors_read(data, size, &graph, err);
        break;
    default:
        return ml__fail(
            err, ML_EFORMAT, "%zu bytes that are no kind of model file known here", size
        );
    }
    if (status == ML_OK) {
        status = ml__compile(graph, size, options, out, err);
    }
    ml__graph_free(graph);
    return status;
}

ml_status ml_model_load_memory(
    const void *data, size_t size, const ml_model_options *options, ml_model **out,
    ml_error *err
) {
    ml_model_options own;
    ml_status status = read_options(&own, options, err);

    if (status == ML_OK && (out == NULL || (data == NULL && size > 0))) {
        status = ml__fail(err, ML_EINVAL, "%s is NULL", out == NULL ? "out" : "data");
    }
    if (status == ML_OK && size > own.max_file_bytes) {
        status = ml__fail(
            err, ML_ELIMIT, "%zu bytes, at most %llu are allowed", size,
            (unsigned long long)own.max_file_bytes
        );
    }
    return status == ML_OK ? load(data, size, &own, out, err) : status;
}

ml_status ml_model_load(
    const char *path, const ml_model_options *options, ml_model **out, ml_error *err
) {
    ml_model_options own;
    void *data = NULL;
    size_t size = 0;
    ml_status status = read_options(&own, options, err);

    if (status == ML_OK && (out == NULL || path == NULL)) {
        status = ml__fail(err, ML_EINVAL, "%s is NULL", out == NULL ? "out" : "path");
    }
    if (status == ML_OK) {
        status = ml__file_read(path, own.max_file_bytes, &data, &size, err);
    }
    if (status != ML_OK) {
        return status;
    }
    status = load(data, size, &own, out, err);
    ml__free(data);
    return status == ML_OK ? status : ml__fail_prefix(err, status, path);
}
