/* SPDX-License-Identifier: MIT */
/*
 * router.h -- from a request target to the code that answers it.
 */
#ifndef MLSERVE_SERVER_ROUTER_H
#define MLSERVE_SERVER_ROUTER_H

#include "framing.h"

#include <stdbool.h>

struct turn;
struct request;

/*
 * read    takes the body of a request while the turn gathers; NULL: bodies are read past
 * answer  writes the answer at the end of the turn
 */
struct route {
    const char *path; /* without a final slash */
    const char *allow;
    bool is_post;
    void (*read)(struct turn *turn, struct request *request, struct framing_span body);
    void (*answer)(struct turn *turn, const struct request *request);
};

/* What a head asks for. */
struct routed {
    const struct route *route; /* NULL: refused with `code` */
    int code;
    const char *allow; /* of a 405 */
    struct framing_span model;
    bool is_head;
    bool is_v2;
    bool is_model_missing;
};

struct routed router_find(const struct framing_head *head);

#endif
