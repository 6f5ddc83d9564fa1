/* SPDX-License-Identifier: MIT */
/*
 * safetensors.c -- a safetensors file becomes a graph.
 *
 * Eight bytes of length, a JSON header, the tensors' bytes. The header says where each tensor
 * lies, and its __metadata__ which layers they are (safetensors_layers.c). Weights are borrowed
 * from the file. Strict, as the format asks: the tensors fill the data without hole, overlap or
 * tail, and each is just as long as its shape.
 *
 * Source: huggingface/safetensors, README ("Format"); the layer list is ours.
 */
#include "base/bytes.h"
#include "base/checked.h"
#include "base/fail.h"
#include "formats/builder.h"
#include "formats/graph.h"
#include "formats/safetensors_header.h"
#include "formats/safetensors_layers.h"
#include "formats/spans.h"

#define LENGTH_BYTES 8
#define MAX_HEADER_BYTES ((uint64_t)100000000)

struct safetensors {
    struct ml__header header;
    const unsigned char *data;
    size_t data_bytes;
    struct ml__builder builder;
    struct ml__metadata metadata;
    struct ml__span *spans;
    size_t span_count;
};

static uint32_t dtype_of(ml_bytes name) {
    static const struct {
        const char *name;
        uint32_t dtype;
    } rows[] = {{"F32", ML_FP32}, {"F64", ML_FP64}, {"F16", ML_FP16}, {"BF16", ML_BF16}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (ml__text_is(name, rows[i].name)) {
            return rows[i].dtype;
        }
    }
    return ML_DTYPE_NONE;
}

static ml_status
check_length(const void *data, size_t size, struct safetensors *file, ml_error *err) {
    struct ml__bytes bytes = ml__bytes_over(data, size);
    const unsigned char *text;
    uint64_t length;

    if (!ml__take_u64(&bytes, &length)) {
        return ml__fail(
            err, ML_EFORMAT, "%zu bytes, too short for the length of a header (8 bytes)", size
        );
    }
    if (length > ml__bytes_left(&bytes)) {
        return ml__fail(
            err, ML_EFORMAT, "byte 0: a header of %llu bytes, only %zu are left",
            (unsigned long long)length, ml__bytes_left(&bytes)
        );
    }
    if (length > MAX_HEADER_BYTES) {
        return ml__fail(
            err, ML_ELIMIT, "byte 0: a header of %llu bytes, at most %llu are supported",
            (unsigned long long)length, (unsigned long long)MAX_HEADER_BYTES
        );
    }
    if (!ml__take_block(&bytes, (size_t)length, &text) || length == 0 || text[0] != '{') {
        return ml__fail(err, ML_EFORMAT, "byte 8: the header does not begin with '{'");
    }
    file->header.text = (const char *)text;
    file->header.size = (size_t)length;
    file->header.place = LENGTH_BYTES;
    file->data = bytes.next;
    file->data_bytes = ml__bytes_left(&bytes);
    return ML_OK;
}

/* The elements and bytes that a shape asks for. */
static bool
measure(const struct ml__tensor_entry *entry, struct ml__constant *made, size_t *size) {
    size_t count = 1;

    for (size_t axis = 0; axis < entry->rank; axis++) {
        if (entry->shape[axis] > SIZE_MAX ||
            !ml__mul(count, (size_t)entry->shape[axis], &count)) {
            return false;
        }
        made->shape[axis] = (size_t)entry->shape[axis];
    }
    made->rank = (uint32_t)entry->rank;
    made->count = count;
    return ml__mul(count, ml_dtype_size((ml_dtype)made->dtype), size);
}

