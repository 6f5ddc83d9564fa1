/* SPDX-License-Identifier: MIT */
/*
 * parking.h -- where workers sleep: no wake-up is lost, and none is made in vain.
 */
#ifndef ML_POOL_PARKING_H
#define ML_POOL_PARKING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct ml__parking {
    _Atomic uint64_t word; /* epoch, called, waiting: see parking.c */
};

/* For whoever waits: announce it, look once more for work, then either sleep or leave. Both
   sleep and leave end the waiting; both must be followed by a look for work. */
uint32_t ml__parking_enter(struct ml__parking *parking);
void ml__parking_sleep(struct ml__parking *parking, uint32_t epoch);
void ml__parking_leave(struct ml__parking *parking);

/* For whoever has brought work, after it can be seen: wake one, unless somebody who was called
   is on the way and will see it; or wake up to `count`. */
void ml__parking_wake(struct ml__parking *parking);
void ml__parking_wake_many(struct ml__parking *parking, size_t count);

#endif
