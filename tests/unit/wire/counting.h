/* SPDX-License-Identifier: MIT */
/*
 * counting.h -- an allocator that counts what is in use and can fail the n-th request.
 */
#ifndef TESTS_UNIT_WIRE_COUNTING_H
#define TESTS_UNIT_WIRE_COUNTING_H

#include <malloc.h>
#include <mlserve/base.h>
#include <stdlib.h>

struct counting {
    size_t used_bytes;
    size_t peak_bytes;
    size_t request_count;
    size_t fail_at; /* the request that fails, from 1; 0: none */
};

static struct counting counting;

static inline int counting_fails(void) {
    return ++counting.request_count == counting.fail_at;
}

static inline void *counting_note(void *block) {
    counting.used_bytes += malloc_usable_size(block);
    if (counting.used_bytes > counting.peak_bytes) {
        counting.peak_bytes = counting.used_bytes;
    }
    return block;
}

static void *counting_allocate(void *user, size_t size) {
    (void)user;
    return counting_fails() ? NULL : counting_note(malloc(size));
}

static void *counting_resize(void *user, void *block, size_t size) {
    (void)user;
    if (counting_fails()) {
        return NULL;
    }
    counting.used_bytes -= malloc_usable_size(block);
    return counting_note(realloc(block, size));
}

static void counting_release(void *user, void *block) {
    (void)user;
    counting.used_bytes -= malloc_usable_size(block);
    free(block);
}

/* Call first of all in main(). */
static inline int counting_use(void) {
    const ml_allocator allocator = {counting_allocate, counting_resize, counting_release, NULL};

    return ml_set_allocator(&allocator) == ML_OK;
}

#endif
