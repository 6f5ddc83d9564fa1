/* SPDX-License-Identifier: MIT */
/*
 * map.c -- how the threads that work on one map share its indexes.
 *
 * Indexes are taken in order from one counter. So when index i fails, every lower index has
 * been taken and will run to its end: the lowest index that fails is the same whatever the
 * number of threads, and its status is the answer.
 *
 * Relaxed order is enough for the counter: it hands out numbers, and what the calls of run()
 * write is passed on by the pool's lock, which every helper takes before and after.
 */
#include "pool/map.h"

struct ml__map_fault ml__map_work(struct ml__map *map) {
    struct ml__map_fault fault = {SIZE_MAX, ML_OK};

    while (ml__map_is_open(map)) {
        const size_t index = atomic_fetch_add_explicit(&map->next, 1, memory_order_relaxed);
        ml_status status;

        if (index >= map->count) {
            break;
        }
        status = map->run(map->context, index);
        if (status != ML_OK) {
            atomic_store_explicit(&map->next, map->count, memory_order_relaxed);
            fault.index = index;
            fault.status = status;
            break;
        }
    }
    return fault;
}
