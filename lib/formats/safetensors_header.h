/* SPDX-License-Identifier: MIT */
/*
 * safetensors_header.h -- the JSON at the front of a safetensors file, read twice, never kept.
 */
#ifndef ML_FORMATS_SAFETENSORS_HEADER_H
#define ML_FORMATS_SAFETENSORS_HEADER_H

#include "formats/arena.h"
#include "formats/text.h"

/* What a tensor's entry says; checked for form, not yet against the data. */
struct ml__tensor_entry {
    ml_bytes name;  /* borrowed, or in the arena where it has escapes */
    size_t place;   /* of the name in the file */
    ml_bytes dtype; /* "F32" */
    size_t rank;
    uint64_t shape[ML_MAX_RANK];
    uint64_t begin; /* in the data */
    uint64_t end;
};

/* The texts of __metadata__ that matter here; data is NULL where one is absent. */
struct ml__metadata {
    ml_bytes kind;
    ml_bytes layers;
    ml_bytes input_scale;
    ml_bytes layout;
};

struct ml__header {
    const char *text;
    size_t size;
    size_t place;            /* of the text in the file */
    struct ml__arena *arena; /* for texts with escapes */
};

/* Check all of the JSON, read the metadata and count the tensors. ML_EFORMAT, ML_ELIMIT. */
ML_MUST ml_status ml__header_scan(
    const struct ml__header *header, struct ml__metadata *metadata, size_t *tensor_count,
    ml_error *err
);

typedef ml_status (*ml__tensor_visit
)(void *user, const struct ml__tensor_entry *entry, ml_error *err);

/* Visit the tensors in the order of the header. */
ML_MUST ml_status ml__header_walk(
    const struct ml__header *header, ml__tensor_visit visit, void *user, ml_error *err
);

#endif
