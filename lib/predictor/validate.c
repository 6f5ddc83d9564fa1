/* SPDX-License-Identifier: MIT */
/*
 * validate.c -- values that the model does not take fail their row.
 *
 * Almost every batch is fine, so blocks of rows are scanned first for whether anything in them
 * is wrong at all: for floats one add and one or per element on the bits, which the compiler
 * turns into vectors. Only a block with a hit is looked at row by row, value by value.
 *
 * A float that is finite in the caller's type may not be in the model's (1e300 as FP32). So the
 * scan compares with a limit found when the predictor was made, by asking ml_convert(): the
 * smallest magnitude that comes out infinite.
 */
#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/fail.h"
#include "predictor/batch.h"
#include "wire/utf8.h"

#define BLOCK_ELEMENTS 4096

static const char *const says_nan = "is NaN; this model takes no missing values";
static const char *const says_infinite = "is infinite; this model takes no infinite values";
static const char *const says_too_large = "is too large for the type of the model";
static const char *const says_no_bool = "is neither 0 nor 1";
static const char *const says_no_text = "is not valid UTF-8";
static const char *const says_no_data = "has a length but no data";
static const char *const says_too_long = "is longer than a text may be";
static const char *const says_refused = "refused by the program's validation";

/* The bits of +infinity; all NaN are beyond. */
static uint64_t infinity_bits(ml_dtype dtype) {
    switch (dtype) {
    case ML_FP64:
        return 0x7ff0000000000000u;
    case ML_FP32:
        return 0x7f800000u;
    case ML_FP16:
        return 0x7c00u;
    case ML_BF16:
        return 0x7f80u;
    default:
        return 0;
    }
}

/* The bits as a number of their own width, in the order of memory. */
static uint64_t bits_at(const void *values, ml_dtype dtype, size_t i) {
    switch (ml_dtype_size(dtype)) {
    case 8:
        return ((const uint64_t *)values)[i];
    case 4:
        return ((const uint32_t *)values)[i];
    default:
        return ((const uint16_t *)values)[i];
    }
}

/* Whether the float of these bits is finite once it is of the model's type. */
static bool stays_finite(uint64_t bits, ml_dtype dtype, ml_dtype model_type) {
    const uint32_t bits32 = (uint32_t)bits;
    const uint16_t bits16 = (uint16_t)bits;
    const size_t size = ml_dtype_size(dtype);
    const void *value = size == 8   ? (const void *)&bits
                        : size == 4 ? (const void *)&bits32
                                    : (const void *)&bits16;
    ml_bytes room; /* for an element of any type */
    double converted = 0.0;

    if (ml_convert(value, dtype, &room, model_type, 1) != ML_OK ||
        ml_convert(&room, model_type, &converted, ML_FP64, 1) != ML_OK) {
        return true; /* no numbers at all: the types were refused before */
    }
    return isfinite(converted);
}

struct ml__limits ml__limits_of(ml_dtype model_type) {
    struct ml__limits limits = {{0}};

    for (ml_dtype dtype = ML_FP32; dtype <= ML_BF16; dtype++) {
        uint64_t finite = 0;
        uint64_t limit = infinity_bits(dtype);

        while (limit - finite > 1) {
            const uint64_t middle = finite + (limit - finite) / 2;

            if (stays_finite(middle, dtype, model_type)) {
                finite = middle;
            } else {
                limit = middle;
            }
        }
        limits.magnitude[dtype] = limit;
    }
    return limits;
}

/*
 * Whether any magnitude reaches the limit: adding what is missing from the limit to the sign
 * bit carries into it.
 */
#define REACHES(bits, type, top)                                                               \
    static bool reaches_##bits(const type *values, size_t count, type limit) {                 \
        const type missing = (type)((type)top - limit);                                        \
        type seen = 0;                                                                         \
        for (size_t i = 0; i < count; i++) {                                                   \
            seen |= (type)((values[i] & (type) ~(type)top) + missing);                         \
        }                                                                                      \
        return (seen & (type)top) != 0;                                                        \
    }
REACHES(16, uint16_t, 0x8000u)
REACHES(32, uint32_t, 0x80000000u)
REACHES(64, uint64_t, 0x8000000000000000u)

#if defined(__x86_64__)

