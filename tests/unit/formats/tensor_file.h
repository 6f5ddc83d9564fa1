/* SPDX-License-Identifier: MIT */
/*
 * tensor_file.h -- write small safetensors files in memory.
 */
#ifndef TESTS_FORMATS_TENSOR_FILE_H
#define TESTS_FORMATS_TENSOR_FILE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LINEAR "\"__metadata__\":{\"kind\":\"linear-softmax\"}"
#define TENSOR(name, dtype, shape, offsets)                                                    \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" offsets   \
    "]}"

/* Of a linear layer, 24 bytes of data. */
#define WEIGHTS TENSOR("weight", "F32", "2,2", "0,16") "," TENSOR("bias", "F32", "2", "16,24")

/* A file, to free(), of a header and `data_bytes` zeros, in a block of just its size. */
static inline unsigned char *tensor_file(const char *header, size_t data_bytes, size_t *size) {
    const uint64_t length = strlen(header);
    unsigned char *data;

    *size = sizeof length + length + data_bytes;
    data = calloc(*size, 1);
    memcpy(data, &length, sizeof length);
    memcpy(data + sizeof length, header, length);
    return data;
}

#endif
