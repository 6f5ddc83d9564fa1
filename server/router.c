/* SPDX-License-Identifier: MIT */
/*
 * router.c -- the table of routes.
 *
 * A path is matched as it stands, with or without one final slash; a query is ignored but for
 * model=NAME. A dozen comparisons of length first cost less than any cleverer table.
 */
#include "router.h"

#include "routes.h"

#include <string.h>

static const struct route routes[] = {
    {"/predict", "POST", true, predict_read, predict_answer},
    {"/batch-predict", "POST", true, predict_read, batch_predict_answer},
    {"/healthz", "GET, HEAD", false, NULL, healthz_answer},
    {"/readyz", "GET, HEAD", false, NULL, readyz_answer},
    {"/v2/health/live", "GET, HEAD", false, NULL, v2_live_answer},
    {"/v2/health/ready", "GET, HEAD", false, NULL, v2_ready_answer},
    {"", "GET, HEAD", false, NULL, root_answer},
};

static bool equals(struct framing_span span, const char *text) {
    return strlen(text) == span.size && memcmp(span.text, text, span.size) == 0;
}

/* The value of model=... in a query, or an empty span. */
static struct framing_span find_model(struct framing_span query) {
    struct framing_span value = {"", 0};

    while (query.size > 0) {
        const char *mark = memchr(query.text, '&', query.size);
        const size_t size = mark == NULL ? query.size : (size_t)(mark - query.text);

        if (size > 6 && memcmp(query.text, "model=", 6) == 0) {
            value.text = query.text + 6;
            value.size = size - 6;
            return value;
        }
        query.text += size + (mark != NULL);
        query.size -= size + (mark != NULL);
    }
    return value;
}

struct routed router_find(const struct framing_head *head) {
    struct routed routed = {NULL, 404, NULL, head->model, false, false, false};
    const char *mark = memchr(head->target.text, '?', head->target.size);
    struct framing_span path = head->target;
    struct framing_span query = {"", 0};
    size_t i;

    if (mark != NULL) {
        path.size = (size_t)(mark - path.text);
        query.text = mark + 1;
        query.size = head->target.size - path.size - 1;
        if (routed.model.size == 0) {
            routed.model = find_model(query);
        }
    }
    if (path.size > 0 && path.text[path.size - 1] == '/') {
        path.size--;
    }
    routed.is_v2 = path.size >= 3 && memcmp(path.text, "/v2", 3) == 0 &&
                   (path.size == 3 || path.text[3] == '/');
    routed.is_head = equals(head->method, "HEAD");
    for (i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        const struct route *route = &routes[i];

        if (equals(path, route->path)) {
            const bool fits = route->is_post ? equals(head->method, "POST")
                                             : routed.is_head || equals(head->method, "GET");

            routed.route = fits ? route : NULL;
            routed.code = fits ? 200 : 405;
            routed.allow = route->allow;
            return routed;
        }
    }
    return routed;
}
