/* SPDX-License-Identifier: MIT */
/*
 * onnx_tensor.c -- the three ways in which a tensor can hold its numbers, as one.
 *
 * Numbers come as raw bytes, or typed: float_data, int32_data (which also carries all that is
 * smaller), int64_data, double_data, uint64_data; or in another file, which is refused: a model
 * is one file here, and a path in untrusted bytes is nothing to open. Raw bytes and a packed
 * block of floats or doubles are little-endian and dense already, so they are borrowed. The
 * rest is decoded.
 *
 * A tensor is first scanned, as its fields come in any order, then checked as a whole.
 */
#include "formats/onnx_tensor.h"

#include <string.h>

#include "base/checked.h"
#include "base/fail.h"
#include "formats/builder.h"

enum {
    DIMS = 1,
    DATA_TYPE = 2,
    SEGMENT = 3,
    FLOAT_DATA = 4,
    INT32_DATA = 5,
    STRING_DATA = 6,
    INT64_DATA = 7,
    NAME = 8,
    RAW_DATA = 9,
    DOUBLE_DATA = 10,
    UINT64_DATA = 11,
    EXTERNAL_DATA = 13,
    DATA_LOCATION = 14,
    LAST_FIELD = 14
};

#define EXTERNAL 1

/* Where the numbers of a type are, and the bounds of those that a wider one carries. */
struct carrier {
    uint64_t data_type; /* TensorProto.DataType */
    uint32_t dtype;
    uint32_t field;
    enum ml__wire wire;
    int64_t least;
    int64_t most;
    const char *name;
};

static const struct carrier carriers[] = {
    {1, ML_FP32, FLOAT_DATA, ML__WIRE_FIXED32, 0, 0, "float_data"},
    {2, ML_UINT8, INT32_DATA, ML__WIRE_VARINT, 0, UINT8_MAX, "int32_data"},
    {3, ML_INT8, INT32_DATA, ML__WIRE_VARINT, INT8_MIN, INT8_MAX, "int32_data"},
    {4, ML_UINT16, INT32_DATA, ML__WIRE_VARINT, 0, UINT16_MAX, "int32_data"},
    {5, ML_INT16, INT32_DATA, ML__WIRE_VARINT, INT16_MIN, INT16_MAX, "int32_data"},
    {6, ML_INT32, INT32_DATA, ML__WIRE_VARINT, INT32_MIN, INT32_MAX, "int32_data"},
    {7, ML_INT64, INT64_DATA, ML__WIRE_VARINT, 0, 0, "int64_data"},
    {9, ML_BOOL, INT32_DATA, ML__WIRE_VARINT, 0, 1, "int32_data"},
    {10, ML_FP16, INT32_DATA, ML__WIRE_VARINT, 0, UINT16_MAX, "int32_data"},
    {11, ML_FP64, DOUBLE_DATA, ML__WIRE_FIXED64, 0, 0, "double_data"},
    {12, ML_UINT32, UINT64_DATA, ML__WIRE_VARINT, 0, UINT32_MAX, "uint64_data"},
    {13, ML_UINT64, UINT64_DATA, ML__WIRE_VARINT, 0, 0, "uint64_data"},
    {16, ML_BF16, INT32_DATA, ML__WIRE_VARINT, 0, UINT16_MAX, "int32_data"},
};

#define STRING_TYPE 8

struct scan {
    size_t place;
    uint32_t rank;
    int64_t shape[ML_MAX_RANK];
    uint64_t data_type;
    uint64_t data_location;
    ml_bytes name;
    struct ml__bytes raw;
    bool seen[LAST_FIELD + 1];
};

static const struct carrier *carrier_of(uint64_t data_type) {
    for (size_t i = 0; i < sizeof carriers / sizeof carriers[0]; i++) {
        if (carriers[i].data_type == data_type) {
            return &carriers[i];
        }
    }
    return NULL;
}

uint32_t ml__onnx_dtype(uint64_t data_type) {
    const struct carrier *carrier = carrier_of(data_type);

    if (carrier != NULL) {
        return carrier->dtype;
    }
    return data_type == STRING_TYPE ? ML_BYTES : ML_DTYPE_NONE;
}

static ml_status visit_field(void *user, const struct ml__field *field, ml_error *err) {
    struct scan *scan = user;
    ml_status status = ML_OK;

    if (field->number <= LAST_FIELD) {
        scan->seen[field->number] = true;
    }
    switch (field->number) {
    case DATA_TYPE:
        status = ml__field_expect(field, ML__WIRE_VARINT, "TensorProto.data_type", err);
        scan->data_type = field->value;
        break;
    case DATA_LOCATION:
        status = ml__field_expect(field, ML__WIRE_VARINT, "TensorProto.data_location", err);
        scan->data_location = field->value;
        break;
    case NAME:
        status = ml__field_text(field, "TensorProto.name", &scan->name, err);
        break;
    case RAW_DATA:
        status = ml__field_expect(field, ML__WIRE_BLOCK, "TensorProto.raw_data", err);
        scan->raw = field->block;
        break;
    default:
        break;
    }
    return status;
}

