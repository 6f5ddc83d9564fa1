/* SPDX-License-Identifier: MIT */
/*
 * machine.h -- what a result was measured on, and what else the machine did meanwhile.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <mlserve.h>

struct machine {
    char cpu[96];
    char system[96];
    char compiler[64];
    char date[32]; /* UTC, ISO 8601 */
    unsigned core_count;
};

/* Counters of interference since boot or since the process began. */
struct machine_load {
    uint64_t busy_ticks;   /* of all cores */
    uint64_t stolen_ticks; /* taken by the hypervisor */
    uint64_t own_ticks;    /* of this process */
    long preempted;        /* involuntary context switches of this process */
};

void machine_look(struct machine *machine);
void machine_write(const struct machine *machine, ml_json_writer *json);

void machine_load_look(struct machine_load *load);
/* Prints a warning where others used more than a twentieth of what we did. */
void machine_load_write(
    const struct machine_load *before, const struct machine_load *after, ml_json_writer *json
);

#endif
