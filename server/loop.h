/* SPDX-License-Identifier: MIT */
/*
 * loop.h -- one event loop in one thread, with its own listener, connections and batches.
 */
#ifndef MLSERVE_SERVER_LOOP_H
#define MLSERVE_SERVER_LOOP_H

#include "server.h"
#include "turn.h"

#include <uv.h>

enum { READ_BYTES = 65536 };

struct loop {
    uv_loop_t uv;
    uv_tcp_t listener;
    uv_check_t turn_end;
    uv_timer_t tick;
    uv_async_t wake;
    uv_thread_t thread;
    struct server *server;
    struct turn turn;
    struct connection *connections;
    char *read_buffer;      /* [READ_BYTES], lent to one read at a time */
    unsigned turns_to_read; /* draining: turns before the idle are closed */
    bool is_draining;
    bool deadlines_due;
    bool accept_owed; /* memory was short when a connection came */
    bool is_open;
    bool runs; /* its thread was started */
};

/*
 * Make a loop that listens on a bound socket, which it takes over. On failure the socket is
 * closed, and loop_close() must not be called.
 */
ml_status loop_open(struct loop *loop, struct server *server, int socket, ml_error *err);

/* Run it in a thread of its own, until the server's stage says that it ends. */
ml_status loop_start(struct loop *loop, ml_error *err);

/* Have it look at the server's stage. From any thread, while it is not closed. */
void loop_wake(struct loop *loop);

/* Wait for its thread, and free it. */
void loop_close(struct loop *loop);

/* Called by connection.c: there is a connection, so deadlines are to be looked at. */
void loop_start_tick(struct loop *loop);

/* Called by connection.c: the loop's last connection may be gone. */
void loop_settle(struct loop *loop);

#endif
