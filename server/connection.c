/* SPDX-License-Identifier: MIT */
/*
 * connection.c -- the life of one connection.
 *
 *   open      requests are read, answered at the end of each turn, in order
 *   last      no more requests are read; what was read is still answered
 *   lingers   all is sent and our side is shut; the peer's bytes are read past until it closes,
 *             for a close with bytes unread would reset the connection and lose the answer
 *   closed    libuv has been told; the memory goes when it says so
 *
 * Backpressure: while an answer is not taken, nothing is read, so a slow reader holds at most
 * the answers to what one read brought. Every stage has a deadline.
 *
 * Memory: a struct, nothing more while idle. A request's head or body is kept only where it
 * comes in pieces.
 */
#include "connection.h"

#include "http.h"
#include "loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REFUSE_ROOM = 128, BODY_BYTES_PER_SECOND = 4096, FRESH_MS = 100 };

enum stage { STAGE_OPEN, STAGE_LAST, STAGE_LINGERS, STAGE_CLOSED };

struct connection {
    uv_tcp_t tcp;
    uv_shutdown_t shutdown;
    struct loop *loop;
    struct connection *next;
    struct connection **link; /* what points to this one */
    struct http_reader reader;
    struct routed routed; /* of the request under way; its model span is not kept */
    size_t model;
    enum stage stage;
    uint64_t since_ms;    /* begin of what it is waiting for */
    size_t waiting_count; /* requests that are read and not answered */
    size_t unsent_bytes;
    size_t queue_seen; /* of the unsent bytes, when last looked at */
    bool is_fresh;     /* no request was read yet */
    bool is_broken;
    bool peer_is_done; /* it will send nothing more */
};

/* Bytes on their way to a peer that did not take them at once. */
struct sending {
    uv_write_t write;
    size_t size; /* of what was not taken */
    char *data;
};

static void on_closed(uv_handle_t *handle) {
    struct connection *connection = handle->data;
    struct loop *loop = connection->loop;

    *connection->link = connection->next;
    if (connection->next != NULL) {
        connection->next->link = connection->link;
    }
    http_close(&connection->reader);
    free(connection);
    atomic_fetch_sub_explicit(&loop->server->connection_count, 1, memory_order_relaxed);
    loop_settle(loop);
}

static void close_now(struct connection *connection) {
    if (connection->stage != STAGE_CLOSED) {
        connection->stage = STAGE_CLOSED;
        uv_close((uv_handle_t *)&connection->tcp, on_closed);
    }
}

/* Not uv_now(), which stands still while a turn computes. */
static uint64_t now_ms(void) {
    return uv_hrtime() / 1000000;
}

/* Say no to a request that was, or could not be, read; it is the last of its connection. */
static void refuse(struct connection *connection, int code, const char *reason) {
    struct request *request = turn_add(&connection->loop->turn, connection);

    if (request == NULL) {
        close_now(connection);
        return;
    }
    request->code = code;
    request->is_v2 = connection->routed.is_v2;
    (void)snprintf(request->reason, sizeof request->reason, "%s", reason);
    connection->waiting_count++;
    connection->stage = STAGE_LAST;
}

/* A head is there: find its route, so that the body of none is not kept. */
static void begin_request(struct connection *connection) {
    struct http_reader *reader = &connection->reader;
    struct routed *routed = &connection->routed;
    struct request *request;

    *routed = router_find(&reader->head);
    connection->since_ms = now_ms();
    connection->is_fresh = false;
    if (routed->route != NULL && routed->route->read != NULL) {
        if (server_find_model(connection->loop->server, routed->model, &connection->model) ==
            NULL) {
            routed->route = NULL;
            routed->code = 404;
            routed->is_model_missing = true;
        } else if (reader->head.encoded) {
            routed->route = NULL;
            routed->code = 415;
        }
        reader->keep_body = routed->route != NULL;
    }
    routed->model.text = NULL;
    if (reader->head.expects_continue && !reader->completed) {
        request = turn_add(&connection->loop->turn, connection);
        if (request != NULL) {
            request->code = 100;
            connection->waiting_count++;
        }
    }
}

static const char *reason_of(const struct routed *routed) {
    if (routed->is_model_missing) {
        return "no model of that name";
    }
    switch (routed->code) {
    case 405:
        return "method not allowed";
    case 415:
        return "compressed bodies are not taken here";
    default:
        return "not found";
    }
}

