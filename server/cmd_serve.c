/* SPDX-License-Identifier: MIT */
/*
 * cmd_serve.c -- mlserve serve: load models, start the loops, wait for a signal, end well.
 *
 * The main thread does nothing but wait for signals, which all other threads block: so a second
 * SIGTERM ends the process at once, whatever the loops are computing.
 *
 * The end: readiness says no (for --drain-delay-ms, so that a balancer can notice), then the
 * listeners close and what was accepted is answered, for --grace-ms at most. Exit code 0.
 */
#include "address.h"
#include "arguments.h"
#include "commands.h"
#include "loop.h"
#include "models.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    OPTION_MODEL = 1,
    OPTION_LISTEN,
    OPTION_LOOPS,
    OPTION_THREADS,
    OPTION_ALLOW_PUBLIC,
    OPTION_MAX_BODY,
    OPTION_HEADER_TIMEOUT,
    OPTION_BODY_TIMEOUT,
    OPTION_IDLE_TIMEOUT,
    OPTION_WRITE_TIMEOUT,
    OPTION_DRAIN_DELAY,
    OPTION_GRACE,
    MAX_LOOPS = 256,
    FREE_FILES = 256,
    HOUR_MS = 3600000
};

static const struct option options[] = {
    {"--model", "NAME=PATH", "a model to serve; again for more, the first is the default",
     OPTION_MODEL},
    {"--listen", "ADDRESS", "default 127.0.0.1:8080; port 0: any free one", OPTION_LISTEN},
    {"--loops", "N", "event loops (default: one a core)", OPTION_LOOPS},
    {"--threads", "N", "threads that compute one batch (default 1)", OPTION_THREADS},
    {"--allow-public", NULL, "listen on an address that others can reach", OPTION_ALLOW_PUBLIC},
    {"--max-body-bytes", "N", "larger bodies answer 413 (default 16777216)", OPTION_MAX_BODY},
    {"--header-timeout-ms", "N", "for a whole request head (default 10000)",
     OPTION_HEADER_TIMEOUT},
    {"--body-timeout-ms", "N", "before a body must come at 4 KiB/s (default 10000)",
     OPTION_BODY_TIMEOUT},
    {"--idle-timeout-ms", "N", "between requests (default 75000)", OPTION_IDLE_TIMEOUT},
    {"--write-timeout-ms", "N", "for a reader that takes nothing (default 30000)",
     OPTION_WRITE_TIMEOUT},
    {"--drain-delay-ms", "N", "unready before it stops to accept (default 0)",
     OPTION_DRAIN_DELAY},
    {"--grace-ms", "N", "to answer what was accepted (default 10000)", OPTION_GRACE},
};
static const struct command command = {
    "mlserve serve",
    "--model NAME=PATH [OPTION...]\n\n"
    "Answer POST /predict and /batch-predict, GET /healthz, /readyz, /v2/health/live and\n"
    "/v2/health/ready over HTTP. SIGTERM answers what was accepted, then exits with 0.\n",
    options,
    sizeof options / sizeof options[0],
};

struct service {
    struct server server;
    struct loop *loops; /* [loop_count] */
    uint32_t loop_count;
    uint32_t thread_count;
    uint32_t drain_delay_ms;
    uint32_t grace_ms;
    const char *listen;
    const char *models[MAX_MODELS]; /* NAME=PATH */
    size_t model_count;
    bool allow_public;
};

/* The number options: where each goes and its bounds. */
static bool read_number(struct service *service, int id, const char *value) {
    struct server_times *times = &service->server.times;
    const struct {
        int id;
        const char *name;
        uint32_t least;
        uint32_t most;
        uint32_t *number;
    } numbers[] = {
        {OPTION_LOOPS, "--loops", 1, MAX_LOOPS, &service->loop_count},
        {OPTION_THREADS, "--threads", 1, 1024, &service->thread_count},
        {OPTION_HEADER_TIMEOUT, "--header-timeout-ms", 1, HOUR_MS, &times->header_ms},
        {OPTION_BODY_TIMEOUT, "--body-timeout-ms", 1, HOUR_MS, &times->body_ms},
        {OPTION_IDLE_TIMEOUT, "--idle-timeout-ms", 1, HOUR_MS, &times->idle_ms},
        {OPTION_WRITE_TIMEOUT, "--write-timeout-ms", 1, HOUR_MS, &times->write_ms},
        {OPTION_DRAIN_DELAY, "--drain-delay-ms", 0, HOUR_MS, &service->drain_delay_ms},
        {OPTION_GRACE, "--grace-ms", 0, HOUR_MS, &service->grace_ms},
    };
    size_t i;

    for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].id == id) {
            return arguments_number(
                &command, numbers[i].name, value, numbers[i].least, numbers[i].most,
                numbers[i].number
            );
        }
    }
    return false;
}

