/* SPDX-License-Identifier: MIT */
/*
 * progress.c -- one line of stderr, drawn over itself ten times a second at most, and only
 * where stderr is a terminal and the first second has gone by.
 */
#include "progress.h"

#include <mlserve.h>

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)

enum { BAR_WIDTH = 40 };

void progress_start(struct progress *progress) {
    progress->start_ns = ml_clock_now_ns();
    progress->drawn_ns = 0;
    progress->wanted = isatty(STDERR_FILENO) == 1;
}

void progress_show(struct progress *progress, uint64_t done, uint64_t total) {
    uint64_t now_ns;
    int filled;

    if (!progress->wanted) {
        return;
    }
    now_ns = ml_clock_now_ns();
    if (now_ns - progress->start_ns < SECOND_NS ||
        now_ns - progress->drawn_ns < SECOND_NS / 10) {
        return;
    }
    progress->drawn_ns = now_ns;
    if (total == UINT64_MAX || total == 0) {
        fprintf(stderr, "\r%" PRIu64 " rows", done);
    } else {
        filled = (int)((double)done / (double)total * BAR_WIDTH);
        fprintf(
            stderr, "\r[%.*s%*s] %" PRIu64 " of %" PRIu64 " rows", filled,
            "########################################", BAR_WIDTH - filled, "", done, total
        );
    }
    fflush(stderr);
}

void progress_end(struct progress *progress) {
    if (progress->drawn_ns != 0) {
        fprintf(stderr, "\r%80s\r", "");
        progress->drawn_ns = 0;
    }
}
