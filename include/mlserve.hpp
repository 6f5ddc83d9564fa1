/* SPDX-License-Identifier: MIT */
/*
 * mlserve.hpp -- libmlserve for C++17: handles that free themselves, failures that throw.
 *
 * A thin face over <mlserve.h>, in this header alone. Model, Pool and Predictor each own one
 * handle; they move and do not copy, and get() lends the handle to any function of the C API,
 * whose contracts hold here too. Every failure throws mlserve::Error with the status and the
 * message. A moved-from object may only be assigned to or destroyed.
 */
#ifndef MLSERVE_HPP
#define MLSERVE_HPP

#include <mlserve.h>
#include <mlserve/model_plugin.h>

#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace mlserve {

/* What went wrong: what() is the library's message, status() its status. */
class Error : public std::runtime_error {
  public:
    Error(ml_status status, const std::string &message)
        : std::runtime_error(message), status_(status) {
    }

    ml_status status() const noexcept {
        return status_;
    }

  private:
    ml_status status_;
};

/* Throw what a function of the C API answered, unless it is ML_OK. */
inline void check(ml_status status, const ml_error &err) {
    if (status != ML_OK) {
        throw Error(status, err.message[0] != '\0' ? err.message : ml_status_text(status));
    }
}

namespace detail {

struct Free {
    void operator()(ml_model *model) const noexcept {
        ml_model_release(model);
    }
    void operator()(ml_pool *pool) const noexcept {
        ml_pool_free(pool);
    }
    void operator()(ml_predictor *predictor) const noexcept {
        ml_predictor_close(predictor);
    }
};

template <class Handle> using Owned = std::unique_ptr<Handle, Free>;

} // namespace detail

/* One owner's share of a model. */
class Model {
  public:
    /* Load a file. */
    explicit Model(
        const std::string &path, const ml_model_options &options = ML_MODEL_OPTIONS_INIT
    ) {
        ml_error err = ML_ERROR_INIT;
        ml_model *made = nullptr;

        check(ml_model_load(path.c_str(), &options, &made, &err), err);
        handle_.reset(made);
    }

    /* Load bytes, borrowed for the call. */
    Model(
        const void *data, std::size_t size,
        const ml_model_options &options = ML_MODEL_OPTIONS_INIT
    ) {
        ml_error err = ML_ERROR_INIT;
        ml_model *made = nullptr;

        check(ml_model_load_memory(data, size, &options, &made, &err), err);
        handle_.reset(made);
    }

    /* A back end of your own; `self` is handed over unless this throws. */
    Model(const ml_backend &backend, const ml_model_info &info, void *self) {
        ml_error err = ML_ERROR_INIT;
        ml_model *made = nullptr;

        check(ml_model_create(&backend, &info, self, &made, &err), err);
        handle_.reset(made);
    }

    /* Take over a handle, with the share of its owner. */
    explicit Model(ml_model *handle) noexcept : handle_(handle) {
    }

    /* A second owner of the same model. */
    Model share() const noexcept {
        return Model(ml_model_retain(get()));
    }

    ml_model *get() const noexcept {
        return handle_.get();
    }

    /* Valid as long as the model. */
    const ml_model_info &info() const noexcept {
        return *ml_model_describe(get());
    }

  private:
    detail::Owned<ml_model> handle_;
};

/* Threads for computing. */
class Pool {
  public:
    /* thread_count 0: one a core. */
    explicit Pool(std::uint32_t thread_count = 0) {
        ml_error err = ML_ERROR_INIT;
        ml_pool_options options = ML_POOL_OPTIONS_INIT;
        ml_pool *made = nullptr;

        options.thread_count = thread_count;
        check(ml_pool_create(&options, &made, &err), err);
        handle_.reset(made);
    }

    explicit Pool(const ml_pool_options &options) {
        ml_error err = ML_ERROR_INIT;
        ml_pool *made = nullptr;

        check(ml_pool_create(&options, &made, &err), err);
        handle_.reset(made);
    }

    /*
     * Call run(i) once for each i below count, in parallel, and wait for all. The first that
     * throws stops the handing out of further indexes; what it threw is thrown here.
     */
    template <class Run> void map(std::size_t count, Run &&run) {
        struct Context {
            Run &run;
            std::mutex lock; /* guards thrown */
            std::exception_ptr thrown;
        } context{run, {}, nullptr};
        ml_error err = ML_ERROR_INIT;
        const auto call = [](void *argument, std::size_t index) noexcept {
            Context &mine = *static_cast<Context *>(argument);

            try {
                mine.run(index);
                return ML_OK;
            } catch (...) {
                const std::lock_guard<std::mutex> hold(mine.lock);

                if (mine.thrown == nullptr) {
                    mine.thrown = std::current_exception();
                }
                return ML_EBACKEND;
            }
        };
        const ml_status status = ml_pool_map(get(), call, &context, count, &err);

        if (context.thrown != nullptr) {
            std::rethrow_exception(context.thrown);
        }
        check(status, err);
    }

    /* Wait until no task waits or runs. */
    void drain() noexcept {
        ml_pool_drain(get());
    }

    std::uint32_t thread_count() const noexcept {
        return ml_pool_thread_count(get());
    }

    ml_pool *get() const noexcept {
        return handle_.get();
    }

  private:
    detail::Owned<ml_pool> handle_;
};

/* Rows in, answers out. A pool named in the options must outlive it. */
class Predictor {
  public:
    explicit Predictor(
        const std::string &path, const ml_predictor_options &options = ML_PREDICTOR_OPTIONS_INIT
    ) {
        ml_error err = ML_ERROR_INIT;
        ml_predictor *made = nullptr;

        check(ml_predictor_open(path.c_str(), &options, &made, &err), err);
        handle_.reset(made);
    }

    /* The predictor takes a share of the model of its own. */
    explicit Predictor(
        const Model &model, const ml_predictor_options &options = ML_PREDICTOR_OPTIONS_INIT
    ) {
        ml_error err = ML_ERROR_INIT;
        ml_predictor *made = nullptr;

        check(ml_predictor_create(model.get(), &options, &made, &err), err);
        handle_.reset(made);
    }

    /*
     * ml_predict_batch(), throwing what fails the whole call. Answers ML_OK, or ML_EROWS where
     * some rows failed: ask for call->results to know which, and why.
     */
    [[nodiscard]] ml_status
    predict_batch(ml_tensors inputs, ml_tensors outputs, const ml_call *call = nullptr) {
        ml_error err = ML_ERROR_INIT;
        const ml_status status = ml_predict_batch(get(), inputs, outputs, call, &err);

        if (status != ML_EROWS) {
            check(status, err);
        }
        return status;
    }

    /*
     * The everyday case: rows [row_count, width] in, the model's first output
     * [row_count, output width] back. A bad row throws, too.
     */
    std::vector<float> predict(const float *rows, std::size_t row_count, std::size_t width) {
        const std::size_t output_width = info().outputs[0].row_elements;
        std::vector<float> answers(row_count * output_width);
        ml_error err = ML_ERROR_INIT;

        check(
            ml_predict_batch(
                get(), ml_f32_rows(rows, row_count, width),
                ml_f32_out(answers.data(), row_count, output_width), nullptr, &err
            ),
            err
        );
        return answers;
    }

    /* Of the model behind it; valid as long as the predictor. */
    const ml_model_info &info() const noexcept {
        return *ml_model_describe(ml_predictor_model(get()));
    }

    ml_predictor *get() const noexcept {
        return handle_.get();
    }

  private:
    detail::Owned<ml_predictor> handle_;
};

} // namespace mlserve

#endif
