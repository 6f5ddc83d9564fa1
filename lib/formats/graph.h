/* SPDX-License-Identifier: MIT */
/*
 * graph.h -- the plain description that every reader of neural and linear model files makes.
 *
 * A graph is a list of nodes in an order in which each can be computed, over numbered values.
 * What a reader hands out has been checked: every index is in range, every count agrees with
 * its data, no value is made twice, nothing is read before it is made, there is no cycle, and
 * each node's operator, attributes and number of inputs are known. What shapes and types go
 * through the operators is the compiler's business (lib/model).
 *
 * Constants are borrowed from the file's bytes wherever these hold them densely: the bytes must
 * live as long as the graph.
 */
#ifndef ML_FORMATS_GRAPH_H
#define ML_FORMATS_GRAPH_H

#include <mlserve/tensor.h>

#include <stdbool.h>

/* X(name of the operator in the default ONNX domain, least inputs, most inputs, outputs) */
#define ML__OP_MAP(X)                                                                          \
    X(Gemm, 2, 3, 1)                                                                           \
    X(MatMul, 2, 2, 1)                                                                         \
    X(Add, 2, 2, 1)                                                                            \
    X(Sub, 2, 2, 1)                                                                            \
    X(Mul, 2, 2, 1)                                                                            \
    X(Div, 2, 2, 1)                                                                            \
    X(Relu, 1, 1, 1)                                                                           \
    X(LeakyRelu, 1, 1, 1)                                                                      \
    X(Elu, 1, 1, 1)                                                                            \
    X(Selu, 1, 1, 1)                                                                           \
    X(Tanh, 1, 1, 1)                                                                           \
    X(Sigmoid, 1, 1, 1)                                                                        \
    X(Softmax, 1, 1, 1)                                                                        \
    X(LogSoftmax, 1, 1, 1)                                                                     \
    X(Clip, 1, 3, 1)                                                                           \
    X(Identity, 1, 1, 1)                                                                       \
    X(Flatten, 1, 1, 1)                                                                        \
    X(Reshape, 2, 2, 1)                                                                        \
    X(Cast, 1, 1, 1)                                                                           \
    X(ArgMax, 1, 1, 1)                                                                         \
    X(Dropout, 1, 3, 2)                                                                        \
    X(BatchNormalization, 5, 5, 5)                                                             \
    X(Constant, 0, 0, 1)

enum ml__op {
#define ML__OP_ENUM(name, least, most, outputs) ML__OP_##name,
    ML__OP_MAP(ML__OP_ENUM)
#undef ML__OP_ENUM
        ML__OP_COUNT
};

#define ML__NO_VALUE UINT32_MAX

/* A constant: [count] elements of `dtype`, dense, little-endian, of any alignment. */
struct ml__constant {
    const unsigned char *data; /* borrowed from the file, or owned by the graph */
    size_t count;
    uint32_t dtype; /* an ml_dtype; never ML_BYTES */
    uint32_t rank;  /* 0: a scalar */
    size_t shape[ML_MAX_RANK];
};

enum ml__attribute_kind {
    ML__ATTRIBUTE_FLOAT,
    ML__ATTRIBUTE_INT,
    ML__ATTRIBUTE_STRING,
    ML__ATTRIBUTE_TENSOR,
    ML__ATTRIBUTE_FLOATS,
    ML__ATTRIBUTE_INTS
};

struct ml__attribute {
    const char *name;
    enum ml__attribute_kind kind;
    float f;
    int64_t i;
    ml_bytes s;
    const struct ml__constant *t;
    const float *floats;
    const int64_t *ints;
    size_t count; /* of floats or ints */
};

struct ml__value {
    const char *name;
    const struct ml__constant *constant; /* NULL: made by an input or a node */
    /* As the file declares it; for values inside the graph often nothing is declared. */
    uint32_t dtype;             /* an ml_dtype, or ML_DTYPE_NONE */
    bool has_shape;             /* false: rank and shape mean nothing */
    uint32_t rank;              /* 0: a scalar */
    int64_t shape[ML_MAX_RANK]; /* -1: unknown or named */
};

struct ml__node {
    enum ml__op op;
    const char *name;       /* for messages; made up ("node 3") where the file has none */
    const uint32_t *inputs; /* values; ML__NO_VALUE where an optional one is absent */
    size_t input_count;
    const uint32_t *outputs; /* likewise */
    size_t output_count;
    const struct ml__attribute *attributes;
    size_t attribute_count;
};

struct ml__graph {
    const char *kind;   /* "onnx", "safetensors" */
    const char *detail; /* producer and version, for people; "" */
    int64_t opset;      /* of the default domain: which rules the nodes follow */
    const struct ml__value *values;
    size_t value_count;
    const struct ml__node *nodes; /* in an order that can be computed */
    size_t node_count;
    const uint32_t *inputs; /* values; initializers are not among them */
    size_t input_count;
    const uint32_t *outputs; /* values */
    size_t output_count;
    uint64_t parameter_count; /* elements of all floating-point constants */
};

/*
 * Read a model file's bytes (borrowed until the graph is freed). `labels`, if the file has
 * class names, are not read yet by any of these formats.
 *
 * Errors: ML_ENOMEM, ML_EFORMAT, ML_EUNSUPPORTED, ML_ELIMIT, ML_ESHAPE; the message names the
 * byte, tensor or node. Memory: the graph takes at most twice the file and 512 KiB.
 */
ML_MUST ml_status
ml__onnx_read(const void *data, size_t size, struct ml__graph **out, ml_error *err);
ML_MUST ml_status
ml__safetensors_read(const void *data, size_t size, struct ml__graph **out, ml_error *err);

/* NULL is fine. */
void ml__graph_free(struct ml__graph *graph);

/* "Gemm"; the attribute of a name or NULL; its value or a default where there is none. */
const char *ml__op_name(enum ml__op op);
const struct ml__attribute *ml__attribute_find(const struct ml__node *node, const char *name);
int64_t ml__attribute_int(const struct ml__node *node, const char *name, int64_t otherwise);
float ml__attribute_float(const struct ml__node *node, const char *name, float otherwise);

#endif
