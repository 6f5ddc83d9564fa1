/* SPDX-License-Identifier: MIT */
/*
 * memory.h -- every allocation of the library goes through here, and so through the hook.
 */
#ifndef ML_BASE_MEMORY_H
#define ML_BASE_MEMORY_H

#include <mlserve/base.h>

#include <stdbool.h>

/* Zeroed memory for `count` elements of `size` bytes; NULL if there is none or it overflows. */
void *ml__make(size_t count, size_t size);

/* As ml__make(), not zeroed. */
void *ml__make_raw(size_t count, size_t size);

/* Grow or shrink a block to `count` elements; NULL leaves the old block as it was. */
void *ml__resize(void *block, size_t count, size_t size);

/* Give a block back; NULL is fine. */
void ml__free(void *block);

/* Memory aligned to 64 bytes (a cache line, the widest vector), to ml__free_aligned(). */
void *ml__make_aligned(size_t count, size_t size);
void ml__free_aligned(void *block);

/* A copy of a NUL-ended or counted string, ended by NUL; NULL if there is no memory. */
char *ml__copy_text(const char *text);
char *ml__copy_bytes(const void *data, size_t size);

/* Whether anything was allocated yet: hooks cannot change any more. */
bool ml__memory_used(void);

#endif
