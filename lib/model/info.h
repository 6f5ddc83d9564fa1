/* SPDX-License-Identifier: MIT */
/*
 * info.h -- a model's description: checked, and copied with all it points to.
 */
#ifndef ML_MODEL_INFO_H
#define ML_MODEL_INFO_H

#include <mlserve/model.h>

#include <stdbool.h>

/*
 * Check a description and copy it into one block (to ml__free()), which begins with the copy.
 *
 * Errors: ML_EINVAL: it breaks the contract of ml_model_create(). ML_ENOMEM.
 */
ML_MUST ml_status ml__info_copy(const ml_model_info *info, ml_model_info **out, ml_error *err);

/* Elements of a row of a shape [any, ...]; false if they do not fit size_t. */
ML_MUST bool ml__row_elements(const size_t *shape, uint32_t rank, size_t *out);

#endif
