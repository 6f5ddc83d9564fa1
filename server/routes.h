/* SPDX-License-Identifier: MIT */
/*
 * routes.h -- the functions behind the table of routes; see router.h for what each kind does.
 */
#ifndef MLSERVE_SERVER_ROUTES_H
#define MLSERVE_SERVER_ROUTES_H

#include "router.h"

void predict_read(struct turn *turn, struct request *request, struct framing_span body);
void predict_answer(struct turn *turn, const struct request *request);
void batch_predict_answer(struct turn *turn, const struct request *request);

void healthz_answer(struct turn *turn, const struct request *request);
void readyz_answer(struct turn *turn, const struct request *request);
void v2_live_answer(struct turn *turn, const struct request *request);
void v2_ready_answer(struct turn *turn, const struct request *request);
void root_answer(struct turn *turn, const struct request *request);

#endif
