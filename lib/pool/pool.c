/* SPDX-License-Identifier: MIT */
/*
 * pool.c -- a fixed number of threads, a bounded queue of tasks, a list of maps.
 *
 * Tasks wait in a ring without a lock (ring.c), maps in a list with one (map.c), workers
 * without work in a parking place (parking.c). A worker looks for tasks and for maps in turn,
 * so that neither can starve the other, and sleeps as soon as it finds neither: a worker that
 * spins steals the core of the thread that would bring work.
 *
 * Whoever brings work makes it visible first and wakes a worker then; a worker counts itself
 * as waiting first and looks for work once more then. So no wake-up can be lost.
 *
 * The pool is idle when as many tasks have finished as were put. Each worker counts its own,
 * and shows the count when it finds the queue empty: a flood of small tasks shares no counter.
 *
 * Locks: pool->lock guards what stands under it. No user code runs with it held.
 */
#include <mlserve/pool.h>

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/thread.h"
#include "pool/map.h"
#include "pool/parking.h"
#include "pool/ring.h"

#define MAX_THREADS 1024
#define DEFAULT_QUEUE 4096
#define MAX_QUEUE 16777216

struct worker {
    alignas(64) ml_pool *pool;
    struct ml__thread thread;
    uint64_t finished_count;               /* tasks that it has run */
    _Atomic uint64_t shown_finished_count; /* the same, as others may know it */
};

struct ml_pool {
    struct ml__ring ring;
    alignas(64) struct ml__parking parking;
    alignas(64) struct ml__maps maps;
    atomic_bool stopping;
    atomic_uint drainer_count; /* threads that wait for `idle` */

    struct ml__lock lock; /* guards the wait for `idle`; one cancel at a time */
    struct ml__signal idle;

    struct worker *workers; /* [thread_count]: set at birth, read freely */
    uint32_t thread_count;
};

/* Tasks that wait or run: exact if it is 0, else at some time during the call. */
static uint64_t unfinished_count(ml_pool *pool) {
    uint64_t finished_count = 0;

    /* Finished first, put after: what has finished by now was put by now. */
    for (uint32_t i = 0; i < pool->thread_count; i++) {
        finished_count += atomic_load(&pool->workers[i].shown_finished_count);
    }
    return ml__ring_put_count(&pool->ring) - finished_count;
}

/* Show what has finished, and wake those that wait for the last of it. */
static void show_finished(struct worker *worker) {
    ml_pool *pool = worker->pool;

    if (worker->finished_count ==
        atomic_load_explicit(&worker->shown_finished_count, memory_order_relaxed)) {
        return;
    }
    /* Sequentially consistent: either this thread sees a drainer, or the drainer this count. */
    atomic_store(&worker->shown_finished_count, worker->finished_count);
    if (atomic_load(&pool->drainer_count) > 0 && unfinished_count(pool) == 0) {
        ml__lock_take(&pool->lock);
        ml__signal_all(&pool->idle);
        ml__lock_give(&pool->lock);
    }
}

/* Run the first task of the queue; false: there is none. One that was just woken may be the
   only one that was called for several tasks: if it sees more it calls the next. */
static bool run_a_task(struct worker *worker, bool just_woken) {
    ml_pool *pool = worker->pool;
    struct ml__task task;

    if (!ml__ring_take(&pool->ring, &task)) {
        return false;
    }
    if (just_woken && ml__ring_has_task(&pool->ring)) {
        ml__parking_wake(&pool->parking);
    }
    if (task.run != NULL) {
        task.run(task.argument);
    }
    worker->finished_count++;
    return true;
}

/* Sleep until there may be work. */
static void rest(ml_pool *pool) {
    const uint32_t epoch = ml__parking_enter(&pool->parking);

    if (ml__ring_has_task(&pool->ring) || ml__maps_has_open(&pool->maps) ||
        atomic_load(&pool->stopping)) {
        ml__parking_leave(&pool->parking);
    } else {
        ml__parking_sleep(&pool->parking, epoch);
    }
}

static void *work(void *argument) {
    struct worker *worker = argument;
    ml_pool *pool = worker->pool;
    bool just_woken = false;

    for (;;) {
        /* Before the look for work: only what was submitted before the end has to be seen. */
        const bool stopping = atomic_load(&pool->stopping);
        const bool ran = run_a_task(worker, just_woken);
        bool helped = false;

        just_woken = false;
        if (ran && ml__maps_is_empty(&pool->maps)) {
            continue;
        }
        show_finished(worker);
        helped = ml__maps_help(&pool->maps);
        if (!ran && !helped) {
            if (stopping) {
                break;
            }
            rest(pool);
            just_woken = true;
        }
    }
    return NULL;
}

