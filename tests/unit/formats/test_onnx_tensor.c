/* SPDX-License-Identifier: MIT */
/*
 * test_onnx_tensor.c -- proves lib/formats/onnx_tensor.c: numbers, however they are held.
 */
#include "unit/formats/onnx_models.h"

enum { FLOAT_DATA = 4, INT32_DATA = 5, INT64_DATA = 7, RAW_DATA = 9, DOUBLE_DATA = 10 };
enum { UINT64_DATA = 11 };

static const int64_t of_two[] = {2, -1};

/* The initializer's constant holds `size` bytes like these. */
static void
assert_data(struct message initializer, uint32_t dtype, const void *data, size_t size) {
    const struct message m = model_with(initializer);
    struct ml__graph *graph = read_model(&m);
    const struct ml__constant *constant = graph->values[0].constant;

    assert_string_equal(graph->values[0].name, "w");
    assert_int_equal(constant->dtype, dtype);
    assert_int_equal(graph->values[0].dtype, dtype);
    assert_int_equal(constant->count * ml_dtype_size((ml_dtype)dtype), size);
    assert_memory_equal(constant->data, data, size);
    ml__graph_free(graph);
}

static void
assert_tensor_refused(struct message initializer, ml_status status, const char *word) {
    assert_model_refused(model_with(initializer), status, word);
}

static void every_type_is_read_from_raw_data(void **state) {
    static const struct {
        int type;
        uint32_t dtype;
    } rows[] = {{FLOAT, ML_FP32},   {UINT8, ML_UINT8}, {INT8, ML_INT8},     {UINT16, ML_UINT16},
                {INT16, ML_INT16},  {INT32, ML_INT32}, {INT64, ML_INT64},   {BOOL, ML_BOOL},
                {FLOAT16, ML_FP16}, {DOUBLE, ML_FP64}, {UINT32, ML_UINT32}, {UINT64, ML_UINT64},
                {BFLOAT16, ML_BF16}};
    const unsigned char bytes[16] = {1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct message w = tensor("w", rows[i].type, of_two);

        put_block(&w, RAW_DATA, bytes, 2 * ml_dtype_size((ml_dtype)rows[i].dtype));
        assert_data(w, rows[i].dtype, bytes, 2 * ml_dtype_size((ml_dtype)rows[i].dtype));
    }
}

