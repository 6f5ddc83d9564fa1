/* SPDX-License-Identifier: MIT */
/*
 * compile.c -- a graph becomes a model.
 *
 *   inputs > lower each node, folding constants > choose outputs > fuse > schedule > model
 *
 * All shapes but the row axis, all types, and all constants are settled here, and all that
 * could go wrong is refused here, with the name of the node: what is left to run cannot fail.
 */
#include "model/compile.h"

#include <mlserve/model_plugin.h>

#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "model/draft.h"
#include "model/outputs.h"

static void read_constants(struct ml__draft *draft) {
    const struct ml__graph *graph = draft->graph;

    for (size_t i = 0; i < graph->value_count; i++) {
        const struct ml__constant *constant = graph->values[i].constant;
        struct ml__cell *cell = &draft->cells[i];

        if (constant != NULL) {
            cell->kind = ML__CELL_CONSTANT;
            cell->stored = (ml_dtype)constant->dtype;
            cell->dtype = ml__computed_type(constant->dtype);
            cell->shape.rank = constant->rank;
            memcpy(cell->shape.dims, constant->shape, sizeof cell->shape.dims);
            cell->elements = constant->count;
            cell->data = constant->data;
        }
    }
}

static ml_status
read_shape(const struct ml__value *value, struct ml__shape *shape, ml_error *err) {
    if (!value->has_shape || value->rank == 0) {
        return ml__fail(
            err, ML_EUNSUPPORTED, "input '%.80s': %s", value->name,
            value->has_shape ? "a number without a row axis" : "its shape is not declared"
        );
    }
    shape->rank = value->rank;
    shape->dims[0] = 1;
    for (uint32_t axis = 1; axis < value->rank; axis++) {
        if (value->shape[axis] <= 0) {
            return ml__fail(
                err, ML_EUNSUPPORTED,
                "input '%.80s': axis %u is %lld; all but the row axis must be known",
                value->name, axis, (long long)value->shape[axis]
            );
        }
        shape->dims[axis] = (size_t)value->shape[axis];
    }
    return ML_OK;
}

/* A fixed number of rows binds nobody, as each row stands alone; but it must be one number. */
static ml_status
read_batch(struct ml__draft *draft, const struct ml__value *value, ml_error *err) {
    if (value->shape[0] > 0) {
        if (draft->batch != 0 && draft->batch != (size_t)value->shape[0]) {
            return ml__fail(
                err, ML_ESHAPE, "input '%.80s' is declared with %lld rows, another with %zu",
                value->name, (long long)value->shape[0], draft->batch
            );
        }
        draft->batch = (size_t)value->shape[0];
    }
    return ML_OK;
}

static ml_status read_input(struct ml__draft *draft, size_t place, ml_error *err) {
    const uint32_t number = draft->graph->inputs[place];
    const struct ml__value *value = &draft->graph->values[number];
    struct ml__cell *cell = &draft->cells[number];
    ml_status status;

    if (value->dtype == ML_DTYPE_NONE || value->dtype == ML_BYTES) {
        return ml__fail(
            err, ML_EUNSUPPORTED, "input '%.80s' is %s, expected numbers", value->name,
            value->dtype == ML_BYTES ? "BYTES" : "of no declared type"
        );
    }
    cell->dtype = ml__computed_type(value->dtype);
    status = read_shape(value, &cell->shape, err);
    if (status == ML_OK) {
        status = read_batch(draft, value, err);
    }
    if (status == ML_OK &&
        !ml__shape_product(&cell->shape, 1, cell->shape.rank, &cell->elements)) {
        status = ml__fail(err, ML_ELIMIT, "its shape is too large");
    }
    if (status == ML_OK) {
        status = ml__draft_register(draft, cell, err);
    }
    if (status == ML_ELIMIT) {
        char prefix[100];

        (void)snprintf(prefix, sizeof prefix, "input '%.80s'", value->name);
        return ml__fail_prefix(err, status, prefix);
    }
    if (status == ML_OK) {
        draft->registers[cell->index].input = (uint32_t)place;
    }
    return status;
}

static ml_status read_graph(struct ml__draft *draft, ml_error *err) {
    const struct ml__graph *graph = draft->graph;
    ml_status status = ML_OK;

    if (graph->input_count == 0) {
        return ml__fail(err, ML_EFORMAT, "the graph has no input");
    }
    read_constants(draft);
    for (size_t i = 0; i < graph->input_count && status == ML_OK; i++) {
        status = read_input(draft, i, err);
    }
    for (size_t i = 0; i < graph->node_count && status == ML_OK; i++) {
        status = ml__lower(draft, &graph->nodes[i], err);
    }
    return status;
}

