/* SPDX-License-Identifier: MIT */
/*
 * models.h -- the models of a server, loaded at its start.
 */
#ifndef MLSERVE_SERVER_MODELS_H
#define MLSERVE_SERVER_MODELS_H

#include "server.h"

/* Load "NAME=PATH" and add it. */
ml_status
models_add(struct server *server, const char *text, uint32_t thread_count, ml_error *err);
void models_close(struct server *server);

#endif
