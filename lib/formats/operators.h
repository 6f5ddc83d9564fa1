/* SPDX-License-Identifier: MIT */
/*
 * operators.h -- what each operator may have in each opset: attributes, inputs, outputs.
 */
#ifndef ML_FORMATS_OPERATORS_H
#define ML_FORMATS_OPERATORS_H

#include "formats/graph.h"

#define ML__FIRST_OPSET 7
#define ML__LAST_OPSET 23

struct ml__attribute_rule {
    enum ml__op op;
    const char *name;
    enum ml__attribute_kind kind;
    int64_t first_opset;
    int64_t last_opset;
    bool required;
};

/* The operator of a name in the default domain, ML__OP_COUNT where it is not one of ours. */
enum ml__op ml__operator_find(ml_bytes name);

/* How many inputs, least and most, and at most how many outputs. */
struct ml__arity {
    size_t least_inputs;
    size_t most_inputs;
    size_t most_outputs;
};

struct ml__arity ml__operator_arity(enum ml__op op, int64_t opset);

/* The rule of an attribute in an opset, or NULL: not known there. */
const struct ml__attribute_rule *
ml__attribute_rule(enum ml__op op, ml_bytes name, int64_t opset);

/* The attribute that an operator must have, or NULL. */
const struct ml__attribute_rule *ml__attribute_required(enum ml__op op);

#endif
