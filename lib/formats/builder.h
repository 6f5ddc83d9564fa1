/* SPDX-License-Identifier: MIT */
/*
 * builder.h -- what all readers share in making a graph: named values made once, nodes put in
 * order, the memory that holds them.
 *
 * The way: start, reserve, add every value that is an input, a constant or a node's output,
 * then the nodes (whose inputs are found by name) and the outputs, finish. Drop at the end in
 * any case.
 */
#ifndef ML_FORMATS_BUILDER_H
#define ML_FORMATS_BUILDER_H

#include "base/hash.h"
#include "formats/arena.h"
#include "formats/graph.h"
#include "formats/text.h"

#define ML__MAX_NODES ((size_t)100000)
#define ML__MAX_VALUES ((size_t)1000000)

/* The most there will be of each. */
struct ml__room {
    size_t values;
    size_t nodes;
    size_t inputs;
    size_t outputs;
};

struct ml__builder {
    struct ml__arena kept;    /* what the graph will own; each arena has its limit, so that */
    struct ml__arena scratch; /* reading takes at most 4 times the file and 1 MiB; then gone */
    struct ml__graph graph;
    struct ml__room room;
    struct ml__value *values;
    struct ml__node *nodes;
    uint32_t *inputs;
    uint32_t *outputs;
    struct ml__seed seed;
    uint32_t *table; /* open addressing: values by name, ML__NO_VALUE where empty */
    size_t table_mask;
};

void ml__builder_start(struct ml__builder *builder, const char *kind, size_t file_bytes);
ML_MUST ml_status
ml__builder_reserve(struct ml__builder *builder, const struct ml__room *room, ml_error *err);

/* The value of a name, or ML__NO_VALUE. */
uint32_t ml__builder_find(const struct ml__builder *builder, ml_bytes name);

/* A new value; `place` is where the file names it. ML_EFORMAT if the name is empty or taken. */
ML_MUST ml_status ml__builder_add_value(
    struct ml__builder *builder, ml_bytes name, size_t place, uint32_t *out, ml_error *err
);

/* A constant of one element, [1] or a scalar, by the bits of its type. ML_ENOMEM, ML_ELIMIT. */
ML_MUST ml_status ml__builder_number(
    struct ml__builder *builder, uint64_t bits, uint32_t dtype, uint32_t rank,
    const struct ml__constant **out, ml_error *err
);

/* Make a value a constant, which must live as long as the graph. */
void ml__builder_set_constant(
    struct ml__builder *builder, uint32_t value, const struct ml__constant *constant
);

/* The arrays that a node points to must live as long as the graph. */
void ml__builder_add_node(struct ml__builder *builder, const struct ml__node *node);
void ml__builder_add_input(struct ml__builder *builder, uint32_t value);
void ml__builder_add_output(struct ml__builder *builder, uint32_t value);

/*
 * Put the nodes in order, write the detail ("producer, opset 13: Gemm 2, Relu 1") and hand the
 * graph out, to ml__graph_free(). ML_EFORMAT if there is a cycle; ML_ENOMEM, ML_ELIMIT.
 */
ML_MUST ml_status ml__builder_finish(
    struct ml__builder *builder, ml_bytes producer, struct ml__graph **out, ml_error *err
);

/* Give back all that was not handed out. */
void ml__builder_drop(struct ml__builder *builder);

#endif
