/* SPDX-License-Identifier: MIT */
/*
 * ring.c -- a bounded queue of tasks in one block, made once: nothing is allocated after.
 */
#include "pool/ring.h"

#include "base/memory.h"

bool ml__ring_open(struct ml__ring *ring, size_t capacity) {
    ring->tasks = ml__make(capacity, sizeof *ring->tasks);
    ring->capacity = capacity;
    ring->first = 0;
    ring->count = 0;
    return ring->tasks != NULL;
}

void ml__ring_close(struct ml__ring *ring) {
    ml__free(ring->tasks);
    ring->tasks = NULL;
}

bool ml__ring_put(struct ml__ring *ring, struct ml__task task) {
    size_t last = ring->first + ring->count;

    if (ring->count == ring->capacity) {
        return false;
    }
    if (last >= ring->capacity) {
        last -= ring->capacity;
    }
    ring->tasks[last] = task;
    ring->count++;
    return true;
}

bool ml__ring_take(struct ml__ring *ring, struct ml__task *task) {
    if (ring->count == 0) {
        return false;
    }
    *task = ring->tasks[ring->first];
    ring->first = ring->first + 1 == ring->capacity ? 0 : ring->first + 1;
    ring->count--;
    return true;
}
