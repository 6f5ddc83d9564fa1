/* SPDX-License-Identifier: MIT */
/*
 * graphs.h -- graphs built by hand, so that operators are tested without a file.
 */
#ifndef ML_TEST_MODEL_GRAPHS_H
#define ML_TEST_MODEL_GRAPHS_H

#include "support/cmocka_all.h"

#include <mlserve/model.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/graph.h"
#include "model/compile.h"

#define GRAPH_ROOM 48

struct graph {
    struct ml__graph graph;
    struct ml__value values[GRAPH_ROOM];
    char names[GRAPH_ROOM][16];
    struct ml__constant constants[GRAPH_ROOM];
    struct ml__node nodes[GRAPH_ROOM];
    char node_names[GRAPH_ROOM][32];
    uint32_t node_inputs[GRAPH_ROOM][5];
    uint32_t node_outputs[GRAPH_ROOM];
    struct ml__attribute attributes[GRAPH_ROOM][4];
    uint32_t inputs[8];
    uint32_t outputs[64];
};

static inline void graph_start(struct graph *g, int64_t opset) {
    memset(g, 0, sizeof *g);
    g->graph.kind = "test";
    g->graph.detail = "by hand";
    g->graph.opset = opset;
    g->graph.values = g->values;
    g->graph.nodes = g->nodes;
    g->graph.inputs = g->inputs;
    g->graph.outputs = g->outputs;
}

static inline uint32_t graph_value(struct graph *g, const char *prefix) {
    const size_t i = g->graph.value_count++;

    assert_true(i < GRAPH_ROOM);
    (void)snprintf(g->names[i], sizeof g->names[i], "%s%zu", prefix, i);
    g->values[i].name = g->names[i];
    return (uint32_t)i;
}

/* An input of shape [any, ...]: the dims behind the row axis. */
static inline uint32_t
graph_input(struct graph *g, ml_dtype dtype, uint32_t rank, const int64_t *row_dims) {
    const uint32_t value = graph_value(g, "x");

    g->values[value].dtype = (uint32_t)dtype;
    g->values[value].has_shape = true;
    g->values[value].rank = rank;
    g->values[value].shape[0] = -1;
    for (uint32_t axis = 1; axis < rank; axis++) {
        g->values[value].shape[axis] = row_dims[axis - 1];
    }
    g->inputs[g->graph.input_count++] = value;
    return value;
}

/* The everyday input: FP32 rows of a width. */
static inline uint32_t graph_rows(struct graph *g, int64_t width) {
    return graph_input(g, ML_FP32, 2, &width);
}

/* A constant of up to three axes; a 0 ends them. */
static inline uint32_t graph_constant(
    struct graph *g, ml_dtype dtype, const void *data, size_t d0, size_t d1, size_t d2
) {
    const uint32_t value = graph_value(g, "c");
    struct ml__constant *constant = &g->constants[value];
    const size_t dims[] = {d0, d1, d2};

    constant->data = data;
    constant->dtype = (uint32_t)dtype;
    constant->count = 1;
    while (constant->rank < 3 && dims[constant->rank] != 0) {
        constant->shape[constant->rank] = dims[constant->rank];
        constant->count *= dims[constant->rank++];
    }
    g->values[value].constant = constant;
    if (dtype <= ML_BF16) {
        g->graph.parameter_count += constant->count;
    }
    return value;
}

static inline uint32_t graph_floats(struct graph *g, const float *data, size_t d0, size_t d1) {
    return graph_constant(g, ML_FP32, data, d0, d1, 0);
}

/* A node of up to five inputs; the first that is ML__NO_VALUE ends them. */
static inline uint32_t graph_node5(
    struct graph *g, enum ml__op op, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e
) {
    const size_t i = g->graph.node_count++;
    const uint32_t given[] = {a, b, c, d, e};
    struct ml__node *node = &g->nodes[i];

    (void)snprintf(g->node_names[i], sizeof g->node_names[i], "%s_%zu", ml__op_name(op), i);
    node->op = op;
    node->name = g->node_names[i];
    node->inputs = g->node_inputs[i];
    node->outputs = &g->node_outputs[i];
    node->output_count = 1;
    node->attributes = g->attributes[i];
    while (node->input_count < 5 && given[node->input_count] != ML__NO_VALUE) {
        g->node_inputs[i][node->input_count] = given[node->input_count];
        node->input_count++;
    }
    g->node_outputs[i] = graph_value(g, "v");
    return g->node_outputs[i];
}

