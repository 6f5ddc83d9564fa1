/* SPDX-License-Identifier: MIT */
/*
 * arena.c -- chunks in a list, cut from the front.
 *
 * A small request is cut from the newest chunk; a large one gets a chunk of its own, behind the
 * newest, so that the room left there is not lost. The limit counts whole chunks.
 */
#include "formats/arena.h"

#include <stdalign.h>
#include <string.h>

#include "base/checked.h"
#include "base/fail.h"
#include "base/memory.h"

#define CHUNK_BYTES ((size_t)16 << 10)
#define SMALL_FILE_BYTES ((size_t)512 << 10)
#define ALIGNMENT alignof(max_align_t)

struct ml__chunk {
    struct ml__chunk *next;
    alignas(max_align_t) unsigned char bytes[];
};

void ml__arena_start(struct ml__arena *arena, size_t file_bytes) {
    *arena = (struct ml__arena){0};
    if (!ml__mul(file_bytes, 2, &arena->limit_bytes) ||
        !ml__add(arena->limit_bytes, SMALL_FILE_BYTES, &arena->limit_bytes)) {
        arena->limit_bytes = SIZE_MAX;
    }
}

/* A chunk of `bytes`, in no list yet. */
static ml_status
make_chunk(struct ml__arena *arena, size_t bytes, struct ml__chunk **out, ml_error *err) {
    size_t whole;
    size_t used;

    if (!ml__add(bytes, sizeof(struct ml__chunk), &whole) ||
        !ml__add(arena->used_bytes, whole, &used) || used > arena->limit_bytes) {
        return ml__fail(
            err, ML_ELIMIT,
            "the model's description takes more than %zu bytes, twice the file and 512 KiB",
            arena->limit_bytes
        );
    }
    *out = ml__make(whole, 1);
    if (*out == NULL) {
        return ml__fail(err, ML_ENOMEM, "%zu bytes for a model's description", whole);
    }
    arena->used_bytes = used;
    return ML_OK;
}

/* A chunk for one request alone; what is left in the newest stays open. */
static ml_status
make_alone(struct ml__arena *arena, size_t bytes, unsigned char **out, ml_error *err) {
    struct ml__chunk *chunk;
    const ml_status status = make_chunk(arena, bytes, &chunk, err);

    if (status != ML_OK) {
        return status;
    }
    if (arena->chunks != NULL) {
        chunk->next = arena->chunks->next;
        arena->chunks->next = chunk;
    } else {
        arena->chunks = chunk;
    }
    *out = chunk->bytes;
    return ML_OK;
}

static ml_status open_chunk(struct ml__arena *arena, ml_error *err) {
    struct ml__chunk *chunk;
    const ml_status status = make_chunk(arena, CHUNK_BYTES, &chunk, err);

    if (status != ML_OK) {
        return status;
    }
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->next = chunk->bytes;
    arena->left_bytes = CHUNK_BYTES;
    return ML_OK;
}

ml_status
ml__arena_make(struct ml__arena *arena, size_t count, size_t size, void **out, ml_error *err) {
    unsigned char *block;
    size_t bytes;
    ml_status status;

    if (!ml__mul(count, size, &bytes) || !ml__add(bytes, ALIGNMENT - 1, &bytes)) {
        return ml__fail(err, ML_ELIMIT, "%zu elements of %zu bytes overflow", count, size);
    }
    bytes -= bytes % ALIGNMENT;
    bytes = bytes == 0 ? ALIGNMENT : bytes;
    if (bytes > CHUNK_BYTES / 4) {
        status = make_alone(arena, bytes, &block, err);
        if (status == ML_OK) {
            *out = block;
        }
        return status;
    }
    if (bytes > arena->left_bytes) {
        status = open_chunk(arena, err);
        if (status != ML_OK) {
            return status;
        }
    }
    *out = arena->next;
    arena->next += bytes;
    arena->left_bytes -= bytes;
    return ML_OK;
}

ml_status ml__arena_text(
    struct ml__arena *arena, const void *data, size_t size, const char **out, ml_error *err
) {
    void *block;
    size_t bytes;
    ml_status status;

    if (!ml__add(size, 1, &bytes)) {
        return ml__fail(err, ML_ELIMIT, "a text of %zu bytes", size);
    }
    status = ml__arena_make(arena, bytes, 1, &block, err);
    if (status != ML_OK) {
        return status;
    }
    if (size > 0) {
        memcpy(block, data, size);
    }
    *out = block;
    return ML_OK;
}

void ml__arena_end(struct ml__arena *arena) {
    struct ml__chunk *chunk = arena->chunks;

    while (chunk != NULL) {
        struct ml__chunk *next = chunk->next;

        ml__free(chunk);
        chunk = next;
    }
    *arena = (struct ml__arena){0};
}
