/* SPDX-License-Identifier: MIT */
/*
 * dedupe.c -- equal rows share a slot, failed rows get none.
 *
 * Rows are equal if all their bits are: so -0 and +0 are two rows, and two NaN of the same bits
 * are one. Each row is hashed to 64 bits, and looked up in an open table of four times as
 * many places as rows; 32 bits of the hash are kept a slot, so that rows are compared, in full,
 * only where those agree. Rows come from outside, so the hash has a key (row_hash.c).
 *
 * The table is looked up for a few rows at a time, their places fetched ahead, so that a large
 * batch does not wait for memory row by row. Cost: about 10 ns a row of 64 floats.
 */
#include <string.h>

#include "base/fail.h"
#include "predictor/batch.h"

#define AHEAD 16
#define PLACES_PER_ROW 4

static void hash_texts(
    const struct ml__batch *batch, const struct ml__input *input, size_t first, size_t count,
    uint64_t *hashes
) {
    for (size_t row = first; row < first + count; row++) {
        const ml_bytes *texts = (const void *)(input->data + row * input->row_bytes);

        for (size_t i = 0; i < input->row_elements && !ml__row_failed(batch, row); i++) {
            hashes[row - first] = ml__hash_more(
                &batch->plan->row_key, hashes[row - first], texts[i].data, texts[i].size
            );
        }
    }
}

/* Failed rows get a number too, of no meaning. */
static void
hash_some(const struct ml__batch *batch, size_t first, size_t count, uint64_t *hashes) {
    memset(hashes, 0, count * sizeof *hashes);
    for (size_t i = 0; i < batch->plan->info->input_count; i++) {
        const struct ml__input *input = &batch->inputs[i];

        if (input->dtype == ML_BYTES) {
            hash_texts(batch, input, first, count, hashes);
        } else {
            ml__hash_rows(
                &batch->plan->row_key, input->data + first * input->row_bytes, input->row_bytes,
                count, hashes
            );
        }
    }
}

static bool same_texts(const ml_bytes *a, const ml_bytes *b, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (a[i].size != b[i].size ||
            (a[i].size > 0 && memcmp(a[i].data, b[i].data, a[i].size) != 0)) {
            return false;
        }
    }
    return true;
}

static bool same_rows(const struct ml__batch *batch, size_t row, size_t other) {
    for (size_t i = 0; i < batch->plan->info->input_count; i++) {
        const struct ml__input *input = &batch->inputs[i];
        const void *a = input->data + row * input->row_bytes;
        const void *b = input->data + other * input->row_bytes;

        if (input->dtype == ML_BYTES ? !same_texts(a, b, input->row_elements)
                                     : memcmp(a, b, input->row_bytes) != 0) {
            return false;
        }
    }
    return true;
}

/* A place holds a slot + 1, or 0: it is free. The slot's mark is part of its row's hash. */
struct table {
    uint32_t *places;
    uint32_t *marks; /* [row_count] */
    size_t mask;
};

static bool open_table(struct table *table, struct ml__work *work, size_t row_count) {
    size_t place_count = 4;

    while (place_count < PLACES_PER_ROW * row_count) {
        place_count *= 2; /* fits: rows are fewer than 2^32 */
    }
    table->mask = place_count - 1;
    table->marks = ml__work_take(work, row_count, sizeof *table->marks);
    table->places = ml__work_take(work, place_count, sizeof *table->places);
    if (table->marks == NULL || table->places == NULL) {
        return false;
    }
    memset(table->places, 0, place_count * sizeof *table->places);
    return true;
}

/* The slot of a row: that of an equal row before it, or the next one. */
static inline uint32_t
find_slot(struct ml__batch *batch, const struct table *table, size_t row, uint64_t hash) {
    const uint32_t mark = (uint32_t)(hash >> 32);
    const uint32_t next = (uint32_t)batch->slot_count;
    size_t place = hash & table->mask;

    while (table->places[place] != 0) {
        const uint32_t slot = table->places[place] - 1;

        if (table->marks[slot] == mark && same_rows(batch, row, batch->rows[slot])) {
            return slot;
        }
        place = (place + 1) & table->mask;
    }
    table->places[place] = next + 1;
    table->marks[next] = mark;
    return next;
}

static inline void give_slot(struct ml__batch *batch, size_t row, uint32_t slot) {
    batch->slots[row] = slot;
    if (slot == batch->slot_count) {
        batch->rows[slot] = (uint32_t)row;
        batch->slot_count++;
    }
}

/* Without a table each row that has not failed gets a slot of its own. */
static void give_slots(struct ml__batch *batch, const struct table *table) {
    uint64_t hashes[AHEAD];

    for (size_t first = 0; first < batch->row_count; first += AHEAD) {
        const size_t left = batch->row_count - first;
        const size_t count = left < AHEAD ? left : AHEAD;

        if (table != NULL) {
            hash_some(batch, first, count, hashes);
            for (size_t i = 0; i < count; i++) {
                __builtin_prefetch(&table->places[hashes[i] & table->mask], 1);
            }
        }
        for (size_t row = first; row < first + count; row++) {
            if (ml__row_failed(batch, row)) {
                batch->slots[row] = ML__NO_SLOT;
            } else if (table == NULL) {
                give_slot(batch, row, (uint32_t)batch->slot_count);
            } else {
                give_slot(batch, row, find_slot(batch, table, row, hashes[row - first]));
            }
        }
    }
}

ml_status ml__dedupe(struct ml__batch *batch, ml_error *err) {
    const bool compare =
        batch->row_count > 1 && (batch->plan->options.skip & ML_SKIP_DEDUPE) == 0;
    struct table table = {NULL, NULL, 0};

    if (!compare && batch->failed_count == 0) {
        batch->slot_count = batch->row_count;
        return ML_OK;
    }
    batch->slots = ml__work_take(batch->work, batch->row_count, sizeof *batch->slots);
    batch->rows = ml__work_take(batch->work, batch->row_count, sizeof *batch->rows);
    if (batch->slots == NULL || batch->rows == NULL ||
        (compare && !open_table(&table, batch->work, batch->row_count))) {
        return ml__fail(
            err, ML_ENOMEM, "work memory for a table of %zu rows", batch->row_count
        );
    }
    give_slots(batch, compare ? &table : NULL);
    if (batch->slot_count == batch->row_count) {
        batch->slots = NULL; /* every row has its own: nothing will be copied */
        batch->rows = NULL;
    }
    return ML_OK;
}
