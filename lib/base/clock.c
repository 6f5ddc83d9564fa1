/* SPDX-License-Identifier: MIT */
/*
 * clock.c -- monotonic time.
 */
#include "base/clock.h"

#include <time.h>

uint64_t ml_clock_now_ns(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock on Linux */
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t ml__now_ns(const ml_clock *clock) {
    return clock != NULL ? clock->now_ns(clock->user) : ml_clock_now_ns();
}
