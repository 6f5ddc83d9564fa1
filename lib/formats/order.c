/* SPDX-License-Identifier: MIT */
/*
 * order.c -- Kahn's sort, without recursion.
 *
 * ONNX asks for nodes in order, and nearly every file obeys, so that is checked first. Else
 * nodes that wait for nothing are queued and each one done releases those that wait for it;
 * what is left at the end waits for itself. Kahn, "Topological sorting of large networks"
 * (1962): time and memory linear in the edges.
 */
#include "formats/order.h"

#include <string.h>

#include "base/fail.h"

#define NOT_A_NODE UINT32_MAX

struct sorting {
    const struct ml__node *nodes;
    size_t node_count;
    uint32_t *makers;    /* [values] the node that makes it, NOT_A_NODE for a given one */
    uint32_t *waits;     /* [nodes] inputs that are not made yet */
    uint32_t *first;     /* [nodes + 1] where in `consumers` those of a node begin */
    uint32_t *consumers; /* [edges] */
    uint32_t *queue;     /* [nodes] in their new order */
    size_t queued;
};

/* The node that makes input `i` of a node. */
static uint32_t maker_of(const struct sorting *s, const struct ml__node *node, size_t i) {
    return node->inputs[i] == ML__NO_VALUE ? NOT_A_NODE : s->makers[node->inputs[i]];
}

static ml_status
make_indexes(struct ml__arena *scratch, size_t count, uint32_t **out, ml_error *err) {
    void *block;
    const ml_status status = ml__arena_make(scratch, count, sizeof **out, &block, err);

    if (status == ML_OK) {
        *out = block;
    }
    return status;
}

static void find_makers(struct sorting *s, size_t value_count) {
    memset(s->makers, 0xff, value_count * sizeof *s->makers);
    for (size_t n = 0; n < s->node_count; n++) {
        for (size_t i = 0; i < s->nodes[n].output_count; i++) {
            if (s->nodes[n].outputs[i] != ML__NO_VALUE) {
                s->makers[s->nodes[n].outputs[i]] = (uint32_t)n;
            }
        }
    }
}

static bool in_order(const struct sorting *s) {
    for (size_t n = 0; n < s->node_count; n++) {
        for (size_t i = 0; i < s->nodes[n].input_count; i++) {
            const uint32_t maker = maker_of(s, &s->nodes[n], i);

            if (maker != NOT_A_NODE && maker >= n) {
                return false;
            }
        }
    }
    return true;
}

/* Count what each node waits for, and list for each node who waits for it. */
static ml_status list_consumers(struct sorting *s, struct ml__arena *scratch, ml_error *err) {
    uint32_t *fill;
    ml_status status;

    for (size_t n = 0; n < s->node_count; n++) {
        for (size_t i = 0; i < s->nodes[n].input_count; i++) {
            const uint32_t maker = maker_of(s, &s->nodes[n], i);

            if (maker != NOT_A_NODE) {
                s->waits[n]++;
                s->first[maker + 1]++;
            }
        }
    }
    for (size_t n = 0; n < s->node_count; n++) {
        s->first[n + 1] += s->first[n];
    }
    status = make_indexes(scratch, s->first[s->node_count], &s->consumers, err);
    if (status == ML_OK) {
        status = make_indexes(scratch, s->node_count, &fill, err);
    }
    for (size_t n = 0; status == ML_OK && n < s->node_count; n++) {
        for (size_t i = 0; i < s->nodes[n].input_count; i++) {
            const uint32_t maker = maker_of(s, &s->nodes[n], i);

            if (maker != NOT_A_NODE) {
                s->consumers[s->first[maker] + fill[maker]++] = (uint32_t)n;
            }
        }
    }
    return status;
}

static void run_queue(struct sorting *s) {
    for (size_t n = 0; n < s->node_count; n++) {
        if (s->waits[n] == 0) {
            s->queue[s->queued++] = (uint32_t)n;
        }
    }
    for (size_t done = 0; done < s->queued; done++) {
        const uint32_t node = s->queue[done];

        for (uint32_t edge = s->first[node]; edge < s->first[node + 1]; edge++) {
            if (--s->waits[s->consumers[edge]] == 0) {
                s->queue[s->queued++] = s->consumers[edge];
            }
        }
    }
}

/* From a node that still waits, go back to one it waits for; after as many steps as there are
   nodes that must be on the cycle. */
static const struct ml__node *node_on_cycle(const struct sorting *s) {
    size_t node = 0;

    while (s->waits[node] == 0) {
        node++;
    }
    for (size_t step = 0; step < s->node_count; step++) {
        size_t i = 0;
        uint32_t maker = maker_of(s, &s->nodes[node], i);

        while (maker == NOT_A_NODE || s->waits[maker] == 0) {
            maker = maker_of(s, &s->nodes[node], ++i);
        }
        node = maker;
    }
    return &s->nodes[node];
}

static ml_status sort(struct sorting *s, struct ml__builder *builder, ml_error *err) {
    struct ml__node *sorted;
    void *block;
    ml_status status = list_consumers(s, &builder->scratch, err);

    if (status == ML_OK) {
        status = ml__arena_make(
            &builder->scratch, s->node_count, sizeof(struct ml__node), &block, err
        );
    }
    if (status != ML_OK) {
        return status;
    }
    run_queue(s);
    if (s->queued < s->node_count) {
        const struct ml__node *node = node_on_cycle(s);

        return ml__fail(
            err, ML_EFORMAT, "the graph has a cycle through '%.64s' (%s)", node->name,
            ml__op_name(node->op)
        );
    }
    sorted = block;
    for (size_t n = 0; n < s->node_count; n++) {
        sorted[n] = s->nodes[s->queue[n]];
    }
    memcpy(builder->nodes, sorted, s->node_count * sizeof *sorted);
    return ML_OK;
}

ml_status ml__nodes_order(struct ml__builder *builder, ml_error *err) {
    struct sorting s = {.nodes = builder->nodes, .node_count = builder->graph.node_count};
    const size_t value_count = builder->graph.value_count;
    ml_status status = make_indexes(&builder->scratch, value_count, &s.makers, err);

    if (status != ML_OK) {
        return status;
    }
    find_makers(&s, value_count);
    if (in_order(&s)) {
        return ML_OK;
    }
    status = make_indexes(&builder->scratch, s.node_count, &s.waits, err);
    if (status == ML_OK) {
        status = make_indexes(&builder->scratch, s.node_count + 1, &s.first, err);
    }
    if (status == ML_OK) {
        status = make_indexes(&builder->scratch, s.node_count, &s.queue, err);
    }
    return status == ML_OK ? sort(&s, builder, err) : status;
}
