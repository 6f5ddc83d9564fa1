/* SPDX-License-Identifier: MIT */
/*
 * test_pool_stress.c -- the hunt for a wake-up that gets lost, and crowds of submitters.
 *
 * One token goes round through the pool: each hop is a task that submits the next, so that the
 * workers go to sleep and are woken for every hop. At random steps the task sleeps for some
 * nanoseconds or yields, which moves the next submit to another place of a worker's way to
 * sleep. A watchdog in the main thread sees that the token moves: if it stands for a second,
 * a wake-up was lost.
 *
 * 2 * 10^5 hops; with MLSERVE_LONG=1 10^8. The random seed is printed; MLSERVE_SEED sets it.
 */
#include <mlserve/pool.h>

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#if defined(__SANITIZE_THREAD__)
#define HOPS 50000
#else
#define HOPS 200000
#endif
#define HOPS_LONG 100000000

static uint64_t seed;

static bool is_long(void) {
    const char *text = getenv("MLSERVE_LONG");

    return text != NULL && text[0] == '1';
}

/* SplitMix64: good enough to move things about. */
static uint64_t next_random(uint64_t *random) {
    uint64_t bits = *random += 0x9e3779b97f4a7c15u;

    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    return bits ^ bits >> 31;
}

/* Often nothing, at times a few turns of a loop, a yield, or a real sleep. */
static void dawdle(uint64_t *random) {
    const uint64_t dice = next_random(random);

    if (dice % 64 == 0) {
        nanosleep(&(struct timespec){0, (long)(dice >> 32) % 2000}, NULL);
    } else if (dice % 16 == 1) {
        sched_yield();
    } else if (dice % 4 == 2) {
        for (volatile uint64_t i = 0; i < (dice >> 32) % 200; i++) {
        }
    }
}

static ml_pool *make_pool(uint32_t thread_count, uint32_t queue_capacity) {
    ml_pool_options options = ML_POOL_OPTIONS_INIT;
    ml_pool *pool = NULL;

    options.thread_count = thread_count;
    options.queue_capacity = queue_capacity;
    assert_int_equal(ml_pool_create(&options, &pool, NULL), ML_OK);
    return pool;
}

/* Wait until `counter` is `target`; a second without any progress fails the test. */
static void watch(atomic_long *counter, long target, const char *what) {
    const struct timespec pause = {0, 20000000};
    long last = -1;
    int still = 0;

    for (;;) {
        const long now = atomic_load(counter);

        if (now >= target) {
            break;
        }
        still = now == last ? still + 1 : 0;
        last = now;
        if (still >= 50) {
            print_error("%s stands at %ld of %ld\n", what, now, target);
        }
        assert_true(still < 50);
        nanosleep(&pause, NULL);
    }
    assert_int_equal(atomic_load(counter), target);
}

/* ---- the token ---- */

struct token {
    ml_pool *pools[2]; /* it hops from one to the other; may be the same */
    atomic_long *hops;
    long target;
    uint64_t random; /* handed on with the token */
    size_t at;
};

static void hop(void *argument) {
    struct token *token = argument;
    uint64_t random = next_random(&token->random);

    dawdle(&token->random);
    if (atomic_fetch_add(token->hops, 1) + 1 < token->target) {
        token->at = !token->at;
        assert_int_equal(ml_pool_submit(token->pools[token->at], hop, token, NULL), ML_OK);
        dawdle(&random); /* the token is another thread's by now */
    }
}

static void send_round(ml_pool *there, ml_pool *back, const char *what) {
    atomic_long hops = 0;
    struct token token = {{there, back}, &hops, is_long() ? HOPS_LONG : HOPS, seed, 0};

    assert_int_equal(ml_pool_submit(there, hop, &token, NULL), ML_OK);
    watch(&hops, token.target, what);
    ml_pool_drain(there); /* the last but one may be inside its submit still */
    ml_pool_drain(back);
    ml_pool_free(there);
    if (back != there) {
        ml_pool_free(back);
    }
}

