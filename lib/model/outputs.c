/* SPDX-License-Identifier: MIT */
/*
 * outputs.c -- which outputs a compiled graph offers, and what kind of model that makes it.
 *
 * A graph is a classifier if one of its outputs is made by Softmax, or by ArgMax of one, or if
 * a Sigmoid stands beside an output of integer labels. It then offers probabilities, label and
 * logits, whatever of these its file has: what is missing is added, and costs nothing while
 * nobody asks for it. The probabilities come first, for the first output is the default one,
 * and converters put the label there.
 */
#include "model/outputs.h"

#include <string.h>

#include "base/fail.h"

/* The task that makes a register, or NULL. */
static const struct ml__task *find_maker(const struct ml__draft *draft, uint32_t index) {
    return draft->makers[index] == ML__NO_INDEX ? NULL : &draft->tasks[draft->makers[index]];
}

/* Softmax over all of a row, and over more than one class. */
static bool is_softmax(const struct ml__draft *draft, uint32_t index) {
    const struct ml__task *task = find_maker(draft, index);

    return task != NULL && task->step.kind == ML__STEP_SOFTMAX && !task->step.logarithm &&
           task->step.width == task->result.elements && task->step.width > 1;
}

static bool is_sigmoid(const struct ml__draft *draft, uint32_t index) {
    const struct ml__task *task = find_maker(draft, index);

    return task != NULL && task->step.kind == ML__STEP_ACTIVATE &&
           task->step.activation.kind == ML__ACTIVATION_SIGMOID;
}

static bool is_label(const ml_port *port) {
    return port->dtype == ML_INT64 && port->row_elements == 1;
}

static bool is_taken(const struct ml__outputs *outputs, const char *name) {
    for (size_t i = 0; i < outputs->count; i++) {
        if (strcmp(outputs->ports[i].name, name) == 0 ||
            (outputs->ports[i].alias != NULL && strcmp(outputs->ports[i].alias, name) == 0)) {
            return true;
        }
    }
    return false;
}

static void set_alias(struct ml__outputs *outputs, size_t place, const char *alias) {
    if (!is_taken(outputs, alias)) {
        outputs->ports[place].alias = alias;
    }
}

/* Offer a register under a name; `shape` may be another of as many elements. */
static void add_port(
    const struct ml__draft *draft, struct ml__outputs *outputs, const char *name,
    uint32_t index, const struct ml__shape *shape
) {
    const struct ml__register *reg = &draft->registers[index];
    ml_port *port = &outputs->ports[outputs->count];

    port->name = name;
    port->alias = NULL;
    port->dtype = reg->dtype;
    port->rank = shape->rank;
    memcpy(port->shape, shape->dims, sizeof port->shape);
    port->shape[0] = 0;
    port->row_elements = reg->elements;
    outputs->indexes[outputs->count++] = index;
}

static ml_status
read_outputs(const struct ml__draft *draft, struct ml__outputs *outputs, ml_error *err) {
    const struct ml__graph *graph = draft->graph;

    if (graph->output_count == 0 || graph->output_count > ML__MAX_PORTS - 3) {
        return ml__fail(
            err, graph->output_count == 0 ? ML_EFORMAT : ML_ELIMIT,
            "the graph has %zu outputs, expected 1..%d", graph->output_count, ML__MAX_PORTS - 3
        );
    }
    for (size_t i = 0; i < graph->output_count; i++) {
        const struct ml__value *value = &graph->values[graph->outputs[i]];
        const struct ml__cell *cell = &draft->cells[graph->outputs[i]];

        if (cell->kind != ML__CELL_ROWS) {
            return ml__fail(
                err, ML_EUNSUPPORTED, "output '%.80s' does not depend on any input", value->name
            );
        }
        if (value->dtype != ML_DTYPE_NONE && ml__computed_type(value->dtype) != cell->dtype) {
            return ml__fail(
                err, ML_ESHAPE, "output '%.80s' is declared %s, but is %s", value->name,
                ml_dtype_name((ml_dtype)value->dtype), ml_dtype_name(cell->dtype)
            );
        }
        if (is_taken(outputs, value->name)) {
            return ml__fail(
                err, ML_EFORMAT, "output '%.80s' is there more than once", value->name
            );
        }
        add_port(draft, outputs, value->name, cell->index, &cell->shape);
    }
    return ML_OK;
}

static size_t find_label(const struct ml__outputs *outputs) {
    size_t place = 0;

    while (place < outputs->count && !is_label(&outputs->ports[place])) {
        place++;
    }
    return place;
}

/*
 * The place of the probabilities among the outputs, or their count if there are none. An
 * ArgMax of a Softmax that is no output itself makes it one.
 */
static size_t
find_probabilities(const struct ml__draft *draft, struct ml__outputs *outputs, uint32_t task) {
    const bool has_label = find_label(outputs) < outputs->count;
    const size_t count = outputs->count;

    for (size_t i = 0; i < count; i++) {
        if (is_softmax(draft, outputs->indexes[i])) {
            return i;
        }
    }
    for (size_t i = 0; i < count; i++) {
        const struct ml__task *maker = find_maker(draft, outputs->indexes[i]);

        if (maker != NULL && maker->step.kind == ML__STEP_ARGMAX &&
            is_label(&outputs->ports[i]) && is_softmax(draft, maker->sources[0]->index) &&
            !is_taken(outputs, "probabilities")) {
            add_port(
                draft, outputs, "probabilities", maker->sources[0]->index,
                &maker->sources[0]->shape
            );
            return count;
        }
    }
    for (size_t i = 0; i < count && has_label; i++) {
        if (is_sigmoid(draft, outputs->indexes[i])) {
            return i;
        }
    }
    for (size_t i = 0; i < count && task == ML_TASK_CLASSIFIER; i++) {
        const ml_port *port = &outputs->ports[i];

        if ((port->dtype == ML_FP32 || port->dtype == ML_FP64) &&
            (port->row_elements > 1 || has_label)) {
            return i;
        }
    }
    return outputs->count;
}

