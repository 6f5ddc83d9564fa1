/* SPDX-License-Identifier: MIT */
/*
 * fail.h -- say why, once, where it was found.
 */
#ifndef ML_BASE_FAIL_H
#define ML_BASE_FAIL_H

#include <mlserve/status.h>

/* Fill `err` (NULL is fine) with a status and a message, cut to fit; answers the status. */
ml_status ml__fail(ml_error *err, ml_status status, const char *format, ...) ML_PRINTF(3, 4);

/* Put "prefix: " before the message that is in `err`; answers its status. */
ml_status ml__fail_prefix(ml_error *err, ml_status status, const char *prefix);

#endif
