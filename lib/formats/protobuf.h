/* SPDX-License-Identifier: MIT */
/*
 * protobuf.h -- the fields of a protobuf message, one after the other, without copying.
 *
 * Nothing here knows a schema. A message is walked field by field; a field that holds another
 * message is a block to be walked in turn, so the depth is the depth of the code that walks.
 * All places in messages are offsets in the file.
 */
#ifndef ML_FORMATS_PROTOBUF_H
#define ML_FORMATS_PROTOBUF_H

#include <mlserve/tensor.h>

#include <stdbool.h>

#include "base/bytes.h"

enum ml__wire {
    ML__WIRE_VARINT = 0,
    ML__WIRE_FIXED64 = 1,
    ML__WIRE_BLOCK = 2,
    ML__WIRE_FIXED32 = 5
};

struct ml__field {
    uint32_t number;
    enum ml__wire wire;
    size_t place;           /* of the field in the file */
    uint64_t value;         /* of a varint or fixed number */
    struct ml__bytes block; /* of a block */
};

/* Gets a field of a message; any other answer than ML_OK ends the walk with it. */
typedef ml_status (*ml__field_visit)(void *user, const struct ml__field *field, ml_error *err);

/* Take the next field; *more says whether there was one. ML_EFORMAT. */
ML_MUST ml_status
ml__field_take(struct ml__bytes *message, struct ml__field *out, bool *more, ml_error *err);

/* Visit all fields of a message. */
ML_MUST ml_status
ml__field_walk(struct ml__bytes message, ml__field_visit visit, void *user, ml_error *err);

/* Insist on a wire type; `name` is the field's, for the message. ML_EFORMAT. */
ML_MUST ml_status ml__field_expect(
    const struct ml__field *field, enum ml__wire wire, const char *name, ml_error *err
);

/* A field's text, borrowed, checked as ml__text_check() does. */
ML_MUST ml_status
ml__field_text(const struct ml__field *field, const char *name, ml_bytes *out, ml_error *err);

/*
 * A repeated number: the field of a message that holds it and the wire type of its elements,
 * which may come packed in blocks, one a field, or mixed.
 */
struct ml__repeated {
    struct ml__bytes message;
    uint32_t number;
    enum ml__wire wire;
    const char *name;
};

/* How many elements there are; *dense is the one block of fixed numbers that holds all, or
   NULL. ML_EFORMAT. */
ML_MUST ml_status ml__repeated_count(
    const struct ml__repeated *repeated, size_t *count, const unsigned char **dense,
    ml_error *err
);

/* Write the elements, `width` little-endian bytes each; one outside least..most, as a signed
   number, is refused unless both are 0. `out` has room for the count told above. */
ML_MUST ml_status ml__repeated_copy(
    const struct ml__repeated *repeated, int64_t least, int64_t most, size_t width,
    unsigned char *out, ml_error *err
);

#endif
