/* SPDX-License-Identifier: MIT */
/*
 * cmd_predict.c -- mlserve predict: a file of rows in, a matrix of answers out.
 *
 * The table goes through in chunks of a few MiB, so its size does not matter. Rows of double
 * precision (csv, float64 npy) stay so until the predictor's door, where the model says what it
 * wants. A bad row ends the run with its number: no half file is left.
 */
#include "arguments.h"
#include "commands.h"
#include "progress.h"
#include "sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    OPTION_MODEL = 1,
    OPTION_INPUT,
    OPTION_OUTPUT,
    OPTION_OUTPUT_NAME,
    OPTION_THREADS,
    CHUNK_BYTES = 4 << 20,
    CHUNK_ROWS = 16384
};

static const struct option options[] = {
    {"--model", "FILE", "the model (onnx, safetensors)", OPTION_MODEL},
    {"--input", "FILE", "the rows: npy, or csv with a header line", OPTION_INPUT},
    {"--output", "FILE", "where answers go: .npy or .csv; else csv on standard output",
     OPTION_OUTPUT},
    {"--output-name", "NAME", "which output; label: class numbers (default: the first)",
     OPTION_OUTPUT_NAME},
    {"--threads", "N", "threads that compute (default: one a core)", OPTION_THREADS},
};
static const struct command command = {
    "mlserve predict",
    "--model FILE --input X.npy|X.csv [OPTION...]\n\n"
    "Predict every row of a file. A row that the model does not take ends the run.\n",
    options,
    sizeof options / sizeof options[0],
};

struct job {
    const char *model_path;
    const char *input_path;
    const char *output_path;
    const char *output_name;
    uint32_t thread_count;

    ml_predictor *predictor;
    const ml_model_info *model;
    ml_table_reader *table;
    struct sink sink;
    ml_dtype rows_dtype;
    ml_dtype answers_dtype;
    size_t answers_width; /* 0: one number a row, 1-D */
    size_t chunk_rows;
    void *rows;
    void *answers;
    ml_row_result *results;
};

static ml_status fail(ml_error *err, ml_status status, const char *path, const char *message) {
    err->status = status;
    (void)snprintf(err->message, sizeof err->message, "%s: %s", path, message);
    return status;
}

/* Answers an exit code, or -1: go on. */
static bool ends_with(const char *text, const char *end) {
    const size_t size = strlen(text);
    const size_t end_size = strlen(end);

    return size > end_size && strcmp(text + size - end_size, end) == 0;
}

static int read_arguments(struct job *job, char **words) {
    struct arguments arguments = {&command, words, false};
    const char *value = NULL;
    int id;

    while ((id = arguments_next(&arguments, &value)) != ARGUMENT_END) {
        switch (id) {
        case OPTION_MODEL:
            job->model_path = value;
            break;
        case OPTION_INPUT:
            job->input_path = value;
            break;
        case OPTION_OUTPUT:
            job->output_path = value;
            break;
        case OPTION_OUTPUT_NAME:
            job->output_name = value;
            break;
        case OPTION_THREADS:
            if (!arguments_number(&command, "--threads", value, 1, 1024, &job->thread_count)) {
                return EXIT_USAGE;
            }
            break;
        case ARGUMENT_HELP:
            return EXIT_FINE;
        case ARGUMENT_WORD:
            return arguments_refuse(&command, "what is %s? Options begin with --", value);
        default:
            return EXIT_USAGE;
        }
    }
    if (job->model_path == NULL || job->input_path == NULL) {
        return arguments_refuse(
            &command, "%s is missing", job->model_path == NULL ? "--model" : "--input"
        );
    }
    if (job->output_path != NULL && !ends_with(job->output_path, ".npy") &&
        !ends_with(job->output_path, ".csv")) {
        return arguments_refuse(
            &command, "--output is '%s', expected a name that ends in .npy or .csv",
            job->output_path
        );
    }
    return -1;
}

