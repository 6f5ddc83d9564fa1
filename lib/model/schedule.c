/* SPDX-License-Identifier: MIT */
/*
 * schedule.c -- tasks become a plan: their steps made, and a place for each result.
 *
 * What no output needs is dropped before any weight is packed. A linear scan gives each result
 * a slot of scratch: one that is free again, or that of the operand it is written over. A slot
 * is some bytes a row, so a tile of rows is chosen to keep all slots in the second-level cache.
 */
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "model/draft.h"

#define TILE_BYTES ((size_t)256 << 10) /* of all slots together, where rows are that small */
#define MAX_TILE_ROWS ((size_t)256)
#define MAX_SCRATCH_BYTES ((size_t)1 << 30)
#define MAX_LOOKED_AT 32 /* free slots, so that a scan stays linear */

/* The linear scan. */
struct scan {
    struct ml__plan *plan;
    size_t *last_reads; /* [register_count] the last step that reads each */
    uint32_t *slots;    /* [register_count] the slot of each, or ML__NO_INDEX */
    size_t *widths;     /* [slot_count] bytes a row */
    uint32_t *spare;    /* [spare_count] slots that are free */
    size_t slot_count;
    size_t spare_count;
};

static ml_status make_step(
    const struct ml__draft *draft, const struct ml__task *task, struct ml__plan_step *step,
    ml_error *err
) {
    for (size_t i = 0; i < 2; i++) {
        const struct ml__cell *source = task->sources[i];

        step->operands[i].index = ML__NO_INDEX;
        if (source != NULL && source->kind == ML__CELL_ROWS) {
            step->operands[i].index = source->index;
        } else if (source != NULL) {
            step->operands[i].constant = ml__cell_load(source);
            if (step->operands[i].constant == NULL) {
                return ml__fail(err, ML_ENOMEM, "constant of '%.80s'", task->name);
            }
        }
    }
    step->target = task->result.index;
    step->ports = task->ports;
    return ml__task_finish(draft, task, &step->step, err);
}

static ml_status
make_steps(const struct ml__draft *draft, struct ml__plan *plan, ml_error *err) {
    for (size_t i = 0; i < draft->task_count; i++) {
        const struct ml__task *task = &draft->tasks[i];
        ml_status status;

        if (task->ports == 0 || task->is_swallowed) {
            continue;
        }
        status = make_step(draft, task, &plan->steps[plan->step_count++], err);
        if (status != ML_OK) {
            return status;
        }
    }
    return ML_OK;
}

/* The smallest that is large enough; if none is, the largest, which then has to grow least. */
static bool fits_better(size_t width, size_t best, size_t bytes) {
    return best < bytes ? width > best : width >= bytes && width < best;
}

/* The slot for a result: that of an operand, a free one (the tightest), or a new one. */
static uint32_t
take_slot(struct scan *scan, const struct ml__plan_step *step, size_t place, size_t bytes) {
    const struct ml__plan *plan = scan->plan;
    size_t best = SIZE_MAX;
    uint32_t slot;

    for (size_t k = 0; k < 2 && ml__step_in_place(&step->step); k++) {
        const uint32_t source = step->operands[k].index;

        if (source != ML__NO_INDEX && scan->slots[source] != ML__NO_INDEX &&
            plan->registers[source].port == ML__NO_INDEX && scan->last_reads[source] == place &&
            plan->registers[source].bytes == bytes) {
            slot = scan->slots[source];
            scan->slots[source] = ML__NO_INDEX; /* handed on, not given back */
            return slot;
        }
    }
    for (size_t k = 0; k < scan->spare_count && k < MAX_LOOKED_AT; k++) {
        const size_t i = scan->spare_count - 1 - k;
        const size_t width = scan->widths[scan->spare[i]];

        if (best == SIZE_MAX || fits_better(width, scan->widths[scan->spare[best]], bytes)) {
            best = i;
        }
    }
    if (best == SIZE_MAX) {
        scan->widths[scan->slot_count] = bytes;
        return (uint32_t)scan->slot_count++;
    }
    slot = scan->spare[best];
    scan->spare[best] = scan->spare[--scan->spare_count];
    if (scan->widths[slot] < bytes) {
        scan->widths[slot] = bytes;
    }
    return slot;
}

/* Outputs keep their slot to the end: a later step must not write over what was asked for. */
static void give_slots(struct scan *scan, const struct ml__plan_step *step, size_t place) {
    for (size_t k = 0; k < 2; k++) {
        const uint32_t source = step->operands[k].index;

        if (source != ML__NO_INDEX && scan->slots[source] != ML__NO_INDEX &&
            scan->plan->registers[source].port == ML__NO_INDEX &&
            scan->last_reads[source] == place) {
            scan->spare[scan->spare_count++] = scan->slots[source];
            scan->slots[source] = ML__NO_INDEX;
        }
    }
}

