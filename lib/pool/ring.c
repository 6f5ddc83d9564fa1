/* SPDX-License-Identifier: MIT */
/*
 * ring.c -- a bounded queue of tasks in one block, made once: nothing is allocated after.
 *
 * Tickets count up for ever; ticket t lies in slot t modulo the number of slots. A thread gets
 * a ticket by one compare-and-swap of `tail` or `head`, and the slot's `turn` says what may be
 * done with it: t, it is free for the put of ticket t; t + 1, it holds that task. Source:
 * Vyukov, bounded MPMC queue (2010).
 *
 * The number of slots is a power of two, the capacity need not be: a put compares `tail` with
 * `head` too, and reads it after `tail`: there are never more than `capacity` tasks. To spare
 * the takers' cache line, putters share a copy of `head`, renewed only when by it the ring
 * seems full. A slot whose task is just being copied out counts as full still.
 *
 * A taker that finds its slot not yet filled, as the putter was interrupted between ticket and
 * task, takes the ring for empty though later slots may be full. So whoever puts must wake
 * somebody after the task is in, and whoever is woken must look again after each task.
 *
 * Cancelling locks one slot at a time, by the top bit of `turn`, then looks whether `head` has
 * passed: if not, a later taker will see the lock and wait. It is held for two loads and a
 * store.
 *
 * `turn`, `tail` and `head` are sequentially consistent where another thread's sleep, or a
 * lock, hangs on the order between two of them; where acquire and release pass on a task, they
 * are that.
 */
#include "pool/ring.h"

#include <sched.h>

#include "base/memory.h"

#define LOCKED ((uint64_t)1 << 63)

bool ml__ring_open(struct ml__ring *ring, size_t capacity) {
    size_t slot_count = 1;

    while (slot_count < capacity) {
        slot_count *= 2;
    }
    ring->slots = ml__make_aligned(slot_count, sizeof *ring->slots);
    if (ring->slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < slot_count; i++) {
        atomic_init(&ring->slots[i].turn, i);
    }
    ring->mask = slot_count - 1;
    ring->capacity = capacity;
    atomic_init(&ring->tail, 0);
    atomic_init(&ring->head, 0);
    atomic_init(&ring->head_seen, 0);
    return true;
}

void ml__ring_close(struct ml__ring *ring) {
    ml__free_aligned(ring->slots);
    ring->slots = NULL;
}

/* Whether ticket `tail` is one too many. */
static bool is_full(struct ml__ring *ring, uint64_t tail) {
    uint64_t head = atomic_load_explicit(&ring->head_seen, memory_order_relaxed);

    /* An older `tail` may lie behind a newer `head`: then the compare-and-swap fails. */
    if ((int64_t)(tail - head) < (int64_t)ring->capacity) {
        return false;
    }
    head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    atomic_store_explicit(&ring->head_seen, head, memory_order_relaxed);
    return (int64_t)(tail - head) >= (int64_t)ring->capacity;
}

bool ml__ring_put(struct ml__ring *ring, struct ml__task task) {
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    struct ml__slot *slot;

    for (;;) {
        uint64_t turn;

        if (is_full(ring, tail)) {
            return false;
        }
        slot = &ring->slots[tail & ring->mask];
        turn = atomic_load_explicit(&slot->turn, memory_order_acquire) & ~LOCKED;
        if ((int64_t)(turn - tail) < 0) {
            return false; /* its last task is being copied out */
        }
        if (turn != tail) {
            tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
        } else if (atomic_compare_exchange_weak_explicit(
                       &ring->tail, &tail, tail + 1, memory_order_seq_cst, memory_order_acquire
                   )) {
            break;
        }
    }
    slot->task = task;
    atomic_store(&slot->turn, tail + 1);
    return true;
}

bool ml__ring_take(struct ml__ring *ring, struct ml__task *task) {
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    struct ml__slot *slot;

    for (;;) {
        uint64_t turn;

        slot = &ring->slots[head & ring->mask];
        turn = atomic_load_explicit(&slot->turn, memory_order_acquire) & ~LOCKED;
        if ((int64_t)(turn - (head + 1)) < 0) {
            return false;
        }
        if (turn != head + 1) {
            head = atomic_load_explicit(&ring->head, memory_order_relaxed);
        } else if (atomic_compare_exchange_weak(&ring->head, &head, head + 1)) {
            break;
        }
    }
    while (atomic_load(&slot->turn) != head + 1) {
        (void)sched_yield(); /* locked: it is being looked at by a cancel */
    }
    *task = slot->task;
    atomic_store_explicit(&slot->turn, head + ring->mask + 1, memory_order_release);
    return true;
}

bool ml__ring_has_task(struct ml__ring *ring) {
    for (;;) {
        const uint64_t head = atomic_load(&ring->head);
        const uint64_t turn = atomic_load(&ring->slots[head & ring->mask].turn) & ~LOCKED;

        if (turn == head + 1) {
            return true;
        }
        if ((int64_t)(turn - head) <= 0) {
            return false;
        }
    }
}

uint64_t ml__ring_put_count(struct ml__ring *ring) {
    return atomic_load(&ring->tail);
}

size_t ml__ring_cancel(struct ml__ring *ring, struct ml__task task) {
    const uint64_t tail = atomic_load(&ring->tail);
    size_t count = 0;

    /* By now `head` may have passed the `tail` that was seen: then nothing is left to look at.
     */
    for (uint64_t ticket = atomic_load(&ring->head); (int64_t)(tail - ticket) > 0; ticket++) {
        struct ml__slot *slot = &ring->slots[ticket & ring->mask];
        uint64_t turn = ticket + 1;

        if (!atomic_compare_exchange_strong(&slot->turn, &turn, turn | LOCKED)) {
            continue; /* taken, or not in yet */
        }
        if (atomic_load(&ring->head) <= ticket && slot->task.run == task.run &&
            slot->task.argument == task.argument) {
            slot->task.run = NULL;
            count++;
        }
        /* Only if it still is as left: a taker who was before the lock may have passed it on.
         */
        turn = (ticket + 1) | LOCKED;
        (void)atomic_compare_exchange_strong(&slot->turn, &turn, ticket + 1);
    }
    return count;
}
