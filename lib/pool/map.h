/* SPDX-License-Identifier: MIT */
/*
 * map.h -- one call of ml_pool_map(), on the stack of its caller.
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

    /* guarded by the pool's lock */
    struct ml__map *before; /* neighbours in the pool's list of open maps */
    struct ml__map *after;
    size_t helper_count; /* workers that are in ml__map_work() */
    size_t failed_index; /* the lowest so far; SIZE_MAX: none */
    ml_status status;
    struct ml__signal done; /* the last helper has left */
};

/* What one thread found out while it helped. */
struct ml__map_fault {
    size_t index; /* SIZE_MAX: nothing failed */
    ml_status status;
};

/* Take and run indexes until none is left; any number of threads at once, without the lock. */
struct ml__map_fault ml__map_work(struct ml__map *map);

/* Whether an index is left to be taken. */
static inline bool ml__map_is_open(struct ml__map *map) {
    return atomic_load_explicit(&map->next, memory_order_relaxed) < map->count;
}

/* Keep the fault of the lowest index. Call with the pool's lock held. */
static inline void ml__map_note(struct ml__map *map, struct ml__map_fault fault) {
    if (fault.index < map->failed_index) {
        map->failed_index = fault.index;
        map->status = fault.status;
    }
}

#endif
