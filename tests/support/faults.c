/* SPDX-License-Identifier: MIT */
/*
 * faults.c -- the counting, failing allocator and the sweep.
 *
 * Each block carries its size before it, so that live bytes and their peak are exact. Counters
 * are atomic: scenarios may use threads.
 */
#include "support/cmocka_all.h"

#include "support/faults.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#define HEADER 16

static atomic_long live_blocks;
static atomic_size_t live_bytes;
static atomic_size_t peak_bytes;
static atomic_long allocation_count;

static atomic_int armed_kind;
static atomic_long armed_at = -1; /* -1: not armed */
static atomic_bool armed_forever;
static atomic_long points;

static bool point_fails(enum fault_kind kind) {
    const long at = atomic_load(&armed_at);
    long point;

    if (at < 0 || atomic_load(&armed_kind) != (int)kind) {
        return false;
    }
    point = atomic_fetch_add(&points, 1);
    return point == at || (atomic_load(&armed_forever) && point > at);
}

static void grow(size_t size) {
    const size_t now = atomic_fetch_add(&live_bytes, size) + size;
    size_t peak = atomic_load(&peak_bytes);

    while (now > peak && !atomic_compare_exchange_weak(&peak_bytes, &peak, now)) {
    }
}

static void *failing_allocate(void *user, size_t size) {
    unsigned char *block;

    (void)user;
    atomic_fetch_add(&allocation_count, 1);
    if (size > SIZE_MAX - HEADER || point_fails(FAULT_ALLOCATION)) {
        return NULL;
    }
    block = malloc(size + HEADER);
    if (block == NULL) {
        return NULL;
    }
    *(size_t *)(void *)block = size;
    atomic_fetch_add(&live_blocks, 1);
    grow(size);
    return block + HEADER;
}

static void failing_release(void *user, void *block) {
    unsigned char *whole = (unsigned char *)block - HEADER;

    (void)user;
    atomic_fetch_sub(&live_blocks, 1);
    atomic_fetch_sub(&live_bytes, *(size_t *)(void *)whole);
    free(whole);
}

static void *failing_resize(void *user, void *block, size_t size) {
    unsigned char *whole = (unsigned char *)block - HEADER;
    const size_t old = *(size_t *)(void *)whole;

    (void)user;
    atomic_fetch_add(&allocation_count, 1);
    if (size > SIZE_MAX - HEADER || point_fails(FAULT_ALLOCATION)) {
        return NULL;
    }
    whole = realloc(whole, size + HEADER);
    if (whole == NULL) {
        return NULL;
    }
    *(size_t *)(void *)whole = size;
    grow(size); /* old and new may have stood side by side */
    atomic_fetch_sub(&live_bytes, old);
    return whole + HEADER;
}

void faults_install(void) {
    static const ml_allocator failing = {
        failing_allocate, failing_resize, failing_release, NULL};

    if (ml_set_allocator(&failing) != ML_OK) {
        abort();
    }
}

void faults_arm(enum fault_kind kind, long n, bool forever) {
    atomic_store(&points, 0);
    atomic_store(&armed_kind, (int)kind);
    atomic_store(&armed_forever, forever);
    atomic_store(&armed_at, n);
}

long faults_disarm(void) {
    atomic_store(&armed_at, -1);
    return atomic_load(&points);
}

long faults_live_blocks(void) {
    return atomic_load(&live_blocks);
}

size_t faults_peak_bytes(void) {
    return atomic_load(&peak_bytes);
}

void faults_reset_peak(void) {
    atomic_store(&peak_bytes, atomic_load(&live_bytes));
}

long faults_allocation_count(void) {
    return atomic_load(&allocation_count);
}

bool faults_system_fails(int number) {
    if (!point_fails(FAULT_SYSTEM)) {
        return false;
    }
    errno = number;
    return true;
}

long faults_sweep(
    enum fault_kind kind, ml_status (*scenario)(void *context), void *context,
    bool (*allowed)(ml_status status)
) {
    const long live_before = faults_live_blocks();
    ml_status unharmed;
    long count;

    faults_arm(kind, 1L << 60, false);
    unharmed = scenario(context);
    count = faults_disarm();
    assert_int_equal(faults_live_blocks(), live_before);
    for (int forever = 0; forever < 2; forever++) {
        for (long n = 0; n < count; n++) {
            ml_status status;

            faults_arm(kind, n, forever != 0);
            status = scenario(context);
            (void)faults_disarm();
            if (faults_live_blocks() != live_before) {
                fail_msg("point %ld of %ld: something was not given back", n, count);
            }
            if (status != unharmed && !allowed(status)) {
                fail_msg("point %ld of %ld: %s", n, count, ml_status_name(status));
            }
        }
    }
    assert_int_equal(scenario(context), unharmed);
    assert_int_equal(faults_live_blocks(), live_before);
    return count;
}