/* Answers an exit code, or -1: go on. */
static int take_option(struct service *service, int id, const char *value) {
    uint32_t bytes;

    switch (id) {
    case OPTION_MODEL:
        if (service->model_count == MAX_MODELS) {
            return arguments_refuse(&command, "more than %d models", MAX_MODELS);
        }
        service->models[service->model_count++] = value;
        return -1;
    case OPTION_LISTEN:
        service->listen = value;
        return -1;
    case OPTION_ALLOW_PUBLIC:
        service->allow_public = true;
        return -1;
    case OPTION_MAX_BODY:
        if (!arguments_number(&command, "--max-body-bytes", value, 1, 1u << 30, &bytes)) {
            return EXIT_USAGE;
        }
        service->server.limits.body_bytes = bytes;
        return -1;
    case ARGUMENT_HELP:
        return EXIT_FINE;
    case ARGUMENT_WORD:
        return arguments_refuse(&command, "what is %s? Options begin with --", value);
    case ARGUMENT_WRONG:
        return EXIT_USAGE;
    default:
        return read_number(service, id, value) ? -1 : EXIT_USAGE;
    }
}

static int read_arguments(struct service *service, char **words) {
    struct arguments arguments = {&command, words, false};
    const char *value = NULL;
    int id;

    while ((id = arguments_next(&arguments, &value)) != ARGUMENT_END) {
        const int code = take_option(service, id, value);

        if (code >= 0) {
            return code;
        }
    }
    return service->model_count > 0 ? -1
                                    : arguments_refuse(&command, "which --model NAME=PATH?");
}

/* Raise the limit of open files as far as allowed; connections get all but a few of them. */
static size_t count_connections(void) {
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return 256;
    }
    if (files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
        (void)getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur == RLIM_INFINITY || files.rlim_cur > 1u << 20) {
        return 1u << 20;
    }
    return files.rlim_cur > 2 * FREE_FILES ? (size_t)files.rlim_cur - FREE_FILES
                                           : (size_t)files.rlim_cur / 2;
}

/* Bind the first loop's socket, then the others to the port it got, and open all loops. */
static ml_status open_loops(struct service *service, struct address *address, ml_error *err) {
    ml_status status = ML_OK;
    uint32_t i;

    service->loops = calloc(service->loop_count, sizeof *service->loops);
    for (i = 0; service->loops != NULL && i < service->loop_count && status == ML_OK; i++) {
        const int file = i > 0 || address_is_free(address) ? address_bind(address) : -1;

        if (file < 0 || (i == 0 && !address_of(file, address))) {
            err->status = ML_EIO;
            (void)snprintf(
                err->message, sizeof err->message, "%s: %s", service->listen, strerror(errno)
            );
            if (file >= 0) {
                close(file);
            }
            return ML_EIO;
        }
        status = loop_open(&service->loops[i], &service->server, file, err);
    }
    return service->loops == NULL ? ML_ENOMEM : status;
}

static void raise_stage(struct service *service, int stage) {
    uint32_t i;

    atomic_store_explicit(&service->server.stage, stage, memory_order_relaxed);
    for (i = 0; i < service->loop_count; i++) {
        loop_wake(&service->loops[i]);
    }
}

/*
 * Sleep for some time, or until all loops have ended. A second request to stop ends the
 * process at once. Answers whether all loops have ended.
 */
static bool wait_for_loops(struct service *service, const sigset_t *signals, uint64_t wait_ms) {
    const uint64_t due_ns = ml_clock_now_ns() + wait_ms * 1000000;

    while (atomic_load_explicit(&service->server.loops_running, memory_order_relaxed) > 0) {
        const uint64_t now_ns = ml_clock_now_ns();
        struct timespec left;
        int signal;

        if (now_ns >= due_ns) {
            return false;
        }
        left.tv_sec = (time_t)((due_ns - now_ns) / 1000000000);
        left.tv_nsec = (long)((due_ns - now_ns) % 1000000000);
        signal = sigtimedwait(signals, NULL, &left);
        if (signal == SIGTERM || signal == SIGINT) {
            fprintf(stderr, "mlserve: stopped at once by a second signal\n");
            _exit(EXIT_FAILED);
        }
    }
    return true;
}

