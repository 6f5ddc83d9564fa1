/* SPDX-License-Identifier: MIT */
/*
 * head.c -- the check of a whole request head, line by line.
 *
 * What is refused is what two parsers have been seen to read differently: folded headers, space
 * before a colon, control bytes in values, several or signed lengths, a length beside a
 * transfer coding, any coding but exactly "chunked", no Host or two. RFC 9112 allows a server
 * to forgive some of these; forgiving is what smuggling is made of.
 */
#include "framing.h"

#include <string.h>

struct line {
    struct framing_span name;
    struct framing_span value; /* after at most one space, before trailing white space */
    bool odd_space;            /* more white space around the value than one space before it */
};

static bool refuse(struct framing_refusal *refusal, int code, const char *reason) {
    refusal->code = code;
    refusal->reason = reason;
    return false;
}

/* The bytes up to the next space, which is taken too; false: there is none. */
static bool take_word(struct framing_span *line, struct framing_span *word) {
    const char *space = memchr(line->text, ' ', line->size);

    if (space == NULL) {
        return false;
    }
    word->text = line->text;
    word->size = (size_t)(space - line->text);
    line->size -= word->size + 1;
    line->text = space + 1;
    return true;
}

/* Leave the path and query of an absolute target (http://host/path). */
static bool cut_authority(struct framing_span *target) {
    static const char *const schemes[] = {"http://", "https://"};
    struct framing_span start;
    size_t i;

    for (i = 0; i < 2; i++) {
        start.text = target->text;
        start.size = strlen(schemes[i]);
        if (start.size < target->size && framing_is(start, schemes[i])) {
            const char *slash =
                memchr(target->text + start.size, '/', target->size - start.size);

            if (slash == NULL) {
                target->text = "/";
                target->size = 1;
            } else {
                target->size -= (size_t)(slash - target->text);
                target->text = slash;
            }
            return true;
        }
    }
    return false;
}

/* "GET /path?query HTTP/1.1" */
static bool check_request_line(
    struct framing_span line, struct framing_head *head, struct framing_refusal *refusal
) {
    size_t i;

    if (!take_word(&line, &head->method) || !take_word(&line, &head->target) ||
        head->method.size == 0 || head->target.size == 0) {
        return refuse(refusal, 400, "the request line must be METHOD TARGET HTTP/1.1");
    }
    for (i = 0; i < head->method.size; i++) {
        if (!framing_is_token((unsigned char)head->method.text[i])) {
            return refuse(refusal, 400, "a byte that no method has");
        }
    }
    for (i = 0; i < head->target.size; i++) {
        const unsigned char byte = (unsigned char)head->target.text[i];

        if (byte <= 0x20 || byte >= 0x7f) {
            return refuse(refusal, 400, "a byte that no request target has");
        }
    }
    if (line.size != 8 || memcmp(line.text, "HTTP/", 5) != 0 || line.text[6] != '.') {
        return refuse(refusal, 400, "the request line must end with HTTP/1.1 or HTTP/1.0");
    }
    if (line.text[5] != '1' || (line.text[7] != '0' && line.text[7] != '1')) {
        return refuse(refusal, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    }
    head->http_1_0 = line.text[7] == '0';
    if (head->method.size == 7 && memcmp(head->method.text, "CONNECT", 7) == 0) {
        return refuse(refusal, 501, "this server is no proxy");
    }
    if (head->target.text[0] != '/' && !cut_authority(&head->target) &&
        !(head->target.size == 1 && head->target.text[0] == '*')) {
        return refuse(refusal, 400, "the request target must be a path");
    }
    return true;
}

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t';
}

/* "Name: value" */
static bool
split_line(struct framing_span text, struct line *line, struct framing_refusal *refusal) {
    size_t i = 0;

    if (is_blank(text.text[0])) {
        return refuse(refusal, 400, "a folded header line");
    }
    while (i < text.size && framing_is_token((unsigned char)text.text[i])) {
        i++;
    }
    if (i == 0 || i == text.size || text.text[i] != ':') {
        return refuse(refusal, 400, "a header must be NAME: VALUE without space before ':'");
    }
    line->name.text = text.text;
    line->name.size = i;
    for (size_t k = i + 1; k < text.size; k++) {
        const unsigned char byte = (unsigned char)text.text[k];

        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            return refuse(refusal, 400, "a control byte in a header");
        }
    }
    i++;
    line->value.text = text.text + i;
    line->value.size = text.size - i;
    if (line->value.size > 0 && line->value.text[0] == ' ') {
        line->value.text++;
        line->value.size--;
    }
    line->odd_space = false;
    while (line->value.size > 0 && is_blank(line->value.text[0])) {
        line->odd_space = true;
        line->value.text++;
        line->value.size--;
    }
    while (line->value.size > 0 && is_blank(line->value.text[line->value.size - 1])) {
        line->odd_space = true;
        line->value.size--;
    }
    return true;
}

