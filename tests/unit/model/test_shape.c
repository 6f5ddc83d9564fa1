/* SPDX-License-Identifier: MIT */
/*
 * Shapes: sizes, broadcasting, text.
 */
#include "support/cmocka_all.h"

#include <string.h>

#include "model/shape.h"

static void product_refuses_what_does_not_fit(void **state) {
    const struct ml__shape shape = {3, {2, 3, SIZE_MAX / 2}};
    size_t product = 9;

    (void)state;
    assert_true(ml__shape_product(&shape, 0, 2, &product));
    assert_int_equal(product, 6);
    assert_true(ml__shape_product(&shape, 1, 1, &product));
    assert_int_equal(product, 1);
    assert_false(ml__shape_product(&shape, 0, 3, &product));
    assert_int_equal(product, 1);
}

static void shapes_broadcast_as_numpy_has_it(void **state) {
    const struct ml__shape a = {3, {5, 1, 3}};
    const struct ml__shape b = {2, {4, 1}};
    const struct ml__shape c = {1, {2}};
    const struct ml__shape wanted = {3, {5, 4, 3}};
    struct ml__shape out;

    (void)state;
    assert_true(ml__shape_broadcast(&a, &b, &out));
    assert_true(ml__shape_equal(&out, &wanted));
    assert_false(ml__shape_equal(&out, &a));
    assert_false(ml__shape_equal(&out, &b));
    assert_false(ml__shape_broadcast(&a, &c, &out));
}

static void text_names_the_row_axis_and_is_cut_to_fit(void **state) {
    const struct ml__shape shape = {3, {1, 64, 10}};
    const struct ml__shape scalar = {0, {0}};
    const struct ml__shape wide = {
        8, {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX}};
    char text[ML__SHAPE_TEXT];

    (void)state;
    assert_string_equal(ml__shape_text(&shape, true, text), "[rows, 64, 10]");
    assert_string_equal(ml__shape_text(&shape, false, text), "[1, 64, 10]");
    assert_string_equal(ml__shape_text(&scalar, false, text), "[]");
    assert_int_equal(strlen(ml__shape_text(&wide, false, text)), ML__SHAPE_TEXT - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(product_refuses_what_does_not_fit),
        cmocka_unit_test(shapes_broadcast_as_numpy_has_it),
        cmocka_unit_test(text_names_the_row_axis_and_is_cut_to_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
