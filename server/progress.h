/* SPDX-License-Identifier: MIT */
/*
 * progress.h -- a bar on a terminal, for work that takes longer than a second.
 */
#ifndef MLSERVE_SERVER_PROGRESS_H
#define MLSERVE_SERVER_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    uint64_t start_ns;
    uint64_t drawn_ns; /* 0: never */
    bool wanted;
};

void progress_start(struct progress *progress);

/* `total` may be UINT64_MAX: unknown. */
void progress_show(struct progress *progress, uint64_t done, uint64_t total);

/* Leave the line clean for what is printed next. */
void progress_end(struct progress *progress);

#endif
