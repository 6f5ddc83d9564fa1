/* SPDX-License-Identifier: MIT */
/*
 * base.h -- what every part stands on: statuses, tensors, the hooks and the clock.
 *
 * The two hooks are the only state of the process that the library has. Set them before the
 * first other call; later they are refused.
 */
#ifndef MLSERVE_BASE_H
#define MLSERVE_BASE_H

#include <mlserve/status.h>
#include <mlserve/tensor.h>
#include <mlserve/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Where the library's memory comes from. All three must be given, be callable from any thread,
 * and behave as malloc, realloc and free do; `user` is passed back. Frozen.
 */
typedef struct ml_allocator {
    void *(*allocate)(void *user, size_t size);
    void *(*resize)(void *user, void *block, size_t size);
    void (*release)(void *user, void *block);
    void *user;
} ml_allocator;

/*
 * Use an allocator for everything from now on.
 *
 *   allocator  copied; NULL: malloc, realloc and free
 *
 * Threads:   none else.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    ML_EINVAL: a member is NULL, or the library has allocated already.
 */
ML_API ML_MUST ml_status ml_set_allocator(const ml_allocator *allocator);

typedef enum ml_log_level {
    ML_LOG_ERROR = 1,
    ML_LOG_WARNING = 2,
    ML_LOG_INFO = 3,
    ML_LOG_DEBUG = 4
} ml_log_level;

/* Gets one line, without a newline, valid for the call only; may come from any thread. */
typedef void (*ml_log_hook)(void *user, ml_log_level level, const char *line);

/*
 * Say where log lines go; without a hook they go nowhere. The library never prints.
 *
 *   hook  NULL: nowhere
 *   user  passed back to the hook
 *
 * Threads:   none else.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    ML_EINVAL: a line was logged, or memory allocated, already.
 */
ML_API ML_MUST ml_status ml_set_log(ml_log_hook hook, void *user);

/*
 * A clock that options take so that tests can own time: nanoseconds since some fixed moment,
 * never going back, callable from any thread. Frozen.
 */
typedef struct ml_clock {
    uint64_t (*now_ns)(void *user);
    void *user;
} ml_clock;

/*
 * The monotonic clock of the system, in nanoseconds.
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API uint64_t ml_clock_now_ns(void);

#ifdef __cplusplus
}
#endif

#endif
