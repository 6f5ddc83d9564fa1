/* SPDX-License-Identifier: MIT */
/*
 * scenarios.h -- work from nothing to nothing, for the sweeps of faults.
 *
 * Each answers the first status that was not ML_OK, and checks what must hold even then: that
 * nothing half-made is seen, and that a call which answered ML_OK answered right.
 */
#ifndef TESTS_FAULTS_SCENARIOS_H
#define TESTS_FAULTS_SCENARIOS_H

#include <mlserve.h>

/* context: path of a model file. Load it, describe it, run ten rows. */
ml_status load_and_run(void *context);

/* context: path of a model file of 64 pixels. A predictor with a pool, a clean callback,
   duplicates and a bad row; two calls, the second of which must give the first one's bits. */
ml_status predict_mixed_rows(void *context);

/* Rows from a body, good and bad; context unused. */
ml_status read_json_rows(void *context);

/* A document with every kind of value; context unused. */
ml_status write_json(void *context);

/* context: path of a table that exists. Read it to the end. */
ml_status read_table(void *context);

/* context: path of a table to make. After a failure there is no file of that name, nor any
   other in its folder; after success it reads back. The file is removed. */
ml_status write_table(void *context);

/* Create a pool, map over it, submit to it, free it; context unused. */
ml_status use_pool(void *context);

#endif