/* Double where single precision would lose something, else single. */
static ml_dtype choose_rows_dtype(uint32_t dtype) {
    switch (dtype) {
    case ML_FP32:
    case ML_FP16:
    case ML_BF16:
    case ML_INT8:
    case ML_INT16:
    case ML_UINT8:
    case ML_UINT16:
    case ML_BOOL:
        return ML_FP32;
    default:
        return ML_FP64;
    }
}

static ml_status choose_output(struct job *job, ml_error *err) {
    const ml_port *port;
    size_t index = 0;
    ml_status status;

    if (job->output_name != NULL && strcmp(job->output_name, "label") == 0 &&
        job->model->task == ML_TASK_CLASSIFIER) {
        job->answers_dtype = ML_INT64;
        job->answers_width = 0;
        return ML_OK;
    }
    status =
        ml_model_find_output(ml_predictor_model(job->predictor), job->output_name, &index, err);
    if (status != ML_OK) {
        return status;
    }
    port = &job->model->outputs[index];
    job->answers_width = port->rank == 1 ? 0 : port->row_elements;
    switch (port->dtype) {
    case ML_FP32:
    case ML_FP16:
    case ML_BF16:
        job->answers_dtype = ML_FP32;
        return ML_OK;
    case ML_FP64:
        job->answers_dtype = ML_FP64;
        return ML_OK;
    case ML_BYTES:
        return fail(err, ML_EUNSUPPORTED, port->name, "an output of strings is no matrix");
    default:
        job->answers_dtype = ML_INT64;
        return ML_OK;
    }
}

/* Column names: the classes where there is a column a class, else the output's name counted. */
static ml_status open_sink(struct job *job, ml_error *err) {
    const char *base =
        job->output_name != NULL ? job->output_name : job->model->outputs[0].name;
    const size_t width = job->answers_width == 0 ? 1 : job->answers_width;
    const size_t room = strlen(base) + 24;
    const char **names = calloc(width, sizeof *names);
    char *text = calloc(width, room);
    ml_status status = ML_ENOMEM;
    size_t i;

    if (names == NULL || text == NULL) {
        (void)fail(err, ML_ENOMEM, base, "no memory for column names");
        goto done;
    }
    for (i = 0; i < width; i++) {
        (void)snprintf(text + i * room, room, width == 1 ? "%s" : "%s_%zu", base, i);
        names[i] = text + i * room;
        if (job->model->labels != NULL && job->model->label_count == width && width > 1) {
            names[i] = job->model->labels[i];
        }
    }
    status = sink_open(
        &job->sink, job->output_path, job->answers_dtype, job->answers_width, names, err
    );
done:
    free(names);
    free(text);
    return status;
}

static ml_status open_all(struct job *job, ml_error *err) {
    ml_predictor_options predictor_options = ML_PREDICTOR_OPTIONS_INIT;
    const ml_table_info *table;
    size_t row_bytes;
    ml_status status;

    predictor_options.thread_count =
        job->thread_count > 0 ? job->thread_count : uv_available_parallelism();
    status = ml_predictor_open(job->model_path, &predictor_options, &job->predictor, err);
    if (status != ML_OK) {
        return status;
    }
    job->model = ml_model_describe(ml_predictor_model(job->predictor));
    status = ml_table_open(job->input_path, NULL, &job->table, err);
    if (status != ML_OK) {
        return status;
    }
    table = ml_table_describe(job->table);
    if (job->model->input_count != 1) {
        return fail(err, ML_EUNSUPPORTED, job->model_path, "a table fits a model of one input");
    }
    if (table->width != job->model->inputs[0].row_elements) {
        (void)snprintf(
            err->message, sizeof err->message, "%s: %" PRIu64 " columns; the model takes %zu",
            job->input_path, table->width, job->model->inputs[0].row_elements
        );
        return ML_ESHAPE;
    }
    status = choose_output(job, err);
    if (status != ML_OK) {
        return status;
    }
    job->rows_dtype = choose_rows_dtype(table->dtype);
    row_bytes = 8 * ((size_t)table->width + job->answers_width + 3);
    job->chunk_rows = CHUNK_BYTES / row_bytes;
    job->chunk_rows = job->chunk_rows > CHUNK_ROWS ? CHUNK_ROWS : job->chunk_rows;
    job->chunk_rows = job->chunk_rows < 1 ? 1 : job->chunk_rows;
    job->rows = calloc(job->chunk_rows, 8 * ((size_t)table->width + 1));
    job->answers = calloc(job->chunk_rows, 8 * (job->answers_width + 1));
    job->results = calloc(job->chunk_rows, sizeof *job->results);
    if (job->rows == NULL || job->answers == NULL || job->results == NULL) {
        return fail(err, ML_ENOMEM, job->input_path, "no memory for rows");
    }
    return open_sink(job, err);
}