static ml_status check_entry(
    const struct safetensors *file, const struct ml__tensor_entry *entry,
    struct ml__constant *made, ml_error *err
) {
    size_t size;

    made->dtype = dtype_of(entry->dtype);
    if (made->dtype == ML_DTYPE_NONE) {
        return ml__fail(
            err, ML_EUNSUPPORTED,
            "tensor '" ML__SHOWN_FORMAT "' (byte %zu): dtype '" ML__SHOWN_FORMAT
            "' is not supported, only F32, F64, F16 and BF16 are",
            ML__SHOWN(entry->name), entry->place, ML__SHOWN(entry->dtype)
        );
    }
    if (!measure(entry, made, &size)) {
        return ml__fail(
            err, ML_EFORMAT,
            "tensor '" ML__SHOWN_FORMAT "' (byte %zu): the shape's size overflows",
            ML__SHOWN(entry->name), entry->place
        );
    }
    if (entry->begin > entry->end || entry->end > file->data_bytes) {
        return ml__fail(
            err, ML_EFORMAT,
            "tensor '" ML__SHOWN_FORMAT
            "' (byte %zu): data_offsets are [%llu, %llu], the data have %zu bytes",
            ML__SHOWN(entry->name), entry->place, (unsigned long long)entry->begin,
            (unsigned long long)entry->end, file->data_bytes
        );
    }
    if (entry->end - entry->begin != size) {
        return ml__fail(
            err, ML_EFORMAT,
            "tensor '" ML__SHOWN_FORMAT
            "' (byte %zu): the shape needs %zu bytes, data_offsets span %llu",
            ML__SHOWN(entry->name), entry->place, size,
            (unsigned long long)(entry->end - entry->begin)
        );
    }
    made->data = file->data + entry->begin;
    return ML_OK;
}

static ml_status visit_tensor(void *user, const struct ml__tensor_entry *entry, ml_error *err) {
    struct safetensors *file = user;
    struct ml__span *span = &file->spans[file->span_count];
    void *block;
    uint32_t value;
    ml_status status =
        ml__arena_make(&file->builder.kept, 1, sizeof(struct ml__constant), &block, err);

    if (status == ML_OK) {
        status = check_entry(file, entry, block, err);
    }
    if (status == ML_OK) {
        status = ml__builder_add_value(&file->builder, entry->name, entry->place, &value, err);
    }
    if (status != ML_OK) {
        return status;
    }
    ml__builder_set_constant(&file->builder, value, block);
    span->begin = (size_t)entry->begin;
    span->end = (size_t)entry->end;
    span->name = file->builder.values[value].name;
    file->span_count++;
    return ML_OK;
}

static ml_status read_tensors(struct safetensors *file, ml_error *err) {
    struct ml__room room = {0};
    size_t tensor_count;
    void *block;
    ml_status status = ml__header_scan(&file->header, &file->metadata, &tensor_count, err);

    if (status != ML_OK) {
        return status;
    }
    room.values = tensor_count;
    ml__layers_room(&file->metadata, &room);
    status = ml__builder_reserve(&file->builder, &room, err);
    if (status == ML_OK) {
        status = ml__arena_make(
            &file->builder.scratch, tensor_count, sizeof *file->spans, &block, err
        );
    }
    if (status != ML_OK) {
        return status;
    }
    file->spans = block;
    status = ml__header_walk(&file->header, visit_tensor, file, err);
    if (status == ML_OK) {
        status = ml__spans_fill(file->spans, file->span_count, file->data_bytes, err);
    }
    return status;
}

ml_status
ml__safetensors_read(const void *data, size_t size, struct ml__graph **out, ml_error *err) {
    struct safetensors file = {0};
    ml_status status = check_length(data, size, &file, err);

    if (status != ML_OK) {
        return status;
    }
    ml__builder_start(&file.builder, "safetensors", size);
    file.header.arena = &file.builder.scratch;
    status = read_tensors(&file, err);
    if (status == ML_OK) {
        status = ml__layers_build(&file.builder, &file.metadata, err);
    }
    if (status == ML_OK) {
        status = ml__builder_finish(&file.builder, file.metadata.kind, out, err);
    }
    ml__builder_drop(&file.builder);
    return status;
}
