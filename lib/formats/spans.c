/* SPDX-License-Identifier: MIT */
/*
 * spans.c -- a heap sort, then one look at each pair of neighbours.
 *
 * A heap sort because it needs no memory (qsort() takes its own, past the allocator hook) and
 * has no bad case that a file could ask for.
 */
#include "formats/spans.h"

#include <stdbool.h>

#include "base/fail.h"

static bool before(const struct ml__span *left, const struct ml__span *right) {
    return left->begin != right->begin ? left->begin < right->begin : left->end < right->end;
}

static void swap(struct ml__span *left, struct ml__span *right) {
    const struct ml__span kept = *left;

    *left = *right;
    *right = kept;
}

/* Let a span sink below all that come after it. */
static void sink(struct ml__span *spans, size_t at, size_t count) {
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && before(&spans[child], &spans[child + 1])) {
            child++;
        }
        if (!before(&spans[at], &spans[child])) {
            return;
        }
        swap(&spans[at], &spans[child]);
        at = child;
    }
}

static void sort(struct ml__span *spans, size_t count) {
    for (size_t at = count / 2; at-- > 0;) {
        sink(spans, at, count);
    }
    for (size_t last = count; last-- > 1;) {
        swap(&spans[0], &spans[last]);
        sink(spans, 0, last);
    }
}

ml_status ml__spans_fill(struct ml__span *spans, size_t count, size_t size, ml_error *err) {
    size_t filled = 0;

    sort(spans, count);
    for (size_t i = 0; i < count; i++) {
        if (spans[i].begin < filled) {
            return ml__fail(
                err, ML_EFORMAT,
                "tensor '%.64s' begins at data byte %zu and overlaps '%.64s', which ends at "
                "%zu",
                spans[i].name, spans[i].begin, spans[i - 1].name, filled
            );
        }
        if (spans[i].begin > filled) {
            return ml__fail(
                err, ML_EFORMAT, "a hole of %zu bytes in the data before tensor '%.64s'",
                spans[i].begin - filled, spans[i].name
            );
        }
        filled = spans[i].end;
    }
    if (filled != size) {
        return ml__fail(
            err, ML_EFORMAT, "%zu bytes after the last tensor, which ends at data byte %zu",
            size - filled, filled
        );
    }
    return ML_OK;
}
