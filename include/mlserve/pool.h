/* SPDX-License-Identifier: MIT */
/*
 * pool.h -- a fixed number of threads for computing: submit a task, or map over many.
 *
 * Work that waits (network, disk) does not belong here: it would hold a core's thread idle.
 */
#ifndef MLSERVE_POOL_H
#define MLSERVE_POOL_H

#include <mlserve/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ml_pool ml_pool;

typedef struct ml_pool_options {
    size_t size;
    uint32_t thread_count;   /* 0: one a core that this process may use; at most 1024 */
    uint32_t queue_capacity; /* tasks that wait, beyond which submit answers ML_EOVERLOAD;
                                0: 4096; at most 16,777,216 */
    const char *name;        /* of the threads, at most 9 bytes are used; NULL: "mlpool" */
} ml_pool_options;

#define ML_POOL_OPTIONS_INIT                                                                   \
    { sizeof(ml_pool_options), 0, 0, NULL }

/*
 * Start a pool. Its threads block all signals. Where the system refuses some of the threads
 * the pool starts with those it got; with none the call fails.
 *
 *   options  NULL: the defaults
 *   out      yours, to be given to ml_pool_free()
 *   err      NULL, or room for the reason
 *
 * Threads:   any.
 * Blocks:    until the threads run.
 * Allocates: the pool and its queue.
 * Errors:    ML_EINVAL, ML_ENOMEM, ML_ETHREAD.
 */
ML_API ML_MUST ml_status
ml_pool_create(const ml_pool_options *options, ml_pool **out, ml_error *err);

/*
 * Run every task that was submitted, stop the threads, free the pool.
 *
 *   pool  NULL is fine; must not be called from a task of the same pool
 *
 * Threads:   none else.
 * Blocks:    until all tasks have run.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API void ml_pool_free(ml_pool *pool);

/*
 * Number of threads that run.
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API uint32_t ml_pool_thread_count(const ml_pool *pool);

/*
 * Have a task run once by some thread of the pool. Tasks start in the order they came.
 *
 *   run       called with `argument`; may submit and map itself
 *   argument  handed over until the task has run
 *   err       NULL, or room for the reason
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    ML_EINVAL, ML_EOVERLOAD (the queue is full), ML_ECLOSED (being freed).
 */
ML_API ML_MUST ml_status
ml_pool_submit(ml_pool *pool, void (*run)(void *argument), void *argument, ml_error *err);

/*
 * Have run(arguments[i]) called once for each i in [0, count), as by ml_pool_submit() for one
 * after the other, but with one wake-up for all.
 *
 *   arguments  [count], borrowed for the call; what they point to is handed over
 *   accepted   out, also on failure but ML_EINVAL: the first so many were taken, the others not
 *   err        NULL, or room for the reason
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    ML_EINVAL, ML_EOVERLOAD (not all had room), ML_ECLOSED (being freed).
 */
ML_API ML_MUST ml_status ml_pool_submit_many(
    ml_pool *pool, void (*run)(void *argument), void *const *arguments, size_t count,
    size_t *accepted, ml_error *err
);

/*
 * Cancel every task that was submitted with this `run` and `argument` and has not started.
 * Answers how many: those will not run, their argument is yours again. A cancelled task keeps
 * its place in the queue until its turn comes. Costs a look at each task that waits.
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none (NULL: 0).
 */
ML_API size_t ml_pool_cancel(ml_pool *pool, void (*run)(void *argument), void *argument);

/*
 * Call run(context, i) once for each i in [0, count), in parallel, and wait for all. The
 * caller helps, so that a map inside a task, or on a busy pool, cannot deadlock.
 *
 *   run      writes its result to the place of index i: so results come in order. A status
 *            other than ML_OK stops the handing out of further indexes
 *   context  borrowed for the call
 *   err      NULL, or room for the reason
 *
 * Answers ML_OK, or of the calls that failed the status of the lowest index.
 *
 * Threads:   any.
 * Blocks:    until all calls that started have ended.
 * Allocates: nothing.
 * Errors:    ML_EINVAL, and what `run` answers.
 */
ML_API ML_MUST ml_status ml_pool_map(
    ml_pool *pool, ml_status (*run)(void *context, size_t index), void *context, size_t count,
    ml_error *err
);

/*
 * Wait until no task waits or runs.
 *
 * Threads:   any, but not from a task of the same pool.
 * Blocks:    until the pool is idle.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API void ml_pool_drain(ml_pool *pool);

/*
 * Wait until no task waits or runs, but not for ever.
 *
 *   timeout_ms  of the monotonic clock; 0: only look
 *   err         NULL, or room for the reason
 *
 * Threads:   any, but not from a task of the same pool.
 * Blocks:    until the pool is idle, or for timeout_ms.
 * Allocates: nothing.
 * Errors:    ML_EINVAL, ML_ETIMEOUT.
 */
ML_API ML_MUST ml_status ml_pool_drain_until(ml_pool *pool, uint32_t timeout_ms, ml_error *err);

#ifdef __cplusplus
}
#endif

#endif
