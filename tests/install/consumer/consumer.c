/* SPDX-License-Identifier: MIT */
/*
 * consumer.c -- a program outside the tree: a back end of its own, and a batch of three rows.
 */
#include <mlserve.h>

#include <stdio.h>
#include <string.h>

#include "backend.h"

int main(void) {
    const float rows[3][2] = {{1, 2}, {3, 4}, {1, 2}};
    float sums[3] = {0};
    int calls = 0;
    ml_port ports[2] = {{0}};
    ml_backend backend = sum_backend();
    ml_model_info info = sum_info(ports);
    ml_model *model = NULL;
    ml_predictor *predictor = NULL;
    ml_error err = ML_ERROR_INIT;
    int right = 0;

    if (strcmp(ml_version(), ML_VERSION_STRING) != 0 ||
        ml_model_create(&backend, &info, &calls, &model, &err) != ML_OK ||
        ml_predictor_create(model, NULL, &predictor, &err) != ML_OK ||
        ml_predict_batch(
            predictor, ml_f32_rows(rows[0], 3, 2), ml_f32_out(sums, 3, 1), NULL, &err
        ) != ML_OK) {
        fprintf(stderr, "consumer: %s\n", err.message);
    } else {
        right = sums[0] == 3 && sums[1] == 7 && sums[2] == 3 && calls > 0;
        printf("consumer: %g %g %g\n", sums[0], sums[1], sums[2]);
    }
    ml_predictor_close(predictor);
    ml_model_release(model);
    return right ? 0 : 1;
}
