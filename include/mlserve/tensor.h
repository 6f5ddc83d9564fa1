/* SPDX-License-Identifier: MIT */
/*
 * tensor.h -- rows in, answers out: typed, named blocks of memory that belong to the caller.
 *
 * A batch is one or more tensors that share their first axis, the row axis. Memory is dense and
 * row-major. Nothing here owns or copies anything.
 */
#ifndef MLSERVE_TENSOR_H
#define MLSERVE_TENSOR_H

#include <mlserve/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, number, bytes per element, Open Inference Protocol name) */
#define ML_DTYPE_MAP(X)                                                                        \
    X(ML_FP32, 1, 4, "FP32")                                                                   \
    X(ML_FP64, 2, 8, "FP64")                                                                   \
    X(ML_FP16, 3, 2, "FP16")                                                                   \
    X(ML_BF16, 4, 2, "BF16")                                                                   \
    X(ML_INT8, 5, 1, "INT8")                                                                   \
    X(ML_INT16, 6, 2, "INT16")                                                                 \
    X(ML_INT32, 7, 4, "INT32")                                                                 \
    X(ML_INT64, 8, 8, "INT64")                                                                 \
    X(ML_UINT8, 9, 1, "UINT8")                                                                 \
    X(ML_UINT16, 10, 2, "UINT16")                                                              \
    X(ML_UINT32, 11, 4, "UINT32")                                                              \
    X(ML_UINT64, 12, 8, "UINT64")                                                              \
    X(ML_BOOL, 13, 1, "BOOL")                                                                  \
    X(ML_BYTES, 14, 16, "BYTES")

/* The type of an element. ML_BOOL is one byte, 0 or 1; ML_BYTES is an ml_bytes. */
typedef enum ml_dtype {
    ML_DTYPE_NONE = 0,
#define ML_DTYPE_ENUM(name, number, bytes, text) name = number,
    ML_DTYPE_MAP(ML_DTYPE_ENUM)
#undef ML_DTYPE_ENUM
} ml_dtype;

/* A string or blob: pointer and length, borrowed, no NUL needed. Frozen. */
typedef struct ml_bytes {
    const void *data;
    size_t size;
} ml_bytes;

#define ML_MAX_RANK 8

/*
 * A named tensor. Frozen: it stands in arrays.
 *
 *   name   NULL: by position (an only input; the model's first output)
 *   data   dense, row-major, aligned for its type; inputs are never written to
 *   dtype  an ml_dtype
 *   rank   1..ML_MAX_RANK; shape[0] is the number of rows
 */
typedef struct ml_tensor {
    const char *name;
    void *data;
    uint32_t dtype; /* an ml_dtype */
    uint32_t rank;
    size_t shape[ML_MAX_RANK];
} ml_tensor;

/*
 * The inputs or outputs of a call, passed by value: `list` of `count` tensors, or with a NULL
 * list the one in `first`. Frozen.
 */
typedef struct ml_tensors {
    const ml_tensor *list;
    size_t count;
    ml_tensor first;
} ml_tensors;

/*
 * The everyday cases in one line: a matrix of rows in, a matrix for answers out, texts in,
 * labels out; or any list of tensors. Nothing is copied, so what is pointed to must live as
 * long as the call that gets it.
 *
 *   values  [row_count, width]; texts and labels: [row_count]
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none here; the call that gets the tensors checks them.
 */
ML_API ml_tensors ml_f32_rows(const float *values, size_t row_count, size_t width);
ML_API ml_tensors ml_f64_rows(const double *values, size_t row_count, size_t width);
ML_API ml_tensors ml_text_rows(const ml_bytes *texts, size_t row_count);
ML_API ml_tensors ml_f32_out(float *values, size_t row_count, size_t width);
ML_API ml_tensors ml_f64_out(double *values, size_t row_count, size_t width);
ML_API ml_tensors ml_label_out(int64_t *labels, size_t row_count);
ML_API ml_tensors ml_tensor_list(const ml_tensor *list, size_t count);

/*
 * The tensors of a call: their number through `count`, the first of them returned (borrowed
 * from `tensors`).
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API const ml_tensor *ml_tensors_list(const ml_tensors *tensors, size_t *count);

/*
 * Bytes per element (0 for a number that is no type) and name of a type ("FP32"; "?"), the
 * type of a name (ML_DTYPE_NONE if unknown).
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API size_t ml_dtype_size(ml_dtype dtype);
ML_API const char *ml_dtype_name(ml_dtype dtype);
ML_API ml_dtype ml_dtype_from_name(const char *name, size_t size);

/*
 * Check a tensor's rank, type, data and that its size in bytes fits size_t.
 *
 *   tensor         the tensor
 *   row_elements   out, may be NULL: elements per row, the product of shape[1..]
 *   err            NULL, or room for the reason
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    ML_EINVAL.
 */
ML_API ML_MUST ml_status
ml_tensor_check(const ml_tensor *tensor, size_t *row_elements, ml_error *err);

/*
 * Convert elements between number types, as C does it where the value fits; to an integer
 * type: truncated toward zero, NaN 0, out of range the nearest bound. To FP16/BF16: round to
 * nearest, ties to even. BYTES only from and to BYTES.
 *
 *   source, target  [count] elements; they must not overlap unless equal in pointer and type
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    ML_EINVAL, ML_ESHAPE (between BYTES and numbers).
 */
ML_API ML_MUST ml_status ml_convert(
    const void *source, ml_dtype source_type, void *target, ml_dtype target_type, size_t count
);

#ifdef __cplusplus
}
#endif

#endif
