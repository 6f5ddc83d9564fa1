/* SPDX-License-Identifier: MIT */
/*
 * test_pool.c -- threads, tasks and maps.
 *
 * This program has a pthread_create() of its own before the system's, which can be told to
 * refuse, and an allocator that counts and can be told to fail.
 */
#include <mlserve/pool.h>

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* ---- what can be told to fail ---- */

static atomic_long allowed_threads = 1000000;
static atomic_long allocation_count;
static atomic_long allowed_allocations = 1000000;

int pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument
) {
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    void *symbol = dlsym(RTLD_NEXT, "pthread_create");

    if (atomic_fetch_sub(&allowed_threads, 1) <= 0) {
        return EAGAIN;
    }
    memcpy(&real, &symbol, sizeof real);
    return real(thread, attributes, run, argument);
}

static void *allocate(void *user, size_t size) {
    (void)user;
    if (atomic_fetch_sub(&allowed_allocations, 1) <= 0) {
        return NULL;
    }
    atomic_fetch_add(&allocation_count, 1);
    return malloc(size);
}

static void *resize(void *user, void *block, size_t size) {
    (void)user;
    atomic_fetch_add(&allocation_count, 1);
    return realloc(block, size);
}

static void release(void *user, void *block) {
    (void)user;
    free(block);
}

/* ---- helpers ---- */

static ml_pool *make_pool(uint32_t thread_count, uint32_t queue_capacity) {
    ml_pool_options options = ML_POOL_OPTIONS_INIT;
    ml_pool *pool = NULL;

    options.thread_count = thread_count;
    options.queue_capacity = queue_capacity;
    assert_int_equal(ml_pool_create(&options, &pool, NULL), ML_OK);
    return pool;
}

/* A door that tasks wait at, so that a test can fill the queue behind them. */
struct door {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int waiting;
    int open;
};

#define DOOR_INIT                                                                              \
    { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0 }

static void wait_at(void *argument) {
    struct door *door = argument;

    pthread_mutex_lock(&door->lock);
    door->waiting++;
    pthread_cond_broadcast(&door->changed);
    while (!door->open) {
        pthread_cond_wait(&door->changed, &door->lock);
    }
    pthread_mutex_unlock(&door->lock);
}

static void until_waiting(struct door *door, int count) {
    pthread_mutex_lock(&door->lock);
    while (door->waiting < count) {
        pthread_cond_wait(&door->changed, &door->lock);
    }
    pthread_mutex_unlock(&door->lock);
}

static void open_door(struct door *door) {
    pthread_mutex_lock(&door->lock);
    door->open = 1;
    pthread_cond_broadcast(&door->changed);
    pthread_mutex_unlock(&door->lock);
}

static void count_up(void *argument) {
    atomic_fetch_add((atomic_long *)argument, 1);
}

/* ---- tasks ---- */

struct submitter {
    ml_pool *pool;
    atomic_long *counter;
    long count;
};

static void *submit_many(void *argument) {
    const struct submitter *submitter = argument;

    for (long i = 0; i < submitter->count; i++) {
        ml_status status;

        do {
            status = ml_pool_submit(submitter->pool, count_up, submitter->counter, NULL);
            if (status == ML_EOVERLOAD) {
                sched_yield();
            }
        } while (status == ML_EOVERLOAD);
        assert_int_equal(status, ML_OK);
    }
    return NULL;
}

static void every_task_of_many_submitters_runs_once(void **state) {
    atomic_long counter = 0;
    ml_pool *pool = make_pool(3, 64);
    struct submitter submitter = {pool, &counter, 25000};
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, submit_many, &submitter), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    ml_pool_drain(pool);
    assert_int_equal(atomic_load(&counter), 100000);
    ml_pool_free(pool);
}

static struct {
    int places[100];
    int count;
} order;

static void note_place(void *argument) {
    order.places[order.count++] = (int)(intptr_t)argument; /* one thread: no lock needed */
}