/* A request is there, whole: gather it for the end of the turn. */
static void end_request(struct connection *connection) {
    struct http_reader *reader = &connection->reader;
    struct loop *loop = connection->loop;
    const struct routed *routed = &connection->routed;
    const struct framing_span body = {reader->body_data, reader->body_size};
    struct request *request = turn_add(&loop->turn, connection);

    if (request == NULL) {
        close_now(connection);
        return;
    }
    connection->waiting_count++;
    request->route = routed->route;
    request->model = connection->model;
    request->allow = routed->allow;
    request->is_head = routed->is_head;
    request->is_v2 = routed->is_v2;
    request->http_1_0 = reader->head.http_1_0;
    request->keep_alive = reader->keep_alive && !loop->is_draining;
    if (routed->route == NULL) {
        request->code = routed->code;
        (void)snprintf(request->reason, sizeof request->reason, "%s", reason_of(routed));
    } else if (routed->route->read != NULL) {
        routed->route->read(&loop->turn, request, body);
    }
    if (!request->keep_alive) {
        connection->stage = STAGE_LAST;
    }
    http_next(reader);
    connection->since_ms = now_ms();
    if (turn_is_full(&loop->turn)) {
        turn_run(&loop->turn);
    }
}

static void take_bytes(struct connection *connection, const char *data, size_t size) {
    struct http_reader *reader = &connection->reader;

    while (connection->stage == STAGE_OPEN) {
        const bool was_inside = http_is_inside(reader);
        size_t used = 0;

        switch (http_feed(reader, data, size, &used)) {
        case HTTP_MORE:
            if (!was_inside && http_is_inside(reader)) {
                connection->since_ms = now_ms();
            }
            return;
        case HTTP_HEADED:
            begin_request(connection);
            break;
        case HTTP_COMPLETE:
            end_request(connection);
            break;
        case HTTP_REFUSED:
            refuse(connection, reader->refusal.code, reader->refusal.reason);
            break;
        }
        data += used;
        size -= used;
    }
}

static void on_allocate(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer) {
    const struct connection *connection = handle->data;

    (void)wanted;
    *buffer = uv_buf_init(connection->loop->read_buffer, READ_BYTES);
}

static void settle(struct connection *connection);

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
    struct connection *connection = stream->data;

    if (size > 0) {
        take_bytes(connection, buffer->base, (size_t)size);
    } else if (size == UV_EOF) {
        connection->peer_is_done = true;
        (void)uv_read_stop(stream);
        if (connection->stage == STAGE_OPEN) {
            connection->stage = STAGE_LAST;
        }
        settle(connection);
    } else if (size < 0) {
        close_now(connection);
    }
}

static void on_shutdown(uv_shutdown_t *shutdown, int status) {
    struct connection *connection = shutdown->data;

    if (status != 0) {
        close_now(connection);
    }
}

/* Nothing is owed to the peer any more: go on, or come to the end. */
static void settle(struct connection *connection) {
    uv_stream_t *stream = (uv_stream_t *)&connection->tcp;

    if (connection->stage == STAGE_CLOSED || connection->waiting_count > 0 ||
        connection->unsent_bytes > 0) {
        return;
    }
    if (connection->is_broken ||
        (connection->peer_is_done && connection->stage != STAGE_OPEN)) {
        close_now(connection);
        return;
    }
    if (connection->stage == STAGE_LAST) {
        connection->stage = STAGE_LINGERS;
        connection->since_ms = now_ms();
        connection->shutdown.data = connection;
        if (uv_shutdown(&connection->shutdown, stream, on_shutdown) != 0) {
            close_now(connection);
            return;
        }
    }
}

static void on_written(uv_write_t *write, int status) {
    struct sending *sending = (struct sending *)write;
    struct connection *connection = write->data;

    connection->unsent_bytes -= sending->size;
    free(sending->data);
    free(sending);
    if (status != 0) {
        close_now(connection);
        return;
    }
    connection->since_ms = now_ms();
    if (connection->unsent_bytes == 0 && connection->stage != STAGE_CLOSED &&
        !connection->peer_is_done) {
        (void)uv_read_start((uv_stream_t *)&connection->tcp, on_allocate, on_read);
    }
    settle(connection);
}

/* Keep what the peer does not take yet, and stop reading from it meanwhile. */
static bool send_later(struct connection *connection, struct buffer *out, size_t sent) {
    struct sending *sending = malloc(sizeof *sending);
    uv_buf_t rest;

    if (sending == NULL) {
        return false;
    }
    sending->data = out->data;
    sending->size = out->size - sent;
    sending->write.data = connection;
    rest = uv_buf_init(out->data + sent, (unsigned)sending->size);
    if (uv_write(&sending->write, (uv_stream_t *)&connection->tcp, &rest, 1, on_written) != 0) {
        free(sending);
        return false;
    }
    memset(out, 0, sizeof *out);
    (void)uv_read_stop((uv_stream_t *)&connection->tcp);
    connection->unsent_bytes += sending->size;
    connection->queue_seen = 0;
    return true;
}

void connection_send(struct connection *connection, struct buffer *out, size_t answered) {
    int sent = 0;

    connection->waiting_count -= answered;
    if (connection->stage == STAGE_CLOSED) {
        return;
    }
    connection->since_ms = now_ms();
    if (out->size > 0 && connection->unsent_bytes == 0) {
        const uv_buf_t all = uv_buf_init(out->data, (unsigned)out->size);

        sent = uv_try_write((uv_stream_t *)&connection->tcp, &all, 1);
    }
    if (sent < 0 && sent != UV_EAGAIN) {
        close_now(connection);
        return;
    }
    sent = sent < 0 ? 0 : sent;
    if ((size_t)sent < out->size && !send_later(connection, out, (size_t)sent)) {
        close_now(connection);
        return;
    }
    settle(connection);
}

