/* SPDX-License-Identifier: MIT */
/*
 * pool.c -- a fixed number of threads, a bounded queue of tasks, a list of open maps.
 *
 * One lock and one signal for all. Tasks wait in a ring; a map does not: it lives on the stack
 * of its caller and is linked into a list where idle workers find it. The caller takes indexes
 * as the workers do, so a map ends even if no worker ever comes: no queue can be too full for
 * it, and a map inside a task or inside another map cannot deadlock. Before it returns, the
 * caller unlinks its map and waits for the helpers that are still inside.
 *
 * A worker looks for tasks and for maps in turn, so that neither can starve the other.
 *
 * A worker sleeps on `work` with the lock held until the moment of sleeping, and whoever brings
 * work does so under the lock: no wake-up can be lost.
 *
 * Locks: pool->lock guards what stands under it. No user code runs with it held.
 */
#include <mlserve/pool.h>

#include <stdio.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/options.h"
#include "base/thread.h"
#include "pool/map.h"
#include "pool/ring.h"

#define MAX_THREADS 1024
#define DEFAULT_QUEUE 4096
#define MAX_QUEUE 16777216

struct ml_pool {
    struct ml__lock lock; /* guards all below but the threads */
    struct ml__signal work;
    struct ml__signal idle;
    struct ml__ring ring;
    struct ml__map *maps; /* open ones, oldest first */
    struct ml__map *last_map;
    size_t running_count;  /* tasks that have started and not ended */
    size_t sleeping_count; /* workers that wait for work */
    bool stopping;

    struct ml__thread *threads; /* [thread_count]: set at birth, read freely */
    uint32_t thread_count;
};

static void link_map(ml_pool *pool, struct ml__map *map) {
    map->before = pool->last_map;
    map->after = NULL;
    *(map->before != NULL ? &map->before->after : &pool->maps) = map;
    pool->last_map = map;
}

static void unlink_map(ml_pool *pool, struct ml__map *map) {
    *(map->before != NULL ? &map->before->after : &pool->maps) = map->after;
    *(map->after != NULL ? &map->after->before : &pool->last_map) = map->before;
}

/* Help the oldest map that still has indexes. Call with the lock held; false: there is none. */
static bool help_a_map(ml_pool *pool) {
    struct ml__map *map = pool->maps;
    struct ml__map_fault fault;

    while (map != NULL && !ml__map_is_open(map)) {
        map = map->after;
    }
    if (map == NULL) {
        return false;
    }
    map->helper_count++;
    ml__lock_give(&pool->lock);
    fault = ml__map_work(map);
    ml__lock_take(&pool->lock);
    ml__map_note(map, fault);
    map->helper_count--;
    if (map->helper_count == 0) {
        ml__signal_one(&map->done);
    }
    return true;
}

/* Run the first task of the queue. Call with the lock held; false: there is none. */
static bool run_a_task(ml_pool *pool) {
    struct ml__task task;

    if (!ml__ring_take(&pool->ring, &task)) {
        return false;
    }
    pool->running_count++;
    ml__lock_give(&pool->lock);
    task.run(task.argument);
    ml__lock_take(&pool->lock);
    pool->running_count--;
    if (pool->running_count == 0 && pool->ring.count == 0) {
        ml__signal_all(&pool->idle);
    }
    return true;
}

static void *worker(void *argument) {
    ml_pool *pool = argument;

    ml__lock_take(&pool->lock);
    for (;;) {
        const bool ran = run_a_task(pool);
        const bool helped = help_a_map(pool);

        if (!ran && !helped) {
            if (pool->stopping) {
                break; /* only now: what was submitted has run */
            }
            pool->sleeping_count++;
            ml__signal_wait(&pool->work, &pool->lock);
            pool->sleeping_count--;
        }
    }
    ml__lock_give(&pool->lock);
    return NULL;
}

