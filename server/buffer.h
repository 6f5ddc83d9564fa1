/* SPDX-License-Identifier: MIT */
/*
 * buffer.h -- bytes that grow at their end.
 */
#ifndef MLSERVE_SERVER_BUFFER_H
#define MLSERVE_SERVER_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data;
    size_t size;
    size_t capacity;
};

/* Append bytes, or text ended by NUL, or a decimal number; false: no memory, nothing added. */
bool buffer_append(struct buffer *buffer, const void *data, size_t size);
bool buffer_text(struct buffer *buffer, const char *text);
bool buffer_number(struct buffer *buffer, size_t number);

/* Room for `size` more bytes at the end. */
bool buffer_reserve(struct buffer *buffer, size_t size);

/* Empty it; memory is kept where it is at most `keep_bytes`. */
void buffer_clear(struct buffer *buffer, size_t keep_bytes);

#endif
