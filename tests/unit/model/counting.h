/* SPDX-License-Identifier: MIT */
/*
 * counting.h -- an allocator that counts bytes and fails where a test wants it to.
 *
 * counting_install() must be called in main() before anything else of the library.
 */
#ifndef ML_TEST_MODEL_COUNTING_H
#define ML_TEST_MODEL_COUNTING_H

#include <mlserve/base.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define COUNTING_HEADER 32 /* keeps malloc's alignment behind the size */

static atomic_size_t counting_live_bytes;
static atomic_size_t counting_peak_bytes;
static atomic_size_t counting_calls;
static atomic_size_t counting_fail_at; /* this call answers NULL, counted from 1; 0: none */

static int counting_refuses(void) {
    const size_t call = atomic_fetch_add(&counting_calls, 1) + 1;

    return call == atomic_load(&counting_fail_at);
}

static void *counting_allocate(void *user, size_t size) {
    unsigned char *block;
    size_t live;

    (void)user;
    if (counting_refuses()) {
        return NULL;
    }
    block = malloc(COUNTING_HEADER + size);
    if (block == NULL) {
        return NULL;
    }
    memcpy(block, &size, sizeof size);
    live = atomic_fetch_add(&counting_live_bytes, size) + size;
    if (live > atomic_load(&counting_peak_bytes)) {
        atomic_store(&counting_peak_bytes, live);
    }
    return block + COUNTING_HEADER;
}

static void counting_release(void *user, void *block) {
    unsigned char *whole = (unsigned char *)block - COUNTING_HEADER;
    size_t size;

    (void)user;
    memcpy(&size, whole, sizeof size);
    atomic_fetch_sub(&counting_live_bytes, size);
    free(whole);
}

static void *counting_resize(void *user, void *block, size_t size) {
    void *grown = counting_allocate(user, size);
    size_t old_size;

    if (grown != NULL) {
        memcpy(&old_size, (unsigned char *)block - COUNTING_HEADER, sizeof old_size);
        memcpy(grown, block, old_size < size ? old_size : size);
        counting_release(user, block);
    }
    return grown;
}

/* Count from nothing; the n-th allocation from now on fails (0: none). */
static inline void counting_restart(size_t fail_at) {
    atomic_store(&counting_calls, 0);
    atomic_store(&counting_fail_at, fail_at);
    atomic_store(&counting_peak_bytes, atomic_load(&counting_live_bytes));
}

static inline int counting_install(void) {
    static const ml_allocator counting = {
        counting_allocate, counting_resize, counting_release, NULL};

    return ml_set_allocator(&counting) == ML_OK;
}

#endif