static void start_threads(ml_pool *pool, uint32_t thread_count, const char *name) {
    char text[16];

    while (pool->thread_count < thread_count) {
        (void
        )snprintf(text, sizeof text, "%.9s-%u", name, (unsigned)(pool->thread_count % 10000));
        if (!ml__thread_start(&pool->threads[pool->thread_count], worker, pool, text)) {
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

/* Lock, signals and memory: all that the threads stand on. False: the system has no more. */
static bool open_parts(ml_pool *pool, const ml_pool_options *options) {
    if (!ml__lock_open(&pool->lock)) {
        return false;
    }
    if (!ml__signal_open(&pool->work)) {
        goto no_work;
    }
    if (!ml__signal_open(&pool->idle)) {
        goto no_idle;
    }
    pool->threads = ml__make(options->thread_count, sizeof *pool->threads);
    if (pool->threads != NULL && ml__ring_open(&pool->ring, options->queue_capacity)) {
        return true;
    }
    ml__free(pool->threads);
    ml__signal_close(&pool->idle);
no_idle:
    ml__signal_close(&pool->work);
no_work:
    ml__lock_close(&pool->lock);
    return false;
}

static void close_parts(ml_pool *pool) {
    ml__ring_close(&pool->ring);
    ml__free(pool->threads);
    ml__signal_close(&pool->idle);
    ml__signal_close(&pool->work);
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
    pool = ml__make(1, sizeof *pool);
    if (pool == NULL || !open_parts(pool, &own)) {
        ml__free(pool);
        return ml__fail(
            err, ML_ENOMEM, "pool: no memory for %u threads and %u tasks", own.thread_count,
            own.queue_capacity
        );
    }
    start_threads(pool, own.thread_count, own.name);
    if (pool->thread_count == 0) {
        close_parts(pool);
        ml__free(pool);
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
    ml__lock_take(&pool->lock);
    pool->stopping = true;
    ml__signal_all(&pool->work);
    ml__lock_give(&pool->lock);
    for (uint32_t i = 0; i < pool->thread_count; i++) {
        ml__thread_join(&pool->threads[i]);
    }
    close_parts(pool);
    ml__free(pool);
}

uint32_t ml_pool_thread_count(const ml_pool *pool) {
    return pool != NULL ? pool->thread_count : 0;
}

ml_status
ml_pool_submit(ml_pool *pool, void (*run)(void *argument), void *argument, ml_error *err) {
    const struct ml__task task = {run, argument};
    ml_status status = ML_OK;

    if (pool == NULL || run == NULL) {
        return ml__fail(err, ML_EINVAL, "pool: %s is NULL", pool == NULL ? "pool" : "run");
    }
    ml__lock_take(&pool->lock);
    if (pool->stopping) {
        status = ML_ECLOSED;
    } else if (!ml__ring_put(&pool->ring, task)) {
        status = ML_EOVERLOAD;
    } else if (pool->sleeping_count > 0) {
        ml__signal_one(&pool->work);
    }
    ml__lock_give(&pool->lock);
    if (status == ML_ECLOSED) {
        return ml__fail(err, status, "pool: is being freed");
    }
    if (status == ML_EOVERLOAD) {
        return ml__fail(err, status, "pool: %zu tasks wait already", pool->ring.capacity);
    }
    return ML_OK;
}

/* The part of a map that needs the workers: `count` is at least 2. */
static void map_together(ml_pool *pool, struct ml__map *map) {
    struct ml__map_fault fault;

    ml__lock_take(&pool->lock);
    link_map(pool, map);
    for (size_t i = 0; i < pool->sleeping_count && i + 1 < map->count; i++) {
        ml__signal_one(&pool->work);
    }
    ml__lock_give(&pool->lock);

    fault = ml__map_work(map);

    ml__lock_take(&pool->lock);
    unlink_map(pool, map);
    ml__map_note(map, fault);
    while (map->helper_count > 0) {
        ml__signal_wait(&map->done, &pool->lock);
    }
    ml__lock_give(&pool->lock);
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
        ml__map_note(&map, ml__map_work(&map)); /* alone: nobody else knows of it */
    } else {
        map_together(pool, &map);
        ml__signal_close(&map.done);
    }
    if (map.status != ML_OK) {
        return ml__fail(
            err, map.status, "index %zu: %s", map.failed_index, ml_status_text(map.status)
        );
    }
    return ML_OK;
}

void ml_pool_drain(ml_pool *pool) {
    ml__lock_take(&pool->lock);
    while (pool->running_count > 0 || pool->ring.count > 0) {
        ml__signal_wait(&pool->idle, &pool->lock);
    }
    ml__lock_give(&pool->lock);
}
