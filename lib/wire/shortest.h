/* SPDX-License-Identifier: MIT */
/*
 * shortest.h -- write numbers in the fewest digits that read back as the same number.
 */
#ifndef ML_WIRE_SHORTEST_H
#define ML_WIRE_SHORTEST_H

#include <stddef.h>
#include <stdint.h>

/* Room that any number fits in; all of it may be written to. */
#define ML__NUMBER_ROOM 32

/*
 * Write a number at `target` and answer its length; no NUL is added. Plain where the point
 * stands near the digits ("0.000001", "123000"), with an exponent elsewhere ("1e-7", "1e21"):
 * the rule of JavaScript. Minus zero is "-0.0", so that no reader takes it for an integer.
 * The value must be finite.
 */
size_t ml__write_f32(float value, char *target);
size_t ml__write_f64(double value, char *target);
size_t ml__write_i64(int64_t value, char *target);
size_t ml__write_u64(uint64_t value, char *target);

#endif
