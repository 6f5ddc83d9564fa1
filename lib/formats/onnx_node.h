/* SPDX-License-Identifier: MIT */
/*
 * onnx_node.h -- NodeProto: twice over all nodes, once for what they make, once for the rest.
 */
#ifndef ML_FORMATS_ONNX_NODE_H
#define ML_FORMATS_ONNX_NODE_H

#include "formats/builder.h"
#include "formats/protobuf.h"

/* The nodes of a file; `index` is that of the next one, to be set to 0 before each round. */
struct ml__onnx_nodes {
    struct ml__builder *builder;
    int64_t opset; /* of the default domain; 0: the file imports none */
    size_t index;
};

/* Whether a domain's name means the default one: "" and "ai.onnx". */
bool ml__onnx_default_domain(ml_bytes domain);

/*
 * Add the values that a node makes. A Constant's is a constant, and that is all of it. Refuses
 * operators that are not known with ML_EUNSUPPORTED, naming node and operator.
 */
ML_MUST ml_status ml__onnx_node_declare(
    struct ml__onnx_nodes *nodes, const struct ml__field *field, ml_error *err
);

/* Add the node, with its inputs and attributes, once all values are known. */
ML_MUST ml_status
ml__onnx_node_read(struct ml__onnx_nodes *nodes, const struct ml__field *field, ml_error *err);

#endif
