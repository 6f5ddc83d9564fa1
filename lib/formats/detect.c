/* SPDX-License-Identifier: MIT */
/*
 * detect.c -- the first bytes tell.
 *
 * A safetensors file begins with the 8 bytes of its header's length and the '{' of the header.
 * An ONNX file begins with the key of a field of ModelProto, nearly always ir_version; for its
 * ninth byte to be a '{' with four zeros before it, it would have to be made for that. Lengths
 * past 4 GiB are told from ONNX by the first byte: the reader then says what is wrong.
 */
#include "formats/detect.h"

#include <stdbool.h>
#include <string.h>

#define LENGTH_BYTES 8

/* Whether a byte is the key of one of the fields 1 to 14 that ModelProto has. */
static bool model_key(unsigned char byte) {
    return byte != 0 && memchr("\x08\x12\x1a\x22\x28\x32\x3a\x42\x72", byte, 9) != NULL;
}

static bool zeros(const unsigned char *bytes, size_t first, size_t after) {
    for (size_t i = first; i < after; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

enum ml__format ml__format_detect(const void *data, size_t size) {
    const unsigned char *bytes = data;

    if (size == 0) {
        return ML__FORMAT_ONNX;
    }
    if (size > LENGTH_BYTES) {
        if (bytes[LENGTH_BYTES] == '{' &&
            (zeros(bytes, 4, LENGTH_BYTES) || !model_key(bytes[0]))) {
            return ML__FORMAT_SAFETENSORS;
        }
    } else if (size >= 4 && zeros(bytes, 3, size)) {
        return ML__FORMAT_SAFETENSORS; /* cut off in its length */
    }
    if (model_key(bytes[0])) {
        return ML__FORMAT_ONNX;
    }
    return ML__FORMAT_UNKNOWN;
}
