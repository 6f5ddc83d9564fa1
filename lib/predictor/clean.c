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

#define BLOCK_ROWS 16

/* Where the rows of an input are copied from and to. */
struct copy {
    const unsigned char *source;
    unsigned char *target;
};

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

/* Take room for the rows, copied block by block, and copy the texts, all at once. */
static ml_status open_copies(struct ml__batch *batch, struct copy *copies, ml_error *err) {
    ml_status status = ML_OK;

    for (size_t i = 0; i < batch->plan->info->input_count && status == ML_OK; i++) {
        struct ml__input *input = &batch->inputs[i];
        unsigned char *copy = ml__work_take(batch->work, batch->row_count, input->row_bytes);

        if (copy == NULL) {
            return ml__fail(
                err, ML_ENOMEM, "work memory for a copy of %zu rows", batch->row_count
            );
        }
        copies[i].source = input->data;
        copies[i].target = copy;
        input->data = copy;
        if (input->dtype == ML_BYTES) {
            memcpy(copy, copies[i].source, batch->row_count * input->row_bytes);
            status = copy_texts(batch, (void *)copy, input->row_elements, err);
        }
    }
    return status;
}

static inline void clean_row(struct ml__batch *batch, size_t position, ml_tensor *tensors) {
    const ml_predictor_options *options = &batch->plan->options;
    ml_row_result result = {ML_OK, ML_NO_COLUMN, NULL};
    ml_row row = ml__row_view(batch, position, tensors);
    const ml_status status = options->clean(options->user, &row, &result);

    if (status != ML_OK) {
        ml__row_fail(
            batch, position, status, result.column,
            result.reason != NULL ? result.reason : says_refused
        );
    }
}

/* Copy a block of rows and clean it while it is in the nearest cache. */
static void clean_block(
    struct ml__batch *batch, struct copy *copies, size_t first, size_t count, ml_tensor *tensors
) {
    for (size_t i = 0; i < batch->plan->info->input_count; i++) {
        const struct ml__input *input = &batch->inputs[i];
        const size_t offset = first * input->row_bytes;

        if (input->dtype != ML_BYTES) {
            memcpy(
                copies[i].target + offset, copies[i].source + offset, count * input->row_bytes
            );
        }
    }
    for (size_t row = first; row < first + count; row++) {
        if (!ml__row_failed(batch, row)) {
            clean_row(batch, row, tensors);
        }
    }
}

ml_status ml__clean(struct ml__batch *batch, ml_error *err) {
    const size_t input_count = batch->plan->info->input_count;
    struct copy *copies;
    ml_tensor *tensors;
    ml_status status;

    if (batch->plan->options.clean == NULL || batch->row_count == 0) {
        return ML_OK;
    }
    tensors = ml__work_take(batch->work, input_count, sizeof *tensors);
    copies = ml__work_take(batch->work, input_count, sizeof *copies);
    if (tensors == NULL || copies == NULL) {
        return ml__fail(err, ML_ENOMEM, "work memory for the cleaning of rows");
    }
    status = open_copies(batch, copies, err);
    if (status != ML_OK) {
        return status;
    }
    ml__row_view_open(batch, tensors);
    for (size_t first = 0; first < batch->row_count; first += BLOCK_ROWS) {
        const size_t left = batch->row_count - first;

        clean_block(batch, copies, first, left < BLOCK_ROWS ? left : BLOCK_ROWS, tensors);
    }
    return ML_OK;
}
