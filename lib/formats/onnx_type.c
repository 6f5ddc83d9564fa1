/* SPDX-License-Identifier: MIT */
/*
 * onnx_type.c -- five messages deep: ValueInfo, Type, Type.Tensor, Shape, Dimension.
 *
 * A message field that comes twice merges with the first, which here comes by itself: every
 * occurrence is walked with the same target.
 */
#include "formats/onnx_type.h"

#include "base/fail.h"
#include "formats/builder.h"
#include "formats/onnx_tensor.h"

enum { INFO_NAME = 1, INFO_TYPE = 2 };
enum { TYPE_TENSOR = 1, TYPE_DENOTATION = 6 };
enum { TENSOR_ELEMENT = 1, TENSOR_SHAPE = 2 };
enum { SHAPE_DIMENSION = 1 };
enum { DIMENSION_VALUE = 1, DIMENSION_NAME = 2 };

static ml_status visit_dimension(void *user, const struct ml__field *field, ml_error *err) {
    int64_t *length = user;
    ml_status status = ML_OK;

    if (field->number == DIMENSION_VALUE) {
        status = ml__field_expect(field, ML__WIRE_VARINT, "Dimension.dim_value", err);
        *length = (int64_t)field->value < 0 ? -1 : (int64_t)field->value;
    } else if (field->number == DIMENSION_NAME) {
        *length = -1; /* one of the two, and the last one counts */
    }
    return status;
}

static ml_status visit_shape(void *user, const struct ml__field *field, ml_error *err) {
    struct ml__onnx_type *type = user;
    int64_t length = -1;
    ml_status status;

    if (field->number != SHAPE_DIMENSION) {
        return ML_OK;
    }
    status = ml__field_expect(field, ML__WIRE_BLOCK, "TensorShapeProto.dim", err);
    if (status == ML_OK) {
        status = ml__field_walk(field->block, visit_dimension, &length, err);
    }
    if (type->rank < ML_MAX_RANK) {
        type->shape[type->rank] = length;
    }
    type->rank++;
    return status;
}

static ml_status visit_tensor(void *user, const struct ml__field *field, ml_error *err) {
    struct ml__onnx_type *type = user;
    ml_status status = ML_OK;

    if (field->number == TENSOR_ELEMENT) {
        type->data_type = field->value;
        return ml__field_expect(field, ML__WIRE_VARINT, "TypeProto.Tensor.elem_type", err);
    }
    if (field->number == TENSOR_SHAPE) {
        type->has_shape = true;
        status = ml__field_expect(field, ML__WIRE_BLOCK, "TypeProto.Tensor.shape", err);
        if (status == ML_OK) {
            status = ml__field_walk(field->block, visit_shape, type, err);
        }
    }
    return status;
}

static ml_status visit_type(void *user, const struct ml__field *field, ml_error *err) {
    struct ml__onnx_type *type = user;
    ml_status status;

    if (field->number != TYPE_TENSOR) {
        type->is_tensor = type->is_tensor && field->number == TYPE_DENOTATION;
        return ML_OK;
    }
    status = ml__field_expect(field, ML__WIRE_BLOCK, "TypeProto.tensor_type", err);
    return status == ML_OK ? ml__field_walk(field->block, visit_tensor, type, err) : status;
}

static ml_status visit_info(void *user, const struct ml__field *field, ml_error *err) {
    struct ml__onnx_type *type = user;
    ml_status status;

    if (field->number == INFO_NAME) {
        return ml__field_text(field, "ValueInfoProto.name", &type->name, err);
    }
    if (field->number != INFO_TYPE) {
        return ML_OK;
    }
    status = ml__field_expect(field, ML__WIRE_BLOCK, "ValueInfoProto.type", err);
    return status == ML_OK ? ml__field_walk(field->block, visit_type, type, err) : status;
}

ml_status
ml__onnx_type_read(const struct ml__field *field, struct ml__onnx_type *out, ml_error *err) {
    const ml_status status = ml__field_expect(field, ML__WIRE_BLOCK, "ValueInfoProto", err);

    *out = (struct ml__onnx_type){.name = {"", 0}, .place = field->place, .is_tensor = true};
    return status == ML_OK ? ml__field_walk(field->block, visit_info, out, err) : status;
}

ml_status ml__onnx_type_set(
    const struct ml__onnx_type *type, const char *what, struct ml__value *value, ml_error *err
) {
    const uint32_t dtype = ml__onnx_dtype(type->data_type);
    const bool known = type->is_tensor && (dtype != ML_DTYPE_NONE || type->data_type == 0);

    if (what != NULL && !known) {
        return ml__fail(
            err, ML_EUNSUPPORTED,
            "%s '" ML__SHOWN_FORMAT
            "' (byte %zu): its type (element type %llu) is not supported",
            what, ML__SHOWN(type->name), type->place, (unsigned long long)type->data_type
        );
    }
    if (what != NULL && type->rank > ML_MAX_RANK) {
        return ml__fail(
            err, ML_ELIMIT,
            "%s '" ML__SHOWN_FORMAT "' (byte %zu): rank %zu, at most %d is supported", what,
            ML__SHOWN(type->name), type->place, type->rank, ML_MAX_RANK
        );
    }
    if (!known || type->rank > ML_MAX_RANK) {
        return ML_OK;
    }
    value->dtype = dtype;
    value->has_shape = type->has_shape;
    value->rank = (uint32_t)type->rank;
    for (size_t axis = 0; axis < type->rank; axis++) {
        value->shape[axis] = type->shape[axis];
    }
    return ML_OK;
}