static void start_threads(ml_pool *pool, uint32_t thread_count, const char *name) {
    char text[16];

    while (pool->thread_count < thread_count) {
        struct worker *worker = &pool->workers[pool->thread_count];

        worker->pool = pool;
        (void
        )snprintf(text, sizeof text, "%.9s-%u", name, (unsigned)(pool->thread_count % 10000));
        if (!ml__thread_start(&worker->thread, work, worker, text)) {
            break;
        }
        pool->thread_count++;
    }
}

static ml_status
read_options(const ml_pool_options *options, ml_pool_options *own, ml_error *err) {
    const ml_status status = ml__options_read(own, sizeof *own, options, err);

    if (status != ML_OK) {
        return status;
    }
    if (own->thread_count > MAX_THREADS) {
        return ml__fail(
            err, ML_EINVAL, "pool: thread_count is %u, expected 0..%d", own->thread_count,
            MAX_THREADS
        );
    }
    if (own->queue_capacity > MAX_QUEUE) {
        return ml__fail(
            err, ML_EINVAL, "pool: queue_capacity is %u, expected 0..%d", own->queue_capacity,
            MAX_QUEUE
        );
    }
    if (own->thread_count == 0) {
        own->thread_count = ml__core_count() < MAX_THREADS ? ml__core_count() : MAX_THREADS;
    }
    if (own->queue_capacity == 0) {
        own->queue_capacity = DEFAULT_QUEUE;
    }
    if (own->name == NULL) {
        own->name = "mlpool";
    }
    return ML_OK;
}

/* Locks, signal and memory: all that the threads stand on. False: the system has no more. */
static bool open_parts(ml_pool *pool, const ml_pool_options *options) {
    const size_t worker_bytes = options->thread_count * sizeof *pool->workers;

    if (!ml__lock_open(&pool->lock)) {
        return false;
    }
    if (!ml__signal_open(&pool->idle)) {
        goto no_idle;
    }
    if (!ml__maps_open(&pool->maps)) {
        goto no_maps;
    }
    pool->workers = ml__make_aligned(options->thread_count, sizeof *pool->workers);
    if (pool->workers != NULL && ml__ring_open(&pool->ring, options->queue_capacity)) {
        memset(pool->workers, 0, worker_bytes);
        return true;
    }
    ml__free_aligned(pool->workers);
    ml__maps_close(&pool->maps);
no_maps:
    ml__signal_close(&pool->idle);
no_idle:
    ml__lock_close(&pool->lock);
    return false;
}

static void close_parts(ml_pool *pool) {
    ml__ring_close(&pool->ring);
    ml__free_aligned(pool->workers);
    ml__maps_close(&pool->maps);
    ml__signal_close(&pool->idle);
    ml__lock_close(&pool->lock);
}

ml_status ml_pool_create(const ml_pool_options *options, ml_pool **out, ml_error *err) {
    ml_pool_options own;
    ml_pool *pool = NULL;
    ml_status status;

    if (out == NULL) {
        return ml__fail(err, ML_EINVAL, "pool: out is NULL");
    }
    status = read_options(options, &own, err);
    if (status != ML_OK) {
        return status;
    }
    pool = ml__make_aligned(1, sizeof *pool);
    if (pool != NULL) {
        memset(pool, 0, sizeof *pool);
    }
    if (pool == NULL || !open_parts(pool, &own)) {
        ml__free_aligned(pool);
        return ml__fail(
            err, ML_ENOMEM, "pool: no memory for %u threads and %u tasks", own.thread_count,
            own.queue_capacity
        );
    }
    start_threads(pool, own.thread_count, own.name);
    if (pool->thread_count == 0) {
        close_parts(pool);
        ml__free_aligned(pool);
        return ml__fail(
            err, ML_ETHREAD, "pool: the system starts none of %u threads", own.thread_count
        );
    }
    *out = pool;
    return ML_OK;
}

void ml_pool_free(ml_pool *pool) {
    if (pool == NULL) {
        return;
    }
    atomic_store(&pool->stopping, true);
    ml__parking_wake_many(&pool->parking, MAX_THREADS);
    for (uint32_t i = 0; i < pool->thread_count; i++) {
        ml__thread_join(&pool->workers[i].thread);
    }
    close_parts(pool);
    ml__free_aligned(pool);
}

uint32_t ml_pool_thread_count(const ml_pool *pool) {
    return pool != NULL ? pool->thread_count : 0;
}