static void tasks_start_in_the_order_they_came(void **state) {
    ml_pool *pool = make_pool(1, 0);

    (void)state;
    for (intptr_t i = 0; i < 100; i++) {
        assert_int_equal(ml_pool_submit(pool, note_place, (void *)i, NULL), ML_OK);
    }
    ml_pool_free(pool);
    assert_int_equal(order.count, 100);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(order.places[i], i);
    }
}

static void a_full_queue_answers_overload_and_loses_nothing(void **state) {
    struct door door = DOOR_INIT;
    atomic_long counter = 0;
    ml_error err = ML_ERROR_INIT;
    ml_pool *pool = make_pool(1, 3);

    (void)state;
    assert_int_equal(ml_pool_submit(pool, wait_at, &door, NULL), ML_OK);
    until_waiting(&door, 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ml_pool_submit(pool, count_up, &counter, NULL), ML_OK);
    }
    assert_int_equal(ml_pool_submit(pool, count_up, &counter, &err), ML_EOVERLOAD);
    assert_string_equal(err.message, "pool: 3 tasks wait already");
    open_door(&door);
    ml_pool_drain(pool);
    assert_int_equal(atomic_load(&counter), 3);
    assert_int_equal(ml_pool_submit(pool, count_up, &counter, NULL), ML_OK);
    ml_pool_free(pool);
    assert_int_equal(atomic_load(&counter), 4);
}

static void drain_waits_for_tasks_that_run(void **state) {
    atomic_long counter = 0;
    ml_pool *pool = make_pool(2, 0);

    (void)state;
    ml_pool_drain(pool); /* an idle pool: at once */
    for (long round = 1; round <= 200; round++) {
        assert_int_equal(ml_pool_submit(pool, count_up, &counter, NULL), ML_OK);
        ml_pool_drain(pool);
        assert_int_equal(atomic_load(&counter), round);
    }
    ml_pool_free(pool);
}

struct late {
    ml_pool *pool;
    struct door *door;
    atomic_long counter;
    atomic_int status;
    atomic_int many_status;
    size_t accepted;
};

/* Submits until the pool is being freed, which this very task holds up. */
static void submit_late(void *argument) {
    struct late *late = argument;
    ml_status status;

    wait_at(late->door);
    do {
        status = ml_pool_submit(late->pool, count_up, &late->counter, NULL);
        sched_yield();
    } while (status == ML_OK || status == ML_EOVERLOAD);
    atomic_store(&late->status, (int)status);
    argument = &late->counter;
    status = ml_pool_submit_many(late->pool, count_up, &argument, 1, &late->accepted, NULL);
    atomic_store(&late->many_status, (int)status);
}

static void a_pool_that_is_being_freed_runs_what_waits_and_takes_no_more(void **state) {
    struct door door = DOOR_INIT;
    struct late late = {.pool = make_pool(2, 8), .door = &door, .accepted = 77};
    atomic_long counter = 0;

    (void)state;
    assert_int_equal(ml_pool_submit(late.pool, submit_late, &late, NULL), ML_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ml_pool_submit(late.pool, count_up, &counter, NULL), ML_OK);
    }
    open_door(&door);
    ml_pool_free(late.pool);
    assert_int_equal(atomic_load(&counter), 5);
    assert_int_equal(atomic_load(&late.status), ML_ECLOSED);
    assert_int_equal(atomic_load(&late.many_status), ML_ECLOSED);
    assert_int_equal(late.accepted, 0);
}

/* ---- many, cancel, and waiting with a limit ---- */

static void many_tasks_start_in_the_order_of_their_arguments(void **state) {
    void *arguments[100];
    size_t accepted = 0;
    ml_pool *pool = make_pool(1, 0);

    (void)state;
    order.count = 0;
    for (intptr_t i = 0; i < 100; i++) {
        arguments[i] = (void *)i;
    }
    assert_int_equal(
        ml_pool_submit_many(pool, note_place, arguments, 100, &accepted, NULL), ML_OK
    );
    ml_pool_free(pool);
    assert_int_equal(accepted, 100);
    assert_int_equal(order.count, 100);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(order.places[i], i);
    }
}

