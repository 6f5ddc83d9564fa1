/* SPDX-License-Identifier: MIT */
/*
 * log.c -- the log hook: the second of the two places with state of the process.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/memory.h"

static ml_log_hook log_hook;
static void *log_user;

/* Relaxed for the same reason as in memory.c. */
static atomic_bool logged;

ml_status ml_set_log(ml_log_hook hook, void *user) {
    if (ml__memory_used() || atomic_load_explicit(&logged, memory_order_relaxed)) {
        return ML_EINVAL;
    }
    log_hook = hook;
    log_user = user;
    return ML_OK;
}

void ml__log(ml_log_level level, const char *format, ...) {
    char line[512];
    va_list arguments;

    atomic_store_explicit(&logged, true, memory_order_relaxed);
    if (log_hook == NULL) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (char *byte = line; *byte != '\0'; byte++) {
        if ((unsigned char)*byte < 0x20 || *byte == 0x7f) {
            *byte = '?';
        }
    }
    log_hook(log_user, level, line);
}
