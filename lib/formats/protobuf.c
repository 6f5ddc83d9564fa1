/* SPDX-License-Identifier: MIT */
/*
 * protobuf.c -- keys, varints, blocks.
 *
 * The wire format: a field is a varint key (number << 3 | wire type) and a value. Wire types 3
 * and 4, groups, are long gone from use and refused: with them a message has no known end.
 */
#include "formats/protobuf.h"

#include "base/fail.h"
#include "formats/text.h"

#define LAST_FIELD_NUMBER ((1u << 29) - 1)

/* The value behind a key. */
static ml_status
take_value(struct ml__bytes *message, struct ml__field *field, unsigned wire, ml_error *err) {
    const size_t left = ml__bytes_left(message);
    uint32_t small;
    uint64_t size;
    bool whole = true;

    field->wire = (enum ml__wire)wire;
    switch (wire) {
    case ML__WIRE_VARINT:
        whole = ml__take_varint(message, &field->value);
        break;
    case ML__WIRE_FIXED64:
        whole = ml__take_u64(message, &field->value);
        break;
    case ML__WIRE_FIXED32:
        whole = ml__take_u32(message, &small);
        field->value = whole ? small : 0;
        break;
    case ML__WIRE_BLOCK:
        whole = ml__take_varint(message, &size);
        if (whole && size > ml__bytes_left(message)) {
            return ml__fail(
                err, ML_EFORMAT, "byte %zu: field %u is %llu bytes long, only %zu are left",
                field->place, field->number, (unsigned long long)size, ml__bytes_left(message)
            );
        }
        if (whole) {
            field->block = *message;
            field->block.end = message->next + size;
            message->next += size;
        }
        break;
    default:
        return ml__fail(
            err, ML_EFORMAT, "byte %zu: field %u has wire type %u, expected 0, 1, 2 or 5",
            field->place, field->number, wire
        );
    }
    if (!whole) {
        return ml__fail(
            err, ML_EFORMAT, "byte %zu: field %u is cut off or too long, %zu bytes are left",
            field->place, field->number, left
        );
    }
    return ML_OK;
}

ml_status
ml__field_take(struct ml__bytes *message, struct ml__field *out, bool *more, ml_error *err) {
    uint64_t key;

    *more = ml__bytes_left(message) > 0;
    if (!*more) {
        return ML_OK;
    }
    *out = (struct ml__field){.place = ml__bytes_place(message)};
    if (!ml__take_varint(message, &key) || key >> 3 == 0 || key >> 3 > LAST_FIELD_NUMBER) {
        return ml__fail(
            err, ML_EFORMAT, "byte %zu: not the key of a protobuf field", out->place
        );
    }
    out->number = (uint32_t)(key >> 3);
    return take_value(message, out, (unsigned)(key & 7u), err);
}

ml_status
ml__field_walk(struct ml__bytes message, ml__field_visit visit, void *user, ml_error *err) {
    struct ml__field field;
    bool more;
    ml_status status = ml__field_take(&message, &field, &more, err);

    while (status == ML_OK && more) {
        status = visit(user, &field, err);
        if (status == ML_OK) {
            status = ml__field_take(&message, &field, &more, err);
        }
    }
    return status;
}

ml_status ml__field_expect(
    const struct ml__field *field, enum ml__wire wire, const char *name, ml_error *err
) {
    if (field->wire != wire) {
        return ml__fail(
            err, ML_EFORMAT, "byte %zu: %s has wire type %d, expected %d", field->place, name,
            (int)field->wire, (int)wire
        );
    }
    return ML_OK;
}

ml_status
ml__field_text(const struct ml__field *field, const char *name, ml_bytes *out, ml_error *err) {
    const ml_status status = ml__field_expect(field, ML__WIRE_BLOCK, name, err);

    if (status != ML_OK) {
        return status;
    }
    out->data = field->block.next;
    out->size = ml__bytes_left(&field->block);
    return ml__text_check(*out, ml__bytes_place(&field->block), name, err);
}

