/* SPDX-License-Identifier: MIT */
/*
 * load.c -- from a file to a model: read it, tell its kind, describe it, compile it.
 */
#include <mlserve/model.h>

#include "base/fail.h"

ml_status ml_model_load_memory(
    const void *data, size_t size, const ml_model_options *options, ml_model **out,
    ml_error *err
) {
    (void)data;
    (void)options;
    (void)out;
    return ml__fail(err, ML_EUNSUPPORTED, "%zu bytes: no reader for any model file", size);
}

ml_status ml_model_load(
    const char *path, const ml_model_options *options, ml_model **out, ml_error *err
) {
    (void)options;
    (void)out;
    return ml__fail(err, ML_EUNSUPPORTED, "%.160s: no reader for any model file", path);
}
