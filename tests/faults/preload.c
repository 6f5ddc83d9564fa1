/* SPDX-License-Identifier: MIT */
/*
 * preload.c -- for LD_PRELOAD: makes the n-th call of a kind fail in a program as it is.
 *
 * Counting begins when main() is entered, which this finds by standing in the place of
 * __libc_start_main: what the loader and constructors of other libraries do is not ours to
 * break. FAULT_KIND is memory, file or thread; FAULT_AT the call that fails, from 0; with
 * FAULT_FOREVER set all after it fail too. The number of calls passed is written to
 * FAULT_REPORT when the process ends.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum kind { NONE, MEMORY, FILES, THREADS };

static atomic_bool running;
static atomic_long passed;
static enum kind chosen;
static long fail_at = -1;
static bool for_ever;

static int (*own_main)(int, char **, char **);

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);

static bool fails(enum kind kind, int number) {
    long at;

    if (!atomic_load(&running) || kind != chosen) {
        return false;
    }
    at = atomic_fetch_add(&passed, 1);
    if (at == fail_at || (for_ever && fail_at >= 0 && at > fail_at)) {
        errno = number;
        return true;
    }
    return false;
}

void *malloc(size_t size) {
    return fails(MEMORY, ENOMEM) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return fails(MEMORY, ENOMEM) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    return fails(MEMORY, ENOMEM) ? NULL : __libc_realloc(block, size);
}

int open(const char *path, int flags, ...) {
    static int (*next)(const char *, int, ...);
    va_list arguments;
    mode_t mode = 0;

    if (fails(FILES, EMFILE)) {
        return -1;
    }
    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "open");
    }
    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return next(path, flags, mode);
}

ssize_t read(int file, void *data, size_t size) {
    static ssize_t (*next)(int, void *, size_t);

    if (fails(FILES, EIO)) {
        return -1;
    }
    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "read");
    }
    return next(file, data, size);
}

ssize_t write(int file, const void *data, size_t size) {
    static ssize_t (*next)(int, const void *, size_t);

    if (fails(FILES, ENOSPC)) {
        return -1;
    }
    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "write");
    }
    return next(file, data, size);
}

int pthread_create(
    pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument
) {
    static int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

    if (fails(THREADS, EAGAIN)) {
        return EAGAIN;
    }
    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
    }
    return next(thread, attributes, run, argument);
}

static void report(void) {
    const char *path = getenv("FAULT_REPORT");
    FILE *file;

    atomic_store(&running, false);
    file = path == NULL ? NULL : fopen(path, "w");
    if (file != NULL) {
        (void)fprintf(file, "%ld\n", atomic_load(&passed));
        (void)fclose(file);
    }
}

static int armed_main(int argument_count, char **arguments, char **environment) {
    const char *kind = getenv("FAULT_KIND");
    const char *at = getenv("FAULT_AT");
    int code;

    if (kind != NULL) {
        chosen = strcmp(kind, "memory") == 0 ? MEMORY
                 : strcmp(kind, "file") == 0 ? FILES
                                             : THREADS;
    }
    if (at != NULL) {
        fail_at = strtol(at, NULL, 10);
    }
    for_ever = getenv("FAULT_FOREVER") != NULL;
    (void)atexit(report);
    atomic_store(&running, true);
    code = own_main(argument_count, arguments, environment);
    return code;
}

int __libc_start_main(
    int (*main)(int, char **, char **), int argument_count, char **arguments,
    void (*begin)(void), void (*end)(void), void (*loader_end)(void), void *stack_end
);

int __libc_start_main(
    int (*main)(int, char **, char **), int argument_count, char **arguments,
    void (*begin)(void), void (*end)(void), void (*loader_end)(void), void *stack_end
) {
    int (*next
    )(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
      void (*)(void), void *);

    *(void **)&next = dlsym(RTLD_NEXT, "__libc_start_main");
    own_main = main;
    return next(armed_main, argument_count, arguments, begin, end, loader_end, stack_end);
}
