/* SPDX-License-Identifier: MIT */
/*
 * npy.h -- the header of an npy file, and the reading of its rows.
 */
#ifndef ML_WIRE_NPY_H
#define ML_WIRE_NPY_H

#include "wire/table.h"

struct ml__npy {
    ml_dtype dtype;
    uint64_t row_count;
    size_t width;
    size_t row_bytes;   /* row_count * row_bytes fits size_t */
    size_t header_size; /* the rows start here */
};

/* Whether the file's first bytes say npy. */
bool ml__npy_is(const char *bytes, size_t size);

/*
 * Read the header. `bytes` are the file's first ones, at least ML__NPY_HEADER_MAX of them or
 * all there are. Answers ML_OK, ML_EFORMAT, ML_EUNSUPPORTED or ML_ELIMIT.
 */
#define ML__NPY_HEADER_MAX 65548
ML_MUST ml_status
ml__npy_header(const char *bytes, size_t size, struct ml__npy *npy, ml_error *err);

/* Begin to read the file whose first bytes are in the stream; and the next rows. */
ML_MUST ml_status ml__npy_open(ml_table_reader *reader, ml_error *err);
ML_MUST ml_status ml__npy_read(
    ml_table_reader *reader, ml_dtype dtype, void *values, size_t max_rows, size_t *row_count,
    ml_error *err
);

#endif
