/* SPDX-License-Identifier: MIT */
/*
 * proto_writer.h -- write small ONNX files in memory, right ones and wrong ones.
 *
 * A message is a fixed block of bytes, passed by value; a longer one is the test's mistake.
 */
#ifndef TESTS_FORMATS_PROTO_WRITER_H
#define TESTS_FORMATS_PROTO_WRITER_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

struct message {
    size_t size;
    unsigned char bytes[4096];
};

enum { FLOAT = 1, UINT8, INT8, UINT16, INT16, INT32, INT64, STRING, BOOL, FLOAT16, DOUBLE };
enum { UINT32 = 12, UINT64 = 13, COMPLEX64 = 14, BFLOAT16 = 16 };

static inline void put_raw(struct message *m, const void *data, size_t size) {
    assert(size <= sizeof m->bytes - m->size);
    memcpy(m->bytes + m->size, data, size);
    m->size += size;
}

static inline void put_varint(struct message *m, uint64_t value) {
    do {
        const unsigned char byte = (unsigned char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));

        put_raw(m, &byte, 1);
        value >>= 7;
    } while (value > 0);
}

static inline void put_key(struct message *m, unsigned field, unsigned wire) {
    put_varint(m, field << 3 | wire);
}

static inline void put_int(struct message *m, unsigned field, int64_t value) {
    put_key(m, field, 0);
    put_varint(m, (uint64_t)value);
}

static inline void put_float(struct message *m, unsigned field, float value) {
    put_key(m, field, 5);
    put_raw(m, &value, sizeof value);
}

static inline void put_double(struct message *m, unsigned field, double value) {
    put_key(m, field, 1);
    put_raw(m, &value, sizeof value);
}

static inline void put_block(struct message *m, unsigned field, const void *data, size_t size) {
    put_key(m, field, 2);
    put_varint(m, size);
    put_raw(m, data, size);
}

static inline void put_text(struct message *m, unsigned field, const char *text) {
    put_block(m, field, text, strlen(text));
}

static inline void put_message(struct message *m, unsigned field, struct message inner) {
    put_block(m, field, inner.bytes, inner.size);
}

/* A field for each word of a text; "-" is the empty word. */
static inline void put_words(struct message *m, unsigned field, const char *words) {
    while (*words != '\0') {
        const size_t size = strcspn(words, " ");

        put_block(m, field, words, size == 1 && *words == '-' ? 0 : size);
        words += size + (words[size] == ' ' ? 1 : 0);
    }
}

/* NodeProto, to which attributes can be added as field 5. */
static inline struct message
node(const char *name, const char *op, const char *inputs, const char *outputs) {
    struct message m = {0};

    put_words(&m, 1, inputs);
    put_words(&m, 2, outputs);
    if (name[0] != '\0') {
        put_text(&m, 3, name);
    }
    put_text(&m, 4, op);
    return m;
}

/* AttributeProto without its value. */
static inline struct message attribute(const char *name, int type) {
    struct message m = {0};

    put_text(&m, 1, name);
    put_int(&m, 20, type);
    return m;
}

static inline struct message float_attribute(const char *name, float value) {
    struct message m = attribute(name, 1);

    put_float(&m, 2, value);
    return m;
}

static inline struct message int_attribute(const char *name, int64_t value) {
    struct message m = attribute(name, 2);

    put_int(&m, 3, value);
    return m;
}

/* TensorProto without its data; `dims` ends with a negative one. */
static inline struct message tensor(const char *name, int type, const int64_t *dims) {
    struct message m = {0};

    for (; *dims >= 0; dims++) {
        put_int(&m, 1, *dims);
    }
    put_int(&m, 2, type);
    if (name[0] != '\0') {
        put_text(&m, 8, name);
    }
    return m;
}

/* A float vector as raw data. */
static inline struct message vector(const char *name, const float *values, size_t count) {
    const int64_t dims[] = {(int64_t)count, -1};
    struct message m = tensor(name, FLOAT, dims);

    put_block(&m, 9, values, count * sizeof *values);
    return m;
}

/* ValueInfoProto of a matrix [N, width]. */
static inline struct message matrix_info(const char *name, int type, int64_t width) {
    struct message rows = {0};
    struct message columns = {0};
    struct message shape = {0};
    struct message tensor_type = {0};
    struct message type_proto = {0};
    struct message m = {0};

    put_text(&rows, 2, "N");
    put_int(&columns, 1, width);
    put_message(&shape, 1, rows);
    put_message(&shape, 1, columns);
    put_int(&tensor_type, 1, type);
    put_message(&tensor_type, 2, shape);
    put_message(&type_proto, 1, tensor_type);
    put_text(&m, 1, name);
    put_message(&m, 2, type_proto);
    return m;
}

/* A graph that has the input "x" of type float [N, 2] and the output "y". */
static inline struct message graph_x_to_y(void) {
    struct message m = {0};

    put_message(&m, 11, matrix_info("x", FLOAT, 2));
    put_message(&m, 12, matrix_info("y", FLOAT, 2));
    return m;
}

static inline struct message opset_import(const char *domain, int64_t version) {
    struct message m = {0};

    put_text(&m, 1, domain);
    put_int(&m, 2, version);
    return m;
}

static inline struct message model(struct message graph, int64_t opset) {
    struct message m = {0};

    put_int(&m, 1, 7);
    put_text(&m, 2, "tests");
    put_message(&m, 7, graph);
    put_message(&m, 8, opset_import("", opset));
    return m;
}

/* A model of one node between "x" and "y", of opset 13. */
static inline struct message model_of(struct message only_node) {
    struct message graph = graph_x_to_y();

    put_message(&graph, 1, only_node);
    return model(graph, 13);
}

#endif
