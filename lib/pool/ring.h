/* SPDX-License-Identifier: MIT */
/*
 * ring.h -- a bounded queue of tasks, first in first out, for many threads on both ends.
 */
#ifndef ML_POOL_RING_H
#define ML_POOL_RING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ml__task {
    void (*run)(void *argument); /* NULL: cancelled */
    void *argument;
};

struct ml__slot {
    _Atomic uint64_t turn; /* whose turn it is: see ring.c */
    struct ml__task task;
    uint64_t unused; /* a power of two in all: a slot never lies in two cache lines */
};

struct ml__ring {
    alignas(64) _Atomic uint64_t tail; /* tickets given to those who put */
    _Atomic uint64_t head_seen;        /* what `head` at least is, on the line of the putters */
    alignas(64) _Atomic uint64_t head; /* tickets given to those who take */
    alignas(64) struct ml__slot *slots;
    uint64_t mask;     /* slots - 1; there are at least `capacity` */
    uint64_t capacity; /* set at birth, read freely */
};

/* Room for `capacity` tasks; false: no memory. */
bool ml__ring_open(struct ml__ring *ring, size_t capacity);
void ml__ring_close(struct ml__ring *ring);

/* Put a task last, or take the first one; false: there is no room, or no task. */
bool ml__ring_put(struct ml__ring *ring, struct ml__task task);
bool ml__ring_take(struct ml__ring *ring, struct ml__task *task);

/* Whether the first task is there to be taken. Sequentially consistent: of a put and, in
   another thread, a look, at least one sees what the other thread did before it. */
bool ml__ring_has_task(struct ml__ring *ring);

/* Tickets given so far: tasks that were put, or are just being put. */
uint64_t ml__ring_put_count(struct ml__ring *ring);

/* Cancel the tasks that are equal to this one and that nobody has taken; answers how many. They
   are taken in their turn, with `run` NULL. One thread at a time. */
size_t ml__ring_cancel(struct ml__ring *ring, struct ml__task task);

#endif
