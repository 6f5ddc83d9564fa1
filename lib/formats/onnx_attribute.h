/* SPDX-License-Identifier: MIT */
/*
 * onnx_attribute.h -- AttributeProto, checked against the rules of its operator.
 */
#ifndef ML_FORMATS_ONNX_ATTRIBUTE_H
#define ML_FORMATS_ONNX_ATTRIBUTE_H

#include "formats/builder.h"
#include "formats/operators.h"
#include "formats/protobuf.h"

/* An attribute as it stands in the file. */
struct ml__onnx_attribute {
    const struct ml__attribute_rule *rule;
    struct ml__bytes message;
    ml_bytes name;
    uint64_t type;        /* 0: the writer told none */
    uint32_t seen_fields; /* a bit for each field number below 32 */
    uint32_t float_bits;  /* 0 where a writer left out a zero */
    int64_t integer;      /* likewise */
    struct ml__bytes tensor;
    size_t tensor_count;
};

/*
 * Read an attribute of an operator; `label` is its node's, for messages ("node 'gemm_1'").
 * Answers ML_EFORMAT, ML_EUNSUPPORTED for one that the operator does not have in this opset.
 */
ML_MUST ml_status ml__onnx_attribute_read(
    struct ml__bytes message, enum ml__op op, int64_t opset, const char *label,
    struct ml__onnx_attribute *out, ml_error *err
);

/* The constant that the attribute of a Constant node holds. */
ML_MUST ml_status ml__onnx_attribute_constant(
    const struct ml__onnx_attribute *attribute, const char *label, struct ml__builder *builder,
    const struct ml__constant **constant, ml_error *err
);

#endif
