/* SPDX-License-Identifier: MIT */
/*
 * thread.h -- locks, signals and threads, as thin as they can be over POSIX.
 *
 * Locks and signals cannot fail after they were made, so that the code which uses them has no
 * branches for it. Waiting is by the monotonic clock.
 */
#ifndef ML_BASE_THREAD_H
#define ML_BASE_THREAD_H

#include <mlserve/status.h>

#include <pthread.h>
#include <stdbool.h>

struct ml__lock {
    pthread_mutex_t mutex;
};

struct ml__signal {
    pthread_cond_t condition;
};

struct ml__thread {
    pthread_t id;
};

/* Make and unmake. Making answers false only if the system is out of memory. */
ML_MUST bool ml__lock_open(struct ml__lock *lock);
void ml__lock_close(struct ml__lock *lock);
ML_MUST bool ml__signal_open(struct ml__signal *signal);
void ml__signal_close(struct ml__signal *signal);

void ml__lock_take(struct ml__lock *lock);
void ml__lock_give(struct ml__lock *lock);

/* Sleep until woken; the lock is held on entry and on return. Wake-ups may be spurious. */
void ml__signal_wait(struct ml__signal *signal, struct ml__lock *lock);

/* As above, until `due_ns` of the monotonic clock at most; false: that time has come. */
bool ml__signal_wait_until(struct ml__signal *signal, struct ml__lock *lock, uint64_t due_ns);

void ml__signal_one(struct ml__signal *signal);
void ml__signal_all(struct ml__signal *signal);

/* Start a thread that has all signals blocked and a name of at most 15 bytes. */
ML_MUST bool ml__thread_start(
    struct ml__thread *thread, void *(*run)(void *), void *argument, const char *name
);
void ml__thread_join(struct ml__thread *thread);

/* Cores that this process may use, at least 1. */
unsigned ml__core_count(void);

#endif
