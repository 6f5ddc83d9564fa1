/* SPDX-License-Identifier: MIT */
/*
 * Broadcasting against indices computed one by one, for random shapes of up to four axes.
 */
#include "support/cmocka_all.h"

#include "model/binary.h"

static uint32_t seed = 20240607;

static size_t draw(size_t limit) {
    seed = seed * 1664525u + 1013904223u;
    return seed / 65536 % limit;
}

static size_t size_of(const struct ml__shape *shape) {
    size_t size = 1;

    for (uint32_t axis = 0; axis < shape->rank; axis++) {
        size *= shape->dims[axis];
    }
    return size;
}

/* Where an operand's element for a place of the result stands. */
static size_t
find_place(const struct ml__shape *operand, const struct ml__shape *out, size_t place) {
    size_t step = 1;
    size_t found = 0;

    for (uint32_t back = 1; back <= out->rank; back++) {
        const size_t at = place % out->dims[out->rank - back];

        place /= out->dims[out->rank - back];
        if (back <= operand->rank) {
            const size_t extent = operand->dims[operand->rank - back];

            found += (extent == 1 ? 0 : at) * step;
            step *= extent;
        }
    }
    return found;
}

static void draw_shapes(struct ml__shape *left, struct ml__shape *right) {
    struct ml__shape out = {(uint32_t)draw(5), {0}};

    for (uint32_t axis = 0; axis < out.rank; axis++) {
        out.dims[axis] = draw(4) + 1;
    }
    *left = out;
    *right = out;
    for (uint32_t axis = 0; axis < out.rank; axis++) {
        switch (draw(4)) {
        case 0:
            left->dims[axis] = 1;
            break;
        case 1:
            right->dims[axis] = 1;
            break;
        default:
            break;
        }
    }
}

static void every_element_meets_its_partner(void **state) {
    static int32_t left_data[3 * 256];
    static int32_t right_data[3 * 256];
    int32_t got[3 * 256];

    (void)state;
    for (int i = 0; i < 3 * 256; i++) {
        left_data[i] = 1000 * i;
        right_data[i] = i;
    }
    for (int trial = 0; trial < 3000; trial++) {
        const bool left_moves = draw(2) != 0;
        const bool right_moves = !left_moves || draw(2) != 0;
        struct ml__binary binary = {.op = ML__BINARY_SUB, .dtype = ML_INT32};
        struct ml__shape left;
        struct ml__shape right;
        struct ml__shape out;
        size_t size;

        draw_shapes(&left, &right);
        assert_true(ml__shape_broadcast(&left, &right, &out));
        ml__binary_make(&binary, &left, left_moves, &right, right_moves, &out);
        ml__binary_run(&binary, left_data, right_data, got, 3);
        size = size_of(&out);
        for (size_t i = 0; i < 3 * size; i++) {
            const size_t item = i / size;
            const size_t l =
                find_place(&left, &out, i % size) + (left_moves ? item * size_of(&left) : 0);
            const size_t r =
                find_place(&right, &out, i % size) + (right_moves ? item * size_of(&right) : 0);

            assert_int_equal(got[i], left_data[l] - right_data[r]);
        }
    }
}

static void only_four_types_are_taken(void **state) {
    (void)state;
    assert_true(ml__binary_takes(ML_FP32) && ml__binary_takes(ML_FP64));
    assert_true(ml__binary_takes(ML_INT32) && ml__binary_takes(ML_INT64));
    assert_false(ml__binary_takes(ML_BOOL));
    assert_false(ml__binary_takes(ML_FP16));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_element_meets_its_partner),
        cmocka_unit_test(only_four_types_are_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
