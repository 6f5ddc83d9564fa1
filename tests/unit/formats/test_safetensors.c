/* SPDX-License-Identifier: MIT */
/*
 * test_safetensors.c -- proves lib/formats/safetensors.c: good files become graphs, bad ones
 * sentences.
 */
#include "unit/formats/reading.h"

#include "unit/formats/tensor_file.h"

static const struct {
    const char *file;
    const char *detail;
    size_t output_count;
    uint64_t parameter_count;
    uint32_t dtype; /* of the weights */
} good_files[] = {
    {"logreg", "linear-softmax, opset 13: Gemm 1, Mul 1, Softmax 1", 2, 651, ML_FP32},
    {"mlp", "mlp, opset 13: Gemm 2, Relu 1, Softmax 1", 1, 9610, ML_FP32},
    {"mlp_f16", "mlp, opset 13: Gemm 2, Relu 1, Softmax 1", 1, 9610, ML_FP16},
    {"mlp_bf16", "mlp, opset 13: Gemm 2, Relu 1, Softmax 1", 1, 9610, ML_BF16},
    {"mlp_wide", "mlp, opset 13: Gemm 3, Relu 2, Softmax 1", 1, 167178, ML_FP32},
};

static const struct {
    const char *file;
    ml_status status;
    const char *word;
} bad_files[] = {
    {"st_empty", ML_EFORMAT, "0 bytes, too short"},
    {"st_7bytes", ML_EFORMAT, "7 bytes, too short for the length of a header"},
    {"st_header_huge", ML_EFORMAT, "byte 0: a header of 4611686018427387904 bytes, only 2840"},
    {"st_header_past_end", ML_EFORMAT, "byte 0: a header of 2848 bytes, only 2840 are left"},
    {"st_header_not_json", ML_EFORMAT, "malformed JSON at byte 1"},
    {"st_header_deep", ML_ELIMIT, "nested too deep"},
    {"st_truncated", ML_EFORMAT,
     "tensor 'weight' (byte 113): data_offsets are [0, 2560], the "
     "data have 2500 bytes"},
    {"st_trailing", ML_EFORMAT, "16 bytes after the last tensor"},
    {"st_shape_mismatch", ML_EFORMAT, "tensor 'weight' (byte 113): the shape needs 2600 bytes"},
    {"st_shape_overflow", ML_EFORMAT, "tensor 'weight' (byte 113): the shape's size overflows"},
    {"st_shape_negative", ML_EFORMAT, "tensor 'weight' (byte 146): shape[0] is -10"},
    {"st_offsets_reversed", ML_EFORMAT,
     "tensor 'weight' (byte 113): data_offsets are [2560, 0]"},
    {"st_offsets_past_end", ML_EFORMAT, "data_offsets are [1099511627776, 1099511630336]"},
    {"st_overlap", ML_EFORMAT, "tensor 'weight' begins at data byte 0 and overlaps 'bias'"},
    {"st_bad_dtype", ML_EUNSUPPORTED, "tensor 'weight' (byte 113): dtype 'F31'"},
};

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static unsigned char *load_golden(const char *folder, const char *name, size_t *size) {
    char path[200];

    (void)snprintf(path, sizeof path, "tests/golden/%s/%s.safetensors", folder, name);
    return load(path, size);
}

static void assert_header_refused(const char *header, ml_status status, const char *word) {
    size_t size;
    unsigned char *data = tensor_file(header, 24, &size);

    assert_refused(ml__safetensors_read, header, data, size, status, word);
    free(data);
}

static void good_files_become_graphs(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(good_files); i++) {
        size_t size;
        unsigned char *data = load_golden("digits", good_files[i].file, &size);
        struct ml__graph *graph =
            read_well(ml__safetensors_read, good_files[i].file, data, size);
        const struct ml__value *input = &graph->values[graph->inputs[0]];

        assert_string_equal(graph->kind, "safetensors");
        assert_string_equal(graph->detail, good_files[i].detail);
        assert_int_equal(graph->input_count, 1);
        assert_string_equal(input->name, "X");
        assert_int_equal(input->dtype, ML_FP32);
        assert_int_equal(input->rank, 2);
        assert_int_equal(input->shape[0], -1);
        assert_int_equal(input->shape[1], 64);
        assert_int_equal(graph->output_count, good_files[i].output_count);
        assert_string_equal(graph->values[graph->outputs[0]].name, "probabilities");
        assert_int_equal(graph->parameter_count, good_files[i].parameter_count);
        assert_int_equal(graph->values[0].dtype, good_files[i].dtype);
        ml__graph_free(graph);
        free(data);
    }
}

