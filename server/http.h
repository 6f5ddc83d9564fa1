/* SPDX-License-Identifier: MIT */
/*
 * http.h -- bytes of a connection become requests, one event at a time.
 */
#ifndef MLSERVE_SERVER_HTTP_H
#define MLSERVE_SERVER_HTTP_H

#include "buffer.h"
#include "framing.h"

#include <llhttp.h>

enum http_event {
    HTTP_MORE,     /* all bytes were taken, more are needed */
    HTTP_HEADED,   /* a head is complete: look at `head`; set keep_body for its body */
    HTTP_COMPLETE, /* the request is: look at body_data, body_size, keep_alive */
    HTTP_REFUSED   /* look at `refusal`; nothing more can be read from this connection */
};

enum http_stage { HTTP_IN_HEAD, HTTP_IN_BODY };

struct http_reader {
    llhttp_t parser;
    const struct framing_limits *limits;
    enum http_stage stage;
    struct framing_scan scan;
    struct framing_chunks chunks;
    struct framing_refusal refusal;
    struct buffer pieces;     /* a head that came in pieces */
    struct buffer kept;       /* a body that came in pieces */
    struct framing_head head; /* its spans are good until the next feed */
    uint64_t length_left;
    uint64_t body_received;
    const char *body_data;
    size_t body_size;
    bool keep_body;  /* set by the caller; false: the body is read past */
    bool keep_alive; /* the connection may be used again after this request */
    bool headed;     /* these three are llhttp's word */
    bool completed;
    uint16_t flags;
    bool out_of_memory;
};

/* Begin a connection; `limits` must live as long. */
void http_open(struct http_reader *reader, const struct framing_limits *limits);
void http_close(struct http_reader *reader);

/* Take bytes, up to and including the next event; *used of them were taken. */
enum http_event
http_feed(struct http_reader *reader, const char *data, size_t size, size_t *used);

/* Forget the request that was complete, and wait for the next. */
void http_next(struct http_reader *reader);

/* Whether some bytes of a request have arrived, but not all. */
bool http_is_inside(const struct http_reader *reader);

#endif