static void small_types_are_read_from_int32_data(void **state) {
    static const struct {
        int type;
        uint32_t dtype;
        int64_t least;
        int64_t most;
    } rows[] = {
        {UINT8, ML_UINT8, 0, UINT8_MAX},         {INT8, ML_INT8, INT8_MIN, INT8_MAX},
        {UINT16, ML_UINT16, 0, UINT16_MAX},      {INT16, ML_INT16, INT16_MIN, INT16_MAX},
        {INT32, ML_INT32, INT32_MIN, INT32_MAX}, {BOOL, ML_BOOL, 0, 1},
        {FLOAT16, ML_FP16, 0, UINT16_MAX},       {BFLOAT16, ML_BF16, 0, UINT16_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t width = ml_dtype_size((ml_dtype)rows[i].dtype);
        struct message w = tensor("w", rows[i].type, of_two);
        struct message low = w;
        struct message high = w;
        unsigned char bytes[8];

        for (size_t byte = 0; byte < width; byte++) {
            bytes[byte] = (unsigned char)((uint64_t)rows[i].least >> (8 * byte));
            bytes[width + byte] = (unsigned char)((uint64_t)rows[i].most >> (8 * byte));
        }
        put_int(&w, INT32_DATA, rows[i].least);
        put_int(&w, INT32_DATA, rows[i].most);
        assert_data(w, rows[i].dtype, bytes, 2 * width);
        put_int(&low, INT32_DATA, 0);
        put_int(&low, INT32_DATA, rows[i].least - 1);
        assert_tensor_refused(low, ML_EFORMAT, "int32_data is -");
        put_int(&high, INT32_DATA, 0);
        put_int(&high, INT32_DATA, rows[i].most + 1);
        assert_tensor_refused(high, ML_EFORMAT, "int32_data is ");
    }
}

static void wide_types_are_read_from_their_own_fields(void **state) {
    const float floats[] = {1.5f, -2};
    const double doubles[] = {1.5, -2};
    const int64_t integers[] = {INT64_MIN, INT64_MAX};
    const uint64_t naturals[] = {0, UINT64_MAX};
    const uint32_t small[] = {1, UINT32_MAX};
    struct message w;

    (void)state;
    w = tensor("w", FLOAT, of_two);
    put_block(&w, FLOAT_DATA, floats, sizeof floats);
    assert_data(w, ML_FP32, floats, sizeof floats);
    w = tensor("w", FLOAT, of_two);
    put_float(&w, FLOAT_DATA, floats[0]);
    put_float(&w, FLOAT_DATA, floats[1]);
    assert_data(w, ML_FP32, floats, sizeof floats);
    w = tensor("w", DOUBLE, of_two);
    put_block(&w, DOUBLE_DATA, doubles, sizeof doubles);
    assert_data(w, ML_FP64, doubles, sizeof doubles);
    w = tensor("w", DOUBLE, of_two);
    put_double(&w, DOUBLE_DATA, doubles[0]);
    put_double(&w, DOUBLE_DATA, doubles[1]);
    assert_data(w, ML_FP64, doubles, sizeof doubles);
    w = tensor("w", INT64, of_two);
    put_int(&w, INT64_DATA, integers[0]);
    put_int(&w, INT64_DATA, integers[1]);
    assert_data(w, ML_INT64, integers, sizeof integers);
    w = tensor("w", UINT64, of_two);
    put_int(&w, UINT64_DATA, 0);
    put_int(&w, UINT64_DATA, -1);
    assert_data(w, ML_UINT64, naturals, sizeof naturals);
    w = tensor("w", UINT32, of_two);
    put_block(&w, UINT64_DATA, "\x01\xff\xff\xff\xff\x0f", 6);
    assert_data(w, ML_UINT32, small, sizeof small);
    w = tensor("w", UINT32, of_two);
    put_block(&w, UINT64_DATA, "\x01\xff\xff\xff\xff\x1f", 6);
    assert_tensor_refused(w, ML_EFORMAT, "uint64_data is 8589934591, expected 0..4294967295");
}

static void scalars_empty_tensors_and_packed_dims_are_read(void **state) {
    const int64_t scalar[] = {-1};
    const int64_t empty[] = {3, 0, -1};
    const float one = 1;
    struct message w = tensor("w", FLOAT, scalar);

    (void)state;
    put_float(&w, FLOAT_DATA, one);
    assert_data(w, ML_FP32, &one, sizeof one);
    assert_data(tensor("w", FLOAT, empty), ML_FP32, &one, 0);
    w = tensor("w", FLOAT, scalar);
    put_block(&w, 1, "\x01\x01", 2);
    put_block(&w, RAW_DATA, &one, sizeof one);
    assert_data(w, ML_FP32, &one, sizeof one);
}

static void dims_and_data_must_agree(void **state) {
    const int64_t three[] = {3, -1};
    const int64_t huge[] = {INT64_MAX, INT64_MAX, -1};
    const int64_t past[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, -1};
    const float floats[] = {1, 2};
    struct message w = tensor("w", FLOAT, three);

    (void)state;
    put_block(&w, RAW_DATA, floats, sizeof floats);
    assert_tensor_refused(
        w, ML_EFORMAT, "initializer 'w' (byte 76): dims ask for 3 elements, raw_data holds 2"
    );
    w = tensor("w", FLOAT, three);
    put_block(&w, FLOAT_DATA, floats, sizeof floats);
    assert_tensor_refused(w, ML_EFORMAT, "dims ask for 3 elements, float_data holds 2");
    assert_tensor_refused(tensor("w", FLOAT, of_two), ML_EFORMAT, "float_data holds 0");
    w = tensor("w", FLOAT, of_two);
    put_block(&w, RAW_DATA, floats, 7);
    assert_tensor_refused(w, ML_EFORMAT, "raw_data has 7 bytes, not a multiple of 4");
    assert_tensor_refused(tensor("w", FLOAT, huge), ML_EFORMAT, "dims[1] is 92");
    w = tensor("w", FLOAT, of_two + 1);
    put_int(&w, 1, -5);
    assert_tensor_refused(w, ML_EFORMAT, "dims[0] is -5");
    assert_tensor_refused(tensor("w", FLOAT, past), ML_ELIMIT, "rank 9, at most 8");
}

static void data_in_a_wrong_field_or_twice_are_refused(void **state) {
    const float floats[] = {1, 2};
    struct message w = tensor("w", FLOAT, of_two);

    (void)state;
    put_double(&w, DOUBLE_DATA, 1);
    put_double(&w, DOUBLE_DATA, 1);
    assert_tensor_refused(w, ML_EFORMAT, "data of type FP32 in field 10");
    w = tensor("w", FLOAT, of_two);
    put_block(&w, RAW_DATA, floats, sizeof floats);
    put_block(&w, FLOAT_DATA, floats, sizeof floats);
    assert_tensor_refused(w, ML_EFORMAT, "both raw_data and float_data");
    w = tensor("w", FLOAT, of_two);
    put_int(&w, FLOAT_DATA, 1);
    assert_tensor_refused(w, ML_EFORMAT, "float_data has wire type 0, expected 5");
    w = tensor("w", BOOL, of_two);
    put_block(&w, RAW_DATA, "\x01\x02", 2);
    assert_tensor_refused(w, ML_EFORMAT, "element 1 of type BOOL is 2");
}

static void external_data_are_refused(void **state) {
    const struct message nothing = {0};
    struct message w = tensor("w", FLOAT, of_two);

    (void)state;
    put_int(&w, 14, 1);
    assert_tensor_refused(
        w, ML_EUNSUPPORTED, "initializer 'w' (byte 76): external data is not supported"
    );
    w = tensor("w", FLOAT, of_two);
    put_message(&w, 13, nothing);
    assert_tensor_refused(w, ML_EUNSUPPORTED, "external data is not supported");
}

static void other_types_are_refused(void **state) {
    struct message w = tensor("w", STRING, of_two);

    (void)state;
    put_text(&w, 6, "a");
    assert_tensor_refused(w, ML_EUNSUPPORTED, "string tensors are not supported");
    assert_tensor_refused(tensor("w", COMPLEX64, of_two), ML_EUNSUPPORTED, "data type 14");
    assert_tensor_refused(tensor("w", 0, of_two), ML_EFORMAT, "data type 0");
    w = tensor("w", FLOAT, of_two);
    put_block(&w, 3, "", 0);
    assert_tensor_refused(w, ML_EUNSUPPORTED, "a segment");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_from_raw_data),
        cmocka_unit_test(small_types_are_read_from_int32_data),
        cmocka_unit_test(wide_types_are_read_from_their_own_fields),
        cmocka_unit_test(scalars_empty_tensors_and_packed_dims_are_read),
        cmocka_unit_test(dims_and_data_must_agree),
        cmocka_unit_test(data_in_a_wrong_field_or_twice_are_refused),
        cmocka_unit_test(external_data_are_refused),
        cmocka_unit_test(other_types_are_refused),
    };

    count_allocations();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
