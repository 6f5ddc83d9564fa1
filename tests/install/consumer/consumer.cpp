/* SPDX-License-Identifier: MIT */
/*
 * consumer.cpp -- the C++ face from outside the tree: what it owns, lends, and throws.
 */
#include <mlserve.hpp>

#include <atomic>
#include <cstdio>
#include <type_traits>
#include <utility>

#include "backend.h"

namespace {

int failures = 0;

void expect(bool right, const char *sentence) {
    std::printf("%s: %s\n", right ? "ok" : "NOT OK", sentence);
    failures += !right;
}

template <class Handle>
constexpr bool moves_only =
    std::is_nothrow_move_constructible_v<Handle> &&std::is_nothrow_move_assignable_v<Handle> &&
    !std::is_copy_constructible_v<Handle> && !std::is_copy_assignable_v<Handle>;

static_assert(moves_only<mlserve::Model>);
static_assert(moves_only<mlserve::Pool>);
static_assert(moves_only<mlserve::Predictor>);
static_assert(sizeof(mlserve::Predictor) == sizeof(void *));

template <class Call> ml_status status_thrown(Call call) {
    try {
        call();
    } catch (const mlserve::Error &error) {
        return error.what()[0] != '\0' ? error.status() : ML_OK;
    }
    return ML_OK;
}

void models(int *calls, bool *closed) {
    static bool *flag;
    ml_port ports[2] = {};
    ml_backend backend = sum_backend();

    flag = closed;
    backend.close = [](void *) { *flag = true; };
    mlserve::Model model(backend, sum_info(ports), calls);
    mlserve::Model second = model.share();
    expect(std::string(second.info().kind) == "sum", "a shared model is the same model");
    { const mlserve::Model gone = std::move(model); }
    expect(!*closed, "a model lives as long as one owner is left");

    mlserve::Predictor predictor(second);
    const float rows[] = {1, 2, 3, 4};
    const std::vector<float> sums = predictor.predict(rows, 2, 2);
    expect(sums.size() == 2 && sums[0] == 3 && sums[1] == 7, "predict answers every row");
    expect(predictor.info().output_count == 1, "a predictor describes its model");
    expect(
        status_thrown([&] { predictor.predict(rows, 1, 4); }) == ML_ESHAPE,
        "a wrong width throws its status"
    );

    const float missing[] = {1, 2, __builtin_nanf(""), 4};
    float answers[2] = {};
    ml_row_result results[2] = {};
    ml_call call = ML_CALL_INIT;
    call.results = results;
    const ml_status status =
        predictor.predict_batch(ml_f32_rows(missing, 2, 2), ml_f32_out(answers, 2, 1), &call);
    expect(
        status == ML_EROWS && answers[0] == 3 && results[1].status == ML_EVALUE,
        "a bad row is answered by predict_batch"
    );
    expect(
        status_thrown([&] { predictor.predict(missing, 2, 2); }) == ML_EROWS,
        "a bad row is thrown by predict"
    );
}

void pools() {
    mlserve::Pool pool(2);
    std::atomic<int> sum{0};

    expect(pool.thread_count() == 2, "a pool has the threads asked for");
    pool.map(100, [&](std::size_t i) { sum += static_cast<int>(i); });
    expect(sum == 4950, "map calls once for each index");
    try {
        pool.map(100, [](std::size_t i) {
            if (i == 7) {
                throw std::out_of_range("seven");
            }
        });
        expect(false, "what a mapped call throws comes out of map");
    } catch (const std::out_of_range &) {
        expect(true, "what a mapped call throws comes out of map");
    }

    ml_pool_options options = ML_POOL_OPTIONS_INIT;
    options.thread_count = 5000;
    expect(
        status_thrown([&] { mlserve::Pool too_many(options); }) == ML_EINVAL,
        "a pool of too many threads throws"
    );
}

} // namespace

int main() {
    int calls = 0;
    bool closed = false;

    models(&calls, &closed);
    expect(calls > 0 && closed, "the last owner closes the back end");
    expect(
        status_thrown([] { mlserve::Predictor none("no/such/file"); }) == ML_ENOTFOUND,
        "a file that is not there throws ML_ENOTFOUND"
    );
    expect(
        status_thrown([] { mlserve::Model none("", 0); }) != ML_OK, "a model of no bytes throws"
    );
    pools();
    return failures;
}