static void of_many_tasks_the_queue_takes_the_first_that_have_room(void **state) {
    struct door door = DOOR_INIT;
    atomic_long counters[5] = {0};
    void *arguments[5];
    size_t accepted = 77;
    ml_error err = ML_ERROR_INIT;
    ml_pool *pool = make_pool(1, 3);

    (void)state;
    for (int i = 0; i < 5; i++) {
        arguments[i] = &counters[i];
    }
    assert_int_equal(ml_pool_submit(pool, wait_at, &door, NULL), ML_OK);
    until_waiting(&door, 1);
    assert_int_equal(
        ml_pool_submit_many(pool, count_up, arguments, 5, &accepted, &err), ML_EOVERLOAD
    );
    assert_int_equal(accepted, 3);
    assert_string_equal(err.message, "pool: 3 tasks wait already");
    open_door(&door);
    ml_pool_free(pool);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(atomic_load(&counters[i]), i < 3);
    }
}

/* As many doors as threads: all must come to wait, though they were brought with one wake-up.
 */
static void many_tasks_wake_as_many_threads(void **state) {
    struct door door = DOOR_INIT;
    void *arguments[4] = {&door, &door, &door, &door};
    size_t accepted = 0;
    ml_pool *pool = make_pool(4, 0);

    (void)state;
    assert_int_equal(ml_pool_submit_many(pool, wait_at, arguments, 4, &accepted, NULL), ML_OK);
    until_waiting(&door, 4);
    open_door(&door);
    ml_pool_free(pool);
}

static void tasks_that_wait_for_each_other_find_a_thread_each(void **state) {
    ml_pool *pool = make_pool(4, 0);

    (void)state;
    for (int round = 0; round < 500; round++) {
        struct door door = DOOR_INIT;

        for (int i = 0; i < 4; i++) {
            assert_int_equal(ml_pool_submit(pool, wait_at, &door, NULL), ML_OK);
        }
        until_waiting(&door, 4); /* also if the first was called for all of them */
        open_door(&door);
        ml_pool_drain(pool);
    }
    ml_pool_free(pool);
}

static void a_cancelled_task_does_not_run_and_the_others_do(void **state) {
    struct door door = DOOR_INIT;
    atomic_long counters[2] = {0};
    ml_pool *pool = make_pool(1, 8);

    (void)state;
    assert_int_equal(ml_pool_submit(pool, wait_at, &door, NULL), ML_OK);
    until_waiting(&door, 1);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(ml_pool_submit(pool, count_up, &counters[i % 2], NULL), ML_OK);
    }
    assert_int_equal(ml_pool_cancel(pool, count_up, &counters[1]), 3);
    assert_int_equal(ml_pool_cancel(pool, count_up, &counters[1]), 0);
    assert_int_equal(ml_pool_cancel(pool, note_place, &counters[0]), 0);
    assert_int_equal(ml_pool_cancel(pool, wait_at, &door), 0); /* has started */
    open_door(&door);
    ml_pool_drain(pool); /* a cancelled task does not keep the pool busy */
    assert_int_equal(atomic_load(&counters[0]), 3);
    assert_int_equal(atomic_load(&counters[1]), 0);
    assert_int_equal(ml_pool_cancel(pool, count_up, &counters[0]), 0);
    ml_pool_free(pool);
}

static void a_task_either_runs_or_is_cancelled(void **state) {
    atomic_long counter = 0;
    ml_pool *pool = make_pool(2, 64);
    long cancelled = 0;
    long accepted = 0;

    (void)state;
    for (int round = 0; round < 20000; round++) {
        accepted += ml_pool_submit(pool, count_up, &counter, NULL) == ML_OK;
        accepted += ml_pool_submit(pool, count_up, &counter, NULL) == ML_OK;
        cancelled += (long)ml_pool_cancel(pool, count_up, &counter);
    }
    ml_pool_drain(pool);
    assert_int_equal(atomic_load(&counter) + cancelled, accepted);
    ml_pool_free(pool);
}

