/* SPDX-License-Identifier: MIT */
/*
 * finish.c -- from a task to a step that owns what it needs: weights packed, factors computed.
 *
 * A dense layer may have swallowed what stood behind it: additions, factors, a normalization,
 * an activation. Per column all but the last are one factor and one number to add, computed in
 * double and rounded once. Weights go from the file's bytes to their packed form; only where
 * they get a factor is there a copy between, one layer at a time.
 */
#include <math.h>

#include "base/fail.h"
#include "base/memory.h"
#include "model/draft.h"

/* What is done to a column of a dense layer: factor * (x * weights) + bias. */
struct column {
    double factor;
    double bias;
};

/* Apply y op c, or c op y where the constant stands first. */
static void
add_binary(struct column *column, enum ml__binary_op op, bool constant_first, double c) {
    switch (op) {
    case ML__BINARY_ADD:
        column->bias += c;
        break;
    case ML__BINARY_SUB:
        if (constant_first) {
            column->factor = -column->factor;
            column->bias = -column->bias;
        }
        column->bias += constant_first ? c : -c;
        break;
    case ML__BINARY_MUL:
        column->factor *= c;
        column->bias *= c;
        break;
    case ML__BINARY_DIV:
        column->factor /= c;
        column->bias /= c;
        break;
    }
}

static double norm_factor(const struct ml__task *task, size_t channel) {
    return ml__cell_number(task->parameters[0], channel) /
           sqrt(ml__cell_number(task->parameters[3], channel) + task->beta);
}

static struct column
find_column(const struct ml__draft *draft, const struct ml__task *task, size_t place) {
    struct column column = {task->alpha, 0.0};

    if (task->parameters[1] != NULL) {
        column.bias = task->beta * ml__cell_number(task->parameters[1], place);
    }
    for (uint32_t i = task->swallowed; i != ML__NO_INDEX; i = draft->tasks[i].swallowed) {
        const struct ml__task *next = &draft->tasks[i];

        if (next->step.kind == ML__STEP_BINARY) {
            const bool constant_first = next->sources[0]->kind == ML__CELL_CONSTANT;

            add_binary(
                &column, next->step.binary.op, constant_first,
                ml__cell_number(next->sources[constant_first ? 0 : 1], place)
            );
        } else if (next->step.kind == ML__STEP_NORM) {
            const double factor = norm_factor(next, place);
            const double mean = ml__cell_number(next->parameters[2], place);

            column.factor *= factor;
            column.bias =
                (column.bias - mean) * factor + ml__cell_number(next->parameters[1], place);
        }
    }
    return column;
}

static void store(void *values, ml_dtype dtype, size_t i, double value) {
    if (dtype == ML_FP64) {
        ((double *)values)[i] = value;
    } else {
        ((float *)values)[i] = (float)value;
    }
}

static void scale_column(
    const struct ml__task *task, void *weights, size_t depth, size_t width, size_t column,
    double factor
) {
    for (size_t k = 0; k < depth; k++) {
        const size_t i = task->transposed ? column * depth + k : k * width + column;

        if (task->result.dtype == ML_FP64) {
            ((double *)weights)[i] *= factor;
        } else {
            ((float *)weights)[i] = (float)((double)((float *)weights)[i] * factor);
        }
    }
}

static ml_status finish_dense(
    const struct ml__draft *draft, const struct ml__task *task, struct ml__step *step,
    ml_error *err
) {
    const struct ml__cell *weights = task->parameters[0];
    const ml_dtype dtype = task->result.dtype;
    struct ml__dense_spec spec = {
        .dtype = dtype,
        .kernel = draft->kernel,
        .depth = step->inner,
        .width = step->width,
        .transposed = task->transposed,
        .kept_dtype = weights->stored};
    bool has_bias = task->parameters[1] != NULL;
    void *copy = NULL;
    void *bias = NULL;
    ml_status status = ML_ENOMEM;

    for (uint32_t i = task->swallowed; i != ML__NO_INDEX; i = draft->tasks[i].swallowed) {
        if (draft->tasks[i].step.kind == ML__STEP_ACTIVATE) {
            spec.activation = draft->tasks[i].step.activation;
        } else {
            has_bias = true;
        }
    }
    if (task->scaled) {
        copy = ml__cell_load(weights);
        spec.kept_dtype = dtype;
    }
    if (has_bias) {
        bias = ml__make_aligned(spec.width, ml_dtype_size(dtype));
    }
    if ((has_bias && bias == NULL) || (task->scaled && copy == NULL)) {
        status = ml__fail(err, ML_ENOMEM, "weights [%zu, %zu]", spec.depth, spec.width);
        goto done;
    }
    for (size_t n = 0; (has_bias || task->scaled) && n < spec.width; n++) {
        const struct column column = find_column(draft, task, n);

        if (has_bias) {
            store(bias, dtype, n, column.bias);
        }
        if (task->scaled) {
            scale_column(task, copy, spec.depth, spec.width, n, column.factor);
        }
    }
    spec.weights = copy != NULL ? copy : weights->data;
    spec.bias = bias;
    status = ml__dense_make(&spec, &step->dense, err);
done:
    ml__free_aligned(copy);
    ml__free_aligned(bias);
    return status;
}

static ml_status
finish_norm(const struct ml__task *task, struct ml__step *step, ml_error *err) {
    const ml_dtype dtype = task->result.dtype;
    const size_t width = step->width;

    step->factors = ml__make_aligned(3 * width, ml_dtype_size(dtype));
    if (step->factors == NULL) {
        return ml__fail(err, ML_ENOMEM, "factors of %zu channels", width);
    }
    for (size_t i = 0; i < width; i++) {
        store(step->factors, dtype, i, ml__cell_number(task->parameters[2], i));
        store(step->factors, dtype, width + i, norm_factor(task, i));
        store(step->factors, dtype, 2 * width + i, ml__cell_number(task->parameters[1], i));
    }
    return ML_OK;
}

ml_status ml__task_finish(
    const struct ml__draft *draft, const struct ml__task *task, struct ml__step *out,
    ml_error *err
) {
    struct ml__step step = task->step;
    ml_status status = ML_OK;

    if (step.kind == ML__STEP_DENSE) {
        status = finish_dense(draft, task, &step, err);
    } else if (step.kind == ML__STEP_NORM) {
        status = finish_norm(task, &step, err);
    }
    if (status == ML_OK) {
        *out = step;
    }
    return status;
}
