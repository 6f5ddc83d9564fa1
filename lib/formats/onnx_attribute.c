/* SPDX-License-Identifier: MIT */
/*
 * onnx_attribute.c -- one value of one type, or a refusal.
 *
 * Writers leave out a number that is zero, so what an attribute is, is told by its type; very
 * old writers told no type, then the value must be there. A value in the field of another type
 * is refused: which of the two was meant nobody knows.
 */
#include "formats/onnx_attribute.h"

#include <stdio.h>

#include "base/fail.h"
#include "formats/onnx_tensor.h"

enum {
    NAME = 1,
    FLOAT = 2,
    INTEGER = 3,
    STRING = 4,
    TENSOR = 5,
    GRAPH = 6,
    FLOATS = 7,
    INTEGERS = 8,
    STRINGS = 9,
    TENSORS = 10,
    GRAPHS = 11,
    TYPE = 20,
    REFERENCE = 21
};

#define BIT(field) (1u << (field))
#define ALL_VALUES                                                                             \
    (BIT(FLOAT) | BIT(INTEGER) | BIT(STRING) | BIT(TENSOR) | BIT(GRAPH) | BIT(FLOATS) |        \
     BIT(INTEGERS) | BIT(STRINGS) | BIT(TENSORS) | BIT(GRAPHS))

/* For each kind: AttributeProto.type, and the field that holds the value. */
static const struct {
    uint64_t type;
    uint32_t field;
} kinds[] = {
    [ML__ATTRIBUTE_FLOAT] = {1, FLOAT},   [ML__ATTRIBUTE_INT] = {2, INTEGER},
    [ML__ATTRIBUTE_STRING] = {3, STRING}, [ML__ATTRIBUTE_TENSOR] = {4, TENSOR},
    [ML__ATTRIBUTE_FLOATS] = {6, FLOATS}, [ML__ATTRIBUTE_INTS] = {7, INTEGERS},
};

static ml_status visit_field(void *user, const struct ml__field *field, ml_error *err) {
    struct ml__onnx_attribute *attribute = user;
    ml_status status = ML_OK;

    if (field->number < 32) {
        attribute->seen_fields |= BIT(field->number);
    }
    switch (field->number) {
    case NAME:
        status = ml__field_text(field, "AttributeProto.name", &attribute->name, err);
        break;
    case FLOAT:
        status = ml__field_expect(field, ML__WIRE_FIXED32, "AttributeProto.f", err);
        attribute->float_bits = (uint32_t)field->value;
        break;
    case INTEGER:
        status = ml__field_expect(field, ML__WIRE_VARINT, "AttributeProto.i", err);
        attribute->integer = (int64_t)field->value;
        break;
    case TENSOR:
        status = ml__field_expect(field, ML__WIRE_BLOCK, "AttributeProto.t", err);
        attribute->tensor = field->block;
        attribute->tensor_count++;
        break;
    case TYPE:
        status = ml__field_expect(field, ML__WIRE_VARINT, "AttributeProto.type", err);
        attribute->type = field->value;
        break;
    default:
        break;
    }
    return status;
}

static ml_status
check_value(const struct ml__onnx_attribute *attribute, const char *label, ml_error *err) {
    const struct ml__attribute_rule *rule = attribute->rule;
    const uint32_t field = kinds[rule->kind].field;
    const uint32_t seen = attribute->seen_fields & ALL_VALUES;
    const size_t place = ml__bytes_place(&attribute->message);

    if (attribute->type != 0 && attribute->type != kinds[rule->kind].type) {
        return ml__fail(
            err, ML_EFORMAT, "%s: attribute '%s' (byte %zu) has type %llu, expected %llu",
            label, rule->name, place, (unsigned long long)attribute->type,
            (unsigned long long)kinds[rule->kind].type
        );
    }
    if ((seen & ~BIT(field)) != 0 || attribute->tensor_count > 1) {
        return ml__fail(
            err, ML_EFORMAT, "%s: attribute '%s' (byte %zu) has more than one value", label,
            rule->name, place
        );
    }
    if (seen == 0 && (attribute->type == 0 || field == TENSOR)) {
        return ml__fail(
            err, ML_EFORMAT, "%s: attribute '%s' (byte %zu) has no value", label, rule->name,
            place
        );
    }
    return ML_OK;
}

ml_status ml__onnx_attribute_read(
    struct ml__bytes message, enum ml__op op, int64_t opset, const char *label,
    struct ml__onnx_attribute *out, ml_error *err
) {
    ml_status status;

    *out = (struct ml__onnx_attribute){.message = message, .name = {"", 0}};
    status = ml__field_walk(message, visit_field, out, err);
    if (status != ML_OK) {
        return status;
    }
    out->rule = ml__attribute_rule(op, out->name, opset);
    if (out->rule == NULL || (out->seen_fields & BIT(REFERENCE)) != 0) {
        return ml__fail(
            err, ML_EUNSUPPORTED,
            "%s: attribute '" ML__SHOWN_FORMAT
            "' (byte %zu) of %s is not supported in opset %lld",
            label, ML__SHOWN(out->name), ml__bytes_place(&message), ml__op_name(op),
            (long long)opset
        );
    }
    return check_value(out, label, err);
}

ml_status ml__onnx_attribute_constant(
    const struct ml__onnx_attribute *attribute, const char *label, struct ml__builder *builder,
    const struct ml__constant **constant, ml_error *err
) {
    const struct ml__repeated floats = {
        attribute->message, FLOATS, ML__WIRE_FIXED32, "AttributeProto.floats"};
    const struct ml__repeated integers = {
        attribute->message, INTEGERS, ML__WIRE_VARINT, "AttributeProto.ints"};
    char owner[160];
    ml_bytes name;

    switch (attribute->rule->kind) {
    case ML__ATTRIBUTE_TENSOR:
        (void)snprintf(owner, sizeof owner, "%s: tensor", label);
        return ml__onnx_tensor_read(
            attribute->tensor, owner, &builder->kept, &name, constant, err
        );
    case ML__ATTRIBUTE_FLOATS:
        return ml__onnx_numbers_read(&floats, ML_FP32, &builder->kept, constant, err);
    case ML__ATTRIBUTE_INTS:
        return ml__onnx_numbers_read(&integers, ML_INT64, &builder->kept, constant, err);
    case ML__ATTRIBUTE_FLOAT:
        return ml__builder_number(builder, attribute->float_bits, ML_FP32, 0, constant, err);
    default:
        return ml__builder_number(
            builder, (uint64_t)attribute->integer, ML_INT64, 0, constant, err
        );
    }
}
