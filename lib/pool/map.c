/* SPDX-License-Identifier: MIT */
/*
 * map.c -- the list of maps under way, and how threads share the indexes of one.
 *
 * A map lives on the stack of its caller and is listed where idle workers find it. The caller
 * takes indexes as the workers do, so a map ends even if no worker ever comes: no queue can be
 * too full for it, and a map inside a task or inside another map cannot deadlock. Before it
 * returns, the caller takes its map off the list and waits for the helpers still inside.
 *
 * Indexes are taken in order from one counter. So when index i fails, every lower index has
 * been taken and will run to its end: the lowest index that fails is the same whatever the
 * number of threads, and its status is the answer.
 *
 * Relaxed order is enough for that counter: it hands out numbers, and what the calls of run()
 * write is passed on by the lock, which every helper takes before and after. `count` spares
 * workers the lock while no map is listed; it is sequentially consistent because a worker's
 * sleep hangs on it.
 */
#include "pool/map.h"

bool ml__maps_open(struct ml__maps *maps) {
    maps->first = NULL;
    maps->last = NULL;
    atomic_init(&maps->count, 0);
    return ml__lock_open(&maps->lock);
}

void ml__maps_close(struct ml__maps *maps) {
    ml__lock_close(&maps->lock);
}

static bool has_index(struct ml__map *map) {
    return atomic_load_explicit(&map->next, memory_order_relaxed) < map->count;
}

/* Take and run indexes until none is left; answers the one that failed, SIZE_MAX: none. */
static size_t take_indexes(struct ml__map *map, ml_status *status) {
    while (has_index(map)) {
        const size_t index = atomic_fetch_add_explicit(&map->next, 1, memory_order_relaxed);

        if (index >= map->count) {
            break;
        }
        *status = map->run(map->context, index);
        if (*status != ML_OK) {
            atomic_store_explicit(&map->next, map->count, memory_order_relaxed);
            return index;
        }
    }
    return SIZE_MAX;
}

/* Keep the failure of the lowest index. Call with the lock held, or alone. */
static void note(struct ml__map *map, size_t failed_index, ml_status status) {
    if (failed_index < map->failed_index) {
        map->failed_index = failed_index;
        map->status = status;
    }
}

void ml__map_begin(struct ml__maps *maps, struct ml__map *map) {
    ml__lock_take(&maps->lock);
    map->before = maps->last;
    map->after = NULL;
    *(map->before != NULL ? &map->before->after : &maps->first) = map;
    maps->last = map;
    atomic_fetch_add(&maps->count, 1);
    ml__lock_give(&maps->lock);
}

void ml__map_work(struct ml__maps *maps, struct ml__map *map) {
    ml_status status = ML_OK;
    const size_t failed_index = take_indexes(map, &status);

    if (maps != NULL) {
        ml__lock_take(&maps->lock);
    }
    note(map, failed_index, status);
    if (maps != NULL) {
        ml__lock_give(&maps->lock);
    }
}

void ml__map_end(struct ml__maps *maps, struct ml__map *map) {
    ml__lock_take(&maps->lock);
    *(map->before != NULL ? &map->before->after : &maps->first) = map->after;
    *(map->after != NULL ? &map->after->before : &maps->last) = map->before;
    atomic_fetch_sub(&maps->count, 1);
    while (map->helper_count > 0) {
        ml__signal_wait(&map->done, &maps->lock);
    }
    ml__lock_give(&maps->lock);
}

/* The oldest map that still has indexes. Call with the lock held. */
static struct ml__map *oldest_open(const struct ml__maps *maps) {
    struct ml__map *map = maps->first;

    while (map != NULL && !has_index(map)) {
        map = map->after;
    }
    return map;
}

bool ml__maps_has_open(struct ml__maps *maps) {
    bool answer = false;

    if (atomic_load(&maps->count) > 0) {
        ml__lock_take(&maps->lock);
        answer = oldest_open(maps) != NULL;
        ml__lock_give(&maps->lock);
    }
    return answer;
}

bool ml__maps_help(struct ml__maps *maps) {
    struct ml__map *map;
    ml_status status = ML_OK;
    size_t failed_index;

    if (ml__maps_is_empty(maps)) {
        return false;
    }
    ml__lock_take(&maps->lock);
    map = oldest_open(maps);
    if (map != NULL) {
        map->helper_count++;
        ml__lock_give(&maps->lock);
        failed_index = take_indexes(map, &status);
        ml__lock_take(&maps->lock);
        note(map, failed_index, status);
        map->helper_count--;
        if (map->helper_count == 0) {
            ml__signal_one(&map->done);
        }
    }
    ml__lock_give(&maps->lock);
    return map != NULL;
}
