/* SPDX-License-Identifier: MIT */
/*
 * subject.h -- a model, rows for it, and what it answers to each row alone.
 */
#ifndef TESTS_INVARIANCE_SUBJECT_H
#define TESTS_INVARIANCE_SUBJECT_H

#include <mlserve.h>

#define MOST_OUTPUTS 8
#define MOST_ROWS 1024
/* Predictors of 1, 2 and 4 threads, and ml_model_run(). */
#define WAY_COUNT 4

struct answers {
    ml_tensor tensor; /* as a predictor is asked; shape[0] is set call by call */
    size_t row_bytes;
    unsigned char *alone; /* [ROW_KINDS] the rows' answers, each predicted alone */
    unsigned char *batch; /* [MOST_ROWS] of the batch at hand */
};

struct subject {
    const char *name; /* for messages */
    ml_model *model;
    const ml_model_info *info;
    ml_predictor *predictors[WAY_COUNT - 1];
    size_t row_elements;
    size_t row_bytes;
    unsigned char *kinds; /* [ROW_KINDS] rows in the model's type */
    unsigned char *rows;  /* [MOST_ROWS] the batch at hand */
    struct answers answers[MOST_OUTPUTS];
    size_t answer_count; /* the model's outputs, and the label where a predictor makes it */
};

/* What was compared, and what of it was not the same. */
struct tally {
    size_t trial_count; /* batches of a random model, size, way and order of rows */
    size_t row_count;   /* rows in them: all are compared */
    size_t wrong_rows;
    size_t wrong_bits;
};

/*
 * Predict each row alone. The model is handed over; the rows are those of `values`
 * [count, row_elements], as they are and with noise. Fails the test where anything fails.
 */
void subject_open(
    struct subject *subject, const char *name, ml_model *model, const double *values,
    size_t count, uint64_t *seed
);
void subject_close(struct subject *subject);

/* Predict random batches in random ways, and compare all rows with what they were alone. */
void subject_try(
    struct subject *subject, size_t trial_count, uint64_t *seed, struct tally *tally
);

#endif
