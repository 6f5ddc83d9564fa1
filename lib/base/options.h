/* SPDX-License-Identifier: MIT */
/*
 * options.h -- read an options struct of any age.
 */
#ifndef ML_BASE_OPTIONS_H
#define ML_BASE_OPTIONS_H

#include <mlserve/status.h>

/*
 * Copy the caller's options (first member: its size; NULL: all defaults) into `own`, a struct
 * of `own_size` bytes as this library knows it. Older and shorter: padded with zeros. Newer and
 * longer: refused only if a byte we do not know is not zero. Answers ML_OK or ML_EINVAL.
 */
ml_status ml__options_read(void *own, size_t own_size, const void *options, ml_error *err);

#endif
