/* SPDX-License-Identifier: MIT */
/*
 * tensor.c -- the helpers that make tensors, and their check.
 */
#include <mlserve/tensor.h>

#include <string.h>

#include "base/checked.h"
#include "base/fail.h"

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    {"?", 0},
#define ROW(constant, number, bytes, text) [number] = {text, bytes},
    ML_DTYPE_MAP(ROW)
#undef ROW
};

#define DTYPE_COUNT (sizeof dtypes / sizeof dtypes[0])

size_t ml_dtype_size(ml_dtype dtype) {
    return (size_t)dtype < DTYPE_COUNT ? dtypes[dtype].size : 0;
}

const char *ml_dtype_name(ml_dtype dtype) {
    return (size_t)dtype < DTYPE_COUNT ? dtypes[dtype].name : "?";
}

ml_dtype ml_dtype_from_name(const char *name, size_t size) {
    for (size_t i = 1; i < DTYPE_COUNT; i++) {
        if (strlen(dtypes[i].name) == size && memcmp(dtypes[i].name, name, size) == 0) {
            return (ml_dtype)i;
        }
    }
    return ML_DTYPE_NONE;
}

/* One tensor without a name; only made here, and only read through where it is an input. */
static ml_tensors
single(const void *data, ml_dtype dtype, uint32_t rank, size_t row_count, size_t width) {
    ml_tensors tensors;

    memset(&tensors, 0, sizeof tensors);
    tensors.count = 1;
    memcpy(&tensors.first.data, &data, sizeof data); /* an input's const ends here */
    tensors.first.dtype = (uint32_t)dtype;
    tensors.first.rank = rank;
    tensors.first.shape[0] = row_count;
    tensors.first.shape[1] = width;
    return tensors;
}

ml_tensors ml_f32_rows(const float *values, size_t row_count, size_t width) {
    return single(values, ML_FP32, 2, row_count, width);
}

ml_tensors ml_f64_rows(const double *values, size_t row_count, size_t width) {
    return single(values, ML_FP64, 2, row_count, width);
}

ml_tensors ml_text_rows(const ml_bytes *texts, size_t row_count) {
    return single(texts, ML_BYTES, 2, row_count, 1);
}

ml_tensors ml_f32_out(float *values, size_t row_count, size_t width) {
    return single(values, ML_FP32, 2, row_count, width);
}

ml_tensors ml_f64_out(double *values, size_t row_count, size_t width) {
    return single(values, ML_FP64, 2, row_count, width);
}

ml_tensors ml_label_out(int64_t *labels, size_t row_count) {
    ml_tensors tensors = single(labels, ML_INT64, 1, row_count, 0);

    tensors.first.name = "label";
    return tensors;
}

ml_tensors ml_tensor_list(const ml_tensor *list, size_t count) {
    ml_tensors tensors;

    memset(&tensors, 0, sizeof tensors);
    tensors.list = list;
    tensors.count = count;
    return tensors;
}

const ml_tensor *ml_tensors_list(const ml_tensors *tensors, size_t *count) {
    *count = tensors->count;
    return tensors->list != NULL ? tensors->list : &tensors->first;
}

ml_status ml_tensor_check(const ml_tensor *tensor, size_t *row_elements, ml_error *err) {
    const char *name = tensor->name != NULL ? tensor->name : "tensor";
    const size_t element_size = ml_dtype_size((ml_dtype)tensor->dtype);
    size_t elements = 1;
    size_t bytes;

    if (element_size == 0) {
        return ml__fail(err, ML_EINVAL, "%.64s: dtype %u is none", name, tensor->dtype);
    }
    if (tensor->rank < 1 || tensor->rank > ML_MAX_RANK) {
        return ml__fail(
            err, ML_EINVAL, "%.64s: rank is %u, expected 1..%d", name, tensor->rank, ML_MAX_RANK
        );
    }
    for (uint32_t axis = 1; axis < tensor->rank; axis++) {
        if (!ml__mul(elements, tensor->shape[axis], &elements)) {
            return ml__fail(err, ML_EINVAL, "%.64s: shape is too large", name);
        }
    }
    if (!ml__mul(elements, tensor->shape[0], &bytes) || !ml__mul(bytes, element_size, &bytes)) {
        return ml__fail(err, ML_EINVAL, "%.64s: shape is too large", name);
    }
    if (tensor->data == NULL && bytes > 0) {
        return ml__fail(err, ML_EINVAL, "%.64s: data is NULL", name);
    }
    if (row_elements != NULL) {
        *row_elements = elements;
    }
    return ML_OK;
}
