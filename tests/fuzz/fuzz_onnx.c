/* SPDX-License-Identifier: MIT */
/*
 * fuzz_onnx.c -- any bytes as an ONNX file: a graph or a refusal, nothing else.
 *
 * Run it with -max_total_time=60 on a corpus, tests/golden/bad and tests/golden/digits.
 *
 *     clang-14 -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude -Ilib -Itests
 *         tests/fuzz/fuzz_onnx.c
 *         lib/formats/[a-z]*.c lib/base/[a-z]*.c lib/wire/[a-z]*.c -lm
 */
#include "fuzz/use_graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    try_reader(ml__onnx_read, data, size);
    return 0;
}
