/* SPDX-License-Identifier: MIT */
/*
 * ring.h -- a bounded queue of tasks, first in first out. Not for threads: its owner locks.
 */
#ifndef ML_POOL_RING_H
#define ML_POOL_RING_H

#include <stdbool.h>
#include <stddef.h>

struct ml__task {
    void (*run)(void *argument);
    void *argument;
};

struct ml__ring {
    struct ml__task *tasks; /* [capacity] */
    size_t capacity;
    size_t first;
    size_t count;
};

/* Room for `capacity` tasks; false: no memory. */
bool ml__ring_open(struct ml__ring *ring, size_t capacity);
void ml__ring_close(struct ml__ring *ring);

/* Put a task last, or take the first one; false: there is no room, or no task. */
bool ml__ring_put(struct ml__ring *ring, struct ml__task task);
bool ml__ring_take(struct ml__ring *ring, struct ml__task *task);

#endif
