/* SPDX-License-Identifier: MIT */
/*
 * vector_math.h -- exp, expm1 and tanh of FP32, the activations made of them, and softmax;
 * compiled once an instruction set, by the files that include it.
 *
 * exp: x = n ln 2 + r with |r| <= ln(2)/2; a polynomial for exp(r); then 2^n in two factors, so
 * that subnormal results round once. expm1 near 0 is the polynomial alone. tanh is an odd
 * polynomial up to 5/8, and made of exp beyond. Error: at most 2 units in the last place, 4 for
 * what is composed of them (tests/unit/model/test_activation.c walks over the range).
 *
 * Elements beyond the last whole vector go through the same code in a padded copy; so an
 * element's bits do not depend on its place.
 *
 * The including file defines: INLINE, TARGET, vector_f32, loose_f32, multiply_add_f32.
 */
#define LANES (sizeof(vector_f32) / sizeof(float))
#define FMA multiply_add_f32

typedef vector_f32 floats;
typedef loose_f32 loose_floats;
typedef int32_t ints __attribute__((vector_size(sizeof(floats))));
typedef uint32_t bits __attribute__((vector_size(sizeof(floats))));

INLINE floats every(float value) {
    return value - (floats){0};
}

/* mask ? yes : no, an element */
INLINE floats choose(ints mask, floats yes, floats no) {
    return (floats)((mask & (ints)yes) | (~mask & (ints)no));
}

/* x = n ln 2 + r; the sum with 1.5 * 2^23 rounds to nearest and leaves n in the low bits. */
INLINE floats reduce(floats x, ints *n) {
    const floats magic = every(12582912.0f);
    const floats shifted = FMA(x, every(1.44269504f), magic);
    const floats whole = shifted - magic;

    *n = (ints)((bits)shifted - (bits)magic);
    x = FMA(whole, every(-0.693359375f), x); /* exact: nine bits times eight */
    return FMA(whole, every(2.12194440e-4f), x);
}

/* exp(r) - 1 - r, for |r| <= ln(2)/2 */
INLINE floats exp_tail(floats r) {
    floats sum = every(1.9875691500e-4f);

    sum = FMA(sum, r, every(1.3981999507e-3f));
    sum = FMA(sum, r, every(8.3334519073e-3f));
    sum = FMA(sum, r, every(4.1665795894e-2f));
    sum = FMA(sum, r, every(1.6666665459e-1f));
    sum = FMA(sum, r, every(5.0000001201e-1f));
    return sum * (r * r);
}

/* 2^n, -126 <= n <= 127 */
INLINE floats power_of_two(ints n) {
    return (floats)(((bits)n + 127u) << 23);
}

INLINE floats exp_of(floats x) {
    ints n;
    floats r;

    x = choose(x > every(89.0f), every(89.0f), x);     /* infinite from 88.73 on */
    x = choose(x < every(-104.0f), every(-104.0f), x); /* 0 from -103.98 on */
    r = reduce(x, &n);
    r = (exp_tail(r) + r) + every(1.0f);
    return r * power_of_two(n >> 1) * power_of_two(n - (n >> 1));
}

/* exp(x) - 1 for x <= 0 */
INLINE floats expm1_of(floats x) {
    ints n;
    floats r;
    floats scale;

    x = choose(x < every(-80.0f), every(-80.0f), x); /* -1 from -17.33 on */
    r = reduce(x, &n);
    scale = power_of_two(n);
    return FMA(scale, exp_tail(r) + r, scale - every(1.0f));
}

INLINE floats magnitude(floats x) {
    return (floats)((ints)x & 0x7fffffff);
}

INLINE floats tanh_of(floats x) {
    const floats size = magnitude(x);
    const floats square = x * x;
    const floats far = every(1.0f) - every(2.0f) / (exp_of(size + size) + every(1.0f));
    floats near = every(-5.70498872745e-3f);

    near = FMA(near, square, every(2.06390887954e-2f));
    near = FMA(near, square, every(-5.37397155531e-2f));
    near = FMA(near, square, every(1.33314422036e-1f));
    near = FMA(near, square, every(-3.33332819422e-1f));
    near = FMA(near * square, x, x);
    return choose(size < every(0.625f), near, (floats)((ints)far | ((ints)x & ~0x7fffffff)));
}

