/* SPDX-License-Identifier: MIT */
/*
 * classes.c -- labels and best classes, made from the model's answers, once a slot.
 *
 * The k best of a row are kept in a heap with the worst of them on top, and then taken off it
 * from worst to best: width * log k at worst, whatever k the caller asks for. The order is
 * total: higher probability first, NaN last, equal ones by class.
 */
#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "predictor/batch.h"

struct ranking {
    const double *scores; /* [width] of the row */
    size_t *best;         /* [k] classes */
    size_t count;
};

/* Whether class a stands before class b. */
static bool before(const double *scores, size_t a, size_t b) {
    if (isnan(scores[a]) || isnan(scores[b])) {
        return isnan(scores[a]) && isnan(scores[b]) ? a < b : isnan(scores[b]) != 0;
    }
    return scores[a] > scores[b] || (scores[a] >= scores[b] && a < b);
}

/* Put a class in the heap's place `at`, or below it where a worse one belongs above. */
static void sink(const struct ranking *ranking, size_t at, size_t class_index) {
    size_t *best = ranking->best;

    for (;;) {
        size_t below = 2 * at + 1;

        if (below >= ranking->count) {
            break;
        }
        if (below + 1 < ranking->count &&
            before(ranking->scores, best[below], best[below + 1])) {
            below++;
        }
        if (!before(ranking->scores, class_index, best[below])) {
            break;
        }
        best[at] = best[below];
        at = below;
    }
    best[at] = class_index;
}

/* The k best of `width` classes into ranking->best, best first. */
static void rank(struct ranking *ranking, size_t k, size_t width) {
    ranking->count = k;
    for (size_t i = 0; i < k; i++) {
        ranking->best[i] = i;
    }
    for (size_t i = k / 2; i > 0; i--) {
        sink(ranking, i - 1, ranking->best[i - 1]);
    }
    for (size_t i = k; i < width; i++) {
        if (before(ranking->scores, i, ranking->best[0])) {
            sink(ranking, 0, i);
        }
    }
    while (ranking->count > 1) {
        const size_t worst = ranking->best[0];

        ranking->count--;
        sink(ranking, 0, ranking->best[ranking->count]);
        ranking->best[ranking->count] = worst;
    }
}

static ml_bytes name_of(const ml_model_info *info, size_t class_index) {
    ml_bytes name = {"", 0};

    if (class_index < info->label_count) {
        name.data = info->labels[class_index];
        name.size = strlen(info->labels[class_index]);
    }
    return name;
}

static int64_t number_of(const ml_model_info *info, size_t class_index) {
    return info->label_numbers != NULL && class_index < info->label_count
               ? info->label_numbers[class_index]
               : (int64_t)class_index;
}

/* The class of a number; label_count if there is none. */
static size_t class_of(const ml_model_info *info, int64_t number) {
    size_t class_index = 0;

    if (number >= 0 && (uint64_t)number < info->label_count &&
        number_of(info, (size_t)number) == number) {
        return (size_t)number; /* the everyday case: 0, 1, 2, ... */
    }
    while (class_index < info->label_count && number_of(info, class_index) != number) {
        class_index++;
    }
    return class_index;
}

/* What the caller wants of the best classes of a row, into `target`. */
static void put_best(
    const struct ml__answer *answer, const ml_model_info *info, const size_t *best,
    const unsigned char *row, unsigned char *target
) {
    const size_t size = ml_dtype_size(answer->dtype);

    for (size_t i = 0; i < answer->row_elements; i++) {
        const ml_bytes name =
            answer->dtype == ML_BYTES ? name_of(info, best[i]) : (ml_bytes){NULL, 0};
        const int64_t number = number_of(info, best[i]);
        const void *source = &number;

        if (answer->source == ML__SOURCE_TOP_SCORES) {
            source = row + best[i] * size;
        } else if (answer->dtype == ML_BYTES) {
            source = &name;
        }
        memcpy(target + i * size, source, size);
    }
}

static ml_status rank_slots(
    const struct ml__batch *batch, const struct ml__answer *answer, unsigned char *target,
    ml_error *err
) {
    const ml_model_info *info = batch->plan->info;
    const ml_port *port = &info->outputs[answer->output];
    const ml_dtype port_type = (ml_dtype)port->dtype;
    const size_t row_bytes = port->row_elements * ml_dtype_size(port_type);
    const size_t target_bytes = answer->row_elements * ml_dtype_size(answer->dtype);
    double *scores = ml__work_take(batch->work, port->row_elements, sizeof *scores);
    size_t *best = ml__work_take(batch->work, answer->row_elements, sizeof *best);
    struct ranking ranking = {scores, best, 0};

    if (scores == NULL || best == NULL) {
        return ml__fail(err, ML_ENOMEM, "work memory for %zu classes", port->row_elements);
    }
    for (size_t slot = 0; slot < batch->slot_count; slot++) {
        const unsigned char *row = (const unsigned char *)answer->data + slot * row_bytes;
        ml_status status;

        if (batch->any_poisoned && batch->poisoned[slot]) {
            continue;
        }
        status = ml_convert(row, port_type, scores, ML_FP64, port->row_elements);
        if (status != ML_OK) {
            return ml__fail(err, status, "%.64s: probabilities are no numbers", port->name);
        }
        rank(&ranking, answer->row_elements, port->row_elements);
        put_best(answer, info, best, row, target + slot * target_bytes);
    }
    return ML_OK;
}

static ml_status name_slots(
    const struct ml__batch *batch, const struct ml__answer *answer, ml_bytes *names,
    ml_error *err
) {
    const ml_model_info *info = batch->plan->info;
    const ml_port *port = &info->outputs[answer->output];
    const size_t size = ml_dtype_size((ml_dtype)port->dtype);

    for (size_t slot = 0; slot < batch->slot_count; slot++) {
        const unsigned char *label = (const unsigned char *)answer->data + slot * size;
        int64_t number = 0;
        ml_status status;

        if (batch->any_poisoned && batch->poisoned[slot]) {
            continue;
        }
        status = ml_convert(label, (ml_dtype)port->dtype, &number, ML_INT64, 1);
        if (status != ML_OK) {
            return ml__fail(err, status, "%.64s: labels are no numbers", port->name);
        }
        names[slot] = name_of(info, class_of(info, number));
    }
    return ML_OK;
}

ml_status ml__classes(struct ml__batch *batch, ml_error *err) {
    ml_status status = ML_OK;

    for (size_t i = 0; i < batch->answer_count && status == ML_OK; i++) {
        struct ml__answer *answer = &batch->answers[i];
        void *made;

        if (answer->source == ML__SOURCE_MODEL || batch->slot_count == 0) {
            continue;
        }
        made = ml__work_take(
            batch->work, batch->slot_count, answer->row_elements * ml_dtype_size(answer->dtype)
        );
        if (made == NULL) {
            return ml__fail(err, ML_ENOMEM, "work memory for %zu labels", batch->slot_count);
        }
        status = answer->source == ML__SOURCE_LABEL_NAME ? name_slots(batch, answer, made, err)
                                                         : rank_slots(batch, answer, made, err);
        answer->data = made;
    }
    return status;
}
