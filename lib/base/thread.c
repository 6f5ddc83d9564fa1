/* SPDX-License-Identifier: MIT */
/*
 * thread.c -- locks, signals and threads over POSIX.
 *
 * What POSIX says cannot fail for a valid object is not checked here: a failure would mean that
 * memory is broken, and there is no sane way on.
 */
#include "base/thread.h"

#include <sched.h>
#include <signal.h>
#include <time.h>

bool ml__lock_open(struct ml__lock *lock) {
    return pthread_mutex_init(&lock->mutex, NULL) == 0;
}

void ml__lock_close(struct ml__lock *lock) {
    (void)pthread_mutex_destroy(&lock->mutex);
}

bool ml__signal_open(struct ml__signal *signal) {
    pthread_condattr_t attributes;
    bool made;

    if (pthread_condattr_init(&attributes) != 0) {
        return false;
    }
    made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
           pthread_cond_init(&signal->condition, &attributes) == 0;
    (void)pthread_condattr_destroy(&attributes);
    return made;
}

void ml__signal_close(struct ml__signal *signal) {
    (void)pthread_cond_destroy(&signal->condition);
}

void ml__lock_take(struct ml__lock *lock) {
    (void)pthread_mutex_lock(&lock->mutex);
}

void ml__lock_give(struct ml__lock *lock) {
    (void)pthread_mutex_unlock(&lock->mutex);
}

void ml__signal_wait(struct ml__signal *signal, struct ml__lock *lock) {
    (void)pthread_cond_wait(&signal->condition, &lock->mutex);
}

bool ml__signal_wait_until(struct ml__signal *signal, struct ml__lock *lock, uint64_t due_ns) {
    struct timespec due;

    due.tv_sec = (time_t)(due_ns / 1000000000u);
    due.tv_nsec = (long)(due_ns % 1000000000u);
    return pthread_cond_timedwait(&signal->condition, &lock->mutex, &due) == 0;
}

void ml__signal_one(struct ml__signal *signal) {
    (void)pthread_cond_signal(&signal->condition);
}

void ml__signal_all(struct ml__signal *signal) {
    (void)pthread_cond_broadcast(&signal->condition);
}

bool ml__thread_start(
    struct ml__thread *thread, void *(*run)(void *), void *argument, const char *name
) {
    sigset_t all;
    sigset_t before;
    int failed;

    /* A thread inherits the mask of its parent: block, start, restore. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&thread->id, NULL, run, argument);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        return false;
    }
    (void)pthread_setname_np(thread->id, name); /* a name too long is only not shown */
    return true;
}

void ml__thread_join(struct ml__thread *thread) {
    (void)pthread_join(thread->id, NULL);
}

unsigned ml__core_count(void) {
    cpu_set_t cores;

    if (sched_getaffinity(0, sizeof cores, &cores) != 0) {
        return 1;
    }
    return CPU_COUNT(&cores) > 0 ? (unsigned)CPU_COUNT(&cores) : 1;
}