/* The next element of one field of a repeated number; *more is false past the last. */
static ml_status take_number(
    struct ml__field *field, const struct ml__repeated *repeated, uint64_t *out, bool *more,
    ml_error *err
) {
    const size_t place = ml__bytes_place(&field->block);
    uint32_t small = 0;
    bool whole;

    *more = ml__bytes_left(&field->block) > 0;
    if (!*more) {
        return ML_OK;
    }
    switch (repeated->wire) {
    case ML__WIRE_VARINT:
        whole = ml__take_varint(&field->block, out);
        break;
    case ML__WIRE_FIXED64:
        whole = ml__take_u64(&field->block, out);
        break;
    default:
        whole = ml__take_u32(&field->block, &small);
        *out = small;
        break;
    }
    if (!whole) {
        return ml__fail(
            err, ML_EFORMAT, "byte %zu: %s ends inside a number", place, repeated->name
        );
    }
    return ML_OK;
}

static size_t width_of(enum ml__wire wire) {
    return wire == ML__WIRE_FIXED64 ? 8 : 4;
}

/* How many numbers a packed block holds. */
static ml_status count_packed(
    struct ml__field *field, const struct ml__repeated *repeated, size_t *count, ml_error *err
) {
    const size_t size = ml__bytes_left(&field->block);
    uint64_t number;
    bool more = true;

    if (repeated->wire != ML__WIRE_VARINT) {
        if (size % width_of(repeated->wire) != 0) {
            return ml__fail(
                err, ML_EFORMAT, "byte %zu: %s has %zu bytes, not a multiple of %zu",
                field->place, repeated->name, size, width_of(repeated->wire)
            );
        }
        *count += size / width_of(repeated->wire);
        return ML_OK;
    }
    while (more) {
        const ml_status status = take_number(field, repeated, &number, &more, err);

        if (status != ML_OK) {
            return status;
        }
        *count += more ? 1 : 0;
    }
    return ML_OK;
}

ml_status ml__repeated_count(
    const struct ml__repeated *repeated, size_t *count, const unsigned char **dense,
    ml_error *err
) {
    struct ml__bytes message = repeated->message;
    struct ml__field field;
    size_t field_count = 0;
    size_t total = 0;
    const unsigned char *only = NULL;
    bool more;
    ml_status status = ml__field_take(&message, &field, &more, err);

    while (status == ML_OK && more) {
        if (field.number == repeated->number) {
            field_count++;
            if (field.wire == ML__WIRE_BLOCK) {
                only = field.block.next;
                status = count_packed(&field, repeated, &total, err);
            } else {
                only = NULL;
                total++;
                status = ml__field_expect(&field, repeated->wire, repeated->name, err);
            }
        }
        if (status == ML_OK) {
            status = ml__field_take(&message, &field, &more, err);
        }
    }
    if (status == ML_OK) {
        *count = total;
        *dense = field_count == 1 && repeated->wire != ML__WIRE_VARINT ? only : NULL;
    }
    return status;
}

struct copying {
    const struct ml__repeated *repeated;
    int64_t least;
    int64_t most;
    size_t width;
    unsigned char *next;
};

static ml_status
put_number(struct copying *copying, uint64_t number, size_t place, ml_error *err) {
    const bool free = copying->least == 0 && copying->most == 0;

    if (!free && ((int64_t)number < copying->least || (int64_t)number > copying->most)) {
        return ml__fail(
            err, ML_EFORMAT, "byte %zu: %s is %lld, expected %lld..%lld", place,
            copying->repeated->name, (long long)number, (long long)copying->least,
            (long long)copying->most
        );
    }
    for (size_t i = 0; i < copying->width; i++) {
        *copying->next++ = (unsigned char)(number >> (8 * i));
    }
    return ML_OK;
}

static ml_status copy_field(void *user, const struct ml__field *field, ml_error *err) {
    struct copying *copying = user;
    struct ml__field packed = *field;
    uint64_t number = 0;
    bool more = true;
    ml_status status = ML_OK;

    if (field->number != copying->repeated->number) {
        return ML_OK;
    }
    if (field->wire != ML__WIRE_BLOCK) {
        return put_number(copying, field->value, field->place, err);
    }
    while (status == ML_OK && more) {
        const size_t place = ml__bytes_place(&packed.block);

        status = take_number(&packed, copying->repeated, &number, &more, err);
        if (status == ML_OK && more) {
            status = put_number(copying, number, place, err);
        }
    }
    return status;
}

ml_status ml__repeated_copy(
    const struct ml__repeated *repeated, int64_t least, int64_t most, size_t width,
    unsigned char *out, ml_error *err
) {
    struct copying copying = {repeated, least, most, width, out};

    return ml__field_walk(repeated->message, copy_field, &copying, err);
}
