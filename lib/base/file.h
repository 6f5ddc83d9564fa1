/* SPDX-License-Identifier: MIT */
/*
 * file.h -- files, with every error told by the file's name.
 */
#ifndef ML_BASE_FILE_H
#define ML_BASE_FILE_H

#include <mlserve/status.h>

/*
 * Read a whole file into memory (to ml__free()). It must be a regular file of at most
 * `max_bytes`. Answers ML_EIO, ML_ENOTFOUND, ML_ELIMIT, ML_ENOMEM.
 */
ML_MUST ml_status
ml__file_read(const char *path, uint64_t max_bytes, void **data, size_t *size, ml_error *err);

/* Open for reading; the descriptor is closed by ml__file_close(). */
ML_MUST ml_status ml__file_open(const char *path, int *file, ml_error *err);
void ml__file_close(int file);

/* Read up to `room` bytes, 0 only at the end; interrupted and short reads are gone on with. */
ML_MUST ml_status
ml__file_next(int file, const char *path, void *data, size_t room, size_t *size, ml_error *err);

/* Write all of it. */
ML_MUST ml_status
ml__file_write(int file, const char *path, const void *data, size_t size, ml_error *err);

#endif
