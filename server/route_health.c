/* SPDX-License-Identifier: MIT */
/*
 * route_health.c -- is the process alive, is it ready, what is it.
 *
 * Readiness ends the moment a signal asks the server to stop, so that a balancer sends no more
 * while what was sent is still answered.
 */
#include "respond.h"
#include "routes.h"

static bool is_ready(const struct turn *turn) {
    return atomic_load_explicit(&turn->server->stage, memory_order_relaxed) == SERVER_RUNS;
}

/* {"key": "text"}, or {"key": true} where there is no text */
static void answer_pair(
    struct turn *turn, const struct request *request, const char *key, const char *text
) {
    ml_json_clear(turn->json, JSON_KEPT_BYTES);
    ml_json_begin_object(turn->json);
    ml_json_key(turn->json, key);
    if (text == NULL) {
        ml_json_bool(turn->json, 1);
    } else {
        ml_json_text(turn->json, text);
    }
    ml_json_end_object(turn->json);
    respond_json(turn, request, 200);
}

void healthz_answer(struct turn *turn, const struct request *request) {
    answer_pair(turn, request, "status", "ok");
}

void readyz_answer(struct turn *turn, const struct request *request) {
    if (is_ready(turn)) {
        answer_pair(turn, request, "status", "ready");
    } else {
        respond_error(turn, request, 503, "shutting down");
    }
}

void v2_live_answer(struct turn *turn, const struct request *request) {
    answer_pair(turn, request, "live", NULL);
}

void v2_ready_answer(struct turn *turn, const struct request *request) {
    if (is_ready(turn)) {
        answer_pair(turn, request, "ready", NULL);
    } else {
        respond_error(turn, request, 503, "shutting down");
    }
}

void root_answer(struct turn *turn, const struct request *request) {
    size_t i;

    ml_json_clear(turn->json, JSON_KEPT_BYTES);
    ml_json_begin_object(turn->json);
    ml_json_key(turn->json, "name");
    ml_json_text(turn->json, "mlserve");
    ml_json_key(turn->json, "version");
    ml_json_text(turn->json, ml_version());
    ml_json_key(turn->json, "models");
    ml_json_begin_array(turn->json);
    for (i = 0; i < turn->server->model_count; i++) {
        ml_json_text(turn->json, turn->server->models[i].name);
    }
    ml_json_end_array(turn->json);
    ml_json_end_object(turn->json);
    respond_json(turn, request, 200);
}
