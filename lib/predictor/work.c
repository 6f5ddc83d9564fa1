/* SPDX-License-Identifier: MIT */
/*
 * work.c -- work memory that a predictor keeps from call to call.
 *
 * Each call takes pieces from the end of a block, and a new block where the last is too small.
 * When the call ends with more than one block they are given up, and the next call begins with
 * one as large as all of them: from then on a call like it allocates nothing.
 */
#include "predictor/work.h"

#include "base/checked.h"
#include "base/memory.h"

#define ALIGNMENT 64
#define FIRST_BYTES 16384

static unsigned char *block_start(struct ml__work_block *block) {
    return (unsigned char *)block + ALIGNMENT;
}

static struct ml__work_block *make_block(size_t size) {
    struct ml__work_block *block = NULL;
    size_t bytes;

    if (ml__add(size, ALIGNMENT, &bytes)) {
        block = ml__make_aligned(bytes, 1);
    }
    if (block != NULL) {
        block->next = NULL;
        block->size = size;
        block->used = 0;
    }
    return block;
}

static void free_blocks(struct ml__work *work) {
    while (work->blocks != NULL) {
        struct ml__work_block *block = work->blocks;

        work->blocks = block->next;
        ml__free_aligned(block);
    }
}

struct ml__work *ml__work_open(void) {
    struct ml__work *work = ml__make(1, sizeof *work);

    if (work != NULL && !ml__lock_open(&work->lock)) {
        ml__free(work);
        work = NULL;
    }
    if (work != NULL) {
        work->want_bytes = FIRST_BYTES;
    }
    return work;
}

void ml__work_close(struct ml__work *work) {
    if (work != NULL) {
        free_blocks(work);
        ml__lock_close(&work->lock);
        ml__free(work);
    }
}

void *ml__work_take(struct ml__work *work, size_t count, size_t size) {
    struct ml__work_block *block = work->blocks;
    unsigned char *piece;
    size_t bytes;

    if (!ml__mul(count, size, &bytes) || !ml__add(bytes, ALIGNMENT - 1, &bytes)) {
        return NULL;
    }
    bytes -= bytes % ALIGNMENT;
    if (block == NULL || block->size - block->used < bytes) {
        block = make_block(bytes > work->want_bytes ? bytes : work->want_bytes);
        if (block == NULL) {
            return NULL;
        }
        block->next = work->blocks;
        work->blocks = block;
    }
    piece = block_start(block) + block->used;
    block->used += bytes;
    return piece;
}

void ml__work_reset(struct ml__work *work) {
    size_t bytes = 0;

    if (work->blocks == NULL) {
        return;
    }
    if (work->blocks->next == NULL) {
        work->blocks->used = 0;
        return;
    }
    for (const struct ml__work_block *block = work->blocks; block != NULL;
         block = block->next) {
        bytes += block->size; /* it was all allocated, so the sum fits */
    }
    free_blocks(work);
    work->want_bytes = bytes;
}
