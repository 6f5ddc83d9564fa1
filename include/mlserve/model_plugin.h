/* SPDX-License-Identifier: MIT */
/*
 * model_plugin.h -- a model of your own behind a vtable. Stable within a minor version.
 */
#ifndef MLSERVE_MODEL_PLUGIN_H
#define MLSERVE_MODEL_PLUGIN_H

#include <mlserve/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a back end does. `self` is what was given to ml_model_create().
 *
 *   run            as ml_model_run(): must be callable from many threads at once; `scratch` is
 *                  `scratch_bytes` of 64-byte aligned memory for this call alone, not zeroed
 *   close          called once, when the last owner releases the model; NULL: nothing to do
 *   scratch_bytes  0: run gets NULL
 */
typedef struct ml_backend {
    size_t size;
    ml_status (*run
    )(void *self, const void *const *inputs, void *const *outputs, size_t row_count,
      void *scratch, ml_error *err);
    void (*close)(void *self);
    size_t scratch_bytes;
} ml_backend;

#define ML_BACKEND_INIT                                                                        \
    { sizeof(ml_backend), NULL, NULL, 0 }

/* Fill kind, inputs, outputs and what else is known; the rest may stay as it is. */
#define ML_MODEL_INFO_INIT                                                                     \
    { sizeof(ml_model_info), NULL, "", NULL, 0, NULL, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, 0 }

/*
 * Make a model of a back end.
 *
 *   backend  copied
 *   info     copied, with all it points to; at least one input and one output, each with a
 *            name, a type and a width
 *   self     handed over on success; on failure still yours
 *   out      yours, to be given to ml_model_release()
 *   err      NULL, or room for the reason
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: the model.
 * Errors:    ML_EINVAL, ML_ENOMEM.
 */
ML_API ML_MUST ml_status ml_model_create(
    const ml_backend *backend, const ml_model_info *info, void *self, ml_model **out,
    ml_error *err
);

#ifdef __cplusplus
}
#endif

#endif