/* Serve until a signal says to stop, then drain. */
static void serve(struct service *service, const sigset_t *signals) {
    int signal;

    do {
        signal = sigwaitinfo(signals, NULL);
    } while (signal != SIGTERM && signal != SIGINT);
    fprintf(stderr, "mlserve: answering what was accepted, then stopping\n");
    raise_stage(service, SERVER_UNREADY);
    (void)wait_for_loops(service, signals, service->drain_delay_ms);
    raise_stage(service, SERVER_DRAINS);
    if (!wait_for_loops(service, signals, service->grace_ms)) {
        fprintf(stderr, "mlserve: closing what did not end in %u ms\n", service->grace_ms);
        raise_stage(service, SERVER_ENDS);
        (void)wait_for_loops(service, signals, 1000);
    }
    if (atomic_load_explicit(&service->server.loops_running, memory_order_relaxed) > 0) {
        _exit(EXIT_FINE); /* a loop still computes what nobody waits for */
    }
}

static void on_log(void *unused, ml_log_level level, const char *line) {
    static const char *const names[] = {"?", "error", "warning", "info", "debug"};

    (void)unused;
    if (level <= ML_LOG_INFO) {
        fprintf(stderr, "mlserve: %s: %s\n", names[level], line);
    }
}

static ml_status start(struct service *service, struct address *address, ml_error *err) {
    char text[ADDRESS_TEXT];
    ml_status status = ML_OK;
    uint32_t i;

    for (i = 0; i < service->model_count && status == ML_OK; i++) {
        status = models_add(&service->server, service->models[i], service->thread_count, err);
    }
    if (status == ML_OK) {
        status = open_loops(service, address, err);
    }
    for (i = 0; i < service->loop_count && status == ML_OK; i++) {
        status = loop_start(&service->loops[i], err);
    }
    if (status == ML_OK) {
        address_write(address, text);
        fprintf(
            stderr, "mlserve %s: loops %u, models %zu, listening on http://%s\n", ml_version(),
            service->loop_count, service->server.model_count, text
        );
    }
    return status;
}

static void stop(struct service *service) {
    uint32_t i;

    if (service->loops != NULL) {
        atomic_store_explicit(&service->server.stage, SERVER_ENDS, memory_order_relaxed);
        for (i = 0; i < service->loop_count; i++) {
            if (service->loops[i].runs) {
                loop_wake(&service->loops[i]);
            }
            loop_close(&service->loops[i]);
        }
    }
    free(service->loops);
    models_close(&service->server);
}

static int check_address(const struct service *service, struct address *address) {
    if (!address_parse(service->listen, address)) {
        return arguments_refuse(
            &command, "--listen is '%s', expected ADDRESS:PORT like 127.0.0.1:8080",
            service->listen
        );
    }
    if (!address_is_loopback(address) && !service->allow_public) {
        return arguments_refuse(
            &command,
            "%s can be reached from other machines, and there are no tokens yet: anyone could\n"
            "use the models. Say --allow-public if that is meant, or listen on 127.0.0.1",
            service->listen
        );
    }
    return -1;
}

int cmd_serve(char **words) {
    static struct service service = {
        .server.limits = {16384, 8192, 100, 65536, 256, 16 << 20},
        .server.times = {10000, 75000, 10000, 30000, 2000},
        .listen = "127.0.0.1:8080",
        .thread_count = 1,
        .grace_ms = 10000,
    };
    struct address address;
    ml_error err = ML_ERROR_INIT;
    sigset_t signals;
    ml_status status;
    int code = read_arguments(&service, words);

    if (code < 0) {
        code = check_address(&service, &address);
    }
    if (code >= 0) {
        return code;
    }
    if (service.loop_count == 0) {
        service.loop_count = uv_available_parallelism();
        service.loop_count = service.loop_count > MAX_LOOPS ? MAX_LOOPS : service.loop_count;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGUSR1);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    service.server.main_thread = pthread_self();
    service.server.max_connections = count_connections();
    status = ml_set_log(on_log, NULL);
    if (status == ML_OK) {
        status = start(&service, &address, &err);
    }
    if (status == ML_OK) {
        serve(&service, &signals);
    } else {
        fprintf(
            stderr, "mlserve serve: %s\n", err.message[0] != '\0' ? err.message : "no memory"
        );
    }
    stop(&service);
    return status == ML_OK ? EXIT_FINE : EXIT_FAILED;
}
