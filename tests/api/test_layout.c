/* SPDX-License-Identifier: MIT */
/*
 * test_layout.c -- frozen structs stay as they are: size and every offset, on 64-bit machines.
 *
 * Programs that were compiled against an older header hold these in arrays and fields of their
 * own. A number here changes only with the soname.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mlserve.h>
#include <mlserve/model_plugin.h>

#define assert_place(type, member, place) assert_int_equal(offsetof(type, member), place)

static void error_is_frozen(void **state) {
    (void)state;
    assert_int_equal(sizeof(ml_error), 256);
    assert_place(ml_error, status, 0);
    assert_place(ml_error, message, 4);
}

static void row_result_is_frozen(void **state) {
    (void)state;
    assert_int_equal(sizeof(ml_row_result), 16);
    assert_place(ml_row_result, status, 0);
    assert_place(ml_row_result, column, 4);
    assert_place(ml_row_result, reason, 8);
}

static void bytes_is_frozen(void **state) {
    (void)state;
    assert_int_equal(sizeof(ml_bytes), 16);
    assert_place(ml_bytes, data, 0);
    assert_place(ml_bytes, size, 8);
}

static void tensor_is_frozen(void **state) {
    (void)state;
    assert_int_equal(ML_MAX_RANK, 8);
    assert_int_equal(sizeof(ml_tensor), 88);
    assert_place(ml_tensor, name, 0);
    assert_place(ml_tensor, data, 8);
    assert_place(ml_tensor, dtype, 16);
    assert_place(ml_tensor, rank, 20);
    assert_place(ml_tensor, shape, 24);
}

static void tensors_is_frozen(void **state) {
    (void)state;
    assert_int_equal(sizeof(ml_tensors), 104);
    assert_place(ml_tensors, list, 0);
    assert_place(ml_tensors, count, 8);
    assert_place(ml_tensors, first, 16);
}

static void allocator_is_frozen(void **state) {
    (void)state;
    assert_int_equal(sizeof(ml_allocator), 32);
    assert_place(ml_allocator, allocate, 0);
    assert_place(ml_allocator, resize, 8);
    assert_place(ml_allocator, release, 16);
    assert_place(ml_allocator, user, 24);
}

static void clock_is_frozen(void **state) {
    (void)state;
    assert_int_equal(sizeof(ml_clock), 16);
    assert_place(ml_clock, now_ns, 0);
    assert_place(ml_clock, user, 8);
}

static void port_is_frozen(void **state) {
    (void)state;
    assert_int_equal(sizeof(ml_port), 96);
    assert_place(ml_port, name, 0);
    assert_place(ml_port, alias, 8);
    assert_place(ml_port, dtype, 16);
    assert_place(ml_port, rank, 20);
    assert_place(ml_port, shape, 24);
    assert_place(ml_port, row_elements, 88);
}

static void row_is_frozen(void **state) {
    (void)state;
    assert_int_equal(sizeof(ml_row), 24);
    assert_place(ml_row, inputs, 0);
    assert_place(ml_row, input_count, 8);
    assert_place(ml_row, position, 16);
}

/* Padding at the end would take a new member without the struct growing. */
#define assert_no_padding(type, last)                                                          \
    assert_int_equal(sizeof(type), offsetof(type, last) + sizeof(((type *)NULL)->last))

static void options_begin_with_their_size_and_end_without_padding(void **state) {
    (void)state;
    assert_place(ml_model_options, size, 0);
    assert_no_padding(ml_model_options, label_count);
    assert_place(ml_model_info, size, 0);
    assert_no_padding(ml_model_info, label_count);
    assert_place(ml_backend, size, 0);
    assert_no_padding(ml_backend, scratch_bytes);
    assert_place(ml_pool_options, size, 0);
    assert_no_padding(ml_pool_options, name);
    assert_place(ml_predictor_options, size, 0);
    assert_no_padding(ml_predictor_options, model);
    assert_place(ml_call, size, 0);
    assert_no_padding(ml_call, reserved);
    assert_place(ml_rows_options, size, 0);
    assert_no_padding(ml_rows_options, max_keys);
    assert_place(ml_json_options, size, 0);
    assert_no_padding(ml_json_options, reserved);
    assert_place(ml_table_options, size, 0);
    assert_no_padding(ml_table_options, max_line_bytes);
    assert_place(ml_table_info, size, 0);
    assert_no_padding(ml_table_info, names);
}

static void status_numbers_are_never_reused(void **state) {
    static const char *const names[] = {
        "ML_OK",           "ML_EINVAL",    "ML_ENOMEM",   "ML_EIO",
        "ML_ENOTFOUND",    "ML_EOVERLOAD", "ML_ETIMEOUT", "ML_EFORMAT",
        "ML_EUNSUPPORTED", "ML_ELIMIT",    "ML_ESHAPE",   "ML_EVALUE",
        "ML_EROWS",        "ML_EBACKEND",  "ML_ECLOSED",  "ML_ETHREAD",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_string_equal(ml_status_name((ml_status)i), names[i]);
    }
}

static void type_numbers_are_never_reused(void **state) {
    static const char *const names[] = {
        "FP32",  "FP64",  "FP16",   "BF16",   "INT8",   "INT16", "INT32",
        "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "BOOL",  "BYTES",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_string_equal(ml_dtype_name((ml_dtype)(i + 1)), names[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_is_frozen),
        cmocka_unit_test(row_result_is_frozen),
        cmocka_unit_test(bytes_is_frozen),
        cmocka_unit_test(tensor_is_frozen),
        cmocka_unit_test(tensors_is_frozen),
        cmocka_unit_test(allocator_is_frozen),
        cmocka_unit_test(clock_is_frozen),
        cmocka_unit_test(port_is_frozen),
        cmocka_unit_test(row_is_frozen),
        cmocka_unit_test(options_begin_with_their_size_and_end_without_padding),
        cmocka_unit_test(status_numbers_are_never_reused),
        cmocka_unit_test(type_numbers_are_never_reused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
