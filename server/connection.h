/* SPDX-License-Identifier: MIT */
/*
 * connection.h -- a client's connection: bytes to requests, answers to bytes, and its end.
 */
#ifndef MLSERVE_SERVER_CONNECTION_H
#define MLSERVE_SERVER_CONNECTION_H

#include "buffer.h"

#include <stdbool.h>
#include <stddef.h>

struct loop;
struct connection;

#define NO_SOCKET (-1)

/*
 * Take the connection that waits at the loop's listener, or that of a socket, which is taken
 * over in any case. False: no memory; at the listener it still waits.
 */
bool connection_accept(struct loop *loop, int socket);

/* Whether answers can still be sent. */
bool connection_is_open(const struct connection *connection);

/*
 * Send bytes that hold the answers of `answered` requests, which are no longer waited for. What
 * the peer does not take at once is kept: the memory of `out` is taken over then. Nothing is
 * read from the peer until all has gone.
 */
void connection_send(struct connection *connection, struct buffer *out, size_t answered);

/* Close it once what was said before has been sent: an answer could not be made. */
void connection_break(struct connection *connection);

/* Close those that are late, with 408 where a request was under way. */
void connection_check_deadlines(struct loop *loop);

/* Close those that have no request under way and have had time to send their first, or all. */
void connection_close_idle(struct loop *loop);
void connection_close_all(struct loop *loop);

#endif
