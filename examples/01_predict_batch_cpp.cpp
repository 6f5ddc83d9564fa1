/* SPDX-License-Identifier: MIT */
/*
 * 01_predict_batch_cpp.cpp -- a batch of rows through a model, in C++.
 *
 *   01_predict_batch_cpp MODEL ROWS.npy
 *
 * Prints the most probable class of the first ten rows, and how many rows there were.
 */
#include <mlserve.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace {

/* Tables have no class of their own: any handle of the C API fits a unique_ptr. */
using Table = std::unique_ptr<ml_table_reader, decltype(&ml_table_close)>;

std::vector<float> read_rows(const char *path, std::size_t *width) {
    ml_error err = ML_ERROR_INIT;
    ml_table_reader *opened = nullptr;

    mlserve::check(ml_table_open(path, nullptr, &opened, &err), err);
    const Table table(opened, ml_table_close);
    const ml_table_info &info = *ml_table_describe(table.get());
    std::vector<float> rows;
    std::size_t count = 0;

    *width = info.width;
    do {
        const std::size_t have = rows.size();

        rows.resize(have + 100 * info.width);
        mlserve::check(
            ml_table_read(table.get(), ML_FP32, rows.data() + have, 100, &count, &err), err
        );
        rows.resize(have + count * info.width);
    } while (count > 0);
    return rows;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s MODEL ROWS.npy\n", argv[0]);
        return 2;
    }
    try {
        mlserve::Predictor predictor(argv[1]);
        std::size_t width = 0;
        const std::vector<float> rows = read_rows(argv[2], &width);
        const std::size_t row_count = rows.size() / width;
        const std::vector<float> answers = predictor.predict(rows.data(), row_count, width);
        const std::size_t class_count = answers.size() / row_count;

        for (std::size_t i = 0; i < std::min<std::size_t>(row_count, 10); i++) {
            const float *row = answers.data() + i * class_count;
            const float *best = std::max_element(row, row + class_count);

            std::printf("row %zu: class %td, %.2f %%\n", i, best - row, 100.0 * *best);
        }
        std::printf("%zu rows predicted\n", row_count);
    } catch (const mlserve::Error &error) {
        std::fprintf(stderr, "%s: %s\n", ml_status_name(error.status()), error.what());
        return 1;
    }
    return 0;
}