/* Why a task was not put. */
static ml_status refuse(const ml_pool *pool, ml_status status, ml_error *err) {
    if (status == ML_ECLOSED) {
        return ml__fail(err, status, "pool: is being freed");
    }
    return ml__fail(err, status, "pool: %zu tasks wait already", (size_t)pool->ring.capacity);
}

/* Queue a task, and leave it to the caller to wake a worker. */
static ml_status put(ml_pool *pool, struct ml__task task) {
    if (atomic_load_explicit(&pool->stopping, memory_order_relaxed)) {
        return ML_ECLOSED;
    }
    return ml__ring_put(&pool->ring, task) ? ML_OK : ML_EOVERLOAD;
}

ml_status
ml_pool_submit(ml_pool *pool, void (*run)(void *argument), void *argument, ml_error *err) {
    const struct ml__task task = {run, argument};
    ml_status status;

    if (pool == NULL || run == NULL) {
        return ml__fail(err, ML_EINVAL, "pool: %s is NULL", pool == NULL ? "pool" : "run");
    }
    status = put(pool, task);
    if (status != ML_OK) {
        return refuse(pool, status, err);
    }
    ml__parking_wake(&pool->parking);
    return ML_OK;
}

ml_status ml_pool_submit_many(
    ml_pool *pool, void (*run)(void *argument), void *const *arguments, size_t count,
    size_t *accepted, ml_error *err
) {
    ml_status status = ML_OK;
    size_t put_count = 0;

    if (pool == NULL || run == NULL || accepted == NULL || (arguments == NULL && count > 0)) {
        return ml__fail(err, ML_EINVAL, "pool: a NULL among pool, run, arguments and accepted");
    }
    while (put_count < count && status == ML_OK) {
        const struct ml__task task = {run, arguments[put_count]};

        status = put(pool, task);
        put_count += status == ML_OK;
    }
    ml__parking_wake_many(&pool->parking, put_count);
    *accepted = put_count;
    return status == ML_OK ? ML_OK : refuse(pool, status, err);
}

size_t ml_pool_cancel(ml_pool *pool, void (*run)(void *argument), void *argument) {
    const struct ml__task task = {run, argument};
    size_t count;

    if (pool == NULL || run == NULL) {
        return 0;
    }
    ml__lock_take(&pool->lock);
    count = ml__ring_cancel(&pool->ring, task);
    ml__lock_give(&pool->lock);
    return count;
}

ml_status ml_pool_map(
    ml_pool *pool, ml_status (*run)(void *context, size_t index), void *context, size_t count,
    ml_error *err
) {
    struct ml__map map = {
        .run = run, .context = context, .count = count, .failed_index = SIZE_MAX};

    if (pool == NULL || run == NULL) {
        return ml__fail(err, ML_EINVAL, "pool: %s is NULL", pool == NULL ? "pool" : "run");
    }
    if (count < 2 || !ml__signal_open(&map.done)) {
        ml__map_work(NULL, &map);
    } else {
        ml__map_begin(&pool->maps, &map);
        ml__parking_wake_many(&pool->parking, count - 1);
        ml__map_work(&pool->maps, &map);
        ml__map_end(&pool->maps, &map);
        ml__signal_close(&map.done);
    }
    if (map.status != ML_OK) {
        return ml__fail(
            err, map.status, "index %zu: %s", map.failed_index, ml_status_text(map.status)
        );
    }
    return ML_OK;
}

/* Wait until the pool is idle, or until `due_ns`; answers how many tasks wait or run then. */
static uint64_t drain(ml_pool *pool, uint64_t due_ns) {
    uint64_t left;
    bool in_time = true;

    ml__lock_take(&pool->lock);
    atomic_fetch_add(&pool->drainer_count, 1);
    while ((left = unfinished_count(pool)) > 0 && in_time) {
        if (due_ns == UINT64_MAX) {
            ml__signal_wait(&pool->idle, &pool->lock);
        } else {
            in_time = ml__signal_wait_until(&pool->idle, &pool->lock, due_ns);
        }
    }
    atomic_fetch_sub(&pool->drainer_count, 1);
    ml__lock_give(&pool->lock);
    return left;
}

void ml_pool_drain(ml_pool *pool) {
    (void)drain(pool, UINT64_MAX);
}

ml_status ml_pool_drain_until(ml_pool *pool, uint32_t timeout_ms, ml_error *err) {
    uint64_t left;

    if (pool == NULL) {
        return ml__fail(err, ML_EINVAL, "pool: pool is NULL");
    }
    left = drain(pool, ml__now_ns(NULL) + (uint64_t)timeout_ms * 1000000u);
    if (left > 0) {
        return ml__fail(err, ML_ETIMEOUT, "pool: not idle after %u ms", timeout_ms);
    }
    return ML_OK;
}
