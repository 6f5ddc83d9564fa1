/* SPDX-License-Identifier: MIT */
/*
 * onnx.c -- an ONNX file becomes a graph.
 *
 * The file is walked several times and nothing but the graph is built: once for the model's own
 * fields, once to count, once for the initializers (needed first, because old files list them
 * among the inputs too), once for all other values, once for the nodes. Walking skips over
 * blocks, so a round costs little more than the number of fields.
 *
 * Source: onnx/onnx.proto (field numbers never change). Opsets 7 to 23.
 */
#include <stdio.h>

#include "base/fail.h"
#include "formats/builder.h"
#include "formats/graph.h"
#include "formats/onnx_node.h"
#include "formats/onnx_tensor.h"
#include "formats/onnx_type.h"
#include "formats/operators.h"

enum {
    MODEL_PRODUCER = 2,
    MODEL_VERSION = 3,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_FUNCTIONS = 25
};
enum { OPSET_DOMAIN = 1, OPSET_VERSION = 2 };
enum {
    GRAPH_NODE = 1,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    GRAPH_VALUE_INFO = 13,
    GRAPH_SPARSE_INITIALIZER = 15
};
enum { NODE_OUTPUT = 2 };

struct onnx {
    struct ml__bytes file;
    ml_bytes producer;
    ml_bytes version;
    size_t graph_count;
    struct ml__room room;
    size_t initializer_count;
    struct ml__builder builder;
    struct ml__onnx_nodes nodes;
};

struct opset {
    ml_bytes domain;
    int64_t version;
};

static ml_status visit_opset(void *user, const struct ml__field *field, ml_error *err) {
    struct opset *opset = user;

    if (field->number == OPSET_DOMAIN) {
        return ml__field_text(field, "OperatorSetIdProto.domain", &opset->domain, err);
    }
    if (field->number == OPSET_VERSION) {
        opset->version = (int64_t)field->value;
        return ml__field_expect(field, ML__WIRE_VARINT, "OperatorSetIdProto.version", err);
    }
    return ML_OK;
}

/* Other domains may be imported as long as no node is of them. */
static ml_status read_opset(struct onnx *onnx, const struct ml__field *field, ml_error *err) {
    struct opset opset = {.domain = {"", 0}};
    const bool again = onnx->nodes.opset != 0;
    ml_status status = ml__field_expect(field, ML__WIRE_BLOCK, "ModelProto.opset_import", err);

    if (status == ML_OK) {
        status = ml__field_walk(field->block, visit_opset, &opset, err);
    }
    if (status != ML_OK || !ml__onnx_default_domain(opset.domain)) {
        return status;
    }
    if (opset.version < ML__FIRST_OPSET || opset.version > ML__LAST_OPSET) {
        return ml__fail(
            err, ML_EUNSUPPORTED, "byte %zu: opset %lld is not supported, only %d..%d are",
            field->place, (long long)opset.version, ML__FIRST_OPSET, ML__LAST_OPSET
        );
    }
    if (again && onnx->nodes.opset != opset.version) {
        return ml__fail(
            err, ML_EFORMAT, "byte %zu: opset %lld is imported after opset %lld", field->place,
            (long long)opset.version, (long long)onnx->nodes.opset
        );
    }
    onnx->nodes.opset = opset.version;
    return ML_OK;
}

static ml_status visit_model(void *user, const struct ml__field *field, ml_error *err) {
    struct onnx *onnx = user;

    switch (field->number) {
    case MODEL_PRODUCER:
        return ml__field_text(field, "ModelProto.producer_name", &onnx->producer, err);
    case MODEL_VERSION:
        return ml__field_text(field, "ModelProto.producer_version", &onnx->version, err);
    case MODEL_GRAPH:
        onnx->graph_count++;
        return ml__field_expect(field, ML__WIRE_BLOCK, "ModelProto.graph", err);
    case MODEL_OPSET:
        return read_opset(onnx, field, err);
    case MODEL_FUNCTIONS:
        return ml__fail(
            err, ML_EUNSUPPORTED, "byte %zu: functions of a model are not supported",
            field->place
        );
    default:
        return ML_OK;
    }
}