bool connection_is_open(const struct connection *connection) {
    return connection->stage != STAGE_CLOSED;
}

void connection_break(struct connection *connection) {
    connection->is_broken = true;
    if (connection->stage == STAGE_OPEN) {
        connection->stage = STAGE_LAST;
    }
}

/* Have libuv's handle stand for the socket, or for what waits at the listener. */
static int take_socket(struct connection *connection, int socket) {
    int result;

    if (socket == NO_SOCKET) {
        return uv_accept(
            (uv_stream_t *)&connection->loop->listener, (uv_stream_t *)&connection->tcp
        );
    }
    result = uv_tcp_open(&connection->tcp, socket);
    if (result != 0) {
        close(socket);
    }
    return result;
}

bool connection_accept(struct loop *loop, int socket) {
    struct connection *connection = calloc(1, sizeof *connection);
    struct server *server = loop->server;
    size_t count;

    if (connection == NULL) {
        if (socket != NO_SOCKET) {
            close(socket);
        }
        loop_start_tick(loop);
        return false;
    }
    connection->loop = loop;
    connection->next = loop->connections;
    connection->link = &loop->connections;
    if (connection->next != NULL) {
        connection->next->link = &connection->next;
    }
    loop->connections = connection;
    count = atomic_fetch_add_explicit(&server->connection_count, 1, memory_order_relaxed);
    (void)uv_tcp_init(&loop->uv, &connection->tcp);
    connection->tcp.data = connection;
    connection->is_fresh = true;
    http_open(&connection->reader, &server->limits);
    connection->since_ms = now_ms();
    if (take_socket(connection, socket) != 0 ||
        count >= server->max_connections + REFUSE_ROOM ||
        uv_read_start((uv_stream_t *)&connection->tcp, on_allocate, on_read) != 0) {
        close_now(connection);
        return true;
    }
    (void)uv_tcp_nodelay(&connection->tcp, 1);
    loop_start_tick(loop);
    if (count >= server->max_connections) {
        refuse(connection, 503, "too many connections");
    }
    return true;
}

/* Whether a body comes too slowly. */
static bool is_starving(const struct connection *connection, uint64_t waited_ms) {
    return waited_ms > connection->loop->server->times.body_ms &&
           connection->reader.body_received * 1000 < waited_ms * BODY_BYTES_PER_SECOND;
}

static void check_writing(struct connection *connection, uint64_t waited_ms) {
    const size_t queued = uv_stream_get_write_queue_size((uv_stream_t *)&connection->tcp);

    if (queued != connection->queue_seen) {
        connection->queue_seen = queued;
        connection->since_ms = now_ms();
    } else if (waited_ms > connection->loop->server->times.write_ms) {
        close_now(connection);
    }
}

static void check_reading(struct connection *connection, uint64_t waited_ms) {
    const struct server_times *times = &connection->loop->server->times;

    if (!http_is_inside(&connection->reader)) {
        if (waited_ms > (connection->is_fresh ? times->header_ms : times->idle_ms)) {
            close_now(connection);
        }
    } else if (connection->reader.stage == HTTP_IN_HEAD) {
        if (waited_ms > times->header_ms) {
            refuse(connection, 408, "the headers took too long");
        }
    } else if (is_starving(connection, waited_ms)) {
        refuse(connection, 408, "the body came too slowly");
    }
}

void connection_check_deadlines(struct loop *loop) {
    struct connection *connection;

    for (connection = loop->connections; connection != NULL; connection = connection->next) {
        const uint64_t waited_ms = now_ms() - connection->since_ms;

        if (connection->stage == STAGE_LINGERS) {
            if (waited_ms > loop->server->times.linger_ms) {
                close_now(connection);
            }
        } else if (connection->unsent_bytes > 0) {
            check_writing(connection, waited_ms);
        } else if (connection->stage == STAGE_OPEN && connection->waiting_count == 0) {
            check_reading(connection, waited_ms);
        }
    }
}

void connection_close_idle(struct loop *loop) {
    struct connection *connection;

    for (connection = loop->connections; connection != NULL; connection = connection->next) {
        const bool may_speak_yet =
            connection->is_fresh && now_ms() - connection->since_ms < FRESH_MS;

        if (connection->stage == STAGE_OPEN && connection->waiting_count == 0 &&
            connection->unsent_bytes == 0 && !http_is_inside(&connection->reader) &&
            !may_speak_yet) {
            close_now(connection);
        }
    }
}

void connection_close_all(struct loop *loop) {
    struct connection *connection;

    for (connection = loop->connections; connection != NULL; connection = connection->next) {
        close_now(connection);
    }
}
