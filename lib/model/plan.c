/* SPDX-License-Identifier: MIT */
/*
 * plan.c -- running a compiled graph.
 *
 * Rows go through the steps in tiles, so that what one step writes is still in the cache when
 * the next reads it, and scratch memory is a constant however many rows come. Only the steps
 * that a wanted output needs are run: the compiler gave each step the set of outputs that do.
 *
 * Nothing here fails: all that could was refused when the plan was made. A plan is only read,
 * so any number of threads may run it, each with scratch of its own.
 */
#include "model/plan.h"

#include "base/memory.h"

/* A call, and how far it is. */
struct call {
    const struct ml__plan *plan;
    const void *const *inputs;
    void *const *outputs;
    unsigned char *scratch;
    uint64_t wanted;
    size_t first_row;
    size_t row_count; /* of this tile */
};

/* Where the tile's rows of a register stand that is no input: to be written, or read. */
static unsigned char *find_target(const struct call *call, const struct ml__register *reg) {
    if (reg->port != ML__NO_INDEX && call->outputs[reg->port] != NULL) {
        return (unsigned char *)call->outputs[reg->port] + call->first_row * reg->bytes;
    }
    return call->scratch + reg->offset;
}

static const void *find_source(const struct call *call, const struct ml__operand *operand) {
    const struct ml__register *reg;

    if (operand->index == ML__NO_INDEX) {
        return operand->constant;
    }
    reg = &call->plan->registers[operand->index];
    if (reg->input != ML__NO_INDEX) {
        return (const unsigned char *)call->inputs[reg->input] + call->first_row * reg->bytes;
    }
    return find_target(call, reg);
}

static void run_tile(const struct call *call) {
    const struct ml__plan *plan = call->plan;

    for (size_t i = 0; i < plan->step_count; i++) {
        const struct ml__plan_step *step = &plan->steps[i];

        if ((step->ports & call->wanted) != 0) {
            ml__step_run(
                &step->step, find_source(call, &step->operands[0]),
                find_source(call, &step->operands[1]),
                find_target(call, &plan->registers[step->target]), call->row_count,
                call->scratch
            );
        }
    }
}

ml_status ml__plan_run(
    void *self, const void *const *inputs, void *const *outputs, size_t row_count,
    void *scratch, ml_error *err
) {
    const struct ml__plan *plan = self;
    struct call call = {plan, inputs, outputs, scratch, 0, 0, 0};

    (void)err;
    for (size_t i = 0; i < plan->output_count; i++) {
        if (outputs[i] != NULL) {
            call.wanted |= UINT64_C(1) << i;
        }
    }
    if (call.wanted == 0) {
        return ML_OK;
    }
    while (call.first_row < row_count) {
        const size_t left = row_count - call.first_row;

        call.row_count = left < plan->tile_rows ? left : plan->tile_rows;
        run_tile(&call);
        call.first_row += call.row_count;
    }
    return ML_OK;
}

void ml__plan_free(void *self) {
    struct ml__plan *plan = self;

    if (plan == NULL) {
        return;
    }
    for (size_t i = 0; i < plan->step_count; i++) {
        ml__step_close(&plan->steps[i].step);
        ml__free_aligned(plan->steps[i].operands[0].constant);
        ml__free_aligned(plan->steps[i].operands[1].constant);
    }
    ml__free(plan->steps);
    ml__free(plan->registers);
    ml__free(plan);
}
