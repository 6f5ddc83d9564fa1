/* SPDX-License-Identifier: MIT */
/*
 * arena.h -- memory that is given back all at once, and that ends at a limit.
 *
 * What a reader makes of a file lives in one arena, so giving up half way needs no bookkeeping,
 * and the promise "at most twice the file" is kept in one place.
 */
#ifndef ML_FORMATS_ARENA_H
#define ML_FORMATS_ARENA_H

#include <mlserve/status.h>

struct ml__chunk;

struct ml__arena {
    struct ml__chunk *chunks; /* the newest first */
    unsigned char *next;
    size_t left_bytes; /* in the newest chunk */
    size_t used_bytes; /* in all of them */
    size_t limit_bytes;
};

/* An arena for the description of a file: twice its size, and 512 KiB for small ones. */
void ml__arena_start(struct ml__arena *arena, size_t file_bytes);

/* Zeroed memory, aligned for any type, until the arena ends. ML_ENOMEM, ML_ELIMIT. */
ML_MUST ml_status
ml__arena_make(struct ml__arena *arena, size_t count, size_t size, void **out, ml_error *err);

/* A copy of `size` bytes, ended by NUL. */
ML_MUST ml_status ml__arena_text(
    struct ml__arena *arena, const void *data, size_t size, const char **out, ml_error *err
);

void ml__arena_end(struct ml__arena *arena);

#endif
