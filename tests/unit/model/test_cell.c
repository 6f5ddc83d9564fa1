/* SPDX-License-Identifier: MIT */
/*
 * Constants: read from any alignment, widened, repeated where they are one number.
 */
#include "support/cmocka_all.h"

#include <string.h>

#include "base/memory.h"
#include "model/cell.h"

static void elements_are_read_wherever_they_stand(void **state) {
    unsigned char bytes[1 + 3 * sizeof(double)];
    const double numbers[] = {1.5, -2.0, 4.25};
    struct ml__cell cell = {.kind = ML__CELL_CONSTANT, .dtype = ML_FP64, .stored = ML_FP64};
    double *copy;

    (void)state;
    memcpy(bytes + 1, numbers, sizeof numbers);
    cell.elements = 3;
    cell.data = bytes + 1;
    for (size_t i = 0; i < 3; i++) {
        assert_true(ml__cell_number(&cell, i) == numbers[i]);
    }
    copy = ml__cell_load(&cell);
    assert_memory_equal(copy, numbers, sizeof numbers);
    assert_int_equal((uintptr_t)copy % 64, 0);
    ml__free_aligned(copy);
    cell.elements = 1;
    assert_true(ml__cell_number(&cell, 2) == 1.5);
}

static void halves_become_floats_across_chunks(void **state) {
    static uint16_t halves[1300];
    struct ml__cell cell = {.kind = ML__CELL_CONSTANT, .dtype = ML_FP32, .stored = ML_BF16};
    float *copy;

    (void)state;
    for (size_t i = 0; i < 1300; i++) {
        halves[i] = (uint16_t)(0x3f80 + i); /* 1 and up */
    }
    cell.elements = 1300;
    cell.data = halves;
    copy = ml__cell_load(&cell);
    for (size_t i = 0; i < 1300; i++) {
        const uint32_t bits = (uint32_t)halves[i] << 16;

        assert_memory_equal(&copy[i], &bits, sizeof bits);
    }
    ml__free_aligned(copy);
}

static void halves_are_computed_in_fp32_and_the_rest_as_it_is(void **state) {
    (void)state;
    assert_int_equal(ml__computed_type(ML_FP16), ML_FP32);
    assert_int_equal(ml__computed_type(ML_BF16), ML_FP32);
    assert_int_equal(ml__computed_type(ML_FP64), ML_FP64);
    assert_int_equal(ml__computed_type(ML_UINT8), ML_UINT8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_read_wherever_they_stand),
        cmocka_unit_test(halves_become_floats_across_chunks),
        cmocka_unit_test(halves_are_computed_in_fp32_and_the_rest_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
