/* SPDX-License-Identifier: MIT */
/*
 * frame.c -- takes the samples of a question and works out medians, spreads and ratios.
 */
#include "frame.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "machine.h"

#define MAX_CONTENDERS 16
#define MAX_ROUNDS 31
#define BOOTSTRAPS 400

struct bench_report {
    struct bench_options options;
    struct machine_load before;
    ml_json_writer *json;
    bool failed;
};

struct samples {
    double ns[MAX_ROUNDS]; /* per unit */
    size_t repeat_count;
    bool failed;
};

static double now_ns(void) {
    return (double)ml_clock_now_ns();
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Quantile of `count` numbers, linear between neighbours. */
static double quantile(const double *numbers, size_t count, double share) {
    double sorted[MAX_ROUNDS > BOOTSTRAPS ? MAX_ROUNDS : BOOTSTRAPS];
    const double place = share * (double)(count - 1);
    const size_t low = (size_t)place;

    memcpy(sorted, numbers, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_size);
    if (low + 1 >= count) {
        return sorted[count - 1];
    }
    return sorted[low] + (place - (double)low) * (sorted[low + 1] - sorted[low]);
}

/* The 95 % interval of the median of ratios of paired rounds. */
static void ratio_interval(
    const double *ours, const double *theirs, size_t rounds, double *low, double *high
) {
    double medians[BOOTSTRAPS];
    double ratios[MAX_ROUNDS];
    uint64_t random = 88172645463325252u;

    for (size_t b = 0; b < BOOTSTRAPS; b++) {
        for (size_t i = 0; i < rounds; i++) {
            size_t pick;

            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            pick = random % rounds;
            ratios[i] = theirs[pick] / ours[pick];
        }
        medians[b] = quantile(ratios, rounds, 0.5);
    }
    *low = quantile(medians, BOOTSTRAPS, 0.025);
    *high = quantile(medians, BOOTSTRAPS, 0.975);
}

/* Repeats until one sample takes `target_ns`; also the warm-up. */
static size_t
calibrate(const struct bench_contender *contender, double target_ns, bool *failed) {
    size_t repeat_count = 1;

    for (;;) {
        const double begun = now_ns();
        double took;

        if (contender->run(contender->context, repeat_count) < 0) {
            *failed = true;
            return 1;
        }
        took = now_ns() - begun;
        if (took >= target_ns || repeat_count > (size_t)1 << 40) {
            return repeat_count;
        }
        repeat_count = took < target_ns / 16
                           ? repeat_count * 8
                           : (size_t)((double)repeat_count * target_ns / took * 1.1) + 1;
    }
}

static void
take_sample(const struct bench_contender *contender, struct samples *samples, size_t round) {
    const double begun = now_ns();

    if (samples->failed || contender->run(contender->context, samples->repeat_count) < 0) {
        samples->failed = true;
        return;
    }
    samples->ns[round] =
        (now_ns() - begun) / ((double)samples->repeat_count * contender->units);
}

static void report_contender(
    struct bench_report *report, const struct bench_contender *contender,
    const struct samples *samples, const struct samples *first, size_t rounds
) {
    const double median = quantile(samples->ns, rounds, 0.5);
    double low = 1;
    double high = 1;
    double ratio = 1;

    ml_json_begin_object(report->json);
    ml_json_key(report->json, "label");
    ml_json_text(report->json, contender->label);
    if (samples->failed) {
        printf("  %-34s failed\n", contender->label);
        ml_json_key(report->json, "failed");
        ml_json_bool(report->json, 1);
        report->failed = true;
        ml_json_end_object(report->json);
        return;
    }
    if (samples != first && !first->failed) {
        ratio_interval(first->ns, samples->ns, rounds, &low, &high);
        ratio = median / quantile(first->ns, rounds, 0.5);
    }
    printf(
        "  %-34s %12.2f %10.2f..%-10.2f %8.2f  [%.2f, %.2f]\n", contender->label, median,
        quantile(samples->ns, rounds, 0.25), quantile(samples->ns, rounds, 0.75), ratio, low,
        high
    );
    ml_json_key(report->json, "median_ns");
    ml_json_f64(report->json, median);
    ml_json_key(report->json, "ratio");
    ml_json_f64(report->json, ratio);
    ml_json_key(report->json, "ratio_95");
    ml_json_begin_array(report->json);
    ml_json_f64(report->json, low);
    ml_json_f64(report->json, high);
    ml_json_end_array(report->json);
    ml_json_key(report->json, "samples_ns");
    ml_json_f64s(report->json, samples->ns, rounds);
    ml_json_end_object(report->json);
}

void bench_ask(
    struct bench_report *report, const char *question, const char *unit,
    const struct bench_contender *contenders, size_t count
) {
    const size_t rounds = report->options.quick ? 3 : 21;
    const double target_ns = report->options.quick ? 2e5 : 2e7;
    struct samples *samples;

    if (count > MAX_CONTENDERS ||
        (report->options.only != NULL && strstr(question, report->options.only) == NULL)) {
        return;
    }
    samples = calloc(count, sizeof *samples);
    if (samples == NULL) {
        report->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        samples[i].repeat_count = calibrate(&contenders[i], target_ns, &samples[i].failed);
    }
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            take_sample(&contenders[i], &samples[i], round);
        }
    }
    printf(
        "\n%s\n  %-34s %9s ns/%s %17s %13s\n", question, "", "median", unit, "quartiles",
        "ratio [95 %]"
    );
    ml_json_begin_object(report->json);
    ml_json_key(report->json, "question");
    ml_json_text(report->json, question);
    ml_json_key(report->json, "unit");
    ml_json_text(report->json, unit);
    ml_json_key(report->json, "contenders");
    ml_json_begin_array(report->json);
    for (size_t i = 0; i < count; i++) {
        report_contender(report, &contenders[i], &samples[i], &samples[0], rounds);
    }
    ml_json_end_array(report->json);
    ml_json_end_object(report->json);
    free(samples);
}