static void move_first(struct ml__outputs *outputs, size_t place) {
    const ml_port port = outputs->ports[place];
    const uint32_t index = outputs->indexes[place];

    memmove(&outputs->ports[1], &outputs->ports[0], place * sizeof port);
    memmove(&outputs->indexes[1], &outputs->indexes[0], place * sizeof index);
    outputs->ports[0] = port;
    outputs->indexes[0] = index;
}

/* The label: the file's own, or that of the largest probability. */
static ml_status
add_label(struct ml__draft *draft, struct ml__outputs *outputs, ml_error *err) {
    const struct ml__register *probabilities = &draft->registers[outputs->indexes[0]];
    const size_t place = find_label(outputs);
    struct ml__task task = {.name = "label"};
    struct ml__cell source = {.kind = ML__CELL_ROWS, .index = outputs->indexes[0]};
    ml_status status;

    if (place < outputs->count) {
        set_alias(outputs, place, "label");
        return ML_OK;
    }
    if (is_taken(outputs, "label")) {
        return ML_OK;
    }
    source.dtype = probabilities->dtype;
    source.shape = probabilities->shape;
    source.elements = probabilities->elements;
    task.step.kind = ML__STEP_ARGMAX;
    task.step.outer = 1;
    task.step.width = source.elements;
    task.step.inner = 1;
    task.result.dtype = ML_INT64;
    task.result.shape.rank = 1;
    task.result.shape.dims[0] = 1;
    status = ml__draft_add_rows(draft, &task, &source, err);
    if (status == ML_OK) {
        add_port(draft, outputs, "label", task.result.index, &task.result.shape);
    }
    return status;
}

/* What the last Softmax or Sigmoid gets. */
static void add_logits(const struct ml__draft *draft, struct ml__outputs *outputs) {
    const uint32_t index = outputs->indexes[0];
    const struct ml__task *maker = find_maker(draft, index);
    size_t place = 0;

    if (!is_softmax(draft, index) && !is_sigmoid(draft, index)) {
        return;
    }
    while (place < outputs->count && outputs->indexes[place] != maker->sources[0]->index) {
        place++;
    }
    if (place < outputs->count) {
        set_alias(outputs, place, "logits");
    } else if (!is_taken(outputs, "logits")) {
        add_port(draft, outputs, "logits", maker->sources[0]->index, &maker->sources[0]->shape);
    }
}

static ml_status
add_classes(struct ml__draft *draft, struct ml__outputs *outputs, size_t place, ml_error *err) {
    ml_status status;

    move_first(outputs, place);
    outputs->task = ML_TASK_CLASSIFIER;
    outputs->class_count = outputs->ports[0].row_elements;
    if (outputs->class_count == 1) {
        outputs->class_count = 2; /* the probability of the second one */
    }
    set_alias(outputs, 0, "probabilities");
    status = add_label(draft, outputs, err);
    if (status == ML_OK) {
        add_logits(draft, outputs);
    }
    return status;
}

/* Give each output a register of its own that is no input: one that has not gets a copy. */
static ml_status
own_registers(struct ml__draft *draft, struct ml__outputs *outputs, ml_error *err) {
    for (size_t i = 0; i < outputs->count; i++) {
        struct ml__register *reg = &draft->registers[outputs->indexes[i]];

        if (reg->input != ML__NO_INDEX || reg->port != ML__NO_INDEX) {
            const struct ml__cell source = {
                .kind = ML__CELL_ROWS,
                .dtype = reg->dtype,
                .shape = reg->shape,
                .elements = reg->elements,
                .index = outputs->indexes[i]};
            struct ml__task task = {.name = outputs->ports[i].name};
            ml_status status;

            task.step.kind = ML__STEP_COPY;
            task.result.dtype = source.dtype;
            task.result.shape = source.shape;
            status = ml__draft_add_rows(draft, &task, &source, err);
            if (status != ML_OK) {
                return status;
            }
            outputs->indexes[i] = task.result.index;
            reg = &draft->registers[task.result.index];
        }
        reg->port = (uint32_t)i;
    }
    return ML_OK;
}

ml_status ml__outputs_choose(
    struct ml__draft *draft, uint32_t task, struct ml__outputs *outputs, ml_error *err
) {
    size_t place;
    ml_status status;

    memset(outputs, 0, sizeof *outputs);
    status = read_outputs(draft, outputs, err);
    if (status != ML_OK) {
        return status;
    }
    place =
        task == ML_TASK_REGRESSOR ? outputs->count : find_probabilities(draft, outputs, task);
    if (place < outputs->count) {
        status = add_classes(draft, outputs, place, err);
    } else if (task == ML_TASK_CLASSIFIER) {
        status = ml__fail(
            err, ML_ESHAPE, "no output can be probabilities: output '%.80s' is %s, %zu a row",
            outputs->ports[0].name, ml_dtype_name((ml_dtype)outputs->ports[0].dtype),
            outputs->ports[0].row_elements
        );
    } else {
        outputs->task = ML_TASK_REGRESSOR;
        set_alias(outputs, 0, "pred");
    }
    return status == ML_OK ? own_registers(draft, outputs, err) : status;
}
