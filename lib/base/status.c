/* SPDX-License-Identifier: MIT */
/*
 * status.c -- names, texts and HTTP codes of the statuses, and the filling of ml_error.
 */
#include <mlserve/status.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"

static const struct {
    const char *name;
    const char *text;
    int http;
} statuses[] = {
#define ROW(name, number, http, text) [number] = {#name, text, http},
    ML_STATUS_MAP(ROW)
#undef ROW
};

#define STATUS_COUNT (sizeof statuses / sizeof statuses[0])

static int known(ml_status status) {
    return (int)status >= 0 && (size_t)status < STATUS_COUNT && statuses[status].name != NULL;
}

const char *ml_status_name(ml_status status) {
    return known(status) ? statuses[status].name : "ML_EUNKNOWN";
}

const char *ml_status_text(ml_status status) {
    return known(status) ? statuses[status].text : "unknown status";
}

int ml_status_http(ml_status status) {
    return known(status) ? statuses[status].http : 500;
}

const char *ml_version(void) {
    return ML_VERSION_STRING;
}

void ml_row_result_text(const ml_row_result *result, char *text, size_t size) {
    const char *reason = result->reason;

    if (size == 0) {
        return;
    }
    if (reason == NULL) {
        reason = ml_status_text((ml_status)result->status);
    }
    if (result->column == ML_NO_COLUMN) {
        (void)snprintf(text, size, "%s", reason);
    } else {
        (void)snprintf(text, size, "feature %lu %s", (unsigned long)result->column, reason);
    }
}

ml_status ml__fail(ml_error *err, ml_status status, const char *format, ...) {
    va_list arguments;

    if (err != NULL) {
        err->status = (int32_t)status;
        va_start(arguments, format);
        (void)vsnprintf(err->message, sizeof err->message, format, arguments);
        va_end(arguments);
    }
    return status;
}

ml_status ml__fail_prefix(ml_error *err, ml_status status, const char *prefix) {
    char old[sizeof err->message];

    if (err != NULL) {
        memcpy(old, err->message, sizeof old);
        old[sizeof old - 1] = '\0';
        err->status = (int32_t)status;
        (void)snprintf(err->message, sizeof err->message, "%.100s: %.148s", prefix, old);
    }
    return status;
}
