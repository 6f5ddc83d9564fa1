/* SPDX-License-Identifier: MIT */
/*
 * builder.c -- values by name, and the hand-over of a finished graph.
 *
 * The readers count before they fill, so no array here ever grows; the room is asserted. Names
 * are found by a seeded hash table with open addressing, at most half full, so that a file
 * cannot make the look-up slow.
 */
#include "formats/builder.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "formats/order.h"
#include "formats/owned.h"

#define DETAIL_BYTES 512

void ml__builder_start(struct ml__builder *builder, const char *kind, size_t file_bytes) {
    *builder = (struct ml__builder){0};
    builder->graph.kind = kind;
    builder->seed = ml__seed_make();
    ml__arena_start(&builder->kept, file_bytes);
    ml__arena_start(&builder->scratch, file_bytes);
}

void ml__builder_drop(struct ml__builder *builder) {
    ml__arena_end(&builder->kept);
    ml__arena_end(&builder->scratch);
}

static ml_status check_room(const struct ml__room *room, ml_error *err) {
    const struct {
        const char *name;
        size_t count;
        size_t limit;
    } rows[] = {
        {"nodes", room->nodes, ML__MAX_NODES},
        {"values", room->values, ML__MAX_VALUES},
        {"inputs", room->inputs, ML__MAX_VALUES},
        {"outputs", room->outputs, ML__MAX_VALUES},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].count > rows[i].limit) {
            return ml__fail(
                err, ML_ELIMIT, "the graph has %zu %s, at most %zu are supported",
                rows[i].count, rows[i].name, rows[i].limit
            );
        }
    }
    return ML_OK;
}

static ml_status make_table(struct ml__builder *builder, ml_error *err) {
    size_t slots = 16;
    void *block;
    ml_status status;

    while (slots < 2 * builder->room.values) {
        slots *= 2;
    }
    status = ml__arena_make(&builder->scratch, slots, sizeof *builder->table, &block, err);
    if (status == ML_OK) {
        builder->table = block;
        builder->table_mask = slots - 1;
        memset(builder->table, 0xff, slots * sizeof *builder->table);
    }
    return status;
}

ml_status
ml__builder_reserve(struct ml__builder *builder, const struct ml__room *room, ml_error *err) {
    void *blocks[4] = {0};
    const size_t counts[] = {room->values, room->nodes, room->inputs, room->outputs};
    const size_t sizes[] = {
        sizeof(struct ml__value), sizeof(struct ml__node), sizeof(uint32_t), sizeof(uint32_t)};
    ml_status status = check_room(room, err);

    for (size_t i = 0; status == ML_OK && i < sizeof blocks / sizeof blocks[0]; i++) {
        status = ml__arena_make(&builder->kept, counts[i], sizes[i], &blocks[i], err);
    }
    if (status != ML_OK) {
        return status;
    }
    builder->room = *room;
    builder->values = blocks[0];
    builder->nodes = blocks[1];
    builder->inputs = blocks[2];
    builder->outputs = blocks[3];
    builder->graph.values = builder->values;
    builder->graph.nodes = builder->nodes;
    builder->graph.inputs = builder->inputs;
    builder->graph.outputs = builder->outputs;
    return make_table(builder, err);
}

/* The slot of a name: where it is, or where it would be put. */
static uint32_t *slot_of(const struct ml__builder *builder, ml_bytes name) {
    size_t slot = (size_t)ml__hash(builder->seed, name.data, name.size) & builder->table_mask;

    while (builder->table[slot] != ML__NO_VALUE) {
        if (ml__text_is(name, builder->values[builder->table[slot]].name)) {
            break;
        }
        slot = (slot + 1) & builder->table_mask;
    }
    return &builder->table[slot];
}

uint32_t ml__builder_find(const struct ml__builder *builder, ml_bytes name) {
    return name.size == 0 ? ML__NO_VALUE : *slot_of(builder, name);
}

