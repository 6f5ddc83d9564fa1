/* SPDX-License-Identifier: MIT */
/*
 * respond.h -- answers are put together here: head, error bodies.
 */
#ifndef MLSERVE_SERVER_RESPOND_H
#define MLSERVE_SERVER_RESPOND_H

#include "turn.h"

/* Append an answer with the JSON document that turn->json holds; 500 where it holds none. */
void respond_json(struct turn *turn, const struct request *request, int code);

/* Append an answer that says no: {"detail": reason}, under /v2 {"error": reason}. */
void respond_error(
    struct turn *turn, const struct request *request, int code, const char *reason
);

/* Append the answer to a request whose `code` says that it is refused. */
void respond_refusal(struct turn *turn, const struct request *request);

/* One entry of a 422 list, {"loc": ["body", ...], "msg", "type"}: `key` and an index that is
   not negative, and a column that is not ML_NO_COLUMN, are part of the place. */
void respond_fault(
    struct turn *turn, const char *key, int64_t index, uint32_t column, const char *message,
    ml_status status
);

/* Append "100 Continue". */
void respond_continue(struct turn *turn);

/* The reason phrase of a code. */
const char *respond_phrase(int code);

#endif
