/* SPDX-License-Identifier: MIT */
/*
 * cell.h -- what the compiler knows of one value of a graph: a constant, or a value of each
 * row.
 */
#ifndef ML_MODEL_CELL_H
#define ML_MODEL_CELL_H

#include "model/shape.h"

enum ml__cell_kind {
    ML__CELL_NONE, /* nothing makes it */
    ML__CELL_CONSTANT,
    ML__CELL_ROWS
};

struct ml__cell {
    enum ml__cell_kind kind;
    ml_dtype dtype;         /* what is computed with: halves are widened to FP32 */
    struct ml__shape shape; /* of rows: the row axis first, written as 1 */
    size_t elements;        /* product of the shape */
    /* A constant: of any alignment, in the type it is kept in; borrowed. */
    const void *data;
    ml_dtype stored;
    uint32_t index; /* rows: of the register */
};

/* The type that values of a type are computed with. */
ml_dtype ml__computed_type(uint32_t dtype);

/* Element i of a number constant; one of a single element answers it for every i. */
double ml__cell_number(const struct ml__cell *cell, size_t i);

/* Elements of a constant in its computed type, aligned, to ml__free_aligned(); NULL: no memory.
 */
void *ml__cell_load(const struct ml__cell *cell);

/* "[rows, 64]" */
const char *ml__cell_text(const struct ml__cell *cell, char text[ML__SHAPE_TEXT]);

#endif
