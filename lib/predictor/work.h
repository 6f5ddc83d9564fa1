/* SPDX-License-Identifier: MIT */
/*
 * work.h -- the work memory of one call: taken piece by piece, given back as a whole.
 */
#ifndef ML_PREDICTOR_WORK_H
#define ML_PREDICTOR_WORK_H

#include <stddef.h>

#include "base/thread.h"

struct ml__work_block {
    struct ml__work_block *next;
    size_t size; /* bytes behind this header */
    size_t used;
};

struct ml__work {
    struct ml__work *next;         /* in the predictor's list of spare ones */
    struct ml__work_block *blocks; /* the newest first */
    size_t want_bytes;             /* what the last call took in several blocks */
    struct ml__lock lock;          /* for who works on one call in several threads */
};

/* NULL: no memory. */
struct ml__work *ml__work_open(void);
void ml__work_close(struct ml__work *work);

/* Memory for `count` elements of `size` bytes, aligned to 64, not zeroed; NULL: no memory. */
void *ml__work_take(struct ml__work *work, size_t count, size_t size);

/* All of it is free again, and kept. */
void ml__work_reset(struct ml__work *work);

#endif