static void draining_ends_at_its_time_or_when_the_pool_is_idle(void **state) {
    struct door door = DOOR_INIT;
    ml_error err = ML_ERROR_INIT;
    ml_pool *pool = make_pool(2, 0);
    const uint64_t begin_ns = ml_clock_now_ns();

    (void)state;
    assert_int_equal(ml_pool_drain_until(pool, 0, NULL), ML_OK);
    assert_int_equal(ml_pool_submit(pool, wait_at, &door, NULL), ML_OK);
    assert_int_equal(ml_pool_drain_until(pool, 0, &err), ML_ETIMEOUT);
    assert_string_equal(err.message, "pool: not idle after 0 ms");
    assert_int_equal(ml_pool_drain_until(pool, 5, NULL), ML_ETIMEOUT);
    assert_true(ml_clock_now_ns() - begin_ns >= 5000000);
    open_door(&door);
    assert_int_equal(ml_pool_drain_until(pool, 60000, NULL), ML_OK);
    ml_pool_free(pool);
}

static void an_idle_pool_uses_no_processor(void **state) {
    const struct timespec pause = {0, 200000000};
    struct timespec begin;
    struct timespec end;
    atomic_long counter = 0;
    ml_pool *pool = make_pool(4, 0);

    (void)state;
    assert_int_equal(ml_pool_submit(pool, count_up, &counter, NULL), ML_OK);
    ml_pool_drain(pool);
    nanosleep(&(struct timespec){0, 20000000}, NULL); /* for the workers to go to sleep */
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    nanosleep(&pause, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    assert_true(
        (end.tv_sec - begin.tv_sec) * 1000000000L + end.tv_nsec - begin.tv_nsec < 2000000
    );
    ml_pool_free(pool);
}

/* ---- maps ---- */

#define MANY 5000

struct many {
    ml_pool *pool;
    atomic_int calls[MANY];
    size_t results[MANY];
    size_t first_bad; /* this index and every third after it fail */
};

static ml_status square(void *context, size_t index) {
    struct many *many = context;

    atomic_fetch_add(&many->calls[index], 1);
    many->results[index] = index * index;
    if (index >= many->first_bad && (index - many->first_bad) % 3 == 0) {
        return index == many->first_bad ? ML_EVALUE : ML_EIO;
    }
    return ML_OK;
}

static struct many many;

static void fill_many(ml_pool *pool) {
    memset(&many, 0, sizeof many);
    many.pool = pool;
    many.first_bad = SIZE_MAX;
}

static void map_calls_each_index_once_and_results_come_in_order(void **state) {
    const size_t counts[] = {0, 1, 2, 3, MANY};

    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads++) {
        ml_pool *pool = make_pool(threads, 0);

        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            fill_many(pool);
            assert_int_equal(ml_pool_map(pool, square, &many, counts[c], NULL), ML_OK);
            for (size_t i = 0; i < MANY; i++) {
                assert_int_equal(atomic_load(&many.calls[i]), i < counts[c]);
                assert_int_equal(many.results[i], i < counts[c] ? i * i : 0);
            }
        }
        ml_pool_free(pool);
    }
}

static void map_answers_the_status_of_the_lowest_index_that_failed(void **state) {
    ml_error err = ML_ERROR_INIT;

    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads++) {
        ml_pool *pool = make_pool(threads, 0);

        for (size_t bad = 0; bad < 120; bad += 7) {
            fill_many(pool);
            many.first_bad = bad;
            assert_int_equal(ml_pool_map(pool, square, &many, MANY, &err), ML_EVALUE);
            assert_int_equal(err.status, ML_EVALUE);
            for (size_t i = 0; i <= bad; i++) {
                assert_int_equal(atomic_load(&many.calls[i]), 1);
            }
        }
        assert_string_equal(err.message, "index 119: a value that the model does not take");
        ml_pool_free(pool);
    }
}

