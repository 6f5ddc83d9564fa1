/* SPDX-License-Identifier: MIT */
/*
 * fuse.c -- a dense layer swallows what stands right behind it.
 *
 * Walking backwards tells for each task which outputs need it and for each value how many
 * tasks read it; what no output needs is left out from here on.
 *
 * Swallowed are additions, subtractions, factors and normalizations by constants of a number a
 * column, then one activation; where nothing else reads what lies between. MatMul and Add thus
 * become the layer with a bias that Gemm is.
 *
 * A factor goes into the weights only if each of them stays a normal number of its type, so
 * that nothing is lost but one rounding; and only one factor, so that this can be seen from the
 * file's own weights; and none into weights of 16 bits, whose widened copy would be the largest
 * thing in memory. Factors and shifts that stand *before* a layer stay steps of their own:
 * x - mean computed first is exact where folded into the bias it would be the difference of two
 * large sums, and it costs little beside the layer.
 */
#include <float.h>
#include <math.h>

#include "model/draft.h"

/* A number a column of the layer, or one for all. */
static bool fits_columns(const struct ml__task *dense, const struct ml__cell *constant) {
    const struct ml__shape *shape = &constant->shape;

    return constant->elements == 1 ||
           (constant->elements == dense->step.width && shape->rank > 0 &&
            shape->dims[shape->rank - 1] == dense->step.width);
}

static double find_factor(const struct ml__task *task, const struct ml__cell *c, size_t n) {
    if (task->step.kind == ML__STEP_NORM) {
        return ml__cell_number(task->parameters[0], n) /
               sqrt(ml__cell_number(task->parameters[3], n) + task->beta);
    }
    return task->step.binary.op == ML__BINARY_MUL ? ml__cell_number(c, n)
                                                  : 1.0 / ml__cell_number(c, n);
}

static bool factors_are_safe(
    const struct ml__task *dense, const struct ml__task *task, const struct ml__cell *c
) {
    const size_t width = dense->step.width;
    const size_t depth = dense->step.inner;
    const bool is_double = dense->result.dtype == ML_FP64;
    const double least = is_double ? DBL_MIN : (double)FLT_MIN;
    const double most = is_double ? DBL_MAX : (double)FLT_MAX;

    for (size_t n = 0; n < width; n++) {
        const double factor = find_factor(task, c, n);

        if (!isnormal(factor)) {
            return false;
        }
        for (size_t k = 0; k < depth; k++) {
            const size_t i = dense->transposed ? n * depth + k : k * width + n;
            const double size = fabs(ml__cell_number(dense->parameters[0], i));
            const double scaled = size * fabs(factor);

            if (size != 0.0 && !(scaled >= least && scaled <= most)) {
                return false;
            }
        }
    }
    return true;
}

/* Whether the layer may do a task with constants; notes if that changes its weights. */
static bool takes_arithmetic(struct ml__task *dense, const struct ml__task *task) {
    const struct ml__cell *weights = dense->parameters[0];
    const bool is_norm = task->step.kind == ML__STEP_NORM;
    const bool constant_first = !is_norm && task->sources[0]->kind == ML__CELL_CONSTANT;
    const struct ml__cell *constant = is_norm ? NULL : task->sources[constant_first ? 0 : 1];
    const enum ml__binary_op op = task->step.binary.op;
    bool is_sign;

    if (is_norm) {
        if (task->step.inner != 1 || task->step.width != dense->step.width) {
            return false;
        }
    } else if (constant->kind != ML__CELL_CONSTANT || !fits_columns(dense, constant) ||
               !ml__shape_equal(&task->result.shape, &dense->result.shape) ||
               (op == ML__BINARY_DIV && constant_first)) {
        return false;
    }
    is_sign = !is_norm && op == ML__BINARY_SUB && constant_first;
    if (!is_sign && !is_norm && op != ML__BINARY_MUL && op != ML__BINARY_DIV) {
        return true;
    }
    if (weights->stored != weights->dtype ||
        (!is_sign && (dense->scaled || !factors_are_safe(dense, task, constant)))) {
        return false;
    }
    dense->scaled = true;
    return true;
}

static bool
takes(const struct ml__draft *draft, struct ml__task *dense, struct ml__task *task) {
    const struct ml__task *last = &draft->tasks[dense->last];

    if (last->step.kind == ML__STEP_ACTIVATE) {
        return false;
    }
    if (task->step.kind == ML__STEP_ACTIVATE) {
        return true;
    }
    return (task->step.kind == ML__STEP_BINARY || task->step.kind == ML__STEP_NORM) &&
           takes_arithmetic(dense, task);
}

/* The dense layer whose result only this task reads, or NULL. */
static struct ml__task *find_layer(const struct ml__draft *draft, const struct ml__task *task) {
    for (size_t i = 0; i < 2; i++) {
        const struct ml__cell *source = task->sources[i];
        struct ml__task *maker;

        if (source == NULL || source->kind != ML__CELL_ROWS ||
            draft->makers[source->index] == ML__NO_INDEX ||
            draft->use_counts[source->index] != 1 ||
            draft->registers[source->index].port != ML__NO_INDEX) {
            continue;
        }
        maker = &draft->tasks[draft->makers[source->index]];
        if (maker->step.kind == ML__STEP_DENSE && maker->result.index == source->index) {
            return maker;
        }
    }
    return NULL;
}

/* Which outputs need each task, and how many tasks read each register. */
static void find_needs(struct ml__draft *draft) {
    for (size_t i = draft->task_count; i-- > 0;) {
        struct ml__task *task = &draft->tasks[i];
        const uint32_t port = draft->registers[task->result.index].port;

        if (port != ML__NO_INDEX) {
            task->ports |= UINT64_C(1) << port;
        }
        for (size_t k = 0; k < 2 && task->ports != 0; k++) {
            const struct ml__cell *source = task->sources[k];

            if (source == NULL || source->kind != ML__CELL_ROWS) {
                continue;
            }
            draft->use_counts[source->index]++;
            if (draft->makers[source->index] != ML__NO_INDEX) {
                draft->tasks[draft->makers[source->index]].ports |= task->ports;
            }
        }
    }
}

void ml__fuse(struct ml__draft *draft) {
    find_needs(draft);
    for (size_t i = 0; i < draft->task_count; i++) {
        struct ml__task *task = &draft->tasks[i];
        struct ml__task *dense = task->ports != 0 ? find_layer(draft, task) : NULL;

        if (dense != NULL && takes(draft, dense, task)) {
            draft->tasks[dense->last].swallowed = (uint32_t)i;
            dense->last = (uint32_t)i;
            dense->result.index = task->result.index;
            draft->makers[task->result.index] = (uint32_t)(dense - draft->tasks);
            task->is_swallowed = true;
        }
    }
}
