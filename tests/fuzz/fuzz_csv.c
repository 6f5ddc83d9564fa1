/* SPDX-License-Identifier: MIT */
/*
 * fuzz_csv.c -- any bytes as a csv file (or, should they begin so, an npy file).
 */
#include "fuzz_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_table("", 0, data, size);
    return 0;
}
