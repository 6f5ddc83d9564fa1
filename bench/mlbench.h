/* SPDX-License-Identifier: MIT */
/*
 * mlbench.h -- the benches, a file each in micro/. Each answers the program's exit status.
 */
#ifndef BENCH_MLBENCH_H
#define BENCH_MLBENCH_H

#include "frame.h"

int bench_json(const struct bench_options *options);
int bench_pool(const struct bench_options *options);
int bench_predict(const struct bench_options *options);

#endif
