/* SPDX-License-Identifier: MIT */
/*
 * respond.c -- answers, head and body, appended to what the turn sends to one connection.
 *
 * An answer for which there is no memory becomes no answer at all: `out` is marked broken by
 * closing the connection at its end, which a client sees as a failure, never as half a truth.
 */
#include "respond.h"

#include "connection.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const char *respond_phrase(int code) {
    static const struct {
        int code;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    size_t i;

    for (i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (phrases[i].code == code) {
            return phrases[i].phrase;
        }
    }
    return "Status";
}

/* The Date header's text, made once a second. */
static const char *date_text(struct turn *turn) {
    const time_t now = time(NULL);
    struct tm parts;

    if ((int64_t)now != turn->date_second && gmtime_r(&now, &parts) != NULL) {
        static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

        turn->date_second = (int64_t)now;
        (void)snprintf(
            turn->date, sizeof turn->date, "%s, %02u %s %04u %02u:%02u:%02u GMT",
            days[parts.tm_wday % 7], (unsigned)parts.tm_mday % 100, months[parts.tm_mon % 12],
            (unsigned)(parts.tm_year + 1900) % 10000, (unsigned)parts.tm_hour % 100,
            (unsigned)parts.tm_min % 100, (unsigned)parts.tm_sec % 100
        );
    }
    return turn->date;
}

static bool
append_head(struct turn *turn, const struct request *request, int code, size_t size) {
    struct buffer *out = &turn->out;
    bool fine = buffer_text(out, "HTTP/1.1 ") && buffer_number(out, (size_t)code) &&
                buffer_append(out, " ", 1) && buffer_text(out, respond_phrase(code)) &&
                buffer_text(out, "\r\nDate: ") && buffer_text(out, date_text(turn)) &&
                buffer_text(out, "\r\nContent-Type: application/json\r\nContent-Length: ") &&
                buffer_number(out, size) && buffer_append(out, "\r\n", 2);

    if (request->allow != NULL && code == 405) {
        fine = fine && buffer_text(out, "Allow: ") && buffer_text(out, request->allow) &&
               buffer_append(out, "\r\n", 2);
    }
    if (code == 503) {
        fine = fine && buffer_text(out, "Retry-After: 1\r\n");
    }
    if (!request->keep_alive) {
        fine = fine && buffer_text(out, "Connection: close\r\n");
    } else if (request->http_1_0) {
        fine = fine && buffer_text(out, "Connection: keep-alive\r\n");
    }
    return fine && buffer_append(out, "\r\n", 2);
}

static void
respond_body(struct turn *turn, const struct request *request, int code, ml_bytes body) {
    const size_t before = turn->out.size;

    if (append_head(turn, request, code, body.size) &&
        (request->is_head || buffer_append(&turn->out, body.data, body.size))) {
        return;
    }
    turn->out.size = before;
    connection_break(request->connection);
}

void respond_json(struct turn *turn, const struct request *request, int code) {
    static const char sorry[] = "{\"detail\":\"the answer could not be written\"}";
    ml_bytes body = {sorry, sizeof sorry - 1};

    if (ml_json_finish(turn->json, &body, NULL) != ML_OK) {
        body.data = sorry;
        body.size = sizeof sorry - 1;
        code = 500;
    }
    respond_body(turn, request, code, body);
}

void respond_error(
    struct turn *turn, const struct request *request, int code, const char *reason
) {
    ml_json_clear(turn->json, JSON_KEPT_BYTES);
    ml_json_begin_object(turn->json);
    ml_json_key(turn->json, request->is_v2 ? "error" : "detail");
    ml_json_text(turn->json, reason);
    ml_json_end_object(turn->json);
    respond_json(turn, request, code);
}

void respond_fault(
    struct turn *turn, const char *key, int64_t index, uint32_t column, const char *message,
    ml_status status
) {
    static const struct {
        ml_status status;
        const char *type;
    } types[] = {{ML_ESHAPE, "shape"}, {ML_EVALUE, "value"}, {ML_ELIMIT, "limit"}};
    const char *type = "row";
    size_t i;

    for (i = 0; i < sizeof types / sizeof types[0]; i++) {
        type = types[i].status == status ? types[i].type : type;
    }
    ml_json_begin_object(turn->json);
    ml_json_key(turn->json, "loc");
    ml_json_begin_array(turn->json);
    ml_json_text(turn->json, "body");
    if (key != NULL) {
        ml_json_text(turn->json, key);
    }
    if (index >= 0) {
        ml_json_i64(turn->json, index);
    }
    if (column != ML_NO_COLUMN) {
        ml_json_u64(turn->json, column);
    }
    ml_json_end_array(turn->json);
    ml_json_key(turn->json, "msg");
    ml_json_text(turn->json, message);
    ml_json_key(turn->json, "type");
    ml_json_text(turn->json, type);
    ml_json_end_object(turn->json);
}

void respond_refusal(struct turn *turn, const struct request *request) {
    if (request->code != 422 || request->is_v2) {
        respond_error(turn, request, request->code, request->reason);
        return;
    }
    ml_json_clear(turn->json, JSON_KEPT_BYTES);
    ml_json_begin_object(turn->json);
    ml_json_key(turn->json, "detail");
    ml_json_begin_array(turn->json);
    respond_fault(turn, NULL, -1, ML_NO_COLUMN, request->reason, ML_ESHAPE);
    ml_json_end_array(turn->json);
    ml_json_end_object(turn->json);
    respond_json(turn, request, 422);
}

void respond_continue(struct turn *turn) {
    (void)buffer_text(&turn->out, "HTTP/1.1 100 Continue\r\n\r\n");
}
