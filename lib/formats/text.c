/* SPDX-License-Identifier: MIT */
/*
 * text.c -- one line of valid UTF-8, or a refusal.
 *
 * With a control character in a name a message would be more than one line, and with a NUL the
 * name would be another one as a C string.
 */
#include "formats/text.h"

#include <string.h>

#include "base/fail.h"
#include "wire/utf8.h"

ml_status ml__text_check(ml_bytes text, size_t place, const char *what, ml_error *err) {
    const unsigned char *at = text.data;
    const unsigned char *end = at + text.size;

    while (at < end) {
        const size_t length = ml__utf8_length(at, end);

        if (length == 0 || *at < 0x20 || *at == 0x7f) {
            return ml__fail(
                err, ML_EFORMAT, "byte %zu: %s holds 0x%02x, expected printable UTF-8",
                place + (size_t)(at - (const unsigned char *)text.data), what, *at
            );
        }
        at += length;
    }
    return ML_OK;
}

bool ml__text_is(ml_bytes text, const char *word) {
    return strlen(word) == text.size && memcmp(word, text.data, text.size) == 0;
}
