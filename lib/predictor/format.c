/* SPDX-License-Identifier: MIT */
/*
 * format.c -- the program's callback changes the answers in their place, last of all.
 *
 * It comes after everything that is kept and shared, so what it does reaches this caller only.
 */
#include "base/fail.h"
#include "predictor/batch.h"

ml_status ml__format(struct ml__batch *batch, ml_error *err) {
    const ml_predictor_options *options = &batch->plan->options;

    if (options->format == NULL) {
        return ML_OK;
    }
    ml__batch_open_results(batch);
    for (size_t i = 0; i < batch->answer_count; i++) {
        ml_tensor output = *batch->answers[i].tensor;
        ml_status status;

        if (output.name == NULL) {
            output.name = batch->plan->info->outputs[batch->answers[i].output].name;
        }
        status = options->format(options->user, &output, batch->results);
        if (status != ML_OK) {
            return ml__fail(
                err, status, "%.64s: the program's format answered %s", output.name,
                ml_status_text(status)
            );
        }
    }
    return ML_OK;
}