/* Say which row of the file it was: the predictor counts from the start of the chunk. */
static ml_status
fail_row(const struct job *job, uint64_t first, size_t row_count, ml_error *err) {
    char text[160];
    size_t i;

    for (i = 0; i < row_count; i++) {
        if (job->results[i].status != ML_OK) {
            ml_row_result_text(&job->results[i], text, sizeof text);
            (void)snprintf(
                err->message, sizeof err->message, "%s: row %" PRIu64 " (from 0): %s",
                job->input_path, first + i, text
            );
            break;
        }
    }
    return ML_EROWS;
}

static ml_status predict_chunk(struct job *job, uint64_t first, size_t rows, ml_error *err) {
    const size_t input_width = job->model->inputs[0].row_elements;
    const ml_tensor input = {NULL, job->rows, job->rows_dtype, 2, {rows, input_width}};
    const ml_tensor output = {
        job->output_name,           job->answers,
        job->answers_dtype,         job->answers_width == 0 ? 1 : 2,
        {rows, job->answers_width},
    };
    ml_call call = ML_CALL_INIT;
    ml_status status;

    call.results = job->results;
    status = ml_predict_batch(
        job->predictor, ml_tensor_list(&input, 1), ml_tensor_list(&output, 1), &call, err
    );
    if (status == ML_EROWS) {
        return fail_row(job, first, rows, err);
    }
    return status == ML_OK ? sink_write(&job->sink, job->answers, rows, err) : status;
}

static ml_status run(struct job *job, ml_error *err) {
    const uint64_t total = ml_table_describe(job->table)->row_count;
    struct progress progress;
    uint64_t done = 0;
    ml_status status;

    progress_start(&progress);
    for (;;) {
        size_t rows = 0;

        status =
            ml_table_read(job->table, job->rows_dtype, job->rows, job->chunk_rows, &rows, err);
        if (status != ML_OK || rows == 0) {
            break;
        }
        status = predict_chunk(job, done, rows, err);
        if (status != ML_OK) {
            break;
        }
        done += rows;
        progress_show(&progress, done, total);
    }
    progress_end(&progress);
    return status == ML_OK ? sink_commit(&job->sink, err) : status;
}

int cmd_predict(char **words) {
    struct job job;
    ml_error err = ML_ERROR_INIT;
    ml_status status;
    int code;

    memset(&job, 0, sizeof job);
    code = read_arguments(&job, words);
    if (code >= 0) {
        return code;
    }
    status = open_all(&job, &err);
    if (status == ML_OK) {
        status = run(&job, &err);
    }
    if (status != ML_OK) {
        fflush(stdout);
        fprintf(stderr, "mlserve predict: %s\n", err.message);
    }
    sink_abort(&job.sink);
    ml_table_close(job.table);
    ml_predictor_close(job.predictor);
    free(job.rows);
    free(job.answers);
    free(job.results);
    return status == ML_OK ? EXIT_FINE : EXIT_FAILED;
}
