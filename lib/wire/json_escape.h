/* SPDX-License-Identifier: MIT */
/*
 * json_escape.h -- one escape of a JSON string.
 */
#ifndef ML_WIRE_JSON_ESCAPE_H
#define ML_WIRE_JSON_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The length of the escape that starts with the backslash at `at`, and the character that it
 * stands for; 0 if it is none. A pair of surrogates is one escape; half a pair is none.
 */
size_t ml__json_escape(const char *at, const char *end, uint32_t *code);

#endif
