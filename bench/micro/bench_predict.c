/* SPDX-License-Identifier: MIT */
/*
 * bench_predict.c -- what does ml_predict_batch cost above the bare model, and does it scale?
 *
 * The stages are measured on a model that does nothing, so that nothing else is seen; the
 * scaling on a 784-512-256-10 net of random weights, made here as a safetensors file.
 */
#include <mlserve/model_plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mlbench.h"

#define MAX_ROWS 1024
#define WIDTH 64
#define NET_IN 784
#define NET_OUT 10

struct work {
    ml_predictor *predictor;
    const ml_model *model; /* run bare where set */
    const float *rows;
    float *out;
    size_t row_count;
    size_t width;
    size_t out_width;
};

static ml_status do_nothing(
    void *self, const void *const *inputs, void *const *outputs, size_t row_count,
    void *scratch, ml_error *err
) {
    (void)self;
    (void)inputs;
    (void)outputs;
    (void)row_count;
    (void)scratch;
    (void)err;
    return ML_OK;
}

static int run_bare(void *context, size_t repeat_count) {
    const struct work *work = context;
    const void *inputs[1] = {work->rows};
    void *outputs[8] = {work->out};

    for (size_t i = 0; i < repeat_count; i++) {
        if (ml_model_run(work->model, inputs, outputs, work->row_count, NULL) != ML_OK) {
            return -1;
        }
    }
    return 0;
}

static int run_predict(void *context, size_t repeat_count) {
    const struct work *work = context;

    for (size_t i = 0; i < repeat_count; i++) {
        if (ml_predict_batch(
                work->predictor, ml_f32_rows(work->rows, work->row_count, work->width),
                ml_f32_out(work->out, work->row_count, work->out_width), NULL, NULL
            ) != ML_OK) {
            return -1;
        }
    }
    return 0;
}

static ml_status clean_nothing(void *user, ml_row *row, ml_row_result *result) {
    (void)user;
    (void)row;
    (void)result;
    return ML_OK;
}

static float random_float(void) {
    static uint32_t state = 2463534242u;

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return (float)state / 4294967296.0f - 0.5f;
}

static ml_model *make_empty_model(void) {
    ml_backend backend = ML_BACKEND_INIT;
    ml_port input = {"X", NULL, ML_FP32, 2, {0, WIDTH}, WIDTH};
    ml_port output = {"Y", NULL, ML_FP32, 2, {0, 1}, 1};
    ml_model_info info;
    ml_model *model = NULL;

    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    info.kind = "empty";
    info.detail = "";
    info.inputs = &input;
    info.input_count = 1;
    info.outputs = &output;
    info.output_count = 1;
    backend.run = do_nothing;
    return ml_model_create(&backend, &info, NULL, &model, NULL) == ML_OK ? model : NULL;
}

/* A safetensors file with the layer list that the library reads. */
static ml_model *make_net(void) {
    static const char header[] =
        "{\"__metadata__\":{\"kind\":\"mlp\",\"layout\":\"weight[out,in]\",\"layers\":"
        "\"0:linear,1:relu,2:linear,3:relu,4:linear,5:softmax\"},"
        "\"0.weight\":{\"dtype\":\"F32\",\"shape\":[512,784],\"data_offsets\":[0,1605632]},"
        "\"0.bias\":{\"dtype\":\"F32\",\"shape\":[512],\"data_offsets\":[1605632,1607680]},"
        "\"2.weight\":{\"dtype\":\"F32\",\"shape\":[256,512],\"data_offsets\":[1607680,2131968]"
        "},"
        "\"2.bias\":{\"dtype\":\"F32\",\"shape\":[256],\"data_offsets\":[2131968,2132992]},"
        "\"4.weight\":{\"dtype\":\"F32\",\"shape\":[10,256],\"data_offsets\":[2132992,2143232]}"
        ","
        "\"4.bias\":{\"dtype\":\"F32\",\"shape\":[10],\"data_offsets\":[2143232,2143272]}}";
    const uint64_t header_size = sizeof header - 1;
    const size_t data_size = 2143272;
    unsigned char *file = malloc(8 + header_size + data_size);
    ml_model *model = NULL;
    ml_error err = ML_ERROR_INIT;

    if (file == NULL) {
        return NULL;
    }
    memcpy(file, &header_size, 8);
    memcpy(file + 8, header, header_size);
    for (size_t i = 0; i < data_size / 4; i++) {
        const float value = random_float() * 0.1f;

        memcpy(file + 8 + header_size + i * 4, &value, 4);
    }
    if (ml_model_load_memory(file, 8 + header_size + data_size, NULL, &model, &err) != ML_OK) {
        fprintf(stderr, "mlbench: %s\n", err.message);
    }
    free(file);
    return model;
}

