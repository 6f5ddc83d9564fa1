/* SPDX-License-Identifier: MIT */
/*
 * compile.h -- a graph becomes a model.
 */
#ifndef ML_MODEL_COMPILE_H
#define ML_MODEL_COMPILE_H

#include <mlserve/model.h>

#include "formats/graph.h"

/*
 * Compile a graph, which is not needed afterwards.
 *
 *   options     complete, of this library's size
 *   file_bytes  what the graph was read from: bounds what may be made of it
 *
 * Errors: ML_EINVAL (options), ML_ENOMEM, ML_EFORMAT, ML_EUNSUPPORTED, ML_ELIMIT, ML_ESHAPE;
 * the message names the node, input or output.
 */
ML_MUST ml_status ml__compile(
    const struct ml__graph *graph, uint64_t file_bytes, const ml_model_options *options,
    ml_model **out, ml_error *err
);

#endif
