/* SPDX-License-Identifier: MIT */
/*
 * onnx_node.c -- a node is checked against the tables of operators.c, then stored.
 *
 * A file may give its nodes in any order (order.c sorts them), so a node's inputs can be looked
 * up only when the outputs of all are known: each node is scanned twice. Nothing is kept in
 * between; scanning is cheap and the two rounds cannot disagree, as the bytes are the same.
 */
#include "formats/onnx_node.h"

#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "formats/onnx_attribute.h"

enum { INPUT = 1, OUTPUT = 2, NAME = 3, OP_TYPE = 4, ATTRIBUTE = 5, DOMAIN = 7, OVERLOAD = 8 };

struct node {
    struct ml__onnx_nodes *nodes;
    struct ml__bytes message;
    size_t place;
    ml_bytes name;
    ml_bytes op_type;
    ml_bytes domain;
    bool overloaded;
    size_t input_count;
    size_t output_count;
    size_t attribute_count;
    enum ml__op op;
    struct ml__arity arity;
    char label[96]; /* "node 'gemm_1'", "node 3" */

    /* what the second round fills; the counts are of what is filled already */
    struct ml__node made;
    uint32_t *inputs;
    uint32_t *outputs;
    struct ml__attribute *attributes;
};

static ml_status count_field(void *user, const struct ml__field *field, ml_error *err) {
    struct node *node = user;

    switch (field->number) {
    case INPUT:
        node->input_count++;
        return ml__field_expect(field, ML__WIRE_BLOCK, "NodeProto.input", err);
    case OUTPUT:
        node->output_count++;
        return ml__field_expect(field, ML__WIRE_BLOCK, "NodeProto.output", err);
    case ATTRIBUTE:
        node->attribute_count++;
        return ml__field_expect(field, ML__WIRE_BLOCK, "NodeProto.attribute", err);
    case NAME:
        return ml__field_text(field, "NodeProto.name", &node->name, err);
    case OP_TYPE:
        return ml__field_text(field, "NodeProto.op_type", &node->op_type, err);
    case DOMAIN:
        return ml__field_text(field, "NodeProto.domain", &node->domain, err);
    case OVERLOAD:
        node->overloaded = true;
        return ML_OK;
    default:
        return ML_OK;
    }
}

bool ml__onnx_default_domain(ml_bytes domain) {
    return domain.size == 0 || ml__text_is(domain, "ai.onnx");
}

static ml_status find_operator(struct node *node, ml_error *err) {
    node->op = ml__operator_find(node->op_type);
    if (!ml__onnx_default_domain(node->domain) || node->op == ML__OP_COUNT ||
        node->overloaded) {
        return ml__fail(
            err, ML_EUNSUPPORTED,
            "%s (byte %zu): operator " ML__SHOWN_FORMAT " (domain '" ML__SHOWN_FORMAT
            "') is not supported",
            node->label, node->place, ML__SHOWN(node->op_type), ML__SHOWN(node->domain)
        );
    }
    if (node->nodes->opset == 0) {
        return ml__fail(
            err, ML_EUNSUPPORTED, "%s (byte %zu): %s, but no opset of the default domain",
            node->label, node->place, ml__op_name(node->op)
        );
    }
    node->arity = ml__operator_arity(node->op, node->nodes->opset);
    return ML_OK;
}

static ml_status check_counts(const struct node *node, ml_error *err) {
    if (node->input_count < node->arity.least_inputs ||
        node->input_count > node->arity.most_inputs) {
        return ml__fail(
            err, ML_EFORMAT,
            "%s (byte %zu): %s has %zu inputs, expected %zu..%zu in opset %lld", node->label,
            node->place, ml__op_name(node->op), node->input_count, node->arity.least_inputs,
            node->arity.most_inputs, (long long)node->nodes->opset
        );
    }
    if (node->output_count < 1 || node->output_count > node->arity.most_outputs) {
        return ml__fail(
            err, ML_EFORMAT, "%s (byte %zu): %s has %zu outputs, expected 1..%zu in opset %lld",
            node->label, node->place, ml__op_name(node->op), node->output_count,
            node->arity.most_outputs, (long long)node->nodes->opset
        );
    }
    return ML_OK;
}

