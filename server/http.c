/* SPDX-License-Identifier: MIT */
/*
 * http.c -- two readers, one message: the framing check decides where a message ends, llhttp
 * takes it apart, and where the two do not agree the connection is closed.
 *
 * A head is handed to llhttp whole and after it was checked. A body that comes in one piece is
 * not copied; one that comes in pieces is, up to the limit.
 *
 * Nothing here knows of sockets, so that a fuzzer can be the peer.
 */
#include "http.h"

#include <string.h>

enum { KEPT_BYTES = 16384 };

static int on_headers_complete(llhttp_t *parser) {
    struct http_reader *reader = parser->data;

    parser->upgrade = 0; /* no other protocol is spoken here: an upgrade is not taken */
    /* llhttp forgets both at the end of the message, which may come in the same call. */
    reader->flags = parser->flags;
    reader->keep_alive = llhttp_should_keep_alive(parser) != 0;
    reader->headed = true;
    return 0;
}

static int on_body(llhttp_t *parser, const char *data, size_t size) {
    struct http_reader *reader = parser->data;

    if (!reader->keep_body) {
        return 0;
    }
    if (reader->kept.size == 0 && !reader->head.chunked &&
        size == reader->head.content_length) {
        reader->body_data = data;
        reader->body_size = size;
        return 0;
    }
    if (!buffer_append(&reader->kept, data, size)) {
        reader->out_of_memory = true;
        return HPE_USER;
    }
    reader->body_data = reader->kept.data;
    reader->body_size = reader->kept.size;
    return 0;
}

static int on_message_complete(llhttp_t *parser) {
    struct http_reader *reader = parser->data;

    reader->completed = true;
    return 0;
}

static const llhttp_settings_t *settings(void) {
    static const llhttp_settings_t callbacks = {
        .on_headers_complete = on_headers_complete,
        .on_body = on_body,
        .on_message_complete = on_message_complete,
    };

    return &callbacks;
}

void http_open(struct http_reader *reader, const struct framing_limits *limits) {
    memset(reader, 0, sizeof *reader);
    reader->limits = limits;
    /* llhttp only reads the settings, but wants them without const. */
    llhttp_init(&reader->parser, HTTP_REQUEST, NULL);
    reader->parser.settings = (void *)(uintptr_t)settings();
    reader->parser.data = reader;
}

void http_close(struct http_reader *reader) {
    buffer_clear(&reader->pieces, 0);
    buffer_clear(&reader->kept, 0);
}

void http_next(struct http_reader *reader) {
    buffer_clear(&reader->pieces, 0);
    buffer_clear(&reader->kept, KEPT_BYTES);
    memset(&reader->scan, 0, sizeof reader->scan);
    memset(&reader->chunks, 0, sizeof reader->chunks);
    reader->stage = HTTP_IN_HEAD;
    reader->body_data = NULL;
    reader->body_size = 0;
    reader->body_received = 0;
    reader->length_left = 0;
    reader->keep_body = false;
    reader->headed = false;
    reader->completed = false;
}

bool http_is_inside(const struct http_reader *reader) {
    return reader->stage != HTTP_IN_HEAD || reader->scan.position > 0;
}

static enum http_event refuse(struct http_reader *reader, int code, const char *reason) {
    reader->refusal.code = code;
    reader->refusal.reason = reason;
    return HTTP_REFUSED;
}

/* Hand bytes that passed the framing check to llhttp. */
static bool parse(struct http_reader *reader, const char *data, size_t size) {
    const llhttp_errno_t error = llhttp_execute(&reader->parser, data, size);

    if (reader->out_of_memory) {
        refuse(reader, 503, "out of memory");
        return false;
    }
    if (error == HPE_INVALID_METHOD) {
        refuse(reader, 501, "a method that is not known here");
        return false;
    }
    if (error != HPE_OK) {
        refuse(reader, 400, "not an HTTP request");
        return false;
    }
    return true;
}

/* A head is there, whole: check it, parse it, compare the two. */
static enum http_event finish_head(struct http_reader *reader, const char *head, size_t size) {
    struct framing_head *found = &reader->head;
    bool same;

    if (!framing_check_head(head, size, found, &reader->refusal)) {
        return HTTP_REFUSED;
    }
    if (found->content_length > reader->limits->body_bytes) {
        return refuse(reader, 413, "the body is larger than the limit");
    }
    if (!parse(reader, head, size)) {
        return HTTP_REFUSED;
    }
    same = reader->headed && ((reader->flags & F_CHUNKED) != 0) == found->chunked &&
           ((reader->flags & F_CONTENT_LENGTH) != 0) == found->has_length &&
           reader->completed == (!found->chunked && found->content_length == 0);
    if (!same) {
        return refuse(reader, 400, "the end of this request is not certain");
    }
    reader->length_left = found->content_length;
    reader->stage = HTTP_IN_BODY;
    return HTTP_HEADED;
}

static enum http_event
feed_head(struct http_reader *reader, const char *data, size_t size, size_t *used) {
    const size_t before = reader->pieces.size;
    const size_t room = reader->limits->head_bytes + 4 - before;
    const char *head = data;
    size_t head_size = size;
    size_t end = 0;
    enum framing_step step;

    *used = size;
    if (size == 0) {
        return HTTP_MORE;
    }
    if (before > 0) {
        if (!buffer_append(&reader->pieces, data, size < room ? size : room)) {
            return refuse(reader, 503, "out of memory");
        }
        head = reader->pieces.data;
        head_size = reader->pieces.size;
    }
    step = framing_find_end(
        &reader->scan, head, head_size, reader->limits, &end, &reader->refusal
    );
    if (step == FRAMING_REFUSED) {
        return HTTP_REFUSED;
    }
    if (step == FRAMING_MORE) {
        if (before == 0 && !buffer_append(&reader->pieces, data, size)) {
            return refuse(reader, 503, "out of memory");
        }
        return HTTP_MORE;
    }
    *used = end - before;
    return finish_head(reader, head + reader->scan.start, end - reader->scan.start);
}

static enum http_event
feed_body(struct http_reader *reader, const char *data, size_t size, size_t *used) {
    enum framing_step step;

    *used = 0;
    if (reader->completed) {
        return HTTP_COMPLETE;
    }
    if (size == 0) {
        return HTTP_MORE;
    }
    if (reader->head.chunked) {
        const struct framing_span bytes = {data, size};

        step =
            framing_scan_chunks(&reader->chunks, reader->limits, bytes, used, &reader->refusal);
    } else {
        *used = size < reader->length_left ? size : (size_t)reader->length_left;
        reader->length_left -= *used;
        step = reader->length_left == 0 ? FRAMING_DONE : FRAMING_MORE;
    }
    if (step == FRAMING_REFUSED || !parse(reader, data, *used)) {
        return HTTP_REFUSED;
    }
    reader->body_received += *used;
    if (reader->completed != (step == FRAMING_DONE)) {
        return refuse(reader, 400, "the end of this request is not certain");
    }
    return reader->completed ? HTTP_COMPLETE : HTTP_MORE;
}

enum http_event
http_feed(struct http_reader *reader, const char *data, size_t size, size_t *used) {
    if (reader->stage == HTTP_IN_HEAD) {
        return feed_head(reader, data, size, used);
    }
    return feed_body(reader, data, size, used);
}