/* Visit the fields of the graph; a graph that comes in parts is one. */
static ml_status walk_graph(struct onnx *onnx, ml__field_visit visit, ml_error *err) {
    struct ml__bytes model = onnx->file;
    struct ml__field field;
    bool more;
    ml_status status = ml__field_take(&model, &field, &more, err);

    while (status == ML_OK && more) {
        if (field.number == MODEL_GRAPH) {
            status = ml__field_walk(field.block, visit, onnx, err);
        }
        if (status == ML_OK) {
            status = ml__field_take(&model, &field, &more, err);
        }
    }
    return status;
}

static ml_status count_output(void *user, const struct ml__field *field, ml_error *err) {
    size_t *count = user;

    (void)err;
    *count += field->number == NODE_OUTPUT ? 1 : 0;
    return ML_OK;
}

static ml_status visit_count(void *user, const struct ml__field *field, ml_error *err) {
    struct onnx *onnx = user;
    ml_status status;

    switch (field->number) {
    case GRAPH_NODE:
        onnx->room.nodes++;
        status = ml__field_expect(field, ML__WIRE_BLOCK, "GraphProto.node", err);
        return status == ML_OK
                   ? ml__field_walk(field->block, count_output, &onnx->room.values, err)
                   : status;
    case GRAPH_INITIALIZER:
        onnx->room.values++;
        return ml__field_expect(field, ML__WIRE_BLOCK, "GraphProto.initializer", err);
    case GRAPH_INPUT:
        onnx->room.values++;
        onnx->room.inputs++;
        return ML_OK;
    case GRAPH_OUTPUT:
        onnx->room.outputs++;
        return ML_OK;
    case GRAPH_SPARSE_INITIALIZER:
        return ml__fail(
            err, ML_EUNSUPPORTED, "byte %zu: sparse initializers are not supported",
            field->place
        );
    default:
        return ML_OK;
    }
}

static ml_status visit_initializer(void *user, const struct ml__field *field, ml_error *err) {
    struct onnx *onnx = user;
    const struct ml__constant *constant;
    ml_bytes name;
    uint32_t value;
    ml_status status;

    if (field->number != GRAPH_INITIALIZER) {
        return ML_OK;
    }
    status = ml__onnx_tensor_read(
        field->block, "initializer", &onnx->builder.kept, &name, &constant, err
    );
    if (status == ML_OK) {
        status = ml__builder_add_value(&onnx->builder, name, field->place, &value, err);
    }
    if (status == ML_OK) {
        ml__builder_set_constant(&onnx->builder, value, constant);
    }
    return status;
}

static ml_status read_input(struct onnx *onnx, const struct ml__field *field, ml_error *err) {
    struct ml__onnx_type type;
    uint32_t value;
    ml_status status = ml__onnx_type_read(field, &type, err);

    if (status != ML_OK) {
        return status;
    }
    value = ml__builder_find(&onnx->builder, type.name);
    if (value < onnx->initializer_count) {
        return ML_OK; /* before IR 4 initializers were inputs too */
    }
    status = ml__builder_add_value(&onnx->builder, type.name, field->place, &value, err);
    if (status == ML_OK) {
        status = ml__onnx_type_set(&type, "input", &onnx->builder.values[value], err);
    }
    if (status == ML_OK) {
        ml__builder_add_input(&onnx->builder, value);
    }
    return status;
}

static ml_status visit_declare(void *user, const struct ml__field *field, ml_error *err) {
    struct onnx *onnx = user;

    if (field->number == GRAPH_NODE) {
        return ml__onnx_node_declare(&onnx->nodes, field, err);
    }
    return field->number == GRAPH_INPUT ? read_input(onnx, field, err) : ML_OK;
}

