/* SPDX-License-Identifier: MIT */
/*
 * test_tensor.c -- proves lib/base/tensor.c: types by name and size, tensors and their check.
 */
#include "support/cmocka_all.h"

#include <mlserve/tensor.h>

#include <string.h>

static void every_type_has_name_and_size(void **state) {
    (void)state;
#define CHECK(constant, number, bytes, text)                                                   \
    assert_int_equal(constant, number);                                                        \
    assert_int_equal(ml_dtype_size(constant), bytes);                                          \
    assert_string_equal(ml_dtype_name(constant), text);                                        \
    assert_int_equal(ml_dtype_from_name(text, strlen(text)), constant);
    ML_DTYPE_MAP(CHECK)
#undef CHECK
    assert_int_equal(sizeof(ml_bytes), ml_dtype_size(ML_BYTES));
    assert_int_equal(ml_dtype_size((ml_dtype)99), 0);
    assert_string_equal(ml_dtype_name((ml_dtype)99), "?");
    assert_int_equal(ml_dtype_from_name("FP3", 3), ML_DTYPE_NONE);
    assert_int_equal(ml_dtype_from_name("fp32", 4), ML_DTYPE_NONE);
}

static void the_everyday_tensors_describe_what_they_were_given(void **state) {
    const float values[6] = {0};
    double doubles[6] = {0};
    int64_t labels[3] = {0};
    const ml_bytes texts[2] = {{"a", 1}, {"b", 1}};
    const ml_tensors rows = ml_f32_rows(values, 2, 3);
    const ml_tensors out = ml_f64_out(doubles, 3, 2);
    const ml_tensors label = ml_label_out(labels, 3);
    const ml_tensors text = ml_text_rows(texts, 2);
    size_t count = 0;
    const ml_tensor *first = ml_tensors_list(&rows, &count);

    (void)state;
    assert_int_equal(count, 1);
    assert_ptr_equal(first->data, values);
    assert_int_equal(first->dtype, ML_FP32);
    assert_int_equal(first->rank, 2);
    assert_int_equal(first->shape[0], 2);
    assert_int_equal(first->shape[1], 3);
    assert_null(first->name);
    assert_int_equal(out.first.dtype, ML_FP64);
    assert_int_equal(out.first.shape[0], 3);
    assert_string_equal(label.first.name, "label");
    assert_int_equal(label.first.rank, 1);
    assert_int_equal(text.first.dtype, ML_BYTES);
}

static void a_list_is_passed_through(void **state) {
    ml_tensor list[2];
    ml_tensors tensors;
    size_t count = 0;

    (void)state;
    memset(list, 0, sizeof list);
    tensors = ml_tensor_list(list, 2);
    assert_ptr_equal(ml_tensors_list(&tensors, &count), list);
    assert_int_equal(count, 2);
}

static void the_check_refuses_what_no_memory_could_hold(void **state) {
    float value = 0;
    ml_tensor good = ml_f32_rows(&value, 1, 1).first;
    ml_tensor bad;
    ml_error err = ML_ERROR_INIT;
    size_t elements = 0;

    (void)state;
    assert_int_equal(ml_tensor_check(&good, &elements, &err), ML_OK);
    assert_int_equal(elements, 1);
    bad = good;
    bad.dtype = 0;
    bad.name = "pixels";
    assert_int_equal(ml_tensor_check(&bad, NULL, &err), ML_EINVAL);
    assert_string_equal(err.message, "pixels: dtype 0 is none");
    bad = good;
    bad.rank = 0;
    assert_int_equal(ml_tensor_check(&bad, NULL, NULL), ML_EINVAL);
    bad.rank = ML_MAX_RANK + 1;
    assert_int_equal(ml_tensor_check(&bad, NULL, NULL), ML_EINVAL);
    bad = good;
    bad.rank = 3;
    bad.shape[1] = SIZE_MAX / 2;
    bad.shape[2] = 3;
    assert_int_equal(ml_tensor_check(&bad, NULL, NULL), ML_EINVAL);
    bad.rank = 2;
    bad.shape[0] = 1;
    assert_int_equal(ml_tensor_check(&bad, NULL, NULL), ML_EINVAL);
    bad = good;
    bad.data = NULL;
    assert_int_equal(ml_tensor_check(&bad, NULL, NULL), ML_EINVAL);
    bad.shape[0] = 0;
    assert_int_equal(ml_tensor_check(&bad, NULL, NULL), ML_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_name_and_size),
        cmocka_unit_test(the_everyday_tensors_describe_what_they_were_given),
        cmocka_unit_test(a_list_is_passed_through),
        cmocka_unit_test(the_check_refuses_what_no_memory_could_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
