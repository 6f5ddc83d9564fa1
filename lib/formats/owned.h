/* SPDX-License-Identifier: MIT */
/*
 * owned.h -- a graph as it is handed out: it stands in the arena that it owns.
 */
#ifndef ML_FORMATS_OWNED_H
#define ML_FORMATS_OWNED_H

#include "formats/arena.h"
#include "formats/graph.h"

struct ml__owned_graph {
    struct ml__graph graph; /* first: a pointer to it is a pointer to the whole */
    struct ml__arena arena;
};

#endif
