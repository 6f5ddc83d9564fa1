/* SPDX-License-Identifier: MIT */
/*
 * route_predict.c -- POST /predict and POST /batch-predict: rows in, answers out.
 *
 * Both read alike. They differ in what a bad row does: on /predict it fails the request, with a
 * list of all that is wrong; on /batch-predict it is answered in its own place.
 *
 *   /predict        {"item": x}                  one answer
 *                   {"items": [...]} or [...]    {"predictions": [answer, ...]}
 *   /batch-predict  {"items": [...]} or [...]    {"predictions": [answer | {"error": ...},
 * ...]} answer          {"label": L, "probabilities": [...]}, {"value": v} or {"values": [...]}
 */
#include "respond.h"
#include "routes.h"

#include <stdio.h>
#include <string.h>

enum { MAX_FAULTS = 100, MAX_FAULT_TEXT = 256 };

void predict_read(struct turn *turn, struct request *request, struct framing_span body) {
    struct batch *batch = &turn->batches[request->model];
    const char *text = body.text == NULL ? "" : body.text;
    ml_error err = ML_ERROR_INIT;
    const ml_status status = ml_rows_read_json(
        batch->rows, text, body.size, &request->first, &request->count, &request->form, &err
    );

    if (status != ML_OK) {
        request->code = ml_status_http(status);
        (void)snprintf(request->reason, sizeof request->reason, "%s", err.message);
        return;
    }
    turn->row_count += request->count;
    turn->body_bytes += body.size;
}

static void write_values(ml_json_writer *json, const struct batch *batch, size_t row) {
    const size_t width = batch->model->output_width;

    if (batch->model->output_dtype == ML_FP64) {
        ml_json_f64s(
            json, (const double *)(const void *)batch->values.data + row * width, width
        );
    } else {
        ml_json_f32s(
            json, (const float *)(const void *)batch->values.data + row * width, width
        );
    }
}

static void write_value(ml_json_writer *json, const struct batch *batch, size_t row) {
    if (batch->model->output_dtype == ML_FP64) {
        ml_json_f64(json, ((const double *)(const void *)batch->values.data)[row]);
    } else {
        ml_json_f32(json, ((const float *)(const void *)batch->values.data)[row]);
    }
}

static void write_label(ml_json_writer *json, const struct batch *batch, size_t row) {
    if (batch->model->info->labels != NULL) {
        const ml_bytes *names = (const ml_bytes *)(const void *)batch->labels.data;

        ml_json_string(json, names[row].data, names[row].size);
    } else {
        ml_json_i64(json, ((const int64_t *)(const void *)batch->labels.data)[row]);
    }
}

/* The answer of one row that did not fail. */
static void write_answer(ml_json_writer *json, const struct batch *batch, size_t row) {
    ml_json_begin_object(json);
    if (batch->model->form == ANSWER_CLASSES) {
        ml_json_key(json, "label");
        write_label(json, batch, row);
        ml_json_key(json, "probabilities");
        write_values(json, batch, row);
    } else if (batch->model->output_width == 1) {
        ml_json_key(json, "value");
        write_value(json, batch, row);
    } else {
        ml_json_key(json, "values");
        write_values(json, batch, row);
    }
    ml_json_end_object(json);
}

static void write_row_error(ml_json_writer *json, size_t index, const ml_row_result *result) {
    char text[MAX_FAULT_TEXT];

    ml_row_result_text(result, text, sizeof text);
    ml_json_begin_object(json);
    ml_json_key(json, "error");
    ml_json_begin_object(json);
    ml_json_key(json, "row");
    ml_json_u64(json, index);
    ml_json_key(json, "message");
    ml_json_text(json, text);
    ml_json_end_object(json);
    ml_json_end_object(json);
}

/* Write the failed rows of a request as a 422 list; false: there is none, nothing is written.
 */
static bool
write_faults(struct turn *turn, const struct request *request, const ml_row_result *results) {
    const char *key = request->form == ML_ROWS_ITEMS  ? "items"
                      : request->form == ML_ROWS_ITEM ? "item"
                                                      : NULL;
    size_t fault_count = 0;
    size_t i;

    for (i = 0; i < request->count && fault_count < MAX_FAULTS; i++) {
        const ml_row_result *result = &results[request->first + i];
        char text[MAX_FAULT_TEXT];

        if (result->status == ML_OK) {
            continue;
        }
        if (fault_count++ == 0) {
            ml_json_begin_object(turn->json);
            ml_json_key(turn->json, "detail");
            ml_json_begin_array(turn->json);
        }
        ml_row_result_text(result, text, sizeof text);
        respond_fault(
            turn, key, request->form == ML_ROWS_ITEM ? -1 : (int64_t)i, result->column, text,
            (ml_status)result->status
        );
    }
    if (fault_count == 0) {
        return false;
    }
    ml_json_end_array(turn->json);
    ml_json_end_object(turn->json);
    return true;
}

/* {"predictions": [...]} */
static void write_predictions(
    struct turn *turn, const struct request *request, const ml_row_result *results
) {
    const struct batch *batch = &turn->batches[request->model];
    size_t i;

    ml_json_begin_object(turn->json);
    ml_json_key(turn->json, "predictions");
    ml_json_begin_array(turn->json);
    for (i = 0; i < request->count; i++) {
        const size_t row = request->first + i;

        if (results[row].status == ML_OK) {
            write_answer(turn->json, batch, row);
        } else {
            write_row_error(turn->json, i, &results[row]);
        }
    }
    ml_json_end_array(turn->json);
    ml_json_end_object(turn->json);
}

/* The results of the rows, or NULL: the whole batch failed, which is answered here. */
static const ml_row_result *find_results(struct turn *turn, const struct request *request) {
    const struct batch *batch = &turn->batches[request->model];

    ml_json_clear(turn->json, JSON_KEPT_BYTES);
    if (request->count > 0 && batch->status != ML_OK && batch->status != ML_EROWS) {
        respond_error(
            turn, request, ml_status_http(batch->status), ml_status_text(batch->status)
        );
        return NULL;
    }
    return ml_rows_results(batch->rows);
}

void predict_answer(struct turn *turn, const struct request *request) {
    const ml_row_result *results = find_results(turn, request);
    int code = 200;

    if (results == NULL && request->count > 0) {
        return;
    }
    if (write_faults(turn, request, results)) {
        code = 422;
    } else if (request->form == ML_ROWS_ITEM) {
        write_answer(turn->json, &turn->batches[request->model], request->first);
    } else {
        write_predictions(turn, request, results);
    }
    respond_json(turn, request, code);
}

void batch_predict_answer(struct turn *turn, const struct request *request) {
    struct request refused;
    const ml_row_result *results;

    if (request->form == ML_ROWS_ITEM) {
        refused = *request;
        refused.code = 422;
        (void)snprintf(
            refused.reason, sizeof refused.reason,
            "expected {\"items\": [...]} or a bare array; one {\"item\": x} goes to /predict"
        );
        respond_refusal(turn, &refused);
        return;
    }
    results = find_results(turn, request);
    if (results == NULL && request->count > 0) {
        return;
    }
    write_predictions(turn, request, results);
    respond_json(turn, request, 200);
}
