/* SPDX-License-Identifier: MIT */
/*
 * fuzz_json_rows.c -- any bytes as a body of rows; the first two choose type and width.
 *
 * Beside not crashing: a body that failed changed nothing, every row has a result, and the
 * elements can be read.
 */
#include <mlserve/wire.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth) {
    if (!truth) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint32_t dtypes[] = {ML_FP32, ML_FP64, ML_BYTES};
    ml_rows_options options = ML_ROWS_OPTIONS_INIT;
    ml_rows *rows = NULL;
    uint64_t sum = 0;

    if (size < 2) {
        return 0;
    }
    options.dtype = dtypes[data[0] % 3];
    options.width = data[1];
    require(ml_rows_create(&options, &rows, NULL) == ML_OK);
    for (int turn = 0; turn < 2; turn++) {
        const size_t before = ml_rows_count(rows);
        size_t first = 0;
        size_t count = 0;
        const ml_status status = ml_rows_read_json(
            rows, (const char *)data + 2, size - 2, &first, &count, NULL, NULL
        );

        require(first == (status == ML_OK ? before : 0));
        require(ml_rows_count(rows) == before + count);
    }
    for (size_t row = 0; row < ml_rows_count(rows); row++) {
        const ml_row_result *result = &ml_rows_results(rows)[row];

        require((result->status == ML_OK) == (result->reason == NULL));
    }
    {
        const ml_tensors tensors = ml_rows_tensors(rows);
        const size_t elements = tensors.first.shape[0] * tensors.first.shape[1];
        const unsigned char *bytes = tensors.first.data;

        for (size_t i = 0; i < elements * ml_dtype_size((ml_dtype)options.dtype); i++) {
            sum += bytes[i];
        }
        for (size_t i = 0; options.dtype == ML_BYTES && i < elements; i++) {
            const ml_bytes *text = (const ml_bytes *)tensors.first.data + i;

            for (size_t k = 0; k < text->size; k++) {
                sum += ((const unsigned char *)text->data)[k];
            }
        }
    }
    ml_rows_clear(rows, sum % 100000);
    ml_rows_free(rows);
    return 0;
}
