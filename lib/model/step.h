/* SPDX-License-Identifier: MIT */
/*
 * step.h -- one operation on items (rows), everything about it decided.
 *
 * A step knows nothing of where its operands stand: the plan tells it, and so does the folding
 * of constants, for which the whole constant is one item.
 */
#ifndef ML_MODEL_STEP_H
#define ML_MODEL_STEP_H

#include "model/binary.h"
#include "model/dense.h"

enum ml__step_kind {
    ML__STEP_COPY,
    ML__STEP_DENSE,    /* matrix: [repeat, depth] to [repeat, width] */
    ML__STEP_ACTIVATE, /* each element */
    ML__STEP_BINARY,   /* each element, with that of a second operand */
    ML__STEP_NORM,     /* (x - mean) * factor + shift, by axis `width` */
    ML__STEP_SOFTMAX,  /* along axis `width`; inner is 1 */
    ML__STEP_ARGMAX,   /* along axis `width`, to INT64 */
    ML__STEP_CAST
};

struct ml__step {
    enum ml__step_kind kind;
    ml_dtype source_type;
    ml_dtype target_type;
    size_t source_elements; /* an item */
    size_t target_elements; /* an item */
    size_t outer;           /* an item is [outer, width, inner], for those that say so */
    size_t width;
    size_t inner;
    size_t repeat;    /* dense: rows of the matrix in an item */
    bool logarithm;   /* softmax: its logarithm */
    bool choose_last; /* argmax: the last of equals, not the first */
    struct ml__activation activation;
    struct ml__binary binary;
    struct ml__dense *dense; /* owned */
    void *factors;           /* norm: [3, width] mean, factor, shift; aligned; owned */
};

/* Give back what the step owns. */
void ml__step_close(struct ml__step *step);

/* Whether the result may be written over the first operand where their sizes agree. */
bool ml__step_in_place(const struct ml__step *step);

/* Scratch that a run needs, whatever its item_count. */
size_t ml__step_scratch_bytes(const struct ml__step *step);

/* Nanoseconds that one item is likely to take. */
double ml__step_cost_ns(const struct ml__step *step);

/*
 * Compute `item_count` items: out of `source` (and `other`, for a binary step) to `target`.
 * Re-entrant; cannot fail.
 */
void ml__step_run(
    const struct ml__step *step, const void *source, const void *other, void *target,
    size_t item_count, void *scratch
);

#endif
