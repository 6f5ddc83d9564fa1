/* SPDX-License-Identifier: MIT */
/*
 * convert.c -- numbers from one type to another.
 *
 * Two hops through the widest types would lose 64-bit integers or cost too much, so each pair
 * of types goes through one of three carriers: int64, uint64 or double, whichever holds the
 * source exactly. The pairs that models use all day (float and double) have loops of their own.
 */
#include <mlserve/tensor.h>

#include <math.h>
#include <string.h>

#include "base/half.h"

struct number {
    enum { SIGNED, UNSIGNED, REAL } kind;
    int64_t i;
    uint64_t u;
    double d;
};

static struct number load(const void *source, ml_dtype dtype, size_t i) {
    struct number n = {SIGNED, 0, 0, 0.0};

    switch (dtype) {
    case ML_FP32:
        n.kind = REAL;
        n.d = (double)((const float *)source)[i];
        break;
    case ML_FP64:
        n.kind = REAL;
        n.d = ((const double *)source)[i];
        break;
    case ML_FP16:
        n.kind = REAL;
        n.d = (double)ml__from_fp16(((const uint16_t *)source)[i]);
        break;
    case ML_BF16:
        n.kind = REAL;
        n.d = (double)ml__from_bf16(((const uint16_t *)source)[i]);
        break;
    case ML_INT8:
        n.i = ((const int8_t *)source)[i];
        break;
    case ML_INT16:
        n.i = ((const int16_t *)source)[i];
        break;
    case ML_INT32:
        n.i = ((const int32_t *)source)[i];
        break;
    case ML_INT64:
        n.i = ((const int64_t *)source)[i];
        break;
    case ML_UINT8:
        n.i = ((const uint8_t *)source)[i];
        break;
    case ML_UINT16:
        n.i = ((const uint16_t *)source)[i];
        break;
    case ML_UINT32:
        n.i = ((const uint32_t *)source)[i];
        break;
    case ML_UINT64:
        n.kind = UNSIGNED;
        n.u = ((const uint64_t *)source)[i];
        break;
    case ML_BOOL:
        n.i = ((const uint8_t *)source)[i] != 0;
        break;
    case ML_BYTES:
    case ML_DTYPE_NONE:
        break;
    }
    return n;
}

static double as_double(struct number n) {
    return n.kind == REAL ? n.d : n.kind == SIGNED ? (double)n.i : (double)n.u;
}

/* Straight from the integer, where it is one: through double it would be rounded twice. */
static float as_float(struct number n) {
    return n.kind == REAL ? (float)n.d : n.kind == SIGNED ? (float)n.i : (float)n.u;
}

static int64_t as_signed(struct number n, int64_t low, int64_t high) {
    if (n.kind == REAL) {
        if (isnan(n.d)) {
            return 0;
        }
        /* 2^63 as a double: the cast of anything below it is defined. */
        n.i = n.d >= 9223372036854775808.0   ? INT64_MAX
              : n.d < -9223372036854775808.0 ? INT64_MIN
                                             : (int64_t)n.d;
    } else if (n.kind == UNSIGNED) {
        n.i = n.u > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)n.u;
    }
    return n.i < low ? low : n.i > high ? high : n.i;
}

static uint64_t as_unsigned(struct number n) {
    if (n.kind == REAL) {
        if (isnan(n.d) || n.d <= 0.0) {
            return 0;
        }
        return n.d >= 18446744073709551616.0 ? UINT64_MAX : (uint64_t)n.d;
    }
    return n.kind == UNSIGNED ? n.u : n.i < 0 ? 0 : (uint64_t)n.i;
}

static void store(void *target, ml_dtype dtype, size_t i, struct number n) {
    switch (dtype) {
    case ML_FP32:
        ((float *)target)[i] = as_float(n);
        break;
    case ML_FP64:
        ((double *)target)[i] = as_double(n);
        break;
    case ML_FP16:
        ((uint16_t *)target)[i] = ml__to_fp16(as_float(n));
        break;
    case ML_BF16:
        ((uint16_t *)target)[i] = ml__to_bf16(as_float(n));
        break;
    case ML_INT8:
        ((int8_t *)target)[i] = (int8_t)as_signed(n, INT8_MIN, INT8_MAX);
        break;
    case ML_INT16:
        ((int16_t *)target)[i] = (int16_t)as_signed(n, INT16_MIN, INT16_MAX);
        break;
    case ML_INT32:
        ((int32_t *)target)[i] = (int32_t)as_signed(n, INT32_MIN, INT32_MAX);
        break;
    case ML_INT64:
        ((int64_t *)target)[i] = as_signed(n, INT64_MIN, INT64_MAX);
        break;
    case ML_UINT8:
        ((uint8_t *)target)[i] = (uint8_t)as_signed(n, 0, UINT8_MAX);
        break;
    case ML_UINT16:
        ((uint16_t *)target)[i] = (uint16_t)as_signed(n, 0, UINT16_MAX);
        break;
    case ML_UINT32:
        ((uint32_t *)target)[i] = (uint32_t)as_signed(n, 0, UINT32_MAX);
        break;
    case ML_UINT64:
        ((uint64_t *)target)[i] = as_unsigned(n);
        break;
    case ML_BOOL:
        ((uint8_t *)target)[i] = as_double(n) != 0.0;
        break;
    case ML_BYTES:
    case ML_DTYPE_NONE:
        break;
    }
}

ml_status ml_convert(
    const void *source, ml_dtype source_type, void *target, ml_dtype target_type, size_t count
) {
    const size_t source_size = ml_dtype_size(source_type);

    if (source_size == 0 || ml_dtype_size(target_type) == 0) {
        return ML_EINVAL;
    }
    if ((source_type == ML_BYTES) != (target_type == ML_BYTES)) {
        return ML_ESHAPE;
    }
    if (source_type == target_type) {
        if (count > 0 && source != target) {
            memcpy(target, source, count * source_size);
        }
    } else if (source_type == ML_FP64 && target_type == ML_FP32) {
        for (size_t i = 0; i < count; i++) {
            ((float *)target)[i] = (float)((const double *)source)[i];
        }
    } else if (source_type == ML_FP32 && target_type == ML_FP64) {
        for (size_t i = 0; i < count; i++) {
            ((double *)target)[i] = (double)((const float *)source)[i];
        }
    } else {
        for (size_t i = 0; i < count; i++) {
            store(target, target_type, i, load(source, source_type, i));
        }
    }
    return ML_OK;
}