/* By exp(-|x|), which cannot overflow. */
INLINE floats sigmoid_of(floats x) {
    const floats small = exp_of(-magnitude(x));
    const floats above = choose(x < every(0.0f), small, every(1.0f));

    return above / (every(1.0f) + small);
}

INLINE floats activation_of(const struct ml__activation *activation, floats x) {
    const floats alpha = every((float)activation->alpha);
    const floats beta = every((float)activation->beta);
    const floats zero = every(0.0f);

    switch (activation->kind) {
    case ML__ACTIVATION_RELU:
        return choose(x < zero, zero, x);
    case ML__ACTIVATION_LEAKY_RELU:
        return choose(x < zero, alpha * x, x);
    case ML__ACTIVATION_ELU:
        return choose(x < zero, alpha * expm1_of(x), x);
    case ML__ACTIVATION_SELU:
        return beta * choose(x < zero, alpha * expm1_of(x), x);
    case ML__ACTIVATION_TANH:
        return tanh_of(x);
    case ML__ACTIVATION_SIGMOID:
        return sigmoid_of(x);
    case ML__ACTIVATION_CLIP:
        x = choose(x < alpha, alpha, x);
        return choose(x > beta, beta, x);
    case ML__ACTIVATION_NONE:
        break;
    }
    return x;
}

static TARGET void
activate(const struct ml__activation *activation, float *values, size_t count) {
    floats last = {0};

    for (; count >= LANES; count -= LANES) {
        *(loose_floats *)values = activation_of(activation, *(loose_floats *)values);
        values += LANES;
    }
    if (count > 0) {
        memcpy(&last, values, count * sizeof *values);
        last = activation_of(activation, last);
        memcpy(values, &last, count * sizeof *values);
    }
}

/* The vector at `column` of a row; what is beyond its end is -Infinity, of which exp is 0. */
INLINE floats row_part(const float *row, size_t column, size_t width) {
    floats part = every(-__builtin_inff());

    if (column + LANES <= width) {
        return *(const loose_floats *)(row + column);
    }
    memcpy(&part, row + column, (width - column) * sizeof *row);
    return part;
}

INLINE void store_part(float *row, size_t column, size_t width, floats part) {
    const size_t left = width - column;

    if (left >= LANES) {
        *(loose_floats *)(row + column) = part;
    } else {
        memcpy(row + column, &part, left * sizeof *row);
    }
}

/* The largest element; NaN are passed over, but come back through exp into the sum. */
INLINE float row_maximum(const float *row, size_t width) {
    floats most = every(-__builtin_inff());
    float maximum;

    for (size_t column = 0; column < width; column += LANES) {
        const floats part = row_part(row, column, width);

        most = choose(part > most, part, most);
    }
    maximum = most[0];
    for (size_t lane = 1; lane < LANES; lane++) {
        maximum = most[lane] > maximum ? most[lane] : maximum;
    }
    return maximum;
}

INLINE float lane_sum(floats sums) {
    float sum[LANES];

    memcpy(sum, &sums, sizeof sum);
    for (size_t half = LANES / 2; half > 0; half /= 2) {
        for (size_t lane = 0; lane < half; lane++) {
            sum[lane] += sum[lane + half];
        }
    }
    return sum[0];
}

INLINE void softmax_row(const float *row, float *out, size_t width, bool logarithm) {
    const floats maximum = every(row_maximum(row, width));
    floats sums = {0};
    float sum;

    for (size_t column = 0; column < width; column += LANES) {
        const floats part = row_part(row, column, width) - maximum;
        const floats power = exp_of(part);

        sums += power;
        store_part(out, column, width, logarithm ? part : power);
    }
    sum = lane_sum(sums);
    if (logarithm) {
        sum = logf(sum);
    }
    for (size_t column = 0; column < width; column += LANES) {
        const floats part = row_part(out, column, width);

        store_part(out, column, width, logarithm ? part - every(sum) : part / every(sum));
    }
}

static TARGET void
softmax(const float *rows, float *out, size_t row_count, size_t width, bool logarithm) {
    for (size_t row = 0; row < row_count; row++) {
        softmax_row(rows + row * width, out + row * width, width, logarithm);
    }
}

#undef LANES
#undef FMA