void bench_note(struct bench_report *report, const char *format, ...) {
    char line[256];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    printf("note: %s\n", line);
    ml_json_begin_object(report->json);
    ml_json_key(report->json, "note");
    ml_json_text(report->json, line);
    ml_json_end_object(report->json);
}

bool bench_is_quick(const struct bench_report *report) {
    return report->options.quick;
}

struct bench_report *bench_begin(const char *name, const struct bench_options *options) {
    struct bench_report *report = calloc(1, sizeof *report);
    struct machine machine;

    if (report == NULL || ml_json_create(NULL, &report->json, NULL) != ML_OK) {
        free(report);
        return NULL;
    }
    report->options = *options;
    machine_look(&machine);
    printf(
        "mlbench %s%s: libmlserve %s, %s, %u cores, %s, %s\n", name,
        options->quick ? " --quick (not a measurement)" : "", ml_version(), machine.cpu,
        machine.core_count, machine.system, machine.compiler
    );
    ml_json_begin_object(report->json);
    ml_json_key(report->json, "bench");
    ml_json_text(report->json, name);
    ml_json_key(report->json, "quick");
    ml_json_bool(report->json, options->quick);
    machine_write(&machine, report->json);
    ml_json_key(report->json, "results");
    ml_json_begin_array(report->json);
    machine_load_look(&report->before);
    return report;
}

static int write_json(struct bench_report *report) {
    ml_bytes text;
    ml_error err = ML_ERROR_INIT;
    FILE *file;
    bool written;

    if (ml_json_finish(report->json, &text, &err) != ML_OK) {
        fprintf(stderr, "mlbench: %s\n", err.message);
        return 1;
    }
    if (report->options.json_path == NULL) {
        return 0;
    }
    file = fopen(report->options.json_path, "wb");
    if (file == NULL) {
        perror(report->options.json_path);
        return 1;
    }
    written = fwrite(text.data, 1, text.size, file) == text.size && fputc('\n', file) == '\n';
    return fclose(file) == 0 && written ? 0 : 1;
}

int bench_end(struct bench_report *report) {
    struct machine_load after;
    int code;

    machine_load_look(&after);
    ml_json_end_array(report->json);
    machine_load_write(&report->before, &after, report->json);
    ml_json_end_object(report->json);
    code = write_json(report);
    if (report->failed) {
        code = 1;
    }
    ml_json_free(report->json);
    free(report);
    return code;
}
