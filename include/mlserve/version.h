/* SPDX-License-Identifier: MIT */
/*
 * version.h -- which libmlserve this is, and the export marks every header uses.
 */
#ifndef MLSERVE_VERSION_H
#define MLSERVE_VERSION_H

#define ML_VERSION_MAJOR 0
#define ML_VERSION_MINOR 1
#define ML_VERSION_PATCH 0
#define ML_VERSION_STRING "0.1.0"

#if defined(__GNUC__)
#define ML_API __attribute__((visibility("default")))
#define ML_MUST __attribute__((warn_unused_result))
#define ML_PRINTF(format_index, first_index)                                                   \
    __attribute__((format(printf, format_index, first_index)))
#else
#define ML_API
#define ML_MUST
#define ML_PRINTF(format_index, first_index)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The version of the library that is linked, "major.minor.patch"; compare it with
 * ML_VERSION_STRING, the version the program was compiled against.
 *
 * Threads:   any.
 * Blocks:    no.
 * Allocates: nothing.
 * Errors:    none.
 */
ML_API const char *ml_version(void);

#ifdef __cplusplus
}
#endif

#endif
