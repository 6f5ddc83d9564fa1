/* SPDX-License-Identifier: MIT */
/*
 * onnx_tensor.h -- TensorProto, and what declares types, become what a graph speaks of.
 */
#ifndef ML_FORMATS_ONNX_TENSOR_H
#define ML_FORMATS_ONNX_TENSOR_H

#include "formats/arena.h"
#include "formats/graph.h"
#include "formats/protobuf.h"

/* The ml_dtype of TensorProto.DataType, ML_DTYPE_NONE where we have none. Strings: ML_BYTES. */
uint32_t ml__onnx_dtype(uint64_t data_type);

/*
 * Read a TensorProto.
 *
 *   tensor    its content
 *   owner     what it is, for messages: "initializer", "node 'c': attribute 'value'"
 *   name      out: the tensor's name, borrowed from the file; may be empty
 *   constant  out: in `arena`; its data borrowed from the file where it is dense there
 *
 * Errors: ML_EFORMAT, ML_EUNSUPPORTED, ML_ELIMIT, ML_ENOMEM.
 */
ML_MUST ml_status ml__onnx_tensor_read(
    struct ml__bytes tensor, const char *owner, struct ml__arena *arena, ml_bytes *name,
    const struct ml__constant **constant, ml_error *err
);

/* The constant of rank 1 that a repeated number is (Constant's value_floats, value_ints). */
ML_MUST ml_status ml__onnx_numbers_read(
    const struct ml__repeated *numbers, uint32_t dtype, struct ml__arena *arena,
    const struct ml__constant **constant, ml_error *err
);

#endif
