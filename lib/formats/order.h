/* SPDX-License-Identifier: MIT */
/*
 * order.h -- nodes in an order that can be computed.
 */
#ifndef ML_FORMATS_ORDER_H
#define ML_FORMATS_ORDER_H

#include "formats/builder.h"

/*
 * Leave the nodes as they are if each reads only what stands before it, else sort them.
 * ML_EFORMAT names a node that stands on a cycle; ML_ENOMEM, ML_ELIMIT.
 */
ML_MUST ml_status ml__nodes_order(struct ml__builder *builder, ml_error *err);

#endif
