/* SPDX-License-Identifier: MIT */
/*
 * graph.c -- what can be asked of a graph, whichever reader made it.
 */
#include "formats/graph.h"

#include <string.h>

#include "formats/owned.h"

static const char *const op_names[ML__OP_COUNT] = {
#define NAME(name, least, most, outputs) #name,
    ML__OP_MAP(NAME)
#undef NAME
};

const char *ml__op_name(enum ml__op op) {
    return (size_t)op < ML__OP_COUNT ? op_names[op] : "?";
}

const struct ml__attribute *ml__attribute_find(const struct ml__node *node, const char *name) {
    for (size_t i = 0; i < node->attribute_count; i++) {
        if (strcmp(node->attributes[i].name, name) == 0) {
            return &node->attributes[i];
        }
    }
    return NULL;
}

int64_t ml__attribute_int(const struct ml__node *node, const char *name, int64_t otherwise) {
    const struct ml__attribute *attribute = ml__attribute_find(node, name);

    return attribute != NULL ? attribute->i : otherwise;
}

float ml__attribute_float(const struct ml__node *node, const char *name, float otherwise) {
    const struct ml__attribute *attribute = ml__attribute_find(node, name);

    return attribute != NULL ? attribute->f : otherwise;
}

void ml__graph_free(struct ml__graph *graph) {
    struct ml__arena arena;

    if (graph != NULL) {
        arena = ((struct ml__owned_graph *)graph)->arena; /* it stands in what it frees */
        ml__arena_end(&arena);
    }
}