/* Each hop finds the other thread asleep, or on the way to it. */
static void a_token_between_two_pools_of_one_thread_never_stands(void **state) {
    (void)state;
    send_round(make_pool(1, 2), make_pool(1, 2), "the token between two pools");
}

static void a_token_inside_a_pool_of_three_threads_never_stands(void **state) {
    ml_pool *pool = make_pool(3, 2);

    (void)state;
    send_round(pool, pool, "the token inside a pool");
}

/* ---- crowds ---- */

struct crowd {
    ml_pool *pool;
    atomic_long *ran;
    atomic_long *accepted;
    long count;
    uint64_t random;
};

static void count_up(void *argument) {
    atomic_fetch_add((atomic_long *)argument, 1);
}

static ml_status count_index(void *context, size_t index) {
    (void)index;
    count_up(context);
    return ML_OK;
}

/* Tasks alone, tasks in heaps, maps and cancels, with pauses in which the workers fall asleep.
 */
static void *come_in_a_crowd(void *argument) {
    struct crowd *crowd = argument;
    void *arguments[8];

    for (int i = 0; i < 8; i++) {
        arguments[i] = crowd->ran;
    }
    for (long i = 0; i < crowd->count; i++) {
        const uint64_t dice = next_random(&crowd->random);
        size_t accepted = 0;

        switch (dice % 16) {
        case 0:
            assert_int_equal(
                ml_pool_map(crowd->pool, count_index, crowd->ran, dice >> 61, NULL), ML_OK
            );
            accepted = dice >> 61;
            break;
        case 1:
            atomic_fetch_sub(
                crowd->accepted, (long)ml_pool_cancel(crowd->pool, count_up, crowd->ran)
            );
            break;
        case 2:
        case 3:
            (void)!ml_pool_submit_many(
                crowd->pool, count_up, arguments, dice >> 61, &accepted, NULL
            );
            break;
        default:
            accepted = ml_pool_submit(crowd->pool, count_up, crowd->ran, NULL) == ML_OK;
        }
        atomic_fetch_add(crowd->accepted, (long)accepted);
        dawdle(&crowd->random);
    }
    return NULL;
}

static void what_a_crowd_submits_runs_once_or_is_cancelled_once(void **state) {
    atomic_long ran = 0;
    atomic_long accepted = 0;
    struct crowd crowds[6];
    pthread_t threads[6];
    ml_pool *pool = make_pool(3, 37);

    (void)state;
    for (uint64_t i = 0; i < 6; i++) {
        crowds[i] = (struct crowd
        ){pool, &ran, &accepted, (is_long() ? HOPS_LONG : HOPS) / 20, seed + i};
        assert_int_equal(pthread_create(&threads[i], NULL, come_in_a_crowd, &crowds[i]), 0);
    }
    for (int i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
    }
    watch(&ran, atomic_load(&accepted), "a crowd");
    assert_int_equal(ml_pool_drain_until(pool, 1000, NULL), ML_OK);
    ml_pool_free(pool);
}

static void a_drain_sees_every_end(void **state) {
    const long rounds = (is_long() ? HOPS_LONG : HOPS) / 20;
    uint64_t random = seed;
    atomic_long ran = 0;
    ml_pool *pool = make_pool(2, 8);

    (void)state;
    for (long round = 1; round <= rounds; round++) {
        assert_int_equal(ml_pool_submit(pool, count_up, &ran, NULL), ML_OK);
        dawdle(&random);
        assert_int_equal(ml_pool_drain_until(pool, 1000, NULL), ML_OK);
        assert_int_equal(atomic_load(&ran), round);
    }
    ml_pool_free(pool);
}

int main(void) {
    const char *text = getenv("MLSERVE_SEED");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_between_two_pools_of_one_thread_never_stands),
        cmocka_unit_test(a_token_inside_a_pool_of_three_threads_never_stands),
        cmocka_unit_test(what_a_crowd_submits_runs_once_or_is_cancelled_once),
        cmocka_unit_test(a_drain_sees_every_end),
    };

    seed = text != NULL ? strtoull(text, NULL, 10) : ml_clock_now_ns();
    print_message("MLSERVE_SEED=%llu\n", (unsigned long long)seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