/* For the everyday type: the largest magnitude of each lane, two vectors at a time. */
__attribute__((target("avx2"))) static bool
reaches_32_avx2(const uint32_t *values, size_t count, uint32_t limit) {
    const __m256i mask = _mm256_set1_epi32(INT32_MAX);
    __m256i largest[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    uint32_t lanes[8];
    size_t i = 0;

    for (; i + 16 <= count; i += 16) {
        const __m256i *pair = (const __m256i *)(const void *)(values + i);

        largest[0] =
            _mm256_max_epu32(largest[0], _mm256_and_si256(mask, _mm256_loadu_si256(pair)));
        largest[1] =
            _mm256_max_epu32(largest[1], _mm256_and_si256(mask, _mm256_loadu_si256(pair + 1)));
    }
    _mm256_storeu_si256((__m256i *)(void *)lanes, _mm256_max_epu32(largest[0], largest[1]));
    for (size_t lane = 0; lane < 8; lane++) {
        if (lanes[lane] >= limit) {
            return true;
        }
    }
    return reaches_32(values + i, count - i, limit);
}

#endif

static bool any_above_one(const uint8_t *values, size_t count) {
    uint8_t seen = 0;

    for (size_t i = 0; i < count; i++) {
        seen |= values[i];
    }
    return seen > 1;
}

/* Whether a look at each value is needed. */
static bool any_odd(const void *values, ml_dtype dtype, size_t count, uint64_t limit) {
    switch (dtype) {
    case ML_FP32:
#if defined(__x86_64__)
        if (__builtin_cpu_supports("avx2")) {
            return reaches_32_avx2(values, count, (uint32_t)limit);
        }
#endif
        return reaches_32(values, count, (uint32_t)limit);
    case ML_FP64:
        return reaches_64(values, count, limit);
    case ML_FP16:
    case ML_BF16:
        return reaches_16(values, count, (uint16_t)limit);
    case ML_BOOL:
        return any_above_one(values, count);
    default:
        return false; /* every integer is fine */
    }
}

/* Why a value whose magnitude reached the limit is refused; NULL: it is not. */
static const char *
judge_float(const struct ml__plan *plan, uint64_t bits, ml_dtype dtype, uint64_t limit) {
    const uint64_t infinity = infinity_bits(dtype);
    const uint64_t magnitude = bits & ~((uint64_t)1 << (8 * ml_dtype_size(dtype) - 1));

    if (magnitude > infinity) {
        return plan->reject_nan ? says_nan : NULL;
    }
    if (magnitude < limit || !plan->reject_infinite) {
        return NULL;
    }
    return magnitude == infinity ? says_infinite : says_too_large;
}

/* Look at each value of a row; the first one refused fails it. */
static void judge_row(
    struct ml__batch *batch, const struct ml__input *input, size_t row, size_t column,
    uint64_t limit
) {
    const unsigned char *values = input->data + row * input->row_bytes;

    for (size_t i = 0; i < input->row_elements; i++) {
        const char *reason;

        if (input->dtype == ML_BOOL) {
            reason = values[i] > 1 ? says_no_bool : NULL;
        } else {
            reason =
                judge_float(batch->plan, bits_at(values, input->dtype, i), input->dtype, limit);
        }
        if (reason != NULL) {
            ml__row_fail(batch, row, ML_EVALUE, column + i, reason);
            return;
        }
    }
}

/* `column` is the number of the input's first feature. */
static void validate_numbers(
    struct ml__batch *batch, const struct ml__input *input, size_t column, uint64_t limit
) {
    const size_t width = input->row_elements;
    const size_t block_rows = width < BLOCK_ELEMENTS ? BLOCK_ELEMENTS / width : 1;

    for (size_t first = 0; first < batch->row_count; first += block_rows) {
        const size_t left = batch->row_count - first;
        const size_t count = left < block_rows ? left : block_rows;
        const unsigned char *values = input->data + first * input->row_bytes;

        if (!any_odd(values, input->dtype, count * width, limit)) {
            continue;
        }
        for (size_t row = first; row < first + count; row++) {
            if (!ml__row_failed(batch, row)) {
                judge_row(batch, input, row, column, limit);
            }
        }
    }
}

static bool is_text(const unsigned char *at, size_t size) {
    const unsigned char *end = at + size;

    while (at < end) {
        const size_t length = ml__utf8_length(at, end);

        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

static void
judge_text(struct ml__batch *batch, const ml_bytes *text, size_t row, size_t column) {
    if (text->size > batch->plan->options.max_text_bytes) {
        ml__row_fail(batch, row, ML_ELIMIT, column, says_too_long);
    } else if (text->data == NULL && text->size > 0) {
        ml__row_fail(batch, row, ML_EVALUE, column, says_no_data);
    } else if (text->size > 0 && !is_text(text->data, text->size)) {
        ml__row_fail(batch, row, ML_EVALUE, column, says_no_text);
    }
}

static void
validate_texts(struct ml__batch *batch, const struct ml__input *input, size_t column) {
    for (size_t row = 0; row < batch->row_count; row++) {
        const ml_bytes *texts = (const void *)(input->data + row * input->row_bytes);

        for (size_t i = 0; i < input->row_elements && !ml__row_failed(batch, row); i++) {
            judge_text(batch, &texts[i], row, column + i);
        }
    }
}

static void validate_values(struct ml__batch *batch) {
    const struct ml__plan *plan = batch->plan;
    size_t column = 0;

    for (size_t i = 0; i < plan->info->input_count; i++) {
        const struct ml__input *input = &batch->inputs[i];

        if (input->dtype == ML_BYTES) {
            validate_texts(batch, input, column);
        } else if (plan->reject_nan || plan->reject_infinite || input->dtype == ML_BOOL) {
            validate_numbers(
                batch, input, column,
                input->dtype <= ML_BF16 ? plan->limits[i].magnitude[input->dtype] : 0
            );
        }
        column += input->row_elements;
    }
}

ml_status ml__validate(struct ml__batch *batch, ml_error *err) {
    const ml_predictor_options *options = &batch->plan->options;
    ml_tensor *tensors;

    if ((options->skip & ML_SKIP_VALIDATE) == 0) {
        validate_values(batch);
    }
    if (options->validate == NULL) {
        return ML_OK;
    }
    tensors = ml__work_take(batch->work, batch->plan->info->input_count, sizeof *tensors);
    if (tensors == NULL) {
        return ml__fail(err, ML_ENOMEM, "work memory for the validation of rows");
    }
    ml__row_view_open(batch, tensors);
    for (size_t row = 0; row < batch->row_count; row++) {
        ml_row_result result = {ML_OK, ML_NO_COLUMN, NULL};
        ml_status status;
        ml_row view;

        if (ml__row_failed(batch, row)) {
            continue;
        }
        view = ml__row_view(batch, row, tensors);
        status = options->validate(options->user, &view, &result);
        if (status != ML_OK) {
            ml__row_fail(
                batch, row, status, result.column,
                result.reason != NULL ? result.reason : says_refused
            );
        }
    }
    return ML_OK;
}