static bool check_length(
    const struct line *line, struct framing_head *head, struct framing_refusal *refusal
) {
    uint64_t length = 0;
    size_t i;

    if (head->has_length) {
        return refuse(refusal, 400, "more than one Content-Length");
    }
    if (line->odd_space || line->value.size == 0 || line->value.size > 18) {
        return refuse(refusal, 400, "Content-Length must be 1 to 18 digits");
    }
    for (i = 0; i < line->value.size; i++) {
        const char byte = line->value.text[i];

        if (byte < '0' || byte > '9') {
            return refuse(refusal, 400, "Content-Length must be 1 to 18 digits");
        }
        length = length * 10 + (uint64_t)(byte - '0');
    }
    head->has_length = true;
    head->content_length = length;
    return true;
}

static bool check_coding(
    const struct line *line, struct framing_head *head, struct framing_refusal *refusal
) {
    if (head->chunked || line->odd_space || !framing_is(line->value, "chunked")) {
        return refuse(refusal, 400, "Transfer-Encoding must be exactly \"chunked\", once");
    }
    if (head->http_1_0) {
        return refuse(refusal, 400, "Transfer-Encoding in HTTP/1.0");
    }
    head->chunked = true;
    return true;
}

static bool
check_host(const struct line *line, unsigned *host_count, struct framing_refusal *refusal) {
    size_t i;

    if (++*host_count > 1) {
        return refuse(refusal, 400, "more than one Host");
    }
    for (i = 0; i < line->value.size; i++) {
        const unsigned char byte = (unsigned char)line->value.text[i];

        if (byte <= 0x20 || byte >= 0x7f || strchr("\"#,/<>?@\\^`{|}", byte) != NULL) {
            return refuse(refusal, 400, "a byte that no Host has");
        }
    }
    return true;
}

static bool check_line(
    const struct line *line, struct framing_head *head, unsigned *host_count,
    struct framing_refusal *refusal
) {
    if (framing_is(line->name, "content-length")) {
        return check_length(line, head, refusal);
    }
    if (framing_is(line->name, "transfer-encoding")) {
        return check_coding(line, head, refusal);
    }
    if (framing_is(line->name, "host")) {
        return check_host(line, host_count, refusal);
    }
    if (framing_is(line->name, "expect")) {
        if (!framing_is(line->value, "100-continue")) {
            return refuse(refusal, 417, "the only expectation met is 100-continue");
        }
        head->expects_continue = !head->http_1_0;
    } else if (framing_is(line->name, "content-encoding")) {
        head->encoded = head->encoded || !framing_is(line->value, "identity");
    } else if (framing_is(line->name, "x-model")) {
        head->model = line->value;
    }
    return true;
}

bool framing_check_head(
    const char *bytes, size_t size, struct framing_head *head, struct framing_refusal *refusal
) {
    const char *const end = bytes + size - 2; /* of the last line that is not empty */
    struct framing_span text = {bytes, 0};
    struct line line;
    unsigned host_count = 0;

    memset(head, 0, sizeof *head);
    while (text.text < end) {
        const char *feed = memchr(text.text, '\n', (size_t)(end - text.text));
        bool fine;

        text.size = (size_t)(feed - text.text) - 1;
        if (text.text == bytes) {
            fine = check_request_line(text, head, refusal);
        } else {
            fine = split_line(text, &line, refusal) &&
                   check_line(&line, head, &host_count, refusal);
        }
        if (!fine) {
            return false;
        }
        text.text = feed + 1;
    }
    if (host_count == 0 && !head->http_1_0) {
        return refuse(refusal, 400, "no Host");
    }
    if (head->chunked && head->has_length) {
        return refuse(refusal, 400, "Content-Length beside Transfer-Encoding");
    }
    return true;
}
