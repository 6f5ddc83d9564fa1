/* SPDX-License-Identifier: MIT */
/*
 * memory.c -- the allocator hook and what is built on it.
 *
 * One of the two places where the process has state of ours. The hook is set before anything
 * else runs, so it is read without a lock; the first allocation closes that time, and from
 * then on ml_set_allocator() refuses: a block must be freed by the allocator that made it.
 *
 * Aligned blocks are cut out of larger ones; the pointer to give back stands before the block.
 */
#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"

#define ALIGNMENT 64

static void *system_allocate(void *user, size_t size) {
    (void)user;
    return malloc(size);
}

static void *system_resize(void *user, void *block, size_t size) {
    (void)user;
    return realloc(block, size);
}

static void system_release(void *user, void *block) {
    (void)user;
    free(block);
}

static const ml_allocator system_allocator = {
    system_allocate, system_resize, system_release, NULL};
static ml_allocator hook = {system_allocate, system_resize, system_release, NULL};

/* Relaxed is enough: it only catches a program that sets the hook too late, and a program that
   does so from a second thread has broken the contract ("none else") anyway. */
static atomic_bool used;

ml_status ml_set_allocator(const ml_allocator *allocator) {
    if (ml__memory_used()) {
        return ML_EINVAL;
    }
    if (allocator == NULL) {
        hook = system_allocator;
        return ML_OK;
    }
    if (allocator->allocate == NULL || allocator->resize == NULL ||
        allocator->release == NULL) {
        return ML_EINVAL;
    }
    hook = *allocator;
    return ML_OK;
}

bool ml__memory_used(void) {
    return atomic_load_explicit(&used, memory_order_relaxed);
}

static void note_use(void) {
    if (!ml__memory_used()) {
        atomic_store_explicit(&used, true, memory_order_relaxed);
    }
}

void *ml__make_raw(size_t count, size_t size) {
    size_t bytes;

    note_use();
    if (!ml__mul(count, size, &bytes)) {
        return NULL;
    }
    return hook.allocate(hook.user, bytes == 0 ? 1 : bytes);
}

void *ml__make(size_t count, size_t size) {
    void *block = ml__make_raw(count, size);

    if (block != NULL) {
        memset(block, 0, count * size);
    }
    return block;
}

void *ml__resize(void *block, size_t count, size_t size) {
    size_t bytes;

    note_use();
    if (!ml__mul(count, size, &bytes)) {
        return NULL;
    }
    if (block == NULL) {
        return ml__make_raw(count, size);
    }
    return hook.resize(hook.user, block, bytes == 0 ? 1 : bytes);
}

void ml__free(void *block) {
    if (block != NULL) {
        hook.release(hook.user, block);
    }
}

void *ml__make_aligned(size_t count, size_t size) {
    size_t bytes;
    unsigned char *block;
    unsigned char *aligned;

    if (!ml__mul(count, size, &bytes) || !ml__add(bytes, ALIGNMENT + sizeof(void *), &bytes)) {
        return NULL;
    }
    block = ml__make_raw(bytes, 1);
    if (block == NULL) {
        return NULL;
    }
    aligned = block + sizeof(void *);
    aligned += (ALIGNMENT - (uintptr_t)aligned % ALIGNMENT) % ALIGNMENT;
    memcpy(aligned - sizeof(void *), &block, sizeof block);
    return aligned;
}

void ml__free_aligned(void *block) {
    void *whole;

    if (block != NULL) {
        memcpy(&whole, (unsigned char *)block - sizeof(void *), sizeof whole);
        ml__free(whole);
    }
}

char *ml__copy_bytes(const void *data, size_t size) {
    size_t bytes;
    char *copy = NULL;

    if (ml__add(size, 1, &bytes)) {
        copy = ml__make_raw(bytes, 1);
    }
    if (copy != NULL) {
        if (size > 0) {
            memcpy(copy, data, size);
        }
        copy[size] = '\0';
    }
    return copy;
}

char *ml__copy_text(const char *text) {
    return ml__copy_bytes(text, strlen(text));
}
