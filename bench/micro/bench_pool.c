/* SPDX-License-Identifier: MIT */
/*
 * bench_pool.c -- how many empty tasks a second, and how long from submit to run?
 *
 * All pools have two workers. A flood submits tasks as fast as one thread can and waits for
 * the last; where a bounded queue is full the submitter yields and tries again. Peers: a list
 * under a mutex with a condition (what people write), GLib's GThreadPool and libuv's pool,
 * the last two where CMake found them.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef BENCH_WITH_GLIB
#include <glib.h>
#endif
#ifdef BENCH_WITH_UV
#include <uv.h>
#endif

#include "mlbench.h"

#define WORKERS 2

static atomic_size_t done;

static void count_one(void *argument) {
    (void)argument;
    atomic_fetch_add_explicit(&done, 1, memory_order_release);
}

static void wait_for(size_t count) {
    while (atomic_load_explicit(&done, memory_order_acquire) < count) {
        (void)sched_yield();
    }
}

static int flood_ours(void *context, size_t repeat_count) {
    atomic_store(&done, 0);
    for (size_t i = 0; i < repeat_count; i++) {
        while (ml_pool_submit(context, count_one, NULL, NULL) != ML_OK) {
            (void)sched_yield();
        }
    }
    wait_for(repeat_count);
    return 0;
}

/* ---- a list under a mutex ---- */

struct plain_task {
    void (*run)(void *argument);
    void *argument;
    struct plain_task *next;
};

struct plain_pool {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t work;
    struct plain_task *first;
    struct plain_task *last;
    bool stopping;
    pthread_t threads[WORKERS];
};

static void *plain_worker(void *argument) {
    struct plain_pool *pool = argument;

    (void)pthread_mutex_lock(&pool->lock);
    for (;;) {
        struct plain_task *task = pool->first;

        if (task == NULL && pool->stopping) {
            break;
        }
        if (task == NULL) {
            (void)pthread_cond_wait(&pool->work, &pool->lock);
            continue;
        }
        pool->first = task->next;
        (void)pthread_mutex_unlock(&pool->lock);
        task->run(task->argument);
        free(task);
        (void)pthread_mutex_lock(&pool->lock);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static void plain_submit(struct plain_pool *pool, void (*run)(void *), void *argument) {
    struct plain_task *task = malloc(sizeof *task);

    *task = (struct plain_task){run, argument, NULL};
    (void)pthread_mutex_lock(&pool->lock);
    if (pool->first == NULL) {
        pool->first = task;
    } else {
        pool->last->next = task;
    }
    pool->last = task;
    (void)pthread_mutex_unlock(&pool->lock);
    (void)pthread_cond_signal(&pool->work);
}

static void plain_start(struct plain_pool *pool) {
    memset(pool, 0, sizeof *pool);
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->work, NULL);
    for (int i = 0; i < WORKERS; i++) {
        (void)pthread_create(&pool->threads[i], NULL, plain_worker, pool);
    }
}

static void plain_stop(struct plain_pool *pool) {
    (void)pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    (void)pthread_cond_broadcast(&pool->work);
    (void)pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < WORKERS; i++) {
        (void)pthread_join(pool->threads[i], NULL);
    }
    (void)pthread_cond_destroy(&pool->work);
    (void)pthread_mutex_destroy(&pool->lock);
}

static int flood_plain(void *context, size_t repeat_count) {
    atomic_store(&done, 0);
    for (size_t i = 0; i < repeat_count; i++) {
        plain_submit(context, count_one, NULL);
    }
    wait_for(repeat_count);
    return 0;
}

/* ---- GLib and libuv ---- */

#ifdef BENCH_WITH_GLIB
static void count_glib(gpointer task, gpointer user) {
    (void)task;
    count_one(user);
}

static int flood_glib(void *context, size_t repeat_count) {
    atomic_store(&done, 0);
    for (size_t i = 0; i < repeat_count; i++) {
        if (!g_thread_pool_push(context, GINT_TO_POINTER(1), NULL)) {
            return -1;
        }
    }
    wait_for(repeat_count);
    return 0;
}
#endif

#ifdef BENCH_WITH_UV
static void count_uv(uv_work_t *work) {
    (void)work;
    count_one(NULL);
}

