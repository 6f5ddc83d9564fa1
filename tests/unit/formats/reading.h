/* SPDX-License-Identifier: MIT */
/*
 * reading.h -- what the tests of the readers share: files, refusals, an allocator that fails.
 */
#ifndef TESTS_FORMATS_READING_H
#define TESTS_FORMATS_READING_H

#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "formats/graph.h"

typedef ml_status (*reader)(const void *, size_t, struct ml__graph **, ml_error *);

static size_t live_blocks;
static size_t live_peak_bytes;
static size_t live_bytes;
static size_t allocations_left = SIZE_MAX;

/* Every block has its size before it, so that bytes can be counted. */
static inline void *counting_allocate(void *user, size_t size) {
    size_t *block;

    (void)user;
    if (allocations_left == 0) {
        return NULL;
    }
    allocations_left--;
    block = malloc(size + 16);
    block[0] = size;
    live_blocks++;
    live_bytes += size;
    live_peak_bytes = live_bytes > live_peak_bytes ? live_bytes : live_peak_bytes;
    return (unsigned char *)block + 16;
}

static inline void counting_release(void *user, void *block) {
    size_t *whole;

    (void)user;
    if (block != NULL) {
        whole = (size_t *)(void *)((unsigned char *)block - 16);
        live_blocks--;
        live_bytes -= whole[0];
        free(whole);
    }
}

static inline void *counting_resize(void *user, void *block, size_t size) {
    void *larger = counting_allocate(user, size);
    size_t old;

    if (larger != NULL && block != NULL) {
        old = *(size_t *)(void *)((unsigned char *)block - 16);
        memcpy(larger, block, old < size ? old : size);
        counting_release(user, block);
    }
    return larger;
}

static inline void count_allocations(void) {
    const ml_allocator allocator = {counting_allocate, counting_resize, counting_release, NULL};

    assert_int_equal(ml_set_allocator(&allocator), ML_OK);
}

/* A file's bytes, in a block of just their size so that a sanitizer sees the end. */
static inline unsigned char *load(const char *path, size_t *size) {
    ml_error err = ML_ERROR_INIT;
    unsigned char *copy;
    void *data;

    if (ml__file_read(path, (uint64_t)1 << 30, &data, size, &err) != ML_OK) {
        fail_msg("%s", err.message);
    }
    copy = malloc(*size == 0 ? 1 : *size);
    memcpy(copy, data, *size);
    ml__free(data);
    return copy;
}

/* The bytes are refused with a status and a message that holds a word; nothing is left. */
static inline void assert_refused(
    reader read, const char *what, const void *data, size_t size, ml_status status,
    const char *word
) {
    ml_error err = ML_ERROR_INIT;
    struct ml__graph *graph = NULL;
    const size_t blocks = live_blocks;
    const ml_status found = read(data, size, &graph, &err);

    if (found != status || strstr(err.message, word) == NULL) {
        fail_msg(
            "%s: %s '%s', expected %s and '%s'", what, ml_status_name(found), err.message,
            ml_status_name(status), word
        );
    }
    assert_int_equal(err.status, status);
    assert_null(graph);
    assert_int_equal(live_blocks, blocks);
    assert_int_equal(read(data, size, &graph, NULL), status);
}

static inline struct ml__graph *
read_well(reader read, const char *what, const void *data, size_t size) {
    ml_error err = ML_ERROR_INIT;
    struct ml__graph *graph = NULL;

    if (read(data, size, &graph, &err) != ML_OK) {
        fail_msg("%s: %s", what, err.message);
    }
    return graph;
}

/* Whatever the bytes are: refused with a message, or a graph; never a crash or a leak. */
static inline void assert_survived(reader read, const void *data, size_t size) {
    ml_error err = ML_ERROR_INIT;
    struct ml__graph *graph = NULL;
    const size_t blocks = live_blocks;

    if (read(data, size, &graph, &err) == ML_OK) {
        assert_int_not_equal(graph->output_count, 0);
        ml__graph_free(graph);
    } else {
        assert_null(graph);
        assert_int_not_equal(err.message[0], 0);
    }
    assert_int_equal(live_blocks, blocks);
}

/* Fail the first, the second, ... allocation: each time ML_ENOMEM and nothing left. */
static inline void assert_survives_no_memory(reader read, const void *data, size_t size) {
    struct ml__graph *graph = NULL;
    ml_error err = ML_ERROR_INIT;
    const size_t blocks = live_blocks;
    size_t room = 0;
    ml_status status;

    do {
        allocations_left = room++;
        status = read(data, size, &graph, &err);
        allocations_left = SIZE_MAX;
        if (status != ML_OK) {
            assert_int_equal(status, ML_ENOMEM);
            assert_null(graph);
            assert_int_equal(live_blocks, blocks);
        }
    } while (status != ML_OK);
    assert_true(room > 1);
    ml__graph_free(graph);
    assert_int_equal(live_blocks, blocks);
}

/* Cut the bytes at every length and flip every bit of them. */
static inline void assert_survives_damage(reader read, const unsigned char *data, size_t size) {
    for (size_t cut = 0; cut < size; cut++) {
        unsigned char *copy = malloc(cut == 0 ? 1 : cut);

        memcpy(copy, data, cut);
        assert_survived(read, copy, cut);
        free(copy);
    }
    for (size_t bit = 0; bit < 8 * size; bit++) {
        unsigned char *copy = malloc(size);

        memcpy(copy, data, size);
        copy[bit / 8] = (unsigned char)(copy[bit / 8] ^ (1u << (bit % 8)));
        assert_survived(read, copy, size);
        free(copy);
    }
}

#endif
