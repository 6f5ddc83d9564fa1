/* SPDX-License-Identifier: MIT */
/*
 * use_graph.h -- what the targets of the model readers do with the bytes they get.
 */
#ifndef TESTS_FUZZ_USE_GRAPH_H
#define TESTS_FUZZ_USE_GRAPH_H

#include <stdlib.h>

#include "formats/graph.h"

/* Touch all that the graph promises: a wrong pointer or index shows. */
static inline uint64_t use_graph(const struct ml__graph *graph) {
    uint64_t sum = 0;

    for (size_t i = 0; i < graph->value_count; i++) {
        const struct ml__constant *constant = graph->values[i].constant;
        const size_t size =
            constant == NULL ? 0 : constant->count * ml_dtype_size((ml_dtype)constant->dtype);

        for (size_t byte = 0; byte < size; byte++) {
            sum += constant->data[byte];
        }
        sum += (unsigned char)graph->values[i].name[0];
    }
    for (size_t n = 0; n < graph->node_count; n++) {
        const struct ml__node *node = &graph->nodes[n];

        for (size_t i = 0; i < node->input_count; i++) {
            if (node->inputs[i] != ML__NO_VALUE) {
                sum += (unsigned char)graph->values[node->inputs[i]].name[0];
            }
        }
        for (size_t i = 0; i < node->output_count; i++) {
            if (node->outputs[i] != ML__NO_VALUE) {
                sum += (unsigned char)graph->values[node->outputs[i]].name[0];
            }
        }
        for (size_t i = 0; i < node->attribute_count; i++) {
            sum += (unsigned char)node->attributes[i].name[0];
        }
        sum += (unsigned char)node->name[0];
    }
    for (size_t i = 0; i < graph->output_count; i++) {
        sum += (unsigned char)graph->values[graph->outputs[i]].name[0];
    }
    return sum;
}

/* A graph, all of which can be read, or a refusal that says why. */
static inline void try_reader(
    ml_status (*read)(const void *, size_t, struct ml__graph **, ml_error *),
    const uint8_t *data, size_t size
) {
    static volatile uint64_t sink;
    struct ml__graph *graph = NULL;
    ml_error err = ML_ERROR_INIT;

    if (read(data, size, &graph, &err) == ML_OK) {
        sink += use_graph(graph);
        ml__graph_free(graph);
    } else if (graph != NULL || err.message[0] == '\0') {
        abort();
    }
}

#endif