/* What both rounds begin with. */
static ml_status scan_node(
    struct ml__onnx_nodes *nodes, const struct ml__field *field, struct node *node,
    ml_error *err
) {
    const size_t index = nodes->index++;
    ml_status status;

    *node = (struct node){
        .nodes = nodes,
        .message = field->block,
        .place = field->place,
        .name = {"", 0},
        .op_type = {"", 0},
        .domain = {"", 0},
    };
    status = ml__field_walk(node->message, count_field, node, err);
    if (status != ML_OK) {
        return status;
    }
    if (node->name.size > 0) {
        (void)snprintf(
            node->label, sizeof node->label, "node '" ML__SHOWN_FORMAT "'",
            ML__SHOWN(node->name)
        );
    } else {
        (void)snprintf(node->label, sizeof node->label, "node %zu", index);
    }
    status = find_operator(node, err);
    return status == ML_OK ? check_counts(node, err) : status;
}

static ml_status declare_output(void *user, const struct ml__field *field, ml_error *err) {
    struct node *node = user;
    ml_bytes name;
    uint32_t value;
    ml_status status;

    if (field->number != OUTPUT) {
        return ML_OK;
    }
    status = ml__field_text(field, "NodeProto.output", &name, err);
    if (status == ML_OK && (name.size > 0 || node->made.output_count == 0)) {
        status = ml__builder_add_value(node->nodes->builder, name, field->place, &value, err);
    }
    node->made.output_count++;
    return status;
}

static ml_status set_constant(void *user, const struct ml__field *field, ml_error *err) {
    struct node *node = user;
    struct ml__builder *builder = node->nodes->builder;
    struct ml__onnx_attribute attribute;
    const struct ml__constant *constant;
    ml_status status;

    if (field->number != ATTRIBUTE) {
        return ML_OK;
    }
    status = ml__onnx_attribute_read(
        field->block, node->op, node->nodes->opset, node->label, &attribute, err
    );
    if (status == ML_OK) {
        status = ml__onnx_attribute_constant(&attribute, node->label, builder, &constant, err);
    }
    if (status == ML_OK) {
        ml__builder_set_constant(builder, (uint32_t)builder->graph.value_count - 1, constant);
    }
    return status;
}

ml_status ml__onnx_node_declare(
    struct ml__onnx_nodes *nodes, const struct ml__field *field, ml_error *err
) {
    struct node node;
    ml_status status = scan_node(nodes, field, &node, err);

    if (status == ML_OK) {
        status = ml__field_walk(node.message, declare_output, &node, err);
    }
    if (status != ML_OK || node.op != ML__OP_Constant) {
        return status;
    }
    if (node.attribute_count != 1) {
        return ml__fail(
            err, ML_EFORMAT, "%s (byte %zu): Constant has %zu attributes, expected 1",
            node.label, node.place, node.attribute_count
        );
    }
    return ml__field_walk(node.message, set_constant, &node, err);
}

static ml_status read_input(struct node *node, const struct ml__field *field, ml_error *err) {
    const size_t i = node->made.input_count++;
    ml_bytes name;
    const ml_status status = ml__field_text(field, "NodeProto.input", &name, err);

    if (status != ML_OK) {
        return status;
    }
    node->inputs[i] = ml__builder_find(node->nodes->builder, name);
    if (node->inputs[i] != ML__NO_VALUE) {
        return ML_OK;
    }
    if (name.size > 0) {
        return ml__fail(
            err, ML_EFORMAT,
            "%s (byte %zu): %s reads '" ML__SHOWN_FORMAT "', which nothing makes", node->label,
            field->place, ml__op_name(node->op), ML__SHOWN(name)
        );
    }
    if (i < node->arity.least_inputs) {
        return ml__fail(
            err, ML_EFORMAT, "%s (byte %zu): %s needs its input %zu", node->label, field->place,
            ml__op_name(node->op), i
        );
    }
    return ML_OK;
}

