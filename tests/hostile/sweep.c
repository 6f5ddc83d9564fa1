/* SPDX-License-Identifier: MIT */
/*
 * sweep.c -- feeds a reader every small damage of a file, and says what became of each.
 *
 *   sweep KIND FILE [--sample N] [--seed S]
 *
 * KIND is model, table or json. The damages: each truncation, each flipped bit, and four bytes
 * at each place replaced by 0, 1, 0x7fffffff, 0x80000000 and 0xffffffff. --sample tries N of
 * them, chosen by the seed, in place of all.
 *
 * The work is done in a child, so that a crash is seen and survived; it goes from damage to
 * damage until it dies, and the next child goes on after the one that killed it. A damage may
 * take 2 seconds, the child 2 GiB, and an accepted or refused file 4 times its size and 1 MiB.
 * What is accepted must then work: a model predicts rows, a table is read to its end.
 *
 * Prints one line, "accepted refused crashed hung greedy", and exits 1 if one of the last
 * three is not zero.
 */
#include <mlserve.h>

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/faults.h"

#define LIMIT_NS 2000000000u
#define LIMIT_BYTES (2ul << 30)
#define ROW_COUNT 3

/* What child and parent share. The child writes, the parent reads while it runs. */
struct progress {
    atomic_size_t next;         /* damage being tried */
    atomic_uint_fast64_t begun; /* when, in ns */
    atomic_size_t accepted;
    atomic_size_t refused;
    atomic_size_t greedy;
};

struct job {
    const char *kind;
    unsigned char *file;
    size_t size;
    size_t damage_count;
    size_t sample_count; /* 0: all */
    uint64_t seed;
    char scratch[64]; /* path of a file for readers that want one */
};

static uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Make damage number `index` in `out`; answers the size that is left. */
static size_t damage(const struct job *job, size_t index, unsigned char *out) {
    static const uint32_t words[5] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};

    memcpy(out, job->file, job->size);
    if (index < job->size) {
        return index;
    }
    index -= job->size;
    if (index < job->size * 8) {
        out[index / 8] ^= (unsigned char)(1u << index % 8);
        return job->size;
    }
    index -= job->size * 8;
    memcpy(out + index / 5, &words[index % 5], 4);
    return job->size;
}

static size_t damage_at(const struct job *job, size_t i) {
    return job->sample_count == 0 ? i : mix(job->seed + i) % job->damage_count;
}

/* An accepted model must answer; what it answers to noise does not matter. */
static void run_model(ml_model *model) {
    const ml_model_info *info = ml_model_describe(model);
    void **inputs = calloc(info->input_count, sizeof *inputs);
    void **outputs = calloc(info->output_count, sizeof *outputs);

    for (size_t i = 0; i < info->input_count; i++) {
        const size_t count = ROW_COUNT * info->inputs[i].row_elements;

        inputs[i] = calloc(count + 1, ml_dtype_size((ml_dtype)info->inputs[i].dtype));
        if (info->inputs[i].dtype == ML_FP32 && count > 1) {
            ((float *)inputs[i])[0] = NAN;
            ((float *)inputs[i])[1] = INFINITY;
        }
    }
    for (size_t i = 0; i < info->output_count; i++) {
        outputs[i] = calloc(
            ROW_COUNT * info->outputs[i].row_elements + 1,
            ml_dtype_size((ml_dtype)info->outputs[i].dtype)
        );
    }
    if (ml_model_run(model, (const void *const *)inputs, outputs, ROW_COUNT, NULL) != ML_OK) {
        abort();
    }
    for (size_t i = 0; i < info->input_count; i++) {
        free(inputs[i]);
    }
    for (size_t i = 0; i < info->output_count; i++) {
        free(outputs[i]);
    }
    free(inputs);
    free(outputs);
}

static bool try_model(const struct job *job, const unsigned char *data, size_t size) {
    ml_model *model = NULL;

    (void)job;
    if (ml_model_load_memory(data, size, NULL, &model, NULL) != ML_OK) {
        return false;
    }
    run_model(model);
    ml_model_release(model);
    return true;
}