static void a_failed_map_hands_out_no_further_indexes(void **state) {
    ml_pool *pool = make_pool(2, 0);
    long calls = 0;

    (void)state;
    fill_many(pool);
    many.first_bad = 0;
    assert_int_equal(ml_pool_map(pool, square, &many, 1, NULL), ML_EVALUE);
    assert_int_equal(ml_pool_map(pool, square, &many, MANY, NULL), ML_EVALUE);
    for (size_t i = 0; i < MANY; i++) {
        calls += atomic_load(&many.calls[i]);
    }
    assert_true(calls < MANY);
    ml_pool_free(pool);
}

struct nest {
    ml_pool *pool;
    int depth;
    atomic_long *leaves;
};

static ml_status nested(void *context, size_t index) {
    const struct nest *nest = context;
    struct nest inner = {nest->pool, nest->depth - 1, nest->leaves};

    (void)index;
    if (nest->depth == 0) {
        atomic_fetch_add(nest->leaves, 1);
        return ML_OK;
    }
    return ml_pool_map(nest->pool, nested, &inner, 4, NULL);
}

static void maps_inside_maps_end(void **state) {
    atomic_long leaves = 0;

    (void)state;
    for (uint32_t threads = 1; threads <= 3; threads++) {
        struct nest nest = {make_pool(threads, 1), 4, &leaves};

        atomic_store(&leaves, 0);
        assert_int_equal(ml_pool_map(nest.pool, nested, &nest, 4, NULL), ML_OK);
        assert_int_equal(atomic_load(&leaves), 4 * 4 * 4 * 4 * 4);
        ml_pool_free(nest.pool);
    }
}

static void map_in_a_task(void *argument) {
    struct nest *nest = argument;

    assert_int_equal(ml_pool_map(nest->pool, nested, nest, 4, NULL), ML_OK);
}

static void maps_inside_tasks_end_also_while_the_pool_is_freed(void **state) {
    atomic_long leaves = 0;
    struct nest nest = {make_pool(2, 0), 2, &leaves};

    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(ml_pool_submit(nest.pool, map_in_a_task, &nest, NULL), ML_OK);
    }
    ml_pool_free(nest.pool);
    assert_int_equal(atomic_load(&leaves), 50 * 4 * 4 * 4);
}

static void a_map_ends_though_every_thread_is_busy_and_the_queue_is_full(void **state) {
    struct door door = DOOR_INIT;
    ml_pool *pool = make_pool(2, 1);
    atomic_long counter = 0;

    (void)state;
    assert_int_equal(ml_pool_submit(pool, wait_at, &door, NULL), ML_OK);
    until_waiting(&door, 1);
    assert_int_equal(ml_pool_submit(pool, wait_at, &door, NULL), ML_OK);
    until_waiting(&door, 2);
    assert_int_equal(ml_pool_submit(pool, count_up, &counter, NULL), ML_OK);
    assert_int_equal(ml_pool_submit(pool, count_up, &counter, NULL), ML_EOVERLOAD);
    fill_many(pool);
    assert_int_equal(ml_pool_map(pool, square, &many, MANY, NULL), ML_OK);
    open_door(&door);
    ml_pool_free(pool);
}

static void *map_many_times(void *argument) {
    struct nest *nest = argument;

    for (int i = 0; i < 100; i++) {
        assert_int_equal(ml_pool_map(nest->pool, nested, nest, 7, NULL), ML_OK);
    }
    return NULL;
}

static void maps_of_several_callers_run_at_once(void **state) {
    atomic_long leaves = 0;
    struct nest nest = {make_pool(2, 0), 1, &leaves};
    pthread_t threads[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, map_many_times, &nest), 0);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    ml_pool_free(nest.pool);
    assert_int_equal(atomic_load(&leaves), 3 * 100 * 7 * 4);
}

