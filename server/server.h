/* SPDX-License-Identifier: MIT */
/*
 * server.h -- what all loops of a running server share: models, limits, and how far the end is.
 */
#ifndef MLSERVE_SERVER_SERVER_H
#define MLSERVE_SERVER_SERVER_H

#include "framing.h"

#include <mlserve.h>

#include <pthread.h>
#include <stdatomic.h>

enum { MAX_MODELS = 64, MAX_MODEL_NAME = 64 };

/* What a model answers on the row routes. */
enum answer_form { ANSWER_CLASSES, ANSWER_VALUES };

/* A model as the server sees it; set at start, read freely. */
struct served_model {
    char name[MAX_MODEL_NAME + 1];
    ml_predictor *predictor;
    const ml_model_info *info;
    uint32_t rows_dtype; /* what its rows are read as */
    uint32_t output_dtype;
    const char *output_name;
    size_t output_width;
    enum answer_form form;
};

/* How the end comes, in order; only ever grows. */
enum server_stage {
    SERVER_RUNS = 0,
    SERVER_UNREADY = 1, /* readiness says no, all else goes on */
    SERVER_DRAINS = 2,  /* nothing is accepted, what was accepted is answered */
    SERVER_ENDS = 3     /* connections are closed as they are */
};

struct server_times {
    uint32_t header_ms; /* for a whole head */
    uint32_t idle_ms;   /* between requests */
    uint32_t body_ms;   /* before a body must come at its least rate */
    uint32_t write_ms;  /* without a byte of the answer taken */
    uint32_t linger_ms; /* for the peer to close after us */
};

struct server {
    struct served_model models[MAX_MODELS];
    size_t model_count;
    struct framing_limits limits;
    struct server_times times;
    size_t max_connections;
    pthread_t main_thread; /* is told by SIGUSR1 that a loop has ended */

    /* Counts and a flag; nothing else is published through them, so relaxed order does. */
    atomic_size_t connection_count;
    atomic_int stage;
    atomic_uint loops_running;
};

/* The model of a name, or the first for an empty one; NULL: there is none. */
const struct served_model *
server_find_model(const struct server *server, struct framing_span name, size_t *index);

#endif
