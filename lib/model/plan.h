/* SPDX-License-Identifier: MIT */
/*
 * plan.h -- what a graph was compiled to: steps over registers, run tile by tile.
 */
#ifndef ML_MODEL_PLAN_H
#define ML_MODEL_PLAN_H

#include "model/step.h"

#define ML__NO_INDEX UINT32_MAX
#define ML__MAX_PORTS 64 /* as many as a mask of 64 bits can tell apart */

/*
 * A value of a row that is known only at run time. It stands in the caller's memory if it is an
 * input, or an output that is wanted; else in scratch.
 */
struct ml__register {
    ml_dtype dtype;
    struct ml__shape shape; /* the row axis first, written as 1 */
    size_t elements;        /* a row */
    size_t bytes;           /* a row */
    uint32_t input;         /* index among the model's inputs, or ML__NO_INDEX */
    uint32_t port;          /* index among its outputs, or ML__NO_INDEX */
    size_t offset;          /* in scratch */
};

/* A register's number, or a constant that is the same for all rows. */
struct ml__operand {
    uint32_t index; /* ML__NO_INDEX: a constant, or, with that NULL, none */
    void *constant; /* aligned; owned by the plan */
};

struct ml__plan_step {
    struct ml__step step;
    struct ml__operand operands[2];
    uint32_t target;
    uint64_t ports; /* the outputs that need it, a bit each */
};

struct ml__plan {
    struct ml__plan_step *steps;
    size_t step_count;
    struct ml__register *registers;
    size_t register_count;
    size_t output_count;
    size_t tile_rows;     /* rows that are taken through all steps at once */
    size_t scratch_bytes; /* for a tile; a constant of the plan */
};

/* An ml_backend's run and close, with the plan as self. */
ml_status ml__plan_run(
    void *self, const void *const *inputs, void *const *outputs, size_t row_count,
    void *scratch, ml_error *err
);
void ml__plan_free(void *self); /* NULL is fine */

#endif
