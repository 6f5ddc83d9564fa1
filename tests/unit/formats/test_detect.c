/* SPDX-License-Identifier: MIT */
/*
 * test_detect.c -- proves lib/formats/detect.c: the content tells, whatever the name.
 */
#include "unit/formats/reading.h"

#include "formats/detect.h"

static void assert_kind(const char *path, enum ml__format kind) {
    size_t size;
    unsigned char *data = load(path, &size);

    if (ml__format_detect(data, size) != kind) {
        fail_msg("%s is taken for %d", path, ml__format_detect(data, size));
    }
    free(data);
}

static void real_files_are_told_apart(void **state) {
    (void)state;
    assert_kind("tests/golden/digits/mlp.onnx", ML__FORMAT_ONNX);
    assert_kind("tests/golden/digits/mlp_matmul_opset9.onnx", ML__FORMAT_ONNX);
    assert_kind("tests/golden/diabetes/mlp_reg.onnx", ML__FORMAT_ONNX);
    assert_kind("tests/golden/digits/mlp.safetensors", ML__FORMAT_SAFETENSORS);
    assert_kind("tests/golden/digits/mlp_bf16.safetensors", ML__FORMAT_SAFETENSORS);
    assert_kind("tests/golden/digits/X_test.npy", ML__FORMAT_UNKNOWN);
    assert_kind("tests/golden/manifest.json", ML__FORMAT_UNKNOWN);
    assert_kind("tests/golden/README.md", ML__FORMAT_UNKNOWN);
}

static void broken_files_go_to_the_reader_that_says_why(void **state) {
    (void)state;
    assert_kind("tests/golden/bad/onnx_empty.onnx", ML__FORMAT_ONNX);
    assert_kind("tests/golden/bad/onnx_truncated.onnx", ML__FORMAT_ONNX);
    assert_kind("tests/golden/bad/st_7bytes.safetensors", ML__FORMAT_SAFETENSORS);
    assert_kind("tests/golden/bad/st_header_huge.safetensors", ML__FORMAT_SAFETENSORS);
    assert_kind("tests/golden/bad/st_header_deep.safetensors", ML__FORMAT_SAFETENSORS);
}

static void a_brace_alone_makes_no_safetensors(void **state) {
    (void)state;
    assert_int_equal(
        ml__format_detect(
            "\x08\x07\x12\x09"
            "abcd{fgh",
            12
        ),
        ML__FORMAT_ONNX
    );
    assert_int_equal(ml__format_detect("\x08\x07", 2), ML__FORMAT_ONNX);
    assert_int_equal(ml__format_detect("{\"a\":1}", 7), ML__FORMAT_UNKNOWN);
    assert_int_equal(ml__format_detect("", 0), ML__FORMAT_ONNX);
    assert_int_equal(ml__format_detect(NULL, 0), ML__FORMAT_ONNX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_files_are_told_apart),
        cmocka_unit_test(broken_files_go_to_the_reader_that_says_why),
        cmocka_unit_test(a_brace_alone_makes_no_safetensors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
