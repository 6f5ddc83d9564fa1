/* SPDX-License-Identifier: MIT */
/*
 * clean.c -- the program's callback changes rows in place, in a copy of them.
 *
 * Without a callback nothing is copied. With one all rows are, and of texts also the bytes:
 * lower-casing or trimming in place must never reach the caller's memory.
 */
#include <string.h>

#include "base/checked.h"
#include "base/fail.h"
#include "predictor/batch.h"

static const char *const says_refused = "refused by the program's cleaning";

/* Point the texts at a copy of their bytes; the rows' ml_bytes are ours already. */
static ml_status
copy_texts(struct ml__batch *batch, ml_bytes *texts, size_t row_elements, ml_error *err) {
    size_t bytes = 0;
    unsigned char *copy;

    for (size_t i = 0; i < batch->row_count * row_elements; i++) {
        if (!ml__row_failed(batch, i / row_elements) &&
            !ml__add(bytes, texts[i].size, &bytes)) {
            return ml__fail(err, ML_ENOMEM, "work memory for the texts of %zu rows", i);
        }
    }
    copy = ml__work_take(batch->work, bytes, 1);
    if (copy == NULL) {
        return ml__fail(err, ML_ENOMEM, "work memory for texts of %zu bytes", bytes);
    }
    for (size_t i = 0; i < batch->row_count * row_elements; i++) {
        if (!ml__row_failed(batch, i / row_elements) && texts[i].size > 0) {
            memcpy(copy, texts[i].data, texts[i].size);
            texts[i].data = copy;
            copy += texts[i].size;
        }
    }
    return ML_OK;
}

static ml_status copy_rows(struct ml__batch *batch, ml_error *err) {
    for (size_t i = 0; i < batch->plan->info->input_count; i++) {
        struct ml__input *input = &batch->inputs[i];
        ml_status status = ML_OK;
        unsigned char *copy = ml__work_take(batch->work, batch->row_count, input->row_bytes);

        if (copy == NULL) {
            return ml__fail(
                err, ML_ENOMEM, "work memory for a copy of %zu rows", batch->row_count
            );
        }
        memcpy(copy, input->data, batch->row_count * input->row_bytes);
        input->data = copy;
        if (input->dtype == ML_BYTES) {
            status = copy_texts(batch, (void *)copy, input->row_elements, err);
        }
        if (status != ML_OK) {
            return status;
        }
    }
    return ML_OK;
}

ml_status ml__clean(struct ml__batch *batch, ml_error *err) {
    const ml_predictor_options *options = &batch->plan->options;
    ml_tensor *tensors;
    ml_status status;

    if (options->clean == NULL || batch->row_count == 0) {
        return ML_OK;
    }
    tensors = ml__work_take(batch->work, batch->plan->info->input_count, sizeof *tensors);
    if (tensors == NULL) {
        return ml__fail(err, ML_ENOMEM, "work memory for the cleaning of rows");
    }
    status = copy_rows(batch, err);
    for (size_t row = 0; row < batch->row_count && status == ML_OK; row++) {
        ml_row_result result = {ML_OK, ML_NO_COLUMN, NULL};
        ml_status answer;
        ml_row view;

        if (ml__row_failed(batch, row)) {
            continue;
        }
        view = ml__row_view(batch, row, tensors);
        answer = options->clean(options->user, &view, &result);
        if (answer != ML_OK) {
            ml__row_fail(
                batch, row, answer, result.column,
                result.reason != NULL ? result.reason : says_refused
            );
        }
    }
    return status;
}
