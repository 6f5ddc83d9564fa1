/* SPDX-License-Identifier: MIT */
/*
 * status.h -- how everything that can fail says so: a status, and where it helps a sentence.
 *
 * One list makes the enum, the names, the texts and the HTTP codes. Numbers are never reused.
 */
#ifndef MLSERVE_STATUS_H
#define MLSERVE_STATUS_H

#include <mlserve/version.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, number, HTTP code, text) */
#define ML_STATUS_MAP(X)                                                                       \
    X(ML_OK, 0, 200, "success")                                                                \
    X(ML_EINVAL, 1, 400, "an argument broke its documented contract")                          \
    X(ML_ENOMEM, 2, 503, "memory ran out")                                                     \
    X(ML_EIO, 3, 500, "reading or writing failed")                                             \
    X(ML_ENOTFOUND, 4, 404, "no such thing")                                                   \
    X(ML_EOVERLOAD, 5, 503, "a bounded queue was full; try again later")                       \
    X(ML_ETIMEOUT, 6, 504, "the deadline passed")                                              \
    X(ML_EFORMAT, 7, 400, "the bytes do not follow their format")                              \
    X(ML_EUNSUPPORTED, 8, 501, "well-formed, but not supported")                               \
    X(ML_ELIMIT, 9, 413, "larger than a limit allows")                                         \
    X(ML_ESHAPE, 10, 422, "wrong shape or type")                                               \
    X(ML_EVALUE, 11, 422, "a value that the model does not take")                              \
    X(ML_EROWS, 12, 422, "some rows failed, the others are answered; see the row results")     \
    X(ML_EBACKEND, 13, 500, "the model's back end failed")                                     \
    X(ML_ECLOSED, 14, 503, "shutting down")                                                    \
    X(ML_ETHREAD, 15, 503, "a thread could not be started")

typedef enum ml_status {
#define ML_STATUS_ENUM(name, number, http, text) name = number,
    ML_STATUS_MAP(ML_STATUS_ENUM)
#undef ML_STATUS_ENUM
} ml_status;

/*
 * The reason of a failure. It belongs to the caller, who may pass NULL instead; a function
 * writes it only when it fails. `message` is one line for people: the place and the offending
 * value. Frozen: 256 bytes.
 */
typedef struct ml_error {
    int32_t status; /* an ml_status */
    char message[252];
} ml_error;

#define ML_ERROR_INIT                                                                          \
    {                                                                                          \
        0, {                                                                                   \
            0                                                                                  \
        }                                                                                      \
    }

/*
 * The result of one row of a batch. Frozen: it stands in arrays.
 *
 *   status  ML_OK, or why this row alone failed
 *   column  the feature the reason is about, or ML_NO_COLUMN
 *   reason  static text without a place ("is missing; ..."), NULL when the status is ML_OK
 */
typedef struct ml_row_result {
    int32_t status; /* an ml_status */
    uint32_t column;
    const char *reason;
} ml_row_result;

#define ML_NO_COLUMN UINT32_MAX

/*
 * The name ("ML_EINVAL"), text and HTTP code of a status; for a number that is none,
 * "ML_EUNKNOWN", "unknown status" and 500.
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API const char *ml_status_name(ml_status status);
ML_API const char *ml_status_text(ml_status status);
ML_API int ml_status_http(ml_status status);

/*
 * Write a row's reason as a sentence: "feature 5 is missing; this model takes no missing
 * values". Cut to `size`, always ended by NUL when size > 0.
 *
 *   result  the row's result
 *   text    [size] out
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API void ml_row_result_text(const ml_row_result *result, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
