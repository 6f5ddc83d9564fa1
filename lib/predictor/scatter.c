/* SPDX-License-Identifier: MIT */
/*
 * scatter.c -- each row's answer into the caller's memory, in the caller's order and type.
 *
 * What the model wrote straight into the caller's memory stays where it is. A failed row's
 * answer is void: NaN, 0 or an empty text, so that nobody takes it for a prediction.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "predictor/batch.h"

static void convert(
    const void *source, ml_dtype source_type, void *target, ml_dtype target_type, size_t count
) {
    const ml_status status = ml_convert(source, source_type, target, target_type, count);

    assert(status == ML_OK); /* bind.c let only types pass that convert */
    (void)status;
}

static void void_row(unsigned char *target, ml_dtype dtype, size_t row_elements) {
    const ml_bytes empty = {"", 0};
    const double nan = dtype == ML_BOOL ? 0.0 : (double)NAN; /* an integer becomes 0 */
    const size_t size = ml_dtype_size(dtype);

    for (size_t i = 0; i < row_elements; i++) {
        if (dtype == ML_BYTES) {
            memcpy(target + i * size, &empty, size);
        } else {
            convert(&nan, ML_FP64, target + i * size, dtype, 1);
        }
    }
}

static void scatter_one(const struct ml__batch *batch, const struct ml__answer *answer) {
    const ml_dtype dtype = (ml_dtype)answer->tensor->dtype;
    const size_t source_bytes = answer->row_elements * ml_dtype_size(answer->dtype);
    const size_t target_bytes = answer->row_elements * ml_dtype_size(dtype);
    const unsigned char *source = answer->data;
    unsigned char *target = answer->tensor->data;

    if (batch->slots == NULL && batch->failed_count == 0) {
        if (source != target) {
            convert(
                source, answer->dtype, target, dtype, batch->row_count * answer->row_elements
            );
        }
        return;
    }
    for (size_t row = 0; row < batch->row_count; row++) {
        const size_t slot = batch->slots != NULL ? batch->slots[row] : row;

        if (ml__row_failed(batch, row)) {
            void_row(target + row * target_bytes, dtype, answer->row_elements);
        } else if (source != target) {
            convert(
                source + slot * source_bytes, answer->dtype, target + row * target_bytes, dtype,
                answer->row_elements
            );
        }
    }
}

void ml__scatter(struct ml__batch *batch) {
    for (size_t i = 0; i < batch->answer_count; i++) {
        scatter_one(batch, &batch->answers[i]);
    }
}

void ml__scatter_nothing(struct ml__batch *batch) {
    for (size_t i = 0; i < batch->answer_count; i++) {
        const ml_tensor *tensor = batch->answers[i].tensor;

        void_row(
            tensor->data, (ml_dtype)tensor->dtype,
            batch->row_count * batch->answers[i].row_elements
        );
    }
}
