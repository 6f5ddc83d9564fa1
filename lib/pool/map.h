/* SPDX-License-Identifier: MIT */
/*
 * map.h -- the calls of ml_pool_map() that are under way, each on the stack of its caller.
 */
#ifndef ML_POOL_MAP_H
#define ML_POOL_MAP_H

#include <mlserve/status.h>

#include <stdatomic.h>
#include <stdbool.h>

#include "base/thread.h"

struct ml__map {
    ml_status (*run)(void *context, size_t index);
    void *context;
    size_t count;
    atomic_size_t next; /* the first index that nobody has taken */

    /* guarded by the list's lock */
    struct ml__map *before; /* neighbours in the list */
    struct ml__map *after;
    size_t helper_count; /* workers that take indexes */
    size_t failed_index; /* the lowest so far; SIZE_MAX: none */
    ml_status status;
    struct ml__signal done; /* the last helper has left */
};

struct ml__maps {
    struct ml__lock lock;  /* guards all below, and what stands in each map under it */
    struct ml__map *first; /* oldest first */
    struct ml__map *last;
    atomic_size_t count; /* written under the lock, read freely */
};

/* False: the system is out of memory. */
ML_MUST bool ml__maps_open(struct ml__maps *maps);
void ml__maps_close(struct ml__maps *maps);

/* For the caller: list a map for the workers, take indexes as they do, and at the end wait for
   those that are still inside. Without `maps` the caller works alone. */
void ml__map_begin(struct ml__maps *maps, struct ml__map *map);
void ml__map_work(struct ml__maps *maps, struct ml__map *map);
void ml__map_end(struct ml__maps *maps, struct ml__map *map);

/* For a worker: whether a map is listed that has indexes left, and help the oldest such until
   it has none; false: there is none. The look is sequentially consistent, as
   ml__ring_has_task(). */
bool ml__maps_has_open(struct ml__maps *maps);
bool ml__maps_help(struct ml__maps *maps);

/* Whether it is worth while to ask the two above. */
static inline bool ml__maps_is_empty(struct ml__maps *maps) {
    return atomic_load_explicit(&maps->count, memory_order_relaxed) == 0;
}

#endif
