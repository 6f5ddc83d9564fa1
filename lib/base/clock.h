/* SPDX-License-Identifier: MIT */
/*
 * clock.h -- ask a clock that may be the caller's.
 */
#ifndef ML_BASE_CLOCK_H
#define ML_BASE_CLOCK_H

#include <mlserve/base.h>

/* Nanoseconds by the given clock, or by the system's monotonic one where it is NULL. */
uint64_t ml__now_ns(const ml_clock *clock);

#endif
