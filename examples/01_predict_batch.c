/* SPDX-License-Identifier: MIT */
/*
 * 01_predict_batch.c -- load a model, predict ten rows of a table as one batch.
 *
 *   01_predict_batch MODEL ROWS.npy        such as tests/golden/digits/mlp.onnx and X_test.npy
 */
#include <mlserve.h>

#include <stdio.h>
#include <stdlib.h>

enum { MOST_ROWS = 10 };

int main(int argc, char **argv) {
    ml_error err = ML_ERROR_INIT;
    ml_predictor *predictor = NULL;
    ml_table_reader *table = NULL;
    float *rows = NULL;
    size_t row_count = 0;
    size_t width;
    int64_t labels[MOST_ROWS];
    float scores[MOST_ROWS];
    ml_tensor outputs[2];
    ml_status status;

    if (argc != 3) {
        fprintf(stderr, "usage: %s MODEL ROWS.npy\n", argv[0]);
        return 2;
    }
    status = ml_predictor_open(argv[1], NULL, &predictor, &err);
    if (status == ML_OK) {
        status = ml_table_open(argv[2], NULL, &table, &err);
    }
    if (status == ML_OK) {
        width = (size_t)ml_table_describe(table)->width;
        rows = calloc(MOST_ROWS * width, sizeof *rows);
        status = ml_table_read(table, ML_FP32, rows, MOST_ROWS, &row_count, &err);
    }
    if (status == ML_OK) {
        outputs[0] = ml_label_out(labels, row_count).first;
        outputs[1] = ml_f32_out(scores, row_count, 1).first;
        outputs[1].name = "top_scores"; /* one a row: that of the label */
        status = ml_predict_batch(
            predictor, ml_f32_rows(rows, row_count, width), ml_tensor_list(outputs, 2), NULL,
            &err
        );
    }
    for (size_t i = 0; status == ML_OK && i < row_count; i++) {
        printf("row %zu: %d with %.1f %%\n", i, (int)labels[i], 100.0 * (double)scores[i]);
    }
    if (status != ML_OK) {
        fprintf(stderr, "%s: %s\n", ml_status_name(status), err.message);
    }
    free(rows);
    ml_table_close(table);
    ml_predictor_close(predictor);
    return status == ML_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