/* Each register's slot goes to its offset; these are of one row until the tile is known. */
static void scan_steps(struct scan *scan) {
    struct ml__plan *plan = scan->plan;

    for (size_t i = 0; i < plan->step_count; i++) {
        for (size_t k = 0; k < 2; k++) {
            if (plan->steps[i].operands[k].index != ML__NO_INDEX) {
                scan->last_reads[plan->steps[i].operands[k].index] = i;
            }
        }
    }
    for (size_t i = 0; i < plan->register_count; i++) {
        scan->slots[i] = ML__NO_INDEX;
    }
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct ml__plan_step *step = &plan->steps[i];
        struct ml__register *target = &plan->registers[step->target];
        const uint32_t slot = take_slot(scan, step, i, target->bytes);

        scan->slots[step->target] = slot;
        target->offset = slot;
        give_slots(scan, step, i);
    }
}

static size_t round_up(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

/* Choose the tile; then slots have places, and registers stand where their slot is. */
static ml_status place_slots(struct scan *scan, size_t *places, ml_error *err) {
    struct ml__plan *plan = scan->plan;
    size_t row_bytes = 1;
    size_t used = 0;

    for (size_t i = 0; i < scan->slot_count && row_bytes <= MAX_SCRATCH_BYTES; i++) {
        row_bytes += scan->widths[i];
    }
    for (size_t i = 0; i < plan->step_count; i++) {
        const size_t bytes = round_up(ml__step_scratch_bytes(&plan->steps[i].step));

        used = bytes > used ? bytes : used;
    }
    plan->tile_rows = TILE_BYTES / row_bytes;
    plan->tile_rows = plan->tile_rows < 1               ? 1
                      : plan->tile_rows > MAX_TILE_ROWS ? MAX_TILE_ROWS
                                                        : plan->tile_rows;
    for (size_t i = 0; i < scan->slot_count; i++) {
        places[i] = used;
        used += round_up(scan->widths[i] * plan->tile_rows);
        if (used > MAX_SCRATCH_BYTES) {
            return ml__fail(err, ML_ELIMIT, "a row needs more than 1 GiB of scratch memory");
        }
    }
    for (size_t i = 0; i < plan->step_count; i++) {
        struct ml__register *target = &plan->registers[plan->steps[i].target];

        target->offset = places[target->offset];
    }
    plan->scratch_bytes = used;
    return ML_OK;
}

static ml_status assign_scratch(struct ml__plan *plan, ml_error *err) {
    const size_t count = plan->register_count;
    struct scan scan = {.plan = plan};
    size_t *places = ml__make(count, sizeof *places);
    ml_status status = ML_ENOMEM;

    scan.last_reads = ml__make(count, sizeof *scan.last_reads);
    scan.slots = ml__make(count, sizeof *scan.slots);
    scan.widths = ml__make(count, sizeof *scan.widths);
    scan.spare = ml__make(count, sizeof *scan.spare);
    if (places == NULL || scan.last_reads == NULL || scan.slots == NULL ||
        scan.widths == NULL || scan.spare == NULL) {
        status = ml__fail(err, ML_ENOMEM, "slots of %zu values", count);
        goto done;
    }
    scan_steps(&scan);
    status = place_slots(&scan, places, err);
done:
    ml__free(places);
    ml__free(scan.last_reads);
    ml__free(scan.slots);
    ml__free(scan.widths);
    ml__free(scan.spare);
    return status;
}

ml_status ml__schedule(
    struct ml__draft *draft, size_t output_count, struct ml__plan **out, ml_error *err
) {
    struct ml__plan *plan = ml__make(1, sizeof *plan);
    ml_status status;

    if (plan != NULL) {
        plan->steps = ml__make(draft->task_count, sizeof *plan->steps);
        plan->registers = ml__make(draft->register_count, sizeof *plan->registers);
    }
    if (plan == NULL || plan->steps == NULL || plan->registers == NULL) {
        status = ml__fail(err, ML_ENOMEM, "plan of %zu steps", draft->task_count);
        goto done;
    }
    memcpy(plan->registers, draft->registers, draft->register_count * sizeof *plan->registers);
    plan->register_count = draft->register_count;
    plan->output_count = output_count;
    status = make_steps(draft, plan, err);
    if (status == ML_OK) {
        status = assign_scratch(plan, err);
    }
    if (status == ML_OK) {
        *out = plan;
        plan = NULL;
    }
done:
    ml__plan_free(plan);
    return status;
}
