/* SPDX-License-Identifier: MIT */
/*
 * spans.h -- whether pieces lie side by side and fill the whole.
 */
#ifndef ML_FORMATS_SPANS_H
#define ML_FORMATS_SPANS_H

#include <mlserve/status.h>

struct ml__span {
    size_t begin;
    size_t end; /* at least `begin` */
    const char *name;
};

/* Sort the spans and insist that they cover 0..size without a hole or an overlap. ML_EFORMAT
   names the two neighbours. */
ML_MUST ml_status
ml__spans_fill(struct ml__span *spans, size_t count, size_t size, ml_error *err);

#endif
