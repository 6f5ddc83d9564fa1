/* SPDX-License-Identifier: MIT */
/*
 * log.h -- lines for the program's log hook.
 */
#ifndef ML_BASE_LOG_H
#define ML_BASE_LOG_H

#include <mlserve/base.h>

/* Hand one line (at most 511 bytes, control bytes replaced by '?') to the hook, if any. */
void ml__log(ml_log_level level, const char *format, ...) ML_PRINTF(2, 3);

#endif
