/* SPDX-License-Identifier: MIT */
/*
 * text.h -- names from files end in messages, so they are checked where they are read.
 */
#ifndef ML_FORMATS_TEXT_H
#define ML_FORMATS_TEXT_H

#include <mlserve/tensor.h>

#include <stdbool.h>

/* How much of a text is shown in a message: ML__SHOWN_FORMAT takes ML__SHOWN(an ml_bytes). */
#define ML__SHOWN_BYTES 64
#define ML__SHOWN_FORMAT "%.*s"
#define ML__SHOWN(text)                                                                        \
    (int)((text).size < ML__SHOWN_BYTES ? (text).size : ML__SHOWN_BYTES),                      \
        (const char *)(text).data

/* Insist on UTF-8 without control characters; `place` is the text's byte in the file and `what`
   it is, for the message. ML_EFORMAT. */
ML_MUST ml_status ml__text_check(ml_bytes text, size_t place, const char *what, ml_error *err);

/* Whether a text is just this word. */
bool ml__text_is(ml_bytes text, const char *word);

#endif