/* Say what is wrong with a tensor: "initializer 'W' (byte 812): ..." */
#define FAIL_TENSOR(err, status, owner, scan, format, ...)                                     \
    ml__fail(                                                                                  \
        err, status, "%s '" ML__SHOWN_FORMAT "' (byte %zu): " format, owner,                   \
        ML__SHOWN((scan)->name), (scan)->place, __VA_ARGS__                                    \
    )

static ml_status
read_shape(struct ml__bytes tensor, struct scan *scan, const char *owner, ml_error *err) {
    const struct ml__repeated dims = {tensor, DIMS, ML__WIRE_VARINT, "TensorProto.dims"};
    unsigned char numbers[ML_MAX_RANK * sizeof(int64_t)];
    struct ml__bytes taken = ml__bytes_over(numbers, sizeof numbers);
    const unsigned char *dense;
    uint64_t number = 0;
    size_t rank;
    ml_status status = ml__repeated_count(&dims, &rank, &dense, err);

    if (status != ML_OK) {
        return status;
    }
    if (rank > ML_MAX_RANK) {
        return FAIL_TENSOR(
            err, ML_ELIMIT, owner, scan, "rank %zu, at most %d is supported", rank, ML_MAX_RANK
        );
    }
    status = ml__repeated_copy(&dims, 0, 0, sizeof(int64_t), numbers, err);
    for (size_t axis = 0; status == ML_OK && axis < rank && ml__take_u64(&taken, &number);
         axis++) {
        scan->shape[axis] = (int64_t)number;
        if (scan->shape[axis] < 0) {
            status = FAIL_TENSOR(
                err, ML_EFORMAT, owner, scan, "dims[%zu] is %lld", axis,
                (long long)scan->shape[axis]
            );
        }
    }
    scan->rank = (uint32_t)rank;
    return status;
}

/* Refuse what holds no numbers, numbers elsewhere, or numbers in a field of another type. */
static ml_status check_fields(
    const struct scan *scan, const struct carrier *carrier, const char *owner, ml_error *err
) {
    static const unsigned char data_fields[] = {FLOAT_DATA, INT32_DATA,  INT64_DATA,
                                                RAW_DATA,   DOUBLE_DATA, UINT64_DATA};

    if (scan->data_location == EXTERNAL || scan->seen[EXTERNAL_DATA]) {
        return FAIL_TENSOR(
            err, ML_EUNSUPPORTED, owner, scan, "external data is not supported; %s",
            "save the model as one file"
        );
    }
    if (scan->data_type == STRING_TYPE || scan->seen[STRING_DATA]) {
        return FAIL_TENSOR(
            err, ML_EUNSUPPORTED, owner, scan, "%s are not supported", "string tensors"
        );
    }
    if (carrier == NULL || scan->seen[SEGMENT]) {
        return FAIL_TENSOR(
            err, scan->data_type == 0 ? ML_EFORMAT : ML_EUNSUPPORTED, owner, scan,
            "%s %llu is not supported", carrier == NULL ? "data type" : "a segment of type",
            (unsigned long long)scan->data_type
        );
    }
    for (size_t i = 0; i < sizeof data_fields; i++) {
        const bool expected = data_fields[i] == RAW_DATA || data_fields[i] == carrier->field;

        if (scan->seen[data_fields[i]] && !expected) {
            return FAIL_TENSOR(
                err, ML_EFORMAT, owner, scan, "data of type %s in field %d",
                ml_dtype_name((ml_dtype)carrier->dtype), data_fields[i]
            );
        }
    }
    if (scan->seen[RAW_DATA] && scan->seen[carrier->field]) {
        return FAIL_TENSOR(err, ML_EFORMAT, owner, scan, "both raw_data and %s", carrier->name);
    }
    return ML_OK;
}

/* The element count that the shape asks for. */
static ml_status count_elements(
    const struct scan *scan, struct ml__constant *constant, const char *owner, ml_error *err
) {
    size_t count = 1;

    for (uint32_t axis = 0; axis < scan->rank; axis++) {
        constant->shape[axis] = (size_t)scan->shape[axis];
        if (!ml__mul(count, constant->shape[axis], &count)) {
            return FAIL_TENSOR(
                err, ML_EFORMAT, owner, scan, "dims[%u] is %lld, the size overflows", axis,
                (long long)scan->shape[axis]
            );
        }
    }
    constant->rank = scan->rank;
    constant->count = count;
    return ML_OK;
}

