/* SPDX-License-Identifier: MIT */
/*
 * faults.h -- make the n-th allocation, system call or thread fail, once or for ever.
 *
 * A scenario is a function that does some work from nothing to nothing and answers a status.
 * It is run once to count the points where something can fail, then again for each point with
 * that point failing. After each run everything must be given back, and a last run with no
 * fault must answer as the first did.
 */
#ifndef TESTS_SUPPORT_FAULTS_H
#define TESTS_SUPPORT_FAULTS_H

#include <mlserve/base.h>

#include <stdbool.h>

enum fault_kind {
    FAULT_ALLOCATION, /* through the allocator hook */
    FAULT_SYSTEM      /* open, read, write, fsync, rename and pthread_create, by --wrap */
};

/* Set the counting allocator; first thing in main(). */
void faults_install(void);

/* From now on the n-th point (from 0) of a kind fails; `forever`: and all after it. */
void faults_arm(enum fault_kind kind, long n, bool forever);

/* Nothing fails any more; answers how many points of the armed kind were passed since. */
long faults_disarm(void);

/* Blocks and bytes that are allocated now, and the most bytes there ever were since the last
   faults_reset_peak(). */
long faults_live_blocks(void);
size_t faults_peak_bytes(void);
void faults_reset_peak(void);

/* Allocations since the start. */
long faults_allocation_count(void);

/* Asked by the wraps: count a point, and whether it fails (errno is set to `number` then). */
bool faults_system_fails(int number);

/*
 * Run `scenario` with each of its points failing, once and then for ever. Checks what the
 * opening comment says, and that a run in which a point failed answers one of the statuses
 * that `allowed` says (never crashing), or ML_OK where the work went on without it.
 * Answers the number of points.
 */
long faults_sweep(
    enum fault_kind kind, ml_status (*scenario)(void *context), void *context,
    bool (*allowed)(ml_status status)
);

#endif
