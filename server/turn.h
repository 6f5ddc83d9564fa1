/* SPDX-License-Identifier: MIT */
/*
 * turn.h -- the requests that one loop has read in one turn, answered together.
 */
#ifndef MLSERVE_SERVER_TURN_H
#define MLSERVE_SERVER_TURN_H

#include "buffer.h"
#include "router.h"
#include "server.h"

struct connection;

/* Memory that is kept from turn to turn, of each kind. */
enum { JSON_KEPT_BYTES = 1 << 20, ROWS_KEPT_BYTES = 1 << 20, OUT_KEPT_BYTES = 1 << 20 };

/* A request that is read and waits for the end of the turn. */
struct request {
    struct connection *connection;
    const struct route *route; /* NULL: refused, or an interim answer */
    size_t model;              /* index */
    size_t first;              /* its rows in the model's batch */
    size_t count;
    ml_rows_form form;
    int code; /* 0: all is well so far; 100: "100 Continue"; else refused with `reason` */
    const char *allow; /* of a 405 */
    char reason[256];
    bool is_head;
    bool is_v2;      /* errors in the form of /v2 */
    bool keep_alive; /* false: the connection ends after this answer */
    bool http_1_0;
};

/* The rows of one model in one turn, and their answers. */
struct batch {
    const struct served_model *model;
    ml_rows *rows;
    struct buffer values; /* [rows, width] of the model's output type */
    struct buffer labels; /* [rows] int64_t or ml_bytes */
    ml_status status;     /* of the whole */
};

struct turn {
    struct server *server;
    struct request *requests;
    size_t request_count;
    size_t request_capacity;
    size_t row_count;      /* of all batches */
    size_t body_bytes;     /* of all requests */
    struct batch *batches; /* [model_count] */
    ml_json_writer *json;
    struct buffer out; /* answers of one connection */
    char date[40];     /* "Sun, 22 Nov 2026 18:42:22 GMT" */
    int64_t date_second;
};

ml_status turn_open(struct turn *turn, struct server *server, ml_error *err);
void turn_close(struct turn *turn);

/* A new request, all zero but its connection; NULL: no memory. */
struct request *turn_add(struct turn *turn, struct connection *connection);

/* Whether so much was gathered that it should be answered before more is read. */
bool turn_is_full(const struct turn *turn);

/*
 * Predict all rows, write all answers in the order the requests came, and start anew. Answers
 * are handed to connection_send() in one piece a connection.
 */
void turn_run(struct turn *turn);

#endif
