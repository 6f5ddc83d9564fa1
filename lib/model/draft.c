/* SPDX-License-Identifier: MIT */
/*
 * draft.c -- a graph on its way to a plan: its memory, and the adding of tasks.
 *
 * All arrays are made at once, as large as the graph can make them: a node is at most one task
 * and one register. A file of very many very small nodes would need many times its size for
 * that, so it is refused first.
 *
 * A task of constants only is computed when it is added, by the very step that would compute it
 * for a row: the whole constant is one item. What that makes is counted, for broadcasting can
 * make much out of little.
 */
#include "model/draft.h"

#include "base/checked.h"
#include "base/fail.h"
#include "base/memory.h"

#define SMALL_BYTES ((size_t)512 << 10) /* for the draft, beyond the size of the file */
#define MAX_ROW_ELEMENTS ((size_t)1 << 24)

/* A constant that was computed; its elements stand behind it. */
struct ml__folded {
    _Alignas(64) struct ml__folded *next;
};

/* Tasks that the choice of outputs may add: a copy of each, and what makes a classifier. */
static size_t count_added(const struct ml__graph *graph) {
    return graph->output_count + 8;
}

static bool count_bytes(const struct ml__draft *draft, size_t *bytes) {
    const size_t each = sizeof *draft->registers + sizeof *draft->tasks +
                        sizeof *draft->makers + sizeof *draft->use_counts;
    size_t cells;

    return ml__add(draft->graph->value_count, count_added(draft->graph), &cells) &&
           ml__mul(cells, sizeof *draft->cells, &cells) && ml__mul(draft->room, each, bytes) &&
           ml__add(*bytes, cells, bytes);
}

ml_status ml__draft_open(
    struct ml__draft *draft, const struct ml__graph *graph, uint64_t file_bytes, ml_error *err
) {
    size_t bytes = 0;

    draft->graph = graph;
    draft->folding_left = (size_t)file_bytes + SMALL_BYTES / 2;
    if (!ml__add(graph->node_count, graph->input_count, &draft->room) ||
        !ml__add(draft->room, count_added(graph), &draft->room) ||
        !count_bytes(draft, &bytes) || bytes > file_bytes + SMALL_BYTES) {
        return ml__fail(
            err, ML_ELIMIT, "%zu nodes and %zu values are too many for a file of %llu bytes",
            graph->node_count, graph->value_count, (unsigned long long)file_bytes
        );
    }
    draft->cell_count = graph->value_count;
    draft->cells = ml__make(graph->value_count + count_added(graph), sizeof *draft->cells);
    draft->registers = ml__make(draft->room, sizeof *draft->registers);
    draft->makers = ml__make(draft->room, sizeof *draft->makers);
    draft->use_counts = ml__make(draft->room, sizeof *draft->use_counts);
    draft->tasks = ml__make(draft->room, sizeof *draft->tasks);
    if (draft->cells == NULL || draft->registers == NULL || draft->makers == NULL ||
        draft->use_counts == NULL || draft->tasks == NULL) {
        return ml__fail(err, ML_ENOMEM, "draft of %zu bytes", bytes);
    }
    return ML_OK;
}

void ml__draft_close(struct ml__draft *draft) {
    while (draft->folded != NULL) {
        struct ml__folded *folded = draft->folded;

        draft->folded = folded->next;
        ml__free_aligned(folded);
    }
    ml__free(draft->cells);
    ml__free(draft->registers);
    ml__free(draft->makers);
    ml__free(draft->use_counts);
    ml__free(draft->tasks);
}

ml_status ml__draft_register(struct ml__draft *draft, struct ml__cell *cell, ml_error *err) {
    const size_t size = ml_dtype_size(cell->dtype);
    struct ml__register *reg = &draft->registers[draft->register_count];

    if (cell->elements > MAX_ROW_ELEMENTS) {
        return ml__fail(
            err, ML_ELIMIT, "a row of %zu elements is more than %zu", cell->elements,
            MAX_ROW_ELEMENTS
        );
    }
    reg->dtype = cell->dtype;
    reg->shape = cell->shape;
    reg->elements = cell->elements;
    reg->bytes = cell->elements * size;
    reg->input = ML__NO_INDEX;
    reg->port = ML__NO_INDEX;
    draft->makers[draft->register_count] = ML__NO_INDEX;
    cell->kind = ML__CELL_ROWS;
    cell->index = (uint32_t)draft->register_count++;
    return ML_OK;
}

