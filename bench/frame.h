/* SPDX-License-Identifier: MIT */
/*
 * frame.h -- one way to measure for all benches: a question, its contenders, an answer.
 *
 * A bench asks questions. Each has contenders that do the same work; the first is ours, or
 * whatever the others are compared with. The frame finds how often each has to repeat for one
 * sample to be long enough to time, then takes samples in turn, A B C A B C, so that what the
 * machine does meanwhile hits all alike. Reported are the median, the spread (first to third
 * quartile) and the ratio to the first contender, with the 95 % interval of its median over
 * the rounds (bootstrap).
 */
#ifndef BENCH_FRAME_H
#define BENCH_FRAME_H

#include <mlserve.h>

#include <stdbool.h>

struct bench_contender {
    const char *label;
    /* Do the work `repeat_count` times. A negative answer: it failed, and is reported so. */
    int (*run)(void *context, size_t repeat_count);
    void *context;
    double units; /* per repeat: rows, numbers, tasks */
};

struct bench_options {
    bool quick;            /* runs everything, shows that it works, measures little */
    const char *json_path; /* NULL: no file */
    const char *only;      /* only questions that hold this text; NULL: all */
};

struct bench_report;

/* Begin a report of the bench `name`; end it: the machine is written down, the JSON file made.
   End answers the exit status of the program. */
struct bench_report *bench_begin(const char *name, const struct bench_options *options);
int bench_end(struct bench_report *report);

/* Ask one question. `unit` names what contender->units counts ("row"). */
void bench_ask(
    struct bench_report *report, const char *question, const char *unit,
    const struct bench_contender *contenders, size_t count
);

/* A fact for the report that is not a time: a peer's version, a peer that is not installed. */
void bench_note(struct bench_report *report, const char *format, ...) ML_PRINTF(2, 3);

bool bench_is_quick(const struct bench_report *report);

#endif