ml_status ml__builder_add_value(
    struct ml__builder *builder, ml_bytes name, size_t place, uint32_t *out, ml_error *err
) {
    const uint32_t index = (uint32_t)builder->graph.value_count;
    uint32_t *slot;
    ml_status status;

    if (name.size == 0) {
        return ml__fail(err, ML_EFORMAT, "byte %zu: a value without a name", place);
    }
    slot = slot_of(builder, name);
    if (*slot != ML__NO_VALUE) {
        return ml__fail(
            err, ML_EFORMAT, "byte %zu: value '" ML__SHOWN_FORMAT "' is made twice", place,
            ML__SHOWN(name)
        );
    }
    assert(index < builder->room.values);
    status =
        ml__arena_text(&builder->kept, name.data, name.size, &builder->values[index].name, err);
    if (status != ML_OK) {
        return status;
    }
    *slot = index;
    builder->graph.value_count++;
    *out = index;
    return ML_OK;
}

ml_status ml__builder_number(
    struct ml__builder *builder, uint64_t bits, uint32_t dtype, uint32_t rank,
    const struct ml__constant **out, ml_error *err
) {
    struct {
        struct ml__constant constant;
        unsigned char data[sizeof bits];
    } * made;
    void *block;
    const ml_status status = ml__arena_make(&builder->kept, 1, sizeof *made, &block, err);

    if (status != ML_OK) {
        return status;
    }
    made = block;
    for (size_t i = 0; i < sizeof bits; i++) {
        made->data[i] = (unsigned char)(bits >> (8 * i));
    }
    made->constant = (struct ml__constant
    ){.data = made->data, .count = 1, .dtype = dtype, .rank = rank, .shape = {rank}};
    *out = &made->constant;
    return ML_OK;
}

void ml__builder_set_constant(
    struct ml__builder *builder, uint32_t value, const struct ml__constant *constant
) {
    struct ml__value *target = &builder->values[value];

    target->constant = constant;
    target->dtype = constant->dtype;
    target->has_shape = true;
    target->rank = constant->rank;
    for (uint32_t axis = 0; axis < constant->rank; axis++) {
        target->shape[axis] = (int64_t)constant->shape[axis];
    }
    if (constant->dtype <= ML_BF16) {
        builder->graph.parameter_count += constant->count;
    }
}

void ml__builder_add_node(struct ml__builder *builder, const struct ml__node *node) {
    assert(builder->graph.node_count < builder->room.nodes);
    builder->nodes[builder->graph.node_count++] = *node;
}

void ml__builder_add_input(struct ml__builder *builder, uint32_t value) {
    assert(builder->graph.input_count < builder->room.inputs);
    builder->inputs[builder->graph.input_count++] = value;
}

void ml__builder_add_output(struct ml__builder *builder, uint32_t value) {
    assert(builder->graph.output_count < builder->room.outputs);
    builder->outputs[builder->graph.output_count++] = value;
}

/* "producer, opset 13: Gemm 2, Relu 1"; the longest list of operators fits. */
static ml_status write_detail(struct ml__builder *builder, ml_bytes producer, ml_error *err) {
    size_t counts[ML__OP_COUNT] = {0};
    char text[DETAIL_BYTES];
    const char *between = ": ";
    int size = snprintf(
        text, sizeof text, ML__SHOWN_FORMAT "%sopset %lld", ML__SHOWN(producer),
        producer.size > 0 ? ", " : "", (long long)builder->graph.opset
    );

    for (size_t i = 0; i < builder->graph.node_count; i++) {
        counts[builder->nodes[i].op]++;
    }
    for (int op = 0; op < ML__OP_COUNT && (size_t)size < sizeof text; op++) {
        if (counts[op] > 0) {
            size += snprintf(
                text + size, sizeof text - (size_t)size, "%s%s %zu", between,
                ml__op_name((enum ml__op)op), counts[op]
            );
            between = ", ";
        }
    }
    return ml__arena_text(&builder->kept, text, strlen(text), &builder->graph.detail, err);
}

ml_status ml__builder_finish(
    struct ml__builder *builder, ml_bytes producer, struct ml__graph **out, ml_error *err
) {
    struct ml__owned_graph *owned;
    void *block;
    ml_status status = ml__nodes_order(builder, err);

    if (status == ML_OK) {
        status = write_detail(builder, producer, err);
    }
    if (status == ML_OK) {
        status = ml__arena_make(&builder->kept, 1, sizeof *owned, &block, err);
    }
    if (status != ML_OK) {
        return status;
    }
    owned = block;
    owned->graph = builder->graph;
    owned->arena = builder->kept;
    builder->kept = (struct ml__arena){0};
    *out = &owned->graph;
    return ML_OK;
}
