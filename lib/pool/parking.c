/* SPDX-License-Identifier: MIT */
/*
 * parking.c -- an event count: epoch, called and waiting in one word.
 *
 *     bits 0..31   epoch    grows with each wake: a sleeper sleeps only on the epoch it saw
 *     bits 32..47  called   wake-ups that were made and that nobody has answered by leaving
 *     bits 48..63  waiting  threads between enter and the end of sleep or leave
 *
 * Why none is lost: a waiter first counts itself in, then looks for work; a bringer first
 * makes the work visible, then reads the word. Both are sequentially consistent, so at least
 * one sees the other. A bringer that sees a waiter changes the epoch: the waiter's sleep, if it
 * has not begun, does not begin. A bringer that sees somebody called wakes no one: the called
 * one takes its call back when it leaves, and looks for work only after that. So each who
 * leaves must look, and if it found work and sees more, wake the next: that is how many come to
 * be awake.
 *
 * No fence stands alone here, only operations on the word, so that the thread sanitizer
 * follows. tests/model/parking.pml is this protocol in Promela; keep the two alike.
 *
 * Source of the idea: the event counts of Vyukov and of Eigen; the rule of "called" is Rayon's.
 *
 * Limits: 65,535 threads; a sleeper that is interrupted between enter and sleep for exactly
 * 2^32 wakes would sleep on.
 */
#include "pool/parking.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EPOCH_MASK ((uint64_t)UINT32_MAX)
#define CALLED_ONE ((uint64_t)1 << 32)
#define WAITING_ONE ((uint64_t)1 << 48)

static uint64_t called_in(uint64_t word) {
    return word >> 32 & 0xffff;
}

static uint64_t waiting_in(uint64_t word) {
    return word >> 48;
}

/* The half of the word that holds the epoch, which is all that the kernel looks at. */
static const void *epoch_of(const struct ml__parking *parking) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return (const char *)&parking->word + sizeof(uint32_t);
#else
    return &parking->word;
#endif
}

uint32_t ml__parking_enter(struct ml__parking *parking) {
    return (uint32_t)atomic_fetch_add(&parking->word, WAITING_ONE);
}

void ml__parking_leave(struct ml__parking *parking) {
    uint64_t word = atomic_load(&parking->word);
    uint64_t after;

    do {
        after = word - WAITING_ONE - (called_in(word) > 0 ? CALLED_ONE : 0);
    } while (!atomic_compare_exchange_weak(&parking->word, &word, after));
}

void ml__parking_sleep(struct ml__parking *parking, uint32_t epoch) {
    /* Whatever ends the sleep, a wake, another epoch or a signal: the caller looks for work. */
    (void)syscall(SYS_futex, epoch_of(parking), FUTEX_WAIT_PRIVATE, epoch, NULL, NULL, 0);
    ml__parking_leave(parking);
}

/* Call up to `count` of those that wait and were not called yet. */
static void call(struct ml__parking *parking, uint64_t word, size_t count) {
    uint64_t calls;
    uint64_t after;

    do {
        const uint64_t uncalled = waiting_in(word) - called_in(word);

        calls = count < uncalled ? count : uncalled;
        if (calls == 0) {
            return;
        }
        after = (word & ~EPOCH_MASK) + calls * CALLED_ONE + ((word + 1) & EPOCH_MASK);
    } while (!atomic_compare_exchange_weak(&parking->word, &word, after));
    (void)syscall(SYS_futex, epoch_of(parking), FUTEX_WAKE_PRIVATE, (int)calls, NULL, NULL, 0);
}

void ml__parking_wake(struct ml__parking *parking) {
    const uint64_t word = atomic_load(&parking->word);

    if (called_in(word) == 0) {
        call(parking, word, 1);
    }
}

void ml__parking_wake_many(struct ml__parking *parking, size_t count) {
    call(parking, atomic_load(&parking->word), count);
}