static ml_status
read_attribute(struct node *node, const struct ml__field *field, ml_error *err) {
    struct ml__onnx_attribute attribute;
    struct ml__attribute *made = &node->attributes[node->made.attribute_count];
    const ml_status status = ml__onnx_attribute_read(
        field->block, node->op, node->nodes->opset, node->label, &attribute, err
    );

    if (status != ML_OK) {
        return status;
    }
    if (ml__attribute_find(&node->made, attribute.rule->name) != NULL) {
        return ml__fail(
            err, ML_EFORMAT, "%s: attribute '%s' (byte %zu) is given twice", node->label,
            attribute.rule->name, field->place
        );
    }
    made->name = attribute.rule->name;
    made->kind = attribute.rule->kind; /* a float or an integer: only Constant has others */
    made->i = attribute.integer;
    memcpy(&made->f, &attribute.float_bits, sizeof made->f);
    node->made.attribute_count++;
    return ML_OK;
}

static ml_status fill_field(void *user, const struct ml__field *field, ml_error *err) {
    struct node *node = user;
    ml_bytes name;
    ml_status status;

    switch (field->number) {
    case INPUT:
        return read_input(node, field, err);
    case OUTPUT:
        status = ml__field_text(field, "NodeProto.output", &name, err);
        if (status == ML_OK) {
            node->outputs[node->made.output_count++] =
                ml__builder_find(node->nodes->builder, name);
        }
        return status;
    case ATTRIBUTE:
        return read_attribute(node, field, err);
    default:
        return ML_OK;
    }
}

static ml_status make_arrays(struct node *node, ml_error *err) {
    struct ml__arena *arena = &node->nodes->builder->kept;
    void *inputs;
    void *outputs;
    void *attributes;
    ml_status status = ml__arena_make(arena, node->input_count, sizeof(uint32_t), &inputs, err);

    if (status == ML_OK) {
        status = ml__arena_make(arena, node->output_count, sizeof(uint32_t), &outputs, err);
    }
    if (status == ML_OK) {
        status = ml__arena_make(
            arena, node->attribute_count, sizeof(struct ml__attribute), &attributes, err
        );
    }
    if (status == ML_OK) {
        status =
            node->name.size > 0
                ? ml__arena_text(arena, node->name.data, node->name.size, &node->made.name, err)
                : ml__arena_text(
                      arena, node->label, strlen(node->label), &node->made.name, err
                  );
    }
    if (status == ML_OK) {
        node->inputs = inputs;
        node->outputs = outputs;
        node->attributes = attributes;
    }
    return status;
}

ml_status
ml__onnx_node_read(struct ml__onnx_nodes *nodes, const struct ml__field *field, ml_error *err) {
    const struct ml__attribute_rule *required;
    struct node node;
    ml_status status = scan_node(nodes, field, &node, err);

    if (status != ML_OK || node.op == ML__OP_Constant) {
        return status;
    }
    status = make_arrays(&node, err);
    if (status != ML_OK) {
        return status;
    }
    node.made.op = node.op;
    node.made.inputs = node.inputs;
    node.made.outputs = node.outputs;
    node.made.attributes = node.attributes;
    status = ml__field_walk(node.message, fill_field, &node, err);
    if (status != ML_OK) {
        return status;
    }
    required = ml__attribute_required(node.op);
    if (required != NULL && ml__attribute_find(&node.made, required->name) == NULL) {
        return ml__fail(
            err, ML_EFORMAT, "%s (byte %zu): %s needs the attribute '%s'", node.label,
            node.place, ml__op_name(node.op), required->name
        );
    }
    ml__builder_add_node(nodes->builder, &node.made);
    return ML_OK;
}