static void submit_and_map_allocate_nothing(void **state) {
    atomic_long counter = 0;
    ml_pool *pool = make_pool(2, 0);
    const long before = atomic_load(&allocation_count);

    (void)state;
    fill_many(pool);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ml_pool_submit(pool, count_up, &counter, NULL), ML_OK);
    }
    assert_int_equal(ml_pool_map(pool, square, &many, MANY, NULL), ML_OK);
    ml_pool_drain(pool);
    assert_int_equal(atomic_load(&allocation_count), before);
    ml_pool_free(pool);
}

/* ---- birth ---- */

static void look_at_thread(void *argument) {
    char *name = argument;
    sigset_t mask;

    assert_int_equal(pthread_getname_np(pthread_self(), name, 16), 0);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
    assert_true(sigismember(&mask, SIGTERM) && sigismember(&mask, SIGINT));
}

static void threads_have_a_name_and_block_signals(void **state) {
    ml_pool_options options = ML_POOL_OPTIONS_INIT;
    char name[16] = "";
    ml_pool *pool = NULL;

    (void)state;
    options.name = "crunchers-of-numbers";
    options.thread_count = 1;
    assert_int_equal(ml_pool_create(&options, &pool, NULL), ML_OK);
    assert_int_equal(ml_pool_submit(pool, look_at_thread, name, NULL), ML_OK);
    ml_pool_free(pool);
    assert_string_equal(name, "crunchers-0");
}

static void by_default_there_is_a_thread_a_core(void **state) {
    cpu_set_t cores;
    ml_pool *pool = NULL;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof cores, &cores), 0);
    assert_int_equal(ml_pool_create(NULL, &pool, NULL), ML_OK);
    assert_int_equal(ml_pool_thread_count(pool), CPU_COUNT(&cores));
    ml_pool_free(pool);
}

static void a_pool_starts_with_the_threads_it_got(void **state) {
    atomic_long counter = 0;
    ml_pool *pool;

    (void)state;
    atomic_store(&allowed_threads, 2);
    pool = make_pool(5, 0);
    atomic_store(&allowed_threads, 1000000);
    assert_int_equal(ml_pool_thread_count(pool), 2);
    assert_int_equal(ml_pool_submit(pool, count_up, &counter, NULL), ML_OK);
    ml_pool_free(pool);
    assert_int_equal(atomic_load(&counter), 1);
}

static void without_a_single_thread_create_fails(void **state) {
    ml_error err = ML_ERROR_INIT;
    ml_pool *pool = (void *)&err;

    (void)state;
    atomic_store(&allowed_threads, 0);
    assert_int_equal(ml_pool_create(NULL, &pool, &err), ML_ETHREAD);
    atomic_store(&allowed_threads, 1000000);
    assert_ptr_equal(pool, &err);
    assert_int_equal(err.status, ML_ETHREAD);
}

static void without_memory_create_fails_whichever_allocation_it_was(void **state) {
    ml_status status = ML_ENOMEM;
    long allowed = 0;

    (void)state;
    while (status == ML_ENOMEM) {
        ml_pool *pool = NULL;

        atomic_store(&allowed_allocations, allowed++);
        status = ml_pool_create(NULL, &pool, NULL);
        atomic_store(&allowed_allocations, 1000000);
        assert_true((pool != NULL) == (status == ML_OK));
        ml_pool_free(pool);
    }
    assert_int_equal(status, ML_OK);
    assert_true(allowed > 3);
}