static ml_predictor *open_on(ml_model *model, uint32_t skip, bool clean, uint32_t threads) {
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    ml_predictor *predictor = NULL;

    options.skip = skip;
    options.clean = clean ? clean_nothing : NULL;
    options.thread_count = threads;
    return ml_predictor_create(model, &options, &predictor, NULL) == ML_OK ? predictor : NULL;
}

static void
ask_overhead(struct bench_report *report, ml_model *model, const float *rows, float *out) {
    static const size_t row_counts[] = {1, 32, 1024};
    ml_predictor *bare = open_on(model, ML_SKIP_VALIDATE | ML_SKIP_DEDUPE, false, 1);
    ml_predictor *full = open_on(model, 0, true, 1);
    ml_predictor *usual = open_on(model, 0, false, 1);

    for (size_t i = 0; bare != NULL && full != NULL && usual != NULL && i < 3; i++) {
        struct work work[4];
        char question[96];

        for (size_t w = 0; w < 4; w++) {
            work[w] = (struct work){NULL, model, rows, out, row_counts[i], WIDTH, 1};
        }
        work[1].predictor = bare;
        work[2].predictor = usual;
        work[3].predictor = full;
        {
            const struct bench_contender contenders[] = {
                {"ml_model_run", run_bare, &work[0], 1},
                {"predict, every stage off", run_predict, &work[1], 1},
                {"predict, validate + dedupe", run_predict, &work[2], 1},
                {"predict, validate + clean + dedupe", run_predict, &work[3], 1},
            };

            (void)snprintf(
                question, sizeof question, "an empty model, %zu rows of 64 floats",
                row_counts[i]
            );
            bench_ask(report, question, "call", contenders, 4);
        }
    }
    ml_predictor_close(bare);
    ml_predictor_close(full);
    ml_predictor_close(usual);
}

static void
ask_scaling(struct bench_report *report, ml_model *model, const float *rows, float *out) {
    static const size_t row_counts[] = {1, 32, 1024};
    ml_predictor *one = open_on(model, 0, false, 1);
    ml_predictor *two = open_on(model, 0, false, 2);

    for (size_t i = 0; one != NULL && two != NULL && i < 3; i++) {
        struct work work[3];
        char question[96];

        for (size_t w = 0; w < 3; w++) {
            work[w] = (struct work){NULL, model, rows, out, row_counts[i], NET_IN, NET_OUT};
        }
        work[1].predictor = one;
        work[2].predictor = two;
        {
            const struct bench_contender contenders[] = {
                {"predict, 1 thread", run_predict, &work[1], (double)row_counts[i]},
                {"predict, 2 threads", run_predict, &work[2], (double)row_counts[i]},
                {"ml_model_run", run_bare, &work[0], (double)row_counts[i]},
            };

            (void
            )snprintf(question, sizeof question, "784-512-256-10 net, %zu rows", row_counts[i]);
            bench_ask(report, question, "row", contenders, 3);
        }
    }
    ml_predictor_close(one);
    ml_predictor_close(two);
}

int bench_predict(const struct bench_options *options) {
    struct bench_report *report = bench_begin("predict", options);
    float *rows = malloc(MAX_ROWS * NET_IN * sizeof *rows);
    float *out = malloc(MAX_ROWS * NET_OUT * sizeof *out);
    ml_model *empty = make_empty_model();
    ml_model *net = make_net();

    if (report != NULL && rows != NULL && out != NULL && empty != NULL && net != NULL) {
        for (size_t i = 0; i < MAX_ROWS * NET_IN; i++) {
            rows[i] = random_float();
        }
        ask_overhead(report, empty, rows, out);
        ask_scaling(report, net, rows, out);
    }
    ml_model_release(empty);
    ml_model_release(net);
    free(rows);
    free(out);
    return report != NULL && empty != NULL && net != NULL ? bench_end(report) : 1;
}