static void bad_files_are_refused_for_their_reason(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(bad_files); i++) {
        size_t size;
        unsigned char *data = load_golden("bad", bad_files[i].file, &size);

        live_peak_bytes = live_bytes;
        assert_refused(
            ml__safetensors_read, bad_files[i].file, data, size, bad_files[i].status,
            bad_files[i].word
        );
        assert_in_range(live_peak_bytes, 0, 4 * size + (1 << 20));
        free(data);
    }
}

static void weights_are_borrowed(void **state) {
    size_t size;
    unsigned char *data = load_golden("digits", "mlp_wide", &size);
    const size_t before = live_bytes;
    struct ml__graph *graph;

    (void)state;
    live_peak_bytes = before;
    graph = read_well(ml__safetensors_read, "mlp_wide", data, size);
    assert_in_range(live_peak_bytes - before, 1, size / 10);
    assert_in_range(graph->values[0].constant->data, data, data + size);
    ml__graph_free(graph);
    free(data);
}

static void a_header_past_the_limit_is_refused(void **state) {
    const size_t size = 100000009;
    unsigned char *data = calloc(size, 1);
    const uint64_t length = size - 8;

    (void)state;
    memcpy(data, &length, sizeof length);
    assert_refused(ml__safetensors_read, "huge", data, size, ML_ELIMIT, "at most 100000000");
    free(data);
}

static void a_header_must_begin_with_a_brace(void **state) {
    (void)state;
    assert_header_refused("", ML_EFORMAT, "byte 8: the header does not begin with '{'");
    assert_header_refused(" {}", ML_EFORMAT, "byte 8: the header does not begin with '{'");
    assert_header_refused("[]", ML_EFORMAT, "byte 8: the header does not begin with '{'");
}

static void tensors_must_fill_the_data(void **state) {
    (void)state;
    assert_header_refused(
        "{" LINEAR "," TENSOR("weight", "F32", "2,2", "0,16") "}", ML_EFORMAT,
        "8 bytes after the last tensor, which ends at data byte 16"
    );
    assert_header_refused(
        "{" LINEAR "," TENSOR("weight", "F32", "2,2", "8,24") "}", ML_EFORMAT,
        "a hole of 8 bytes in the data before tensor 'weight'"
    );
    assert_header_refused("{" LINEAR "}", ML_EFORMAT, "24 bytes after the last tensor");
}

static void tensor_names_stand_once(void **state) {
    (void)state;
    assert_header_refused(
        "{" LINEAR "," TENSOR("weight", "F32", "2,2", "0,16") "," TENSOR(
            "w\\u0065ight", "F32", "2", "16,24"
        ) "}",
        ML_EFORMAT, "value 'weight' is made twice"
    );
}

static void every_cut_and_every_flipped_bit_is_survived(void **state) {
    size_t size;
    unsigned char *data = tensor_file("{" LINEAR "," WEIGHTS "}", 24, &size);

    (void)state;
    ml__graph_free(read_well(ml__safetensors_read, "small", data, size));
    assert_survives_damage(ml__safetensors_read, data, size);
    free(data);
}

static void every_failed_allocation_is_survived(void **state) {
    size_t size;
    unsigned char *data = load_golden("digits", "logreg", &size);

    (void)state;
    assert_survives_no_memory(ml__safetensors_read, data, size);
    free(data);
}

static void a_header_of_many_empty_tensors_ends_at_the_memory_limit(void **state) {
    const size_t count = 50000;
    char *header = malloc(count * 80);
    size_t used = 1;
    size_t size;
    unsigned char *data;

    (void)state;
    header[0] = '{';
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(
            header + used, 80,
            "\"%zu\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}%s", i,
            i + 1 < count ? "," : "}"
        );
    }
    data = tensor_file(header, 0, &size);
    live_peak_bytes = live_bytes;
    assert_refused(ml__safetensors_read, "many", data, size, ML_ELIMIT, "twice the file");
    assert_in_range(live_peak_bytes, 0, 4 * size + (1 << 20));
    free(data);
    free(header);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files_become_graphs),
        cmocka_unit_test(bad_files_are_refused_for_their_reason),
        cmocka_unit_test(weights_are_borrowed),
        cmocka_unit_test(a_header_past_the_limit_is_refused),
        cmocka_unit_test(a_header_must_begin_with_a_brace),
        cmocka_unit_test(tensors_must_fill_the_data),
        cmocka_unit_test(tensor_names_stand_once),
        cmocka_unit_test(every_cut_and_every_flipped_bit_is_survived),
        cmocka_unit_test(every_failed_allocation_is_survived),
        cmocka_unit_test(a_header_of_many_empty_tensors_ends_at_the_memory_limit),
    };

    count_allocations();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
