/* SPDX-License-Identifier: MIT */
/*
 * batch.c -- what all stages do with a batch: fail a row, show a row.
 *
 * Room for the results is taken at the start, but it is written to only when the first row
 * fails or somebody wants to see them: a batch without faults does not touch it.
 */
#include "predictor/batch.h"

#include <string.h>

void ml__batch_open_results(struct ml__batch *batch) {
    const ml_row_result fine = {ML_OK, ML_NO_COLUMN, NULL};

    if (!batch->results_ready) {
        for (size_t row = 0; row < batch->row_count; row++) {
            batch->results[row] = fine;
        }
        batch->results_ready = true;
    }
}

void ml__row_fail(
    struct ml__batch *batch, size_t row, ml_status status, size_t column, const char *reason
) {
    ml_row_result *result = &batch->results[row];

    ml__batch_open_results(batch);
    result->status = (int32_t)status;
    result->column = column < ML_NO_COLUMN ? (uint32_t)column : ML_NO_COLUMN;
    result->reason = reason;
    if (batch->failed_count == 0 || row < batch->first_failed) {
        batch->first_failed = row;
    }
    batch->failed_count++;
}

void ml__row_view_open(const struct ml__batch *batch, ml_tensor *tensors) {
    for (size_t i = 0; i < batch->plan->info->input_count; i++) {
        tensors[i] = *batch->inputs[i].tensor;
        tensors[i].name = batch->plan->info->inputs[i].name;
        tensors[i].shape[0] = 1;
    }
}

ml_row ml__row_view(const struct ml__batch *batch, size_t position, ml_tensor *tensors) {
    const ml_row row = {tensors, batch->plan->info->input_count, position};

    for (size_t i = 0; i < row.input_count; i++) {
        const struct ml__input *input = &batch->inputs[i];
        const unsigned char *data = input->data + position * input->row_bytes;

        memcpy(&tensors[i].data, &data, sizeof data); /* `validate` promises not to write */
    }
    return row;
}