static ml_status fail_count(
    const struct scan *scan, const char *owner, const char *field, size_t expected,
    size_t found, ml_error *err
) {
    return FAIL_TENSOR(
        err, ML_EFORMAT, owner, scan, "dims ask for %zu elements, %s holds %zu", expected,
        field, found
    );
}

static ml_status use_raw(
    const struct scan *scan, struct ml__constant *constant, const char *owner, ml_error *err
) {
    const size_t width = ml_dtype_size((ml_dtype)constant->dtype);
    const size_t size = ml__bytes_left(&scan->raw);

    if (size % width != 0) {
        return FAIL_TENSOR(
            err, ML_EFORMAT, owner, scan, "raw_data has %zu bytes, not a multiple of %zu", size,
            width
        );
    }
    if (size / width != constant->count) {
        return fail_count(scan, owner, "raw_data", constant->count, size / width, err);
    }
    constant->data = scan->raw.next;
    for (size_t i = 0; constant->dtype == ML_BOOL && i < size; i++) {
        if (constant->data[i] > 1) {
            return FAIL_TENSOR(
                err, ML_EFORMAT, owner, scan, "element %zu of type BOOL is %u", i,
                constant->data[i]
            );
        }
    }
    return ML_OK;
}

/* Borrow or decode typed numbers, `found` of which are known to be there. */
static ml_status use_numbers(
    const struct ml__repeated *numbers, const struct carrier *carrier,
    const unsigned char *dense, struct ml__constant *constant, struct ml__arena *arena,
    ml_error *err
) {
    const size_t width = ml_dtype_size((ml_dtype)constant->dtype);
    void *block;
    ml_status status;

    if (dense != NULL) {
        constant->data = dense;
        return ML_OK;
    }
    status = ml__arena_make(arena, constant->count, width, &block, err);
    if (status != ML_OK) {
        return status;
    }
    constant->data = block;
    return ml__repeated_copy(numbers, carrier->least, carrier->most, width, block, err);
}

static ml_status use_typed(
    struct ml__bytes tensor, const struct scan *scan, const struct carrier *carrier,
    struct ml__constant *constant, const char *owner, struct ml__arena *arena, ml_error *err
) {
    const struct ml__repeated numbers = {tensor, carrier->field, carrier->wire, carrier->name};
    const unsigned char *dense;
    size_t found;
    const ml_status status = ml__repeated_count(&numbers, &found, &dense, err);

    if (status != ML_OK) {
        return status;
    }
    if (found != constant->count) {
        return fail_count(scan, owner, carrier->name, constant->count, found, err);
    }
    return use_numbers(&numbers, carrier, dense, constant, arena, err);
}

ml_status ml__onnx_tensor_read(
    struct ml__bytes tensor, const char *owner, struct ml__arena *arena, ml_bytes *name,
    const struct ml__constant **constant, ml_error *err
) {
    struct scan scan = {.place = ml__bytes_place(&tensor), .name = {"", 0}};
    const struct carrier *carrier;
    struct ml__constant *made;
    void *block;
    ml_status status = ml__field_walk(tensor, visit_field, &scan, err);

    if (status == ML_OK) {
        status = read_shape(tensor, &scan, owner, err);
    }
    if (status != ML_OK) {
        return status;
    }
    carrier = carrier_of(scan.data_type);
    status = check_fields(&scan, carrier, owner, err);
    if (status == ML_OK) {
        status = ml__arena_make(arena, 1, sizeof *made, &block, err);
    }
    if (status != ML_OK) {
        return status;
    }
    made = block;
    made->dtype = carrier->dtype;
    status = count_elements(&scan, made, owner, err);
    if (status == ML_OK) {
        status = scan.seen[RAW_DATA]
                     ? use_raw(&scan, made, owner, err)
                     : use_typed(tensor, &scan, carrier, made, owner, arena, err);
    }
    if (status == ML_OK) {
        *name = scan.name;
        *constant = made;
    }
    return status;
}

ml_status ml__onnx_numbers_read(
    const struct ml__repeated *numbers, uint32_t dtype, struct ml__arena *arena,
    const struct ml__constant **constant, ml_error *err
) {
    static const struct carrier as_they_are = {0};
    const unsigned char *dense;
    struct ml__constant *made;
    void *block;
    size_t count;
    ml_status status = ml__repeated_count(numbers, &count, &dense, err);

    if (status == ML_OK) {
        status = ml__arena_make(arena, 1, sizeof *made, &block, err);
    }
    if (status != ML_OK) {
        return status;
    }
    made = block;
    made->dtype = dtype;
    made->rank = 1;
    made->shape[0] = count;
    made->count = count;
    status = use_numbers(numbers, &as_they_are, dense, made, arena, err);
    if (status == ML_OK) {
        *constant = made;
    }
    return status;
}