/* What a file declares of a value inside or at the end of the graph. */
static ml_status
read_info(struct onnx *onnx, const struct ml__field *field, const char *what, ml_error *err) {
    struct ml__onnx_type type;
    uint32_t value;
    ml_status status = ml__onnx_type_read(field, &type, err);

    if (status != ML_OK) {
        return status;
    }
    value = ml__builder_find(&onnx->builder, type.name);
    if (value == ML__NO_VALUE && what != NULL) {
        return ml__fail(
            err, ML_EFORMAT, "byte %zu: nothing makes the output '" ML__SHOWN_FORMAT "'",
            field->place, ML__SHOWN(type.name)
        );
    }
    if (value != ML__NO_VALUE && onnx->builder.values[value].constant == NULL) {
        status = ml__onnx_type_set(&type, what, &onnx->builder.values[value], err);
    }
    if (status == ML_OK && what != NULL) {
        ml__builder_add_output(&onnx->builder, value);
    }
    return status;
}

static ml_status visit_read(void *user, const struct ml__field *field, ml_error *err) {
    struct onnx *onnx = user;

    switch (field->number) {
    case GRAPH_NODE:
        return ml__onnx_node_read(&onnx->nodes, field, err);
    case GRAPH_OUTPUT:
        return read_info(onnx, field, "output", err);
    case GRAPH_VALUE_INFO:
        return read_info(onnx, field, NULL, err);
    default:
        return ML_OK;
    }
}

static ml_status check_model(const struct onnx *onnx, ml_error *err) {
    if (onnx->graph_count == 0) {
        return ml__fail(
            err, ML_EFORMAT, "a model without a graph (%zu bytes)", ml__bytes_left(&onnx->file)
        );
    }
    return ML_OK;
}

static ml_status check_graph(const struct onnx *onnx, ml_error *err) {
    if (onnx->nodes.opset == 0) {
        return ml__fail(err, ML_EFORMAT, "the model imports no opset of the default domain");
    }
    if (onnx->builder.graph.output_count == 0) {
        return ml__fail(err, ML_EFORMAT, "the graph has no outputs");
    }
    return ML_OK;
}

static ml_status read_graph(struct onnx *onnx, ml_error *err) {
    ml_status status = walk_graph(onnx, visit_count, err);

    if (status == ML_OK) {
        status = ml__builder_reserve(&onnx->builder, &onnx->room, err);
    }
    if (status == ML_OK) {
        status = walk_graph(onnx, visit_initializer, err);
    }
    if (status == ML_OK) {
        onnx->initializer_count = onnx->builder.graph.value_count;
        status = walk_graph(onnx, visit_declare, err);
    }
    if (status == ML_OK) {
        onnx->nodes.index = 0;
        status = walk_graph(onnx, visit_read, err);
    }
    return status == ML_OK ? check_graph(onnx, err) : status;
}

static ml_status finish(struct onnx *onnx, struct ml__graph **out, ml_error *err) {
    char producer[2 * ML__SHOWN_BYTES + 2];
    int size = snprintf(
        producer, sizeof producer, ML__SHOWN_FORMAT "%s" ML__SHOWN_FORMAT,
        ML__SHOWN(onnx->producer), onnx->version.size > 0 ? " " : "", ML__SHOWN(onnx->version)
    );

    onnx->builder.graph.opset = onnx->nodes.opset;
    return ml__builder_finish(&onnx->builder, (ml_bytes){producer, (size_t)size}, out, err);
}

ml_status ml__onnx_read(const void *data, size_t size, struct ml__graph **out, ml_error *err) {
    struct onnx onnx = {
        .file = ml__bytes_over(data, size),
        .producer = {"", 0},
        .version = {"", 0},
    };
    ml_status status = ml__field_walk(onnx.file, visit_model, &onnx, err);

    if (status == ML_OK) {
        status = check_model(&onnx, err);
    }
    if (status != ML_OK) {
        return status;
    }
    ml__builder_start(&onnx.builder, "onnx", size);
    onnx.nodes.builder = &onnx.builder;
    status = read_graph(&onnx, err);
    if (status == ML_OK) {
        status = finish(&onnx, out, err);
    }
    ml__builder_drop(&onnx.builder);
    return status;
}