static inline uint32_t graph_unary(struct graph *g, enum ml__op op, uint32_t a) {
    return graph_node5(g, op, a, ML__NO_VALUE, 0, 0, 0);
}

static inline uint32_t graph_binary(struct graph *g, enum ml__op op, uint32_t a, uint32_t b) {
    return graph_node5(g, op, a, b, ML__NO_VALUE, 0, 0);
}

static inline uint32_t
graph_ternary(struct graph *g, enum ml__op op, uint32_t a, uint32_t b, uint32_t c) {
    return graph_node5(g, op, a, b, c, ML__NO_VALUE, 0);
}

static inline struct ml__attribute *graph_attribute(struct graph *g, const char *name) {
    const size_t i = g->graph.node_count - 1;
    struct ml__attribute *attribute = &g->attributes[i][g->nodes[i].attribute_count++];

    attribute->name = name;
    return attribute;
}

/* Attributes of the node that was added last. */
static inline void graph_int(struct graph *g, const char *name, int64_t value) {
    struct ml__attribute *attribute = graph_attribute(g, name);

    attribute->kind = ML__ATTRIBUTE_INT;
    attribute->i = value;
}

static inline void graph_float(struct graph *g, const char *name, float value) {
    struct ml__attribute *attribute = graph_attribute(g, name);

    attribute->kind = ML__ATTRIBUTE_FLOAT;
    attribute->f = value;
}

static inline void graph_output(struct graph *g, uint32_t value) {
    g->outputs[g->graph.output_count++] = value;
}

static inline ml_model *graph_compile(struct graph *g) {
    const ml_model_options options = ML_MODEL_OPTIONS_INIT;
    ml_model *model = NULL;
    ml_error err = ML_ERROR_INIT;

    if (ml__compile(&g->graph, 100000, &options, &model, &err) != ML_OK) {
        fail_msg("%s", err.message);
    }
    return model;
}

/* Compile, run rows of the first input, give back the model. */
static inline void
graph_run(struct graph *g, const void *rows, size_t row_count, size_t output, void *answers) {
    ml_model *model = graph_compile(g);
    const void *inputs[] = {rows, rows, rows, rows};
    void *outputs[64] = {NULL};

    outputs[output] = answers;
    assert_int_equal(ml_model_run(model, inputs, outputs, row_count, NULL), ML_OK);
    ml_model_release(model);
}

/* The graph of one output must be refused so. */
static inline void
graph_refuse(struct graph *g, uint32_t output, ml_status status, const char *message) {
    const ml_model_options options = ML_MODEL_OPTIONS_INIT;
    ml_model *model = NULL;
    ml_error err = ML_ERROR_INIT;
    ml_status got;

    graph_output(g, output);
    got = ml__compile(&g->graph, 100000, &options, &model, &err);
    if (got != status || strcmp(err.message, message) != 0) {
        fail_msg(
            "got %s: %s\nexpected %s: %s", ml_status_name(got), err.message,
            ml_status_name(status), message
        );
    }
    assert_null(model);
}

static inline void
check_floats(const float *got, const float *wanted, size_t count, double tolerance) {
    for (size_t i = 0; i < count; i++) {
        const double distance = fabs((double)got[i] - (double)wanted[i]);

        if (!(distance <= tolerance * (1.0 + fabs((double)wanted[i]))) &&
            !(isnan(got[i]) && isnan(wanted[i])) && !(got[i] == wanted[i])) {
            fail_msg(
                "element %zu is %.9g, expected %.9g", i, (double)got[i], (double)wanted[i]
            );
        }
    }
}

#endif
