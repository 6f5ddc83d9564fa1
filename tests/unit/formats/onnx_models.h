/* SPDX-License-Identifier: MIT */
/*
 * onnx_models.h -- read or refuse a model that proto_writer.h made.
 */
#ifndef TESTS_FORMATS_ONNX_MODELS_H
#define TESTS_FORMATS_ONNX_MODELS_H

#include "unit/formats/proto_writer.h"
#include "unit/formats/reading.h"

static inline void assert_model_refused(struct message m, ml_status status, const char *word) {
    unsigned char *exact = malloc(m.size);

    memcpy(exact, m.bytes, m.size);
    assert_refused(ml__onnx_read, "a model", exact, m.size, status, word);
    free(exact);
}

static inline struct ml__graph *read_model(const struct message *m) {
    return read_well(ml__onnx_read, "a model", m->bytes, m->size);
}

/* A model that adds an initializer "w", this one, to its input. */
static inline struct message model_with(struct message initializer) {
    struct message graph = graph_x_to_y();

    put_message(&graph, 1, node("a", "Add", "x w", "y"));
    put_message(&graph, 5, initializer);
    return model(graph, 13);
}

#endif
