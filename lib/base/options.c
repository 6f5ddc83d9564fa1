/* SPDX-License-Identifier: MIT */
/*
 * options.c -- the one reader of options structs, which is what lets them grow.
 *
 * A program carries the struct's size as its header had it. Zero always means "default", so a
 * member that the program does not know is a zero that we add, and a member that we do not
 * know is harmless as long as it is zero.
 */
#include "base/options.h"

#include <string.h>

#include "base/fail.h"

ml_status ml__options_read(void *own, size_t own_size, const void *options, ml_error *err) {
    size_t size = own_size;

    memset(own, 0, own_size);
    if (options != NULL) {
        memcpy(&size, options, sizeof size);
        if (size < sizeof size) {
            return ml__fail(
                err, ML_EINVAL, "options: size is %zu; fill the struct with its _INIT", size
            );
        }
        for (size_t i = own_size; i < size; i++) {
            if (((const unsigned char *)options)[i] != 0) {
                return ml__fail(
                    err, ML_EINVAL,
                    "options: byte %zu is set, but this library (%s) knows only %zu bytes", i,
                    ml_version(), own_size
                );
            }
        }
        memcpy(own, options, size < own_size ? size : own_size);
    }
    memcpy(own, &own_size, sizeof own_size);
    return ML_OK;
}
