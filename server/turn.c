/* SPDX-License-Identifier: MIT */
/*
 * turn.c -- what makes one request out of many: the requests that were readable in one turn of
 * the loop become one call of the model.
 *
 * While sockets are read, each body's rows are appended to the batch of its model. At the end
 * of the turn every batch is predicted once, and the answers are written in the order the
 * requests came, those of one connection in one piece. A lone request waits for nobody: the
 * turn ends as soon as no socket is readable.
 *
 * Memory is kept from turn to turn, so a warm loop allocates nothing, up to the ..._KEPT_BYTES.
 */
#include "turn.h"

#include "connection.h"
#include "respond.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FULL_ROWS = 8192, FULL_BODIES = 4 << 20, FULL_REQUESTS = 4096, FIRST_REQUESTS = 64 };

ml_status turn_open(struct turn *turn, struct server *server, ml_error *err) {
    ml_json_options json_options = ML_JSON_OPTIONS_INIT;
    ml_status status;
    size_t i;

    memset(turn, 0, sizeof *turn);
    turn->server = server;
    turn->date_second = -1;
    json_options.nonfinite = ML_JSON_NULL;
    status = ml_json_create(&json_options, &turn->json, err);
    if (status != ML_OK) {
        goto done;
    }
    turn->batches = calloc(server->model_count, sizeof *turn->batches);
    if (turn->batches == NULL) {
        status = ML_ENOMEM;
        goto done;
    }
    for (i = 0; i < server->model_count; i++) {
        const struct served_model *model = &server->models[i];
        ml_rows_options options = ML_ROWS_OPTIONS_INIT;

        options.dtype = model->rows_dtype;
        options.width = model->info->inputs[0].row_elements;
        turn->batches[i].model = model;
        status = ml_rows_create(&options, &turn->batches[i].rows, err);
        if (status != ML_OK) {
            goto done;
        }
    }
done:
    if (status != ML_OK) {
        turn_close(turn);
    }
    return status;
}

void turn_close(struct turn *turn) {
    size_t i;

    for (i = 0; turn->batches != NULL && i < turn->server->model_count; i++) {
        ml_rows_free(turn->batches[i].rows);
        buffer_clear(&turn->batches[i].values, 0);
        buffer_clear(&turn->batches[i].labels, 0);
    }
    free(turn->batches);
    free(turn->requests);
    buffer_clear(&turn->out, 0);
    ml_json_free(turn->json);
    memset(turn, 0, sizeof *turn);
}

struct request *turn_add(struct turn *turn, struct connection *connection) {
    struct request *request;

    if (turn->request_count == turn->request_capacity) {
        const size_t capacity =
            turn->request_capacity == 0 ? FIRST_REQUESTS : 2 * turn->request_capacity;
        struct request *requests = realloc(turn->requests, capacity * sizeof *requests);

        if (requests == NULL) {
            return NULL;
        }
        turn->requests = requests;
        turn->request_capacity = capacity;
    }
    request = &turn->requests[turn->request_count++];
    memset(request, 0, sizeof *request);
    request->connection = connection;
    return request;
}

bool turn_is_full(const struct turn *turn) {
    return turn->row_count >= FULL_ROWS || turn->body_bytes >= FULL_BODIES ||
           turn->request_count >= FULL_REQUESTS;
}

/* Make room for `count` elements; *data is where they go. */
static bool make_room(struct buffer *buffer, size_t count, size_t element, void **data) {
    size_t size;

    buffer_clear(buffer, SIZE_MAX);
    if (__builtin_mul_overflow(count, element, &size) || !buffer_reserve(buffer, size)) {
        return false;
    }
    *data = buffer->data;
    return true;
}

/* Predict the rows of one model. Rows that fail say so in their results, alone. */
static ml_status predict(struct batch *batch) {
    const struct served_model *model = batch->model;
    const size_t row_count = ml_rows_count(batch->rows);
    const bool named = model->info->labels != NULL;
    const size_t label_size = named ? sizeof(ml_bytes) : sizeof(int64_t);
    ml_tensor outputs[2] = {
        {model->output_name, NULL, model->output_dtype, 2, {row_count, model->output_width}},
        {"label", NULL, named ? ML_BYTES : ML_INT64, 1, {row_count}},
    };
    const size_t output_count = model->form == ANSWER_CLASSES ? 2 : 1;
    ml_call call = ML_CALL_INIT;
    size_t value_count;

    if (__builtin_mul_overflow(row_count, model->output_width, &value_count) ||
        !make_room(
            &batch->values, value_count, ml_dtype_size((ml_dtype)model->output_dtype),
            &outputs[0].data
        ) ||
        !make_room(&batch->labels, row_count, label_size, &outputs[1].data)) {
        return ML_ENOMEM;
    }
    call.results = ml_rows_results(batch->rows);
    call.flags = ML_CALL_PRECHECKED;
    return ml_predict_batch(
        model->predictor, ml_rows_tensors(batch->rows), ml_tensor_list(outputs, output_count),
        &call, NULL
    );
}

static void answer(struct turn *turn, const struct request *request) {
    if (request->code == 100) {
        respond_continue(turn);
    } else if (request->code != 0) {
        respond_refusal(turn, request);
    } else {
        request->route->answer(turn, request);
    }
}

static void answer_all(struct turn *turn) {
    size_t answered = 0;
    size_t i;

    for (i = 0; i < turn->request_count; i++) {
        const struct request *request = &turn->requests[i];
        struct connection *connection = request->connection;
        const bool last =
            i + 1 == turn->request_count || turn->requests[i + 1].connection != connection;

        if (connection_is_open(connection)) {
            answer(turn, request);
        }
        answered++;
        if (last) {
            connection_send(connection, &turn->out, answered);
            buffer_clear(&turn->out, OUT_KEPT_BYTES);
            answered = 0;
        }
    }
}

void turn_run(struct turn *turn) {
    size_t i;

    if (turn->request_count == 0) {
        return;
    }
    for (i = 0; i < turn->server->model_count; i++) {
        if (ml_rows_count(turn->batches[i].rows) > 0) {
            turn->batches[i].status = predict(&turn->batches[i]);
        }
    }
    answer_all(turn);
    /* Also where no row was kept: a body that was refused has grown them, too. */
    for (i = 0; i < turn->server->model_count; i++) {
        ml_rows_clear(turn->batches[i].rows, ROWS_KEPT_BYTES);
        buffer_clear(&turn->batches[i].values, ROWS_KEPT_BYTES);
        buffer_clear(&turn->batches[i].labels, ROWS_KEPT_BYTES);
    }
    ml_json_clear(turn->json, JSON_KEPT_BYTES);
    turn->request_count = 0;
    turn->row_count = 0;
    turn->body_bytes = 0;
}
