/* SPDX-License-Identifier: MIT */
/*
 * onnx_type.h -- ValueInfoProto: the name, element type and shape that a file declares.
 */
#ifndef ML_FORMATS_ONNX_TYPE_H
#define ML_FORMATS_ONNX_TYPE_H

#include "formats/graph.h"
#include "formats/protobuf.h"

struct ml__onnx_type {
    ml_bytes name; /* borrowed from the file */
    size_t place;
    bool is_tensor;     /* or nothing is declared; false: a sequence, a map */
    uint64_t data_type; /* TensorProto.DataType; 0: not declared */
    bool has_shape;
    size_t rank;                /* as declared, may be past ML_MAX_RANK */
    int64_t shape[ML_MAX_RANK]; /* -1: unknown or named */
};

ML_MUST ml_status
ml__onnx_type_read(const struct ml__field *field, struct ml__onnx_type *out, ml_error *err);

/* Write type and shape into a value. `what` ("input") is set where a type that we do not have
   is an error, ML_EUNSUPPORTED or ML_ELIMIT; NULL where it only means that nothing is known. */
ML_MUST ml_status ml__onnx_type_set(
    const struct ml__onnx_type *type, const char *what, struct ml__value *value, ml_error *err
);

#endif
