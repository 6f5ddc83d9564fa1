/* SPDX-License-Identifier: MIT */
/*
 * model.h -- a file of a trained model becomes an immutable object that maps rows to answers.
 *
 * The kind of a file is recognised by its content. A file is untrusted: what is wrong with it
 * is said with its place, and a loaded model never reads out of bounds. A model is shared:
 * any number of threads may predict with it at once. Each row's answer depends on that row
 * alone, never on its neighbours or their number.
 */
#ifndef MLSERVE_MODEL_H
#define MLSERVE_MODEL_H

#include <mlserve/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ml_model ml_model;

typedef enum ml_task {
    ML_TASK_UNKNOWN = 0,
    ML_TASK_CLASSIFIER = 1, /* probabilities a class; has the outputs "probabilities", "label",
                               and where they come of a softmax or sigmoid, "logits" */
    ML_TASK_REGRESSOR = 2   /* numbers */
} ml_task;

/* Which dense kernels run the layers; chosen per layer when the model is loaded. */
typedef enum ml_kernel {
    ML_KERNEL_AUTO = 0,    /* whichever is faster for the layer on this CPU */
    ML_KERNEL_BUILTIN = 1, /* our own */
    ML_KERNEL_BLAS = 2     /* OpenBLAS; ML_EUNSUPPORTED in a build without it */
} ml_kernel;

typedef struct ml_model_options {
    size_t size;
    uint64_t max_file_bytes; /* 0: 1 GiB */
    uint32_t kernel;         /* an ml_kernel */
    uint32_t task;           /* an ml_task; 0: as the file suggests */
    const char *const
        *labels; /* [label_count] names of the classes, copied; NULL: the file's */
    size_t label_count;
} ml_model_options;

#define ML_MODEL_OPTIONS_INIT                                                                  \
    { sizeof(ml_model_options), 0, 0, 0, NULL, 0 }

/*
 * One input or output of a model. Frozen: it stands in arrays.
 *
 *   name          its own name in the file
 *   alias         a second name it answers to ("probabilities"), or NULL
 *   dtype         an ml_dtype: the type the model computes with; FP16 and BF16 of a file are
 *                 computed in FP32, and so described
 *   rank, shape   with the row axis first; shape[0] is 0: any number of rows
 *   row_elements  elements per row: the product of shape[1..]
 */
typedef struct ml_port {
    const char *name;
    const char *alias;
    uint32_t dtype;
    uint32_t rank;
    size_t shape[ML_MAX_RANK];
    size_t row_elements;
} ml_port;

/* What a model is; all of it belongs to the model. Read only; grows at its end. */
typedef struct ml_model_info {
    size_t size;
    const char *kind;   /* "onnx", "safetensors", or a back end's own name */
    const char *detail; /* one line for people: producer, operators; may be "" */
    const ml_port *inputs;
    size_t input_count;
    const ml_port *outputs; /* the default one first: a classifier's probabilities */
    size_t output_count;
    uint32_t task;           /* an ml_task */
    uint32_t takes_missing;  /* 1: NaN means missing and is taken */
    uint32_t takes_infinite; /* 1: +-Infinity is taken */
    uint32_t reserved;
    uint64_t parameter_count; /* trained numbers */
    uint64_t file_bytes;
    uint64_t row_cost_ns;         /* estimate of one row's computing time */
    const char *const *labels;    /* [label_count] names of the classes, or NULL */
    const int64_t *label_numbers; /* [label_count] numbers of the classes, or NULL: 0, 1, ... */
    size_t label_count;
} ml_model_info;

/*
 * Load a model from a file, or from bytes in memory (borrowed for the call).
 *
 *   options  NULL: the defaults
 *   out      yours, to be given to ml_model_release()
 *   err      NULL, or room for the reason, with the place in the file
 *
 * Threads:   any.
 * Blocks:    while reading.
 * Allocates: the model; at most 4 times the file and 1 MiB at any time.
 * Errors:    ML_EINVAL, ML_ENOMEM, ML_EIO, ML_ENOTFOUND, ML_EFORMAT, ML_EUNSUPPORTED,
 *            ML_ELIMIT, ML_ESHAPE.
 */
ML_API ML_MUST ml_status
ml_model_load(const char *path, const ml_model_options *options, ml_model **out, ml_error *err);
ML_API ML_MUST ml_status ml_model_load_memory(
    const void *data, size_t size, const ml_model_options *options, ml_model **out,
    ml_error *err
);

/*
 * Share a model: one more, or one fewer, owner. The last release frees it.
 *
 *   model  release: NULL is fine
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API ml_model *ml_model_retain(ml_model *model);
ML_API void ml_model_release(ml_model *model);

/*
 * What the model is; valid as long as the model.
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API const ml_model_info *ml_model_describe(const ml_model *model);

/*
 * Where an output (input) stands in the description, by name or alias; also "proba" for
 * "probabilities", "pred" for the first output, "raw" for "margin" where there is none of that
 * name. NULL: 0.
 *
 *   index  out
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    ML_ENOTFOUND (the message lists what there is).
 */
ML_API ML_MUST ml_status
ml_model_find_output(const ml_model *model, const char *name, size_t *index, ml_error *err);
ML_API ML_MUST ml_status
ml_model_find_input(const ml_model *model, const char *name, size_t *index, ml_error *err);

/*
 * The bare model: rows in, answers out, in the calling thread, with no checks of values and in
 * the model's own types. Programs call ml_predict_batch(); this is what it calls.
 *
 *   inputs     [input_count] data of each input in the order of the description, each
 *              [row_count, row_elements] of the input's type
 *   outputs    [output_count] likewise; NULL: not wanted
 *   row_count  any number, also 0
 *   err        NULL, or room for the reason
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: scratch memory that the model keeps: nothing once warm.
 * Errors:    ML_EINVAL, ML_ENOMEM, ML_EBACKEND.
 */
ML_API ML_MUST ml_status ml_model_run(
    const ml_model *model, const void *const *inputs, void *const *outputs, size_t row_count,
    ml_error *err
);

#ifdef __cplusplus
}
#endif

#endif