static ml_status check_labels(
    const ml_model_options *options, const struct ml__outputs *outputs, ml_error *err
) {
    if (options->labels == NULL) {
        return options->label_count == 0
                   ? ML_OK
                   : ml__fail(err, ML_EINVAL, "labels is NULL, label_count is not 0");
    }
    for (size_t i = 0; i < options->label_count; i++) {
        if (options->labels[i] == NULL) {
            return ml__fail(err, ML_EINVAL, "label %zu is NULL", i);
        }
    }
    if (options->label_count != outputs->class_count) {
        return ml__fail(
            err, ML_ESHAPE, "%zu labels for a model of %zu classes", options->label_count,
            outputs->class_count
        );
    }
    return ML_OK;
}

/* The inputs as the description has them, to ml__free(). */
static ml_port *make_inputs(const struct ml__draft *draft) {
    const struct ml__graph *graph = draft->graph;
    ml_port *inputs = ml__make(graph->input_count, sizeof *inputs);

    for (size_t i = 0; inputs != NULL && i < graph->input_count; i++) {
        const struct ml__cell *cell = &draft->cells[graph->inputs[i]];

        inputs[i].name = graph->values[graph->inputs[i]].name;
        inputs[i].dtype = cell->dtype;
        inputs[i].rank = cell->shape.rank;
        memcpy(inputs[i].shape, cell->shape.dims, sizeof inputs[i].shape);
        inputs[i].shape[0] = 0;
        inputs[i].row_elements = cell->elements;
    }
    return inputs;
}

/* What the graph says of itself, and the kernels that run its layers. */
static void tell_detail(
    const struct ml__graph *graph, const struct ml__plan *plan, char *text, size_t size
) {
    const char *last = "";
    int used = snprintf(text, size, "%s", graph->detail);

    for (size_t i = 0; i < plan->step_count && used >= 0 && (size_t)used < size; i++) {
        const struct ml__dense *dense = plan->steps[i].step.dense;
        const char *name = dense == NULL ? last : ml__dense_kernel_name(dense);

        if (strcmp(name, last) != 0) {
            used += snprintf(
                text + used, size - (size_t)used, "%s%s",
                *last != '\0'   ? ", "
                : *text != '\0' ? "; "
                                : "",
                name
            );
            last = name;
        }
    }
}

/* Hand a plan over to a new model. */
static ml_status make_model(
    const struct ml__draft *draft, struct ml__plan *plan, const struct ml__outputs *outputs,
    const ml_model_options *options, uint64_t file_bytes, ml_model **out, ml_error *err
) {
    const ml_backend backend = {
        sizeof backend, ml__plan_run, ml__plan_free, plan->scratch_bytes};
    ml_port *inputs = make_inputs(draft);
    char detail[512];
    double cost_ns = 0.0;
    ml_model_info info = {0};
    ml_status status;

    if (inputs == NULL) {
        return ml__fail(err, ML_ENOMEM, "description of %zu inputs", draft->graph->input_count);
    }
    for (size_t i = 0; i < plan->step_count; i++) {
        if ((plan->steps[i].ports & 1) != 0) {
            cost_ns += ml__step_cost_ns(&plan->steps[i].step);
        }
    }
    tell_detail(draft->graph, plan, detail, sizeof detail);
    info.size = sizeof info;
    info.kind = draft->graph->kind;
    info.detail = detail;
    info.inputs = inputs;
    info.input_count = draft->graph->input_count;
    info.outputs = outputs->ports;
    info.output_count = outputs->count;
    info.task = outputs->task;
    info.parameter_count = draft->graph->parameter_count;
    info.file_bytes = file_bytes;
    info.row_cost_ns = (uint64_t)(cost_ns + 0.5);
    info.labels = options->labels;
    info.label_count = outputs->class_count;
    status = ml_model_create(&backend, &info, plan, out, err);
    ml__free(inputs);
    return status;
}

ml_status ml__compile(
    const struct ml__graph *graph, uint64_t file_bytes, const ml_model_options *options,
    ml_model **out, ml_error *err
) {
    struct ml__draft draft = {.kernel = options->kernel};
    struct ml__outputs *outputs = NULL;
    struct ml__plan *plan = NULL;
    ml_status status = ml__draft_open(&draft, graph, file_bytes, err);

    if (status != ML_OK) {
        goto done;
    }
    status = read_graph(&draft, err);
    if (status != ML_OK) {
        goto done;
    }
    outputs = ml__make(1, sizeof *outputs);
    if (outputs == NULL) {
        status = ml__fail(err, ML_ENOMEM, "outputs of %zu bytes", sizeof *outputs);
        goto done;
    }
    status = ml__outputs_choose(&draft, options->task, outputs, err);
    if (status == ML_OK) {
        status = check_labels(options, outputs, err);
    }
    if (status != ML_OK) {
        goto done;
    }
    ml__fuse(&draft);
    status = ml__schedule(&draft, outputs->count, &plan, err);
    if (status != ML_OK) {
        goto done;
    }
    status = make_model(&draft, plan, outputs, options, file_bytes, out, err);
    if (status == ML_OK) {
        plan = NULL;
    }
done:
    ml__plan_free(plan);
    ml__free(outputs);
    ml__draft_close(&draft);
    return status;
}
