/* SPDX-License-Identifier: MIT */
/*
 * csv.h -- read rows of numbers from csv files.
 */
#ifndef ML_WIRE_CSV_H
#define ML_WIRE_CSV_H

#include "wire/table.h"

/* Read the header line of the file whose first bytes are in the stream; and the next rows. */
ML_MUST ml_status ml__csv_open(ml_table_reader *reader, ml_error *err);
ML_MUST ml_status ml__csv_read(
    ml_table_reader *reader, ml_dtype dtype, void *values, size_t max_rows, size_t *row_count,
    ml_error *err
);

#endif
