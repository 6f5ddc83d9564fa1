/* SPDX-License-Identifier: MIT */
/*
 * test_spans.c -- proves lib/formats/spans.c: side by side from 0 to the end, or a refusal.
 */
#include "support/cmocka_all.h"

#include <string.h>

#include "formats/spans.h"

#define REFUSED(spans, size, word)                                                             \
    do {                                                                                       \
        ml_error err = ML_ERROR_INIT;                                                          \
        assert_int_equal(                                                                      \
            ml__spans_fill(spans, sizeof(spans) / sizeof(spans)[0], size, &err), ML_EFORMAT    \
        );                                                                                     \
        assert_non_null(strstr(err.message, word));                                            \
    } while (0)

static void spans_in_any_order_fill_the_whole(void **state) {
    struct ml__span spans[1000];

    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        const size_t place = i * 7 % 1000; /* each number once */

        spans[i] = (struct ml__span){place * 3, place * 3 + 3, "n"};
    }
    assert_int_equal(ml__spans_fill(spans, 1000, 3000, NULL), ML_OK);
    assert_int_equal(spans[999].begin, 2997);
    assert_int_equal(ml__spans_fill(NULL, 0, 0, NULL), ML_OK);
}

static void empty_spans_fit_between_others(void **state) {
    struct ml__span spans[] = {{4, 8, "b"}, {4, 4, "e"}, {8, 8, "f"}, {0, 4, "a"}, {0, 0, "g"}};

    (void)state;
    assert_int_equal(ml__spans_fill(spans, 5, 8, NULL), ML_OK);
}

static void overlaps_holes_and_tails_are_refused_by_name(void **state) {
    struct ml__span overlap[] = {{0, 8, "a"}, {4, 12, "b"}};
    struct ml__span hole[] = {{6, 8, "b"}, {0, 4, "a"}};
    struct ml__span tail[] = {{0, 4, "a"}};
    struct ml__span late[] = {{2, 4, "a"}};

    (void)state;
    REFUSED(overlap, 12, "'b' begins at data byte 4 and overlaps 'a', which ends at 8");
    REFUSED(hole, 8, "a hole of 2 bytes in the data before tensor 'b'");
    REFUSED(tail, 10, "6 bytes after the last tensor, which ends at data byte 4");
    REFUSED(late, 4, "a hole of 2 bytes");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_in_any_order_fill_the_whole),
        cmocka_unit_test(empty_spans_fit_between_others),
        cmocka_unit_test(overlaps_holes_and_tails_are_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
