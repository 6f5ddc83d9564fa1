/* SPDX-License-Identifier: MIT */
/*
 * buffer.c -- bytes that grow at their end: by doubling while small, by a quarter when large,
 * so that a large one never takes much more than what was put into it.
 */
#include "buffer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DOUBLE_BYTES = 65536 };

bool buffer_reserve(struct buffer *buffer, size_t size) {
    size_t capacity = buffer->capacity < 256 ? 256 : buffer->capacity;
    char *data;

    if (size <= buffer->capacity - buffer->size) {
        return true;
    }
    if (size > SIZE_MAX / 4 || buffer->size > SIZE_MAX / 4) {
        return false;
    }
    while (capacity < buffer->size + size) {
        capacity += capacity < DOUBLE_BYTES ? capacity : capacity / 4;
    }
    data = realloc(buffer->data, capacity);
    if (data == NULL) {
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool buffer_append(struct buffer *buffer, const void *data, size_t size) {
    if (size == 0) {
        return true;
    }
    if (!buffer_reserve(buffer, size)) {
        return false;
    }
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    return true;
}

bool buffer_text(struct buffer *buffer, const char *text) {
    return buffer_append(buffer, text, strlen(text));
}

bool buffer_number(struct buffer *buffer, size_t number) {
    char digits[24];
    size_t first = sizeof digits;

    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return buffer_append(buffer, digits + first, sizeof digits - first);
}

void buffer_clear(struct buffer *buffer, size_t keep_bytes) {
    buffer->size = 0;
    if (buffer->capacity > keep_bytes) {
        free(buffer->data);
        buffer->data = NULL;
        buffer->capacity = 0;
    }
}
