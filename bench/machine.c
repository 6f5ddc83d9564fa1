/* SPDX-License-Identifier: MIT */
/*
 * machine.c -- reads /proc for the machine's name and for interference.
 */
#include "machine.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static void look_at_cpu(struct machine *machine) {
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];

    (void)snprintf(machine->cpu, sizeof machine->cpu, "unknown CPU");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');

        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            line[strcspn(line, "\n")] = '\0';
            (void)snprintf(machine->cpu, sizeof machine->cpu, "%.90s", colon + 2);
            break;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

void machine_look(struct machine *machine) {
    struct utsname name;
    const time_t now = time(NULL);
    struct tm utc;
    cpu_set_t cores;

    look_at_cpu(machine);
    CPU_ZERO(&cores);
    (void)sched_getaffinity(0, sizeof cores, &cores);
    machine->core_count = (unsigned)CPU_COUNT(&cores);
    if (uname(&name) != 0) {
        memset(&name, 0, sizeof name);
    }
    (void)snprintf(
        machine->system, sizeof machine->system, "%.30s %.60s", name.sysname, name.release
    );
#ifdef __clang__
    (void)snprintf(machine->compiler, sizeof machine->compiler, "clang %s", __clang_version__);
#else
    (void)snprintf(machine->compiler, sizeof machine->compiler, "gcc %s", __VERSION__);
#endif
    (void)gmtime_r(&now, &utc);
    (void)strftime(machine->date, sizeof machine->date, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static void write_text(ml_json_writer *json, const char *key, const char *text) {
    ml_json_key(json, key);
    ml_json_text(json, text);
}

void machine_write(const struct machine *machine, ml_json_writer *json) {
    write_text(json, "date", machine->date);
    write_text(json, "libmlserve", ml_version());
    write_text(json, "cpu", machine->cpu);
    ml_json_key(json, "cores");
    ml_json_u64(json, machine->core_count);
    write_text(json, "system", machine->system);
    write_text(json, "compiler", machine->compiler);
}

void machine_load_look(struct machine_load *load) {
    FILE *file = fopen("/proc/stat", "r");
    unsigned long long t[8] = {0};
    struct rusage usage;
    const long tick = sysconf(_SC_CLK_TCK);

    memset(load, 0, sizeof *load);
    if (file != NULL) {
        if (fscanf(
                file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3],
                &t[4], &t[5], &t[6], &t[7]
            ) == 8) {
            load->busy_ticks = t[0] + t[1] + t[2] + t[5] + t[6];
            load->stolen_ticks = t[7];
        }
        (void)fclose(file);
    }
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        load->own_ticks = (uint64_t
        )((usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * tick +
          (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * tick / 1000000);
        load->preempted = usage.ru_nivcsw;
    }
}

void machine_load_write(
    const struct machine_load *before, const struct machine_load *after, ml_json_writer *json
) {
    const uint64_t own = after->own_ticks - before->own_ticks;
    const uint64_t busy = after->busy_ticks - before->busy_ticks;
    const uint64_t stolen = after->stolen_ticks - before->stolen_ticks;
    const uint64_t others = (busy > own ? busy - own : 0) + stolen;

    ml_json_key(json, "interference");
    ml_json_begin_object(json);
    ml_json_key(json, "own_ticks");
    ml_json_u64(json, own);
    ml_json_key(json, "other_ticks");
    ml_json_u64(json, others);
    ml_json_key(json, "stolen_ticks");
    ml_json_u64(json, stolen);
    ml_json_key(json, "preempted");
    ml_json_i64(json, after->preempted - before->preempted);
    ml_json_end_object(json);
    if (own > 20 && others * 20 > own) {
        printf(
            "\nwarning: other programs used %.0f %% of this bench's CPU time meanwhile\n",
            100.0 * (double)others / (double)own
        );
    }
}
