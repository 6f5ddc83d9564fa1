/* SPDX-License-Identifier: MIT */
/*
 * draft.h -- a graph on its way to a plan: what is known of each value, and the steps so far.
 *
 * The way: lower each node to at most one task (lower*.c), which is computed at once if it has
 * only constants (draft.c); choose the outputs (outputs.c); let tasks swallow those that follow
 * (fuse.c); make the plan (schedule.c). compile.c tells it in order.
 */
#ifndef ML_MODEL_DRAFT_H
#define ML_MODEL_DRAFT_H

#include "formats/graph.h"
#include "model/cell.h"
#include "model/plan.h"

/* A step to be: what it does, on which values, with which constants. */
struct ml__task {
    struct ml__step step; /* without what it will own */
    const char *name;     /* of the node */
    const struct ml__cell *sources[2];
    struct ml__cell result;
    /* dense: weights, bias or NULL; norm: scale, shift, mean, variance */
    const struct ml__cell *parameters[4];
    bool transposed;    /* dense */
    double alpha;       /* dense: factor of the weights */
    double beta;        /* dense: factor of the bias; norm: added to the variance */
    bool scaled;        /* dense: the weights get a factor */
    uint64_t ports;     /* the outputs that need it, a bit each */
    uint32_t swallowed; /* the next task that this one does too, or ML__NO_INDEX */
    uint32_t last;      /* the end of that chain: itself at first */
    bool is_swallowed;  /* by another */
};

struct ml__draft {
    const struct ml__graph *graph;
    uint32_t kernel;
    size_t batch;           /* rows that all inputs declare, 0: any number */
    size_t folding_left;    /* bytes that may still be made by computing constants */
    struct ml__cell *cells; /* [graph->value_count], and behind them those of added tasks */
    size_t cell_count;
    struct ml__register *registers;
    size_t register_count;
    uint32_t *makers;     /* [register_count] the task that makes each, or ML__NO_INDEX */
    uint32_t *use_counts; /* [register_count] tasks that read each */
    struct ml__task *tasks;
    size_t task_count;
    size_t room; /* of registers and tasks */
    struct ml__folded *folded;
};

/* Room for all that a graph can become. `file_bytes` bounds what may be used for it. */
ML_MUST ml_status ml__draft_open(
    struct ml__draft *draft, const struct ml__graph *graph, uint64_t file_bytes, ml_error *err
);
void ml__draft_close(struct ml__draft *draft);

/* A new register for values like `cell`, which becomes a value of rows. */
ML_MUST ml_status
ml__draft_register(struct ml__draft *draft, struct ml__cell *cell, ml_error *err);

/*
 * Compute a task now if all its sources are constants, else add it to the draft; task->result
 * (dtype and shape are given) is then the cell of its result.
 */
ML_MUST ml_status ml__draft_add(struct ml__draft *draft, struct ml__task *task, ml_error *err);

/* As above, for a task that no node asked for, on a value of rows. */
ML_MUST ml_status ml__draft_add_rows(
    struct ml__draft *draft, struct ml__task *task, const struct ml__cell *source, ml_error *err
);

/* The step of a task, with all that it and those it swallowed hold; to ml__step_close(). */
ML_MUST ml_status ml__task_finish(
    const struct ml__draft *draft, const struct ml__task *task, struct ml__step *out,
    ml_error *err
);

/* The parts of compiling, each in the file of its name. */
ML_MUST ml_status
ml__lower(struct ml__draft *draft, const struct ml__node *node, ml_error *err);
void ml__fuse(struct ml__draft *draft);
ML_MUST ml_status ml__schedule(
    struct ml__draft *draft, size_t output_count, struct ml__plan **out, ml_error *err
);

#endif
