/* SPDX-License-Identifier: MIT */
/*
 * loop.c -- one event loop: accept, gather, and at the end of each turn answer.
 *
 * libuv calls the readable sockets of a turn one after the other and then the check handle:
 * there the turn is answered. Each loop has its own listening socket on the shared port
 * (SO_REUSEPORT), so that the kernel spreads connections and loops share nothing but models.
 *
 * The tick says that the deadlines of all connections are to be looked at. That is done after
 * the poll, when what has come meanwhile was read: how long a turn computes is not the
 * clients' delay. It runs only while there are connections: an idle server sleeps.
 *
 * The end: the main thread raises the server's stage and wakes the loops. A draining loop takes
 * every connection that waits in its listener's queue, closes the listener, gives all two more
 * turns (so that a request already in a socket's buffer is still answered), closes what is
 * idle then, and stops when its last connection has gone.
 */
#include "loop.h"

#include "connection.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024, TURNS_TO_READ = 2 };

static ml_status fail(ml_error *err, const char *what, int uv_status) {
    if (err != NULL) {
        err->status = ML_EIO;
        (void
        )snprintf(err->message, sizeof err->message, "%s: %s", what, uv_strerror(uv_status));
    }
    return ML_EIO;
}

static int stage_of(const struct loop *loop) {
    return atomic_load_explicit(&loop->server->stage, memory_order_relaxed);
}

static void on_connection(uv_stream_t *listener, int status) {
    struct loop *loop = listener->data;

    if (status == 0) {
        loop->accept_owed = !connection_accept(loop, NO_SOCKET);
    }
}

static void on_turn_end(uv_check_t *check) {
    struct loop *loop = check->data;

    if (loop->deadlines_due) {
        loop->deadlines_due = false;
        connection_check_deadlines(loop);
    }
    turn_run(&loop->turn);
    if (!loop->is_draining) {
        return;
    }
    if (loop->turns_to_read > 0) {
        loop->turns_to_read--;
        loop_wake(loop); /* the next turn comes at once */
        return;
    }
    connection_close_idle(loop);
    loop_settle(loop);
}

static void on_tick(uv_timer_t *tick) {
    struct loop *loop = tick->data;

    if (loop->accept_owed) {
        loop->accept_owed = !connection_accept(loop, NO_SOCKET);
    }
    loop->deadlines_due = true;
    loop_wake(loop); /* the poll that follows must not wait */
    if (loop->connections == NULL && !loop->accept_owed) {
        uv_timer_stop(tick);
    }
}

/*
 * Take all connections that the system has made for us already: closing the listener would
 * reset them, though their clients may have sent requests.
 */
static void stop_listening(struct loop *loop) {
    uv_os_fd_t listener;

    if (loop->accept_owed) {
        (void)connection_accept(loop, NO_SOCKET);
    }
    if (uv_fileno((const uv_handle_t *)&loop->listener, &listener) == 0) {
        int socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        while (socket >= 0 && connection_accept(loop, socket)) {
            socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        }
    }
    uv_close((uv_handle_t *)&loop->listener, NULL);
}

static void on_wake(uv_async_t *wake) {
    struct loop *loop = wake->data;
    const int stage = stage_of(loop);

    if (stage >= SERVER_DRAINS && !loop->is_draining) {
        loop->is_draining = true;
        loop->turns_to_read = TURNS_TO_READ;
        stop_listening(loop);
    }
    if (stage >= SERVER_ENDS) {
        connection_close_all(loop);
    }
}

void loop_settle(struct loop *loop) {
    if (loop->is_draining && loop->connections == NULL) {
        uv_stop(&loop->uv);
    }
}

ml_status loop_open(struct loop *loop, struct server *server, int socket, ml_error *err) {
    ml_status status = ML_OK;
    int result;

    memset(loop, 0, sizeof *loop);
    loop->server = server;
    result = uv_loop_init(&loop->uv);
    if (result != 0) {
        close(socket);
        return fail(err, "an event loop", result);
    }
    loop->is_open = true;
    (void)uv_tcp_init(&loop->uv, &loop->listener);
    (void)uv_check_init(&loop->uv, &loop->turn_end);
    (void)uv_timer_init(&loop->uv, &loop->tick);
    loop->listener.data = loop;
    loop->turn_end.data = loop;
    loop->tick.data = loop;
    loop->wake.data = loop;
    result = uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (result != 0) {
        close(socket);
        status = fail(err, "an event loop's wake-up", result);
        goto done;
    }
    result = uv_tcp_open(&loop->listener, socket);
    if (result != 0) {
        close(socket);
        status = fail(err, "a listening socket", result);
        goto done;
    }
    result = uv_listen((uv_stream_t *)&loop->listener, BACKLOG, on_connection);
    if (result != 0) {
        status = fail(err, "a listening socket", result);
        goto done;
    }
    (void)uv_check_start(&loop->turn_end, on_turn_end);
    loop->read_buffer = malloc(READ_BYTES);
    status = loop->read_buffer == NULL ? ML_ENOMEM : turn_open(&loop->turn, server, err);
done:
    if (status != ML_OK) {
        loop_close(loop);
    }
    return status;
}

void loop_start_tick(struct loop *loop) {
    const struct server_times *times = &loop->server->times;
    uint64_t least_ms = 2000;

    least_ms = times->header_ms < least_ms ? times->header_ms : least_ms;
    least_ms = times->idle_ms < least_ms ? times->idle_ms : least_ms;
    least_ms = times->body_ms < least_ms ? times->body_ms : least_ms;
    least_ms = least_ms < 40 ? 40 : least_ms;
    if (!uv_is_active((uv_handle_t *)&loop->tick)) {
        (void)uv_timer_start(&loop->tick, on_tick, least_ms / 4, least_ms / 4);
    }
}

static void run(void *argument) {
    struct loop *loop = argument;

    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    atomic_fetch_sub_explicit(&loop->server->loops_running, 1, memory_order_relaxed);
    (void)pthread_kill(loop->server->main_thread, SIGUSR1);
}

ml_status loop_start(struct loop *loop, ml_error *err) {
    int result;

    atomic_fetch_add_explicit(&loop->server->loops_running, 1, memory_order_relaxed);
    result = uv_thread_create(&loop->thread, run, loop);
    if (result != 0) {
        atomic_fetch_sub_explicit(&loop->server->loops_running, 1, memory_order_relaxed);
        return fail(err, "an event loop's thread", result);
    }
    loop->runs = true;
    return ML_OK;
}

void loop_wake(struct loop *loop) {
    (void)uv_async_send(&loop->wake);
}

static void close_handle(uv_handle_t *handle, void *unused) {
    (void)unused;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

void loop_close(struct loop *loop) {
    if (!loop->is_open) {
        return;
    }
    if (loop->runs) {
        (void)uv_thread_join(&loop->thread);
    }
    connection_close_all(loop);
    uv_walk(&loop->uv, close_handle, NULL);
    while (uv_loop_close(&loop->uv) == UV_EBUSY) {
        (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    }
    if (loop->turn.json != NULL) {
        turn_close(&loop->turn);
    }
    free(loop->read_buffer);
    memset(loop, 0, sizeof *loop);
}
