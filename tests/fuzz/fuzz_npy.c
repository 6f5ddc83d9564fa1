/* SPDX-License-Identifier: MIT */
/*
 * fuzz_npy.c -- any bytes after the magic of npy.
 */
#include "fuzz_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_table("\x93NUMPY", 6, data, size);
    return 0;
}