/* Compute a task of constants: task->result becomes one. */
static ml_status fold(struct ml__draft *draft, struct ml__task *task, ml_error *err) {
    struct ml__cell *result = &task->result;
    struct ml__step step = {0};
    struct ml__folded *folded = NULL;
    void *sources[2] = {NULL, NULL};
    void *scratch = NULL;
    size_t bytes;
    ml_status status;

    if (!ml__mul(result->elements, ml_dtype_size(result->dtype), &bytes) ||
        bytes > draft->folding_left) {
        return ml__fail(
            err, ML_ELIMIT, "a constant of %zu elements is too large for this file",
            result->elements
        );
    }
    draft->folding_left -= bytes;
    status = ml__task_finish(draft, task, &step, err);
    if (status != ML_OK) {
        goto done;
    }
    status = ML_ENOMEM;
    for (size_t i = 0; i < 2; i++) {
        if (task->sources[i] != NULL) {
            sources[i] = ml__cell_load(task->sources[i]);
        }
        if (task->sources[i] != NULL && sources[i] == NULL) {
            goto done;
        }
    }
    folded = ml__make_aligned(sizeof *folded + bytes, 1);
    scratch = ml__make_aligned(ml__step_scratch_bytes(&step), 1);
    if (folded == NULL || scratch == NULL) {
        goto done;
    }
    ml__step_run(&step, sources[0], sources[1], folded + 1, 1, scratch);
    result->kind = ML__CELL_CONSTANT;
    result->data = folded + 1;
    result->stored = result->dtype;
    folded->next = draft->folded;
    draft->folded = folded;
    folded = NULL;
    status = ML_OK;
done:
    if (status == ML_ENOMEM) {
        status = ml__fail(err, ML_ENOMEM, "a constant of %zu bytes", bytes);
    }
    ml__step_close(&step);
    ml__free_aligned(sources[0]);
    ml__free_aligned(sources[1]);
    ml__free_aligned(folded);
    ml__free_aligned(scratch);
    return status;
}

ml_status ml__draft_add(struct ml__draft *draft, struct ml__task *task, ml_error *err) {
    const struct ml__cell *const *sources = task->sources;
    struct ml__cell *result = &task->result;
    ml_status status;

    if (!ml__shape_product(&result->shape, 0, result->shape.rank, &result->elements) ||
        result->elements == 0 || sources[0]->elements == 0) {
        char text[ML__SHAPE_TEXT];

        return ml__fail(
            err, ML_ESHAPE, "its result is %s: %s", ml__cell_text(result, text),
            result->elements == 0 ? "nothing" : "too large"
        );
    }
    task->step.source_type = sources[0]->dtype;
    task->step.source_elements = sources[0]->elements;
    task->step.target_type = result->dtype;
    task->step.target_elements = result->elements;
    task->swallowed = ML__NO_INDEX;
    if (sources[0]->kind != ML__CELL_ROWS &&
        (sources[1] == NULL || sources[1]->kind != ML__CELL_ROWS)) {
        return fold(draft, task, err);
    }
    status = ml__draft_register(draft, result, err);
    if (status == ML_OK) {
        draft->makers[result->index] = (uint32_t)draft->task_count;
        task->last = (uint32_t)draft->task_count;
        draft->tasks[draft->task_count++] = *task;
    }
    return status;
}

ml_status ml__draft_add_rows(
    struct ml__draft *draft, struct ml__task *task, const struct ml__cell *source, ml_error *err
) {
    struct ml__cell *cell = &draft->cells[draft->cell_count++];

    *cell = *source;
    task->sources[0] = cell;
    return ml__draft_add(draft, task, err);
}