static void arguments_that_break_the_contract_are_refused(void **state) {
    ml_pool_options options = ML_POOL_OPTIONS_INIT;
    atomic_long counter = 0;
    void *argument = &counter;
    size_t accepted = 77;
    ml_pool *pool = NULL;

    (void)state;
    assert_int_equal(ml_pool_create(NULL, NULL, NULL), ML_EINVAL);
    options.thread_count = 1025;
    assert_int_equal(ml_pool_create(&options, &pool, NULL), ML_EINVAL);
    options.thread_count = 1;
    options.queue_capacity = 16777217;
    assert_int_equal(ml_pool_create(&options, &pool, NULL), ML_EINVAL);
    options.size = 0;
    assert_int_equal(ml_pool_create(&options, &pool, NULL), ML_EINVAL);
    assert_int_equal(ml_pool_submit(NULL, count_up, &counter, NULL), ML_EINVAL);
    assert_int_equal(ml_pool_map(NULL, square, &many, 1, NULL), ML_EINVAL);
    assert_int_equal(
        ml_pool_submit_many(NULL, count_up, &argument, 1, &accepted, NULL), ML_EINVAL
    );
    assert_int_equal(ml_pool_drain_until(NULL, 1, NULL), ML_EINVAL);
    assert_int_equal(ml_pool_cancel(NULL, count_up, &counter), 0);
    pool = make_pool(1, 0);
    assert_int_equal(ml_pool_submit_many(pool, NULL, &argument, 1, &accepted, NULL), ML_EINVAL);
    assert_int_equal(ml_pool_submit_many(pool, count_up, NULL, 1, &accepted, NULL), ML_EINVAL);
    assert_int_equal(ml_pool_submit_many(pool, count_up, &argument, 1, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_pool_submit_many(pool, count_up, NULL, 0, &accepted, NULL), ML_OK);
    assert_int_equal(accepted, 0);
    assert_int_equal(ml_pool_cancel(pool, NULL, &counter), 0);
    assert_int_equal(ml_pool_submit(pool, NULL, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_pool_map(pool, NULL, NULL, 1, NULL), ML_EINVAL);
    ml_pool_free(pool);
    ml_pool_free(NULL);
}

int main(void) {
    const ml_allocator allocator = {allocate, resize, release, NULL};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_of_many_submitters_runs_once),
        cmocka_unit_test(tasks_start_in_the_order_they_came),
        cmocka_unit_test(a_full_queue_answers_overload_and_loses_nothing),
        cmocka_unit_test(drain_waits_for_tasks_that_run),
        cmocka_unit_test(a_pool_that_is_being_freed_runs_what_waits_and_takes_no_more),
        cmocka_unit_test(many_tasks_start_in_the_order_of_their_arguments),
        cmocka_unit_test(of_many_tasks_the_queue_takes_the_first_that_have_room),
        cmocka_unit_test(many_tasks_wake_as_many_threads),
        cmocka_unit_test(tasks_that_wait_for_each_other_find_a_thread_each),
        cmocka_unit_test(a_cancelled_task_does_not_run_and_the_others_do),
        cmocka_unit_test(a_task_either_runs_or_is_cancelled),
        cmocka_unit_test(draining_ends_at_its_time_or_when_the_pool_is_idle),
        cmocka_unit_test(an_idle_pool_uses_no_processor),
        cmocka_unit_test(map_calls_each_index_once_and_results_come_in_order),
        cmocka_unit_test(map_answers_the_status_of_the_lowest_index_that_failed),
        cmocka_unit_test(a_failed_map_hands_out_no_further_indexes),
        cmocka_unit_test(maps_inside_maps_end),
        cmocka_unit_test(maps_inside_tasks_end_also_while_the_pool_is_freed),
        cmocka_unit_test(a_map_ends_though_every_thread_is_busy_and_the_queue_is_full),
        cmocka_unit_test(maps_of_several_callers_run_at_once),
        cmocka_unit_test(submit_and_map_allocate_nothing),
        cmocka_unit_test(threads_have_a_name_and_block_signals),
        cmocka_unit_test(by_default_there_is_a_thread_a_core),
        cmocka_unit_test(a_pool_starts_with_the_threads_it_got),
        cmocka_unit_test(without_a_single_thread_create_fails),
        cmocka_unit_test(without_memory_create_fails_whichever_allocation_it_was),
        cmocka_unit_test(arguments_that_break_the_contract_are_refused),
    };

    if (ml_set_allocator(&allocator) != ML_OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
