/* SPDX-License-Identifier: MIT */
/*
 * dedupe.c -- equal rows share a slot, failed rows get none.
 *
 * Rows are equal if all their bits are: so -0 and +0 are two rows, and two NaN of the same bits
 * are one. Each row is hashed to 64 bits, and looked up in an open table of twice as many
 * places as rows; 32 bits of the hash stand in the table, so that rows are compared, in full,
 * only where those agree.
 *
 * The hash reads words of 8 bytes and multiplies 64 x 64 to 128 bits, folding the halves (the
 * idea of wyhash, Wang Yi); four lanes hide the multiplier's latency. Rows come from outside:
 * words are mixed with a random seed of the predictor's before they are multiplied, so that
 * nobody can make rows that collide.
 *
 * Cost: about 10 ns a row of 64 floats. The table is looked up for a few rows at a time, their
 * places fetched ahead, so that a large batch does not wait for memory row by row.
 */
#include <string.h>

#include "base/fail.h"
#include "predictor/batch.h"

#define AHEAD 16

__extension__ typedef unsigned __int128 wide;

static inline uint64_t read_word(const unsigned char *at) {
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return word;
}

static inline uint64_t fold(uint64_t a, uint64_t b) {
    const wide product = (wide)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Up to 16 bytes as two words: of 8 and more, the first and the last 8, which may overlap. */
static inline uint64_t
hash_short(const uint64_t *seed, uint64_t hash, const unsigned char *at, size_t size) {
    uint64_t a = 0;
    uint64_t b = 0;

    if (size >= 8) {
        a = read_word(at);
        b = read_word(at + size - 8);
    } else {
        for (size_t i = 0; i < size; i++) {
            a = a << 8 | at[i];
        }
    }
    return fold(a ^ seed[1], b ^ hash);
}

static uint64_t
hash_bytes(const uint64_t *seed, uint64_t start, const unsigned char *at, size_t size) {
    uint64_t hash = start ^ seed[0];
    size_t left = size;

    if (left >= 64) {
        uint64_t second = hash ^ seed[2];
        uint64_t third = hash ^ seed[3];
        uint64_t fourth = hash ^ seed[4];

        do {
            hash = fold(read_word(at) ^ seed[1], read_word(at + 8) ^ hash);
            second = fold(read_word(at + 16) ^ seed[2], read_word(at + 24) ^ second);
            third = fold(read_word(at + 32) ^ seed[3], read_word(at + 40) ^ third);
            fourth = fold(read_word(at + 48) ^ seed[4], read_word(at + 56) ^ fourth);
            at += 64;
            left -= 64;
        } while (left >= 64);
        hash ^= fold(second, seed[5] ^ third) ^ fourth;
    }
    while (left > 16) {
        hash = fold(read_word(at) ^ seed[2], read_word(at + 8) ^ hash);
        at += 16;
        left -= 16;
    }
    if (left > 0) {
        hash = hash_short(seed, hash, at, left);
    }
    return fold(hash ^ seed[5], size ^ seed[3]);
}

static uint64_t hash_row(const struct ml__batch *batch, size_t row) {
    const uint64_t *seed = batch->plan->seed;
    uint64_t hash = 0;

    for (size_t i = 0; i < batch->plan->info->input_count; i++) {
        const struct ml__input *input = &batch->inputs[i];
        const unsigned char *data = input->data + row * input->row_bytes;

        if (input->dtype != ML_BYTES) {
            hash = hash_bytes(seed, hash, data, input->row_bytes);
            continue;
        }
        for (size_t element = 0; element < input->row_elements; element++) {
            const ml_bytes *text = (const ml_bytes *)(const void *)data + element;

            hash = hash_bytes(seed, hash, text->data, text->size);
        }
    }
    return hash;
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

/* A place of the table: 32 bits of the row's hash and its slot + 1; all 0: free. */
struct table {
    uint64_t *places;
    size_t mask;
};

static bool open_table(struct table *table, struct ml__work *work, size_t row_count) {
    size_t place_count = 4;

    while (place_count < 2 * row_count) {
        place_count *= 2; /* fits: rows are fewer than 2^32 */
    }
    table->mask = place_count - 1;
    table->places = ml__work_take(work, place_count, sizeof *table->places);
    if (table->places != NULL) {
        memset(table->places, 0, place_count * sizeof *table->places);
    }
    return table->places != NULL;
}

/* The slot of a row: that of an equal row before it, or the next one. */
static uint32_t
find_slot(struct ml__batch *batch, const struct table *table, size_t row, uint64_t hash) {
    const uint64_t mark = hash >> 32 << 32;
    size_t place = hash & table->mask;

    while (table->places[place] != 0) {
        const uint64_t found = table->places[place];

        if ((found >> 32 << 32) == mark) {
            const uint32_t slot = (uint32_t)found - 1;

            if (same_rows(batch, row, batch->rows[slot])) {
                return slot;
            }
        }
        place = (place + 1) & table->mask;
    }
    table->places[place] = mark | (batch->slot_count + 1);
    return (uint32_t)batch->slot_count;
}

static void give_slot(struct ml__batch *batch, size_t row, uint32_t slot) {
    batch->slots[row] = slot;
    if (slot == batch->slot_count) {
        batch->rows[slot] = (uint32_t)row;
        batch->slot_count++;
    }
}

static void give_slots(struct ml__batch *batch, const struct table *table) {
    uint64_t hashes[AHEAD];

    for (size_t first = 0; first < batch->row_count; first += AHEAD) {
        const size_t left = batch->row_count - first;
        const size_t count = left < AHEAD ? left : AHEAD;

        for (size_t i = 0; i < count && table != NULL; i++) {
            if (!ml__row_failed(batch, first + i)) {
                hashes[i] = hash_row(batch, first + i);
                __builtin_prefetch(&table->places[hashes[i] & table->mask], 1);
            }
        }
        for (size_t i = 0; i < count; i++) {
            const size_t row = first + i;

            if (ml__row_failed(batch, row)) {
                batch->slots[row] = ML__NO_SLOT;
            } else if (table == NULL) {
                give_slot(batch, row, (uint32_t)batch->slot_count);
            } else {
                give_slot(batch, row, find_slot(batch, table, row, hashes[i]));
            }
        }
    }
}

ml_status ml__dedupe(struct ml__batch *batch, ml_error *err) {
    const bool compare =
        batch->row_count > 1 && (batch->plan->options.skip & ML_SKIP_DEDUPE) == 0;
    struct table table = {NULL, 0};

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
