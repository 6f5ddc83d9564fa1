/* SPDX-License-Identifier: MIT */
/*
 * operators.c -- the tables, after the operators' documents (onnx/docs/Changelog.md).
 *
 * An attribute that is not here is one whose meaning we do not compute, so it is refused. What
 * a later opset moved from an attribute to an input (Clip's bounds at 11, Dropout's ratio at
 * 12) is refused in the wrong place.
 */
#include "formats/operators.h"

#include "formats/text.h"

#define ALWAYS 1, ML__LAST_OPSET

static const struct ml__attribute_rule rules[] = {
    {ML__OP_Gemm, "alpha", ML__ATTRIBUTE_FLOAT, ALWAYS, false},
    {ML__OP_Gemm, "beta", ML__ATTRIBUTE_FLOAT, ALWAYS, false},
    {ML__OP_Gemm, "transA", ML__ATTRIBUTE_INT, ALWAYS, false},
    {ML__OP_Gemm, "transB", ML__ATTRIBUTE_INT, ALWAYS, false},
    {ML__OP_LeakyRelu, "alpha", ML__ATTRIBUTE_FLOAT, ALWAYS, false},
    {ML__OP_Elu, "alpha", ML__ATTRIBUTE_FLOAT, ALWAYS, false},
    {ML__OP_Selu, "alpha", ML__ATTRIBUTE_FLOAT, ALWAYS, false},
    {ML__OP_Selu, "gamma", ML__ATTRIBUTE_FLOAT, ALWAYS, false},
    {ML__OP_Softmax, "axis", ML__ATTRIBUTE_INT, ALWAYS, false},
    {ML__OP_LogSoftmax, "axis", ML__ATTRIBUTE_INT, ALWAYS, false},
    {ML__OP_Clip, "min", ML__ATTRIBUTE_FLOAT, 1, 10, false},
    {ML__OP_Clip, "max", ML__ATTRIBUTE_FLOAT, 1, 10, false},
    {ML__OP_Flatten, "axis", ML__ATTRIBUTE_INT, ALWAYS, false},
    {ML__OP_Reshape, "allowzero", ML__ATTRIBUTE_INT, 14, ML__LAST_OPSET, false},
    {ML__OP_Cast, "to", ML__ATTRIBUTE_INT, ALWAYS, true},
    {ML__OP_Cast, "saturate", ML__ATTRIBUTE_INT, 19, ML__LAST_OPSET, false},
    {ML__OP_ArgMax, "axis", ML__ATTRIBUTE_INT, ALWAYS, false},
    {ML__OP_ArgMax, "keepdims", ML__ATTRIBUTE_INT, ALWAYS, false},
    {ML__OP_ArgMax, "select_last_index", ML__ATTRIBUTE_INT, 12, ML__LAST_OPSET, false},
    {ML__OP_Dropout, "ratio", ML__ATTRIBUTE_FLOAT, 1, 11, false},
    {ML__OP_Dropout, "seed", ML__ATTRIBUTE_INT, 12, ML__LAST_OPSET, false},
    {ML__OP_BatchNormalization, "epsilon", ML__ATTRIBUTE_FLOAT, ALWAYS, false},
    {ML__OP_BatchNormalization, "momentum", ML__ATTRIBUTE_FLOAT, ALWAYS, false},
    {ML__OP_BatchNormalization, "spatial", ML__ATTRIBUTE_INT, 1, 8, false},
    {ML__OP_BatchNormalization, "training_mode", ML__ATTRIBUTE_INT, 14, ML__LAST_OPSET, false},
    {ML__OP_Constant, "value", ML__ATTRIBUTE_TENSOR, ALWAYS, false},
    {ML__OP_Constant, "value_float", ML__ATTRIBUTE_FLOAT, 12, ML__LAST_OPSET, false},
    {ML__OP_Constant, "value_floats", ML__ATTRIBUTE_FLOATS, 12, ML__LAST_OPSET, false},
    {ML__OP_Constant, "value_int", ML__ATTRIBUTE_INT, 12, ML__LAST_OPSET, false},
    {ML__OP_Constant, "value_ints", ML__ATTRIBUTE_INTS, 12, ML__LAST_OPSET, false},
};

#define RULE_COUNT (sizeof rules / sizeof rules[0])

static const struct ml__arity arities[ML__OP_COUNT] = {
#define ARITY(name, least, most, outputs) {least, most, outputs},
    ML__OP_MAP(ARITY)
#undef ARITY
};

enum ml__op ml__operator_find(ml_bytes name) {
    int op = 0;

    while (op < ML__OP_COUNT && !ml__text_is(name, ml__op_name((enum ml__op)op))) {
        op++;
    }
    return (enum ml__op)op;
}

struct ml__arity ml__operator_arity(enum ml__op op, int64_t opset) {
    struct ml__arity arity = arities[op];

    if ((op == ML__OP_Clip && opset < 11) || (op == ML__OP_Dropout && opset < 12)) {
        arity.most_inputs = 1;
    }
    if (op == ML__OP_BatchNormalization && opset >= 14) {
        arity.most_outputs = 3;
    }
    return arity;
}

const struct ml__attribute_rule *
ml__attribute_rule(enum ml__op op, ml_bytes name, int64_t opset) {
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct ml__attribute_rule *rule = &rules[i];

        if (rule->op == op && ml__text_is(name, rule->name)) {
            return opset >= rule->first_opset && opset <= rule->last_opset ? rule : NULL;
        }
    }
    return NULL;
}

const struct ml__attribute_rule *ml__attribute_required(enum ml__op op) {
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (rules[i].op == op && rules[i].required) {
            return &rules[i];
        }
    }
    return NULL;
}
