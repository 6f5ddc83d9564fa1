/* SPDX-License-Identifier: MIT */
/*
 * mlbench.c -- the bench harness: one program, one frame, a bench a part of the library.
 */
#include "mlbench.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(const struct bench_options *options);
    const char *about;
} benches[] = {
    {"json", bench_json, "rows from JSON and numbers to JSON, beside cJSON"},
    {"pool", bench_pool, "tasks and hand-offs of the thread pool, beside a mutex and a list"},
    {"predict", bench_predict, "ml_predict_batch above the bare model, stage by stage"},
};

#define BENCH_COUNT (sizeof benches / sizeof benches[0])

static int usage(FILE *to, int code) {
    fprintf(to, "usage: mlbench NAME [--quick] [--json FILE] [--only TEXT]\n\n");
    for (size_t i = 0; i < BENCH_COUNT; i++) {
        fprintf(to, "  %-10s %s\n", benches[i].name, benches[i].about);
    }
    fprintf(
        to,
        "\n  --quick      run everything once in little time: shows that it works, no figures\n"
        "  --json FILE  write the results down\n"
        "  --only TEXT  only the questions that hold TEXT\n"
    );
    return code;
}

int main(int argument_count, char **arguments) {
    struct bench_options options = {false, NULL, NULL};

    for (int i = 2; i < argument_count; i++) {
        if (strcmp(arguments[i], "--quick") == 0) {
            options.quick = true;
        } else if (strcmp(arguments[i], "--json") == 0 && i + 1 < argument_count) {
            options.json_path = arguments[++i];
        } else if (strcmp(arguments[i], "--only") == 0 && i + 1 < argument_count) {
            options.only = arguments[++i];
        } else {
            fprintf(stderr, "mlbench: unknown option '%s'\n", arguments[i]);
            return usage(stderr, 2);
        }
    }
    if (argument_count < 2) {
        return usage(stderr, 2);
    }
    if (strcmp(arguments[1], "--help") == 0) {
        return usage(stdout, 0);
    }
    for (size_t i = 0; i < BENCH_COUNT; i++) {
        if (strcmp(arguments[1], benches[i].name) == 0) {
            return benches[i].run(&options);
        }
    }
    fprintf(stderr, "mlbench: unknown bench '%s'\n", arguments[1]);
    return usage(stderr, 2);
}