static bool try_table(const struct job *job, const unsigned char *data, size_t size) {
    ml_table_reader *reader = NULL;
    const int file = open(job->scratch, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    double *values;
    size_t row_count = 0;
    ml_status status;

    if (file < 0 || write(file, data, size) != (ssize_t)size || close(file) != 0) {
        abort();
    }
    if (ml_table_open(job->scratch, NULL, &reader, NULL) != ML_OK) {
        return false;
    }
    values = malloc((ml_table_describe(reader)->width + 1) * sizeof *values);
    do {
        status = ml_table_read(reader, ML_FP64, values, 1, &row_count, NULL);
    } while (status == ML_OK && row_count > 0);
    free(values);
    ml_table_close(reader);
    return status == ML_OK;
}

static bool try_json(const struct job *job, const unsigned char *data, size_t size) {
    ml_rows *rows = NULL;
    size_t first;
    size_t count;
    ml_status status;

    (void)job;
    if (ml_rows_create(NULL, &rows, NULL) != ML_OK) {
        return false;
    }
    status = ml_rows_read_json(rows, (const char *)data, size, &first, &count, NULL, NULL);
    ml_rows_free(rows);
    return status == ML_OK;
}

static bool try_one(const struct job *job, const unsigned char *data, size_t size) {
    return strcmp(job->kind, "model") == 0   ? try_model(job, data, size)
           : strcmp(job->kind, "table") == 0 ? try_table(job, data, size)
                                             : try_json(job, data, size);
}

/* In the child: go on from progress->next to the end. */
static void work(const struct job *job, size_t count, struct progress *progress) {
    unsigned char *room = malloc(job->size + 1);

    for (size_t i = atomic_load(&progress->next); i < count; i++) {
        const size_t size = damage(job, damage_at(job, i), room);
        /* An own block of the exact size, so that a sanitizer sees a byte too far. */
        unsigned char *data = malloc(size + (size == 0));
        bool taken;

        atomic_store(&progress->next, i);
        atomic_store(&progress->begun, ml_clock_now_ns());
        memcpy(data, room, size);
        faults_reset_peak();
        taken = try_one(job, data, size);
        atomic_fetch_add(taken ? &progress->accepted : &progress->refused, 1);
        if (faults_peak_bytes() > 4 * size + (1u << 20)) {
            fprintf(stderr, "damage %zu: %zu bytes\n", damage_at(job, i), faults_peak_bytes());
            atomic_fetch_add(&progress->greedy, 1);
        }
        free(data);
    }
    atomic_store(&progress->next, count);
    free(room);
}

static void start_child(const struct job *job, size_t count, struct progress *progress) {
#ifndef __SANITIZE_ADDRESS__
    const struct rlimit memory = {LIMIT_BYTES, LIMIT_BYTES};

    (void)setrlimit(RLIMIT_AS, &memory); /* the address sanitizer needs terabytes of it */
#endif
    faults_install();
    work(job, count, progress);
    _exit(0);
}

/* Wait for the child; false: it took too long over one damage, and was killed. */
static bool wait_for(pid_t child, struct progress *progress, int *status) {
    const struct timespec pause = {0, 5000000};

    while (waitpid(child, status, WNOHANG) == 0) {
        const uint64_t begun = atomic_load(&progress->begun);

        if (ml_clock_now_ns() > begun && ml_clock_now_ns() - begun > LIMIT_NS) {
            (void)kill(child, SIGKILL);
            (void)waitpid(child, status, 0);
            return false;
        }
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

static int sweep(const struct job *job) {
    const size_t count = job->sample_count == 0 ? job->damage_count : job->sample_count;
    struct progress *progress =
        mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    size_t crashed = 0;
    size_t hung = 0;

    if (progress == MAP_FAILED) {
        return 2;
    }
    while (atomic_load(&progress->next) < count) {
        int status = 0;
        pid_t child;

        atomic_store(&progress->begun, ml_clock_now_ns());
        child = fork();
        if (child == 0) {
            start_child(job, count, progress);
        }
        if (child < 0) {
            return 2;
        }
        if (!wait_for(child, progress, &status)) {
            hung++;
        } else if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
            continue;
        } else {
            crashed++;
        }
        fprintf(
            stderr, "damage %zu of %s: %s\n", damage_at(job, atomic_load(&progress->next)),
            job->kind, WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "exit"
        );
        atomic_fetch_add(&progress->next, 1);
    }
    printf(
        "accepted %zu refused %zu crashed %zu hung %zu greedy %zu\n",
        atomic_load(&progress->accepted), atomic_load(&progress->refused), crashed, hung,
        atomic_load(&progress->greedy)
    );
    return crashed + hung + atomic_load(&progress->greedy) == 0 ? 0 : 1;
}

static bool read_file(const char *path, struct job *job) {
    FILE *file = fopen(path, "rb");
    long size;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 4) {
        return false;
    }
    rewind(file);
    job->size = (size_t)size;
    job->file = malloc(job->size);
    job->damage_count = job->size + job->size * 8 + (job->size - 3) * 5;
    return job->file != NULL && fread(job->file, 1, job->size, file) == job->size &&
           fclose(file) == 0;
}

int main(int argument_count, char **arguments) {
    struct job job = {0};
    int code;

    if (argument_count < 3 || !read_file(arguments[2], &job)) {
        fprintf(stderr, "usage: sweep model|table|json FILE [--sample N] [--seed S]\n");
        return 2;
    }
    job.kind = arguments[1];
    job.seed = 1;
    for (int i = 3; i + 1 < argument_count; i += 2) {
        const uint64_t number = strtoull(arguments[i + 1], NULL, 10);

        if (strcmp(arguments[i], "--sample") == 0) {
            job.sample_count = number;
        } else {
            job.seed = number;
        }
    }
    (void)snprintf(job.scratch, sizeof job.scratch, "/dev/shm/mlserve-sweep-%d", (int)getpid());
    code = sweep(&job);
    (void)unlink(job.scratch);
    free(job.file);
    return code;
}