static int flood_uv(void *context, size_t repeat_count) {
    uv_work_t *works = malloc(repeat_count * sizeof *works);
    int code = 0;

    if (works == NULL) {
        return -1;
    }
    atomic_store(&done, 0);
    for (size_t i = 0; i < repeat_count; i++) {
        code |= uv_queue_work(context, &works[i], count_uv, NULL);
    }
    code |= uv_run(context, UV_RUN_DEFAULT);
    free(works);
    return code == 0 ? 0 : -1;
}
#endif

/* ---- paced: from submit to run ---- */

struct paced {
    ml_pool *pool;
    struct plain_pool *plain;
    void *glib;
    uint64_t submitted_ns;
    uint64_t taken_ns; /* sum over the repeats */
};

static void note_start(void *argument) {
    struct paced *paced = argument;

    paced->taken_ns += ml_clock_now_ns() - paced->submitted_ns;
    count_one(NULL);
}

#ifdef BENCH_WITH_GLIB
static void note_glib(gpointer task, gpointer user) {
    (void)user;
    note_start(task);
}
#endif

/* One task at a time, a round trip each: the frame's time is submit to seen done. */
static int paced_trip(void *context, size_t repeat_count) {
    struct paced *paced = context;

    for (size_t i = 0; i < repeat_count; i++) {
        atomic_store(&done, 0);
        paced->submitted_ns = ml_clock_now_ns();
        if (paced->pool != NULL) {
            if (ml_pool_submit(paced->pool, note_start, paced, NULL) != ML_OK) {
                return -1;
            }
        } else if (paced->plain != NULL) {
            plain_submit(paced->plain, note_start, paced);
        }
#ifdef BENCH_WITH_GLIB
        else if (!g_thread_pool_push(paced->glib, paced, NULL)) {
            return -1;
        }
#endif
        wait_for(1);
    }
    return 0;
}

static void ask_pool(struct bench_report *report, ml_pool *pool, struct plain_pool *plain) {
    struct bench_contender flood[4] = {
        {"ml_pool", flood_ours, pool, 1},
        {"mutex + list", flood_plain, plain, 1},
    };
    struct paced trips[3] = {{.pool = pool}, {.plain = plain}};
    struct bench_contender trip[3] = {
        {"ml_pool", paced_trip, &trips[0], 1},
        {"mutex + list", paced_trip, &trips[1], 1},
    };
    size_t flood_count = 2;
    size_t trip_count = 2;
#ifdef BENCH_WITH_GLIB
    GThreadPool *glib = g_thread_pool_new(count_glib, NULL, WORKERS, TRUE, NULL);
    GThreadPool *glib_trip = g_thread_pool_new(note_glib, NULL, WORKERS, TRUE, NULL);

    flood[flood_count++] = (struct bench_contender){"GThreadPool", flood_glib, glib, 1};
    trips[trip_count].glib = glib_trip;
    trip[trip_count] =
        (struct bench_contender){"GThreadPool", paced_trip, &trips[trip_count], 1};
    trip_count++;
#else
    bench_note(report, "GLib was not found when this was built");
#endif
#ifdef BENCH_WITH_UV
    uv_loop_t loop;

    (void)setenv("UV_THREADPOOL_SIZE", "2", 1);
    (void)uv_loop_init(&loop);
    flood[flood_count++] = (struct bench_contender){"libuv", flood_uv, &loop, 1};
#else
    bench_note(report, "libuv was not found when this was built");
#endif
    bench_ask(report, "empty tasks, 2 workers, one submitter", "task", flood, flood_count);
    bench_ask(report, "one task at a time, submit to done", "task", trip, trip_count);
#ifdef BENCH_WITH_GLIB
    g_thread_pool_free(glib, FALSE, TRUE);
    g_thread_pool_free(glib_trip, FALSE, TRUE);
#endif
#ifdef BENCH_WITH_UV
    (void)uv_loop_close(&loop);
#endif
}

int bench_pool(const struct bench_options *options) {
    struct bench_report *report = bench_begin("pool", options);
    ml_pool_options pool_options = ML_POOL_OPTIONS_INIT;
    ml_pool *pool = NULL;
    struct plain_pool plain;

    if (report == NULL) {
        return 1;
    }
    pool_options.thread_count = WORKERS;
    if (ml_pool_create(&pool_options, &pool, NULL) == ML_OK) {
        plain_start(&plain);
        ask_pool(report, pool, &plain);
        plain_stop(&plain);
        ml_pool_free(pool);
    }
    return bench_end(report);
}
