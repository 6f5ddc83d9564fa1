/* SPDX-License-Identifier: MIT */
/*
 * cmd_inspect.c -- mlserve inspect: what a model file holds, for people or as JSON.
 */
#include "arguments.h"
#include "commands.h"

#include <mlserve.h>

#include <inttypes.h>
#include <stdio.h>

enum { OPTION_JSON = 1, LABELS_SHOWN = 12 };

static const struct option options[] = {
    {"--json", NULL, "print one JSON object", OPTION_JSON},
};
static const struct command command = {
    "mlserve inspect",
    "FILE [--json]\n\n"
    "Load a model file and show its kind, inputs, outputs, size and parameters.\n",
    options,
    sizeof options / sizeof options[0],
};

static const char *task_name(uint32_t task) {
    return task == ML_TASK_CLASSIFIER  ? "classifier"
           : task == ML_TASK_REGRESSOR ? "regressor"
                                       : "unknown";
}

static void print_port(const ml_port *port, const char *mark) {
    uint32_t axis;

    printf("  %-20s %-5s [rows", port->name, ml_dtype_name((ml_dtype)port->dtype));
    for (axis = 1; axis < port->rank; axis++) {
        printf(", %zu", port->shape[axis]);
    }
    printf("]");
    if (port->alias != NULL) {
        printf(" also called %s", port->alias);
    }
    printf("%s\n", mark);
}

static void print_labels(const ml_model_info *info) {
    size_t i;

    printf("classes:     %zu:", info->label_count);
    for (i = 0; i < info->label_count && i < LABELS_SHOWN; i++) {
        if (info->labels != NULL) {
            printf(" %s", info->labels[i]);
        } else {
            printf(
                " %" PRId64, info->label_numbers == NULL ? (int64_t)i : info->label_numbers[i]
            );
        }
    }
    printf("%s\n", info->label_count > LABELS_SHOWN ? " ..." : "");
}

static void print_text(const char *path, const ml_model_info *info) {
    size_t i;

    printf("file:        %s\n", path);
    printf("kind:        %s\n", info->kind);
    if (info->detail != NULL && info->detail[0] != '\0') {
        printf("detail:      %s\n", info->detail);
    }
    printf("task:        %s\n", task_name(info->task));
    printf("size:        %" PRIu64 " bytes\n", info->file_bytes);
    printf("parameters:  %" PRIu64 "\n", info->parameter_count);
    printf("inputs:\n");
    for (i = 0; i < info->input_count; i++) {
        print_port(&info->inputs[i], "");
    }
    printf("outputs:\n");
    for (i = 0; i < info->output_count; i++) {
        print_port(&info->outputs[i], i == 0 ? " (default)" : "");
    }
    if (info->label_count > 0) {
        print_labels(info);
    }
    printf("missing:     %s\n", info->takes_missing ? "taken" : "refused");
    printf("infinite:    %s\n", info->takes_infinite ? "taken" : "refused");
    printf("row cost:    about %" PRIu64 " ns\n", info->row_cost_ns);
}

static void write_ports(ml_json_writer *json, const ml_port *ports, size_t count) {
    size_t i;
    uint32_t axis;

    ml_json_begin_array(json);
    for (i = 0; i < count; i++) {
        ml_json_begin_object(json);
        ml_json_key(json, "name");
        ml_json_text(json, ports[i].name);
        if (ports[i].alias != NULL) {
            ml_json_key(json, "alias");
            ml_json_text(json, ports[i].alias);
        }
        ml_json_key(json, "datatype");
        ml_json_text(json, ml_dtype_name((ml_dtype)ports[i].dtype));
        ml_json_key(json, "shape");
        ml_json_begin_array(json);
        ml_json_i64(json, -1);
        for (axis = 1; axis < ports[i].rank; axis++) {
            ml_json_u64(json, ports[i].shape[axis]);
        }
        ml_json_end_array(json);
        ml_json_end_object(json);
    }
    ml_json_end_array(json);
}

static void write_labels(ml_json_writer *json, const ml_model_info *info) {
    size_t i;

    ml_json_begin_array(json);
    for (i = 0; i < info->label_count; i++) {
        if (info->labels != NULL) {
            ml_json_text(json, info->labels[i]);
        } else {
            ml_json_i64(
                json, info->label_numbers == NULL ? (int64_t)i : info->label_numbers[i]
            );
        }
    }
    ml_json_end_array(json);
}

static ml_status print_json(const char *path, const ml_model_info *info, ml_error *err) {
    ml_json_writer *json = NULL;
    ml_bytes text;
    ml_status status = ml_json_create(NULL, &json, err);

    if (status != ML_OK) {
        return status;
    }
    ml_json_begin_object(json);
    ml_json_key(json, "file");
    ml_json_text(json, path);
    ml_json_key(json, "kind");
    ml_json_text(json, info->kind);
    ml_json_key(json, "detail");
    ml_json_text(json, info->detail == NULL ? "" : info->detail);
    ml_json_key(json, "task");
    ml_json_text(json, task_name(info->task));
    ml_json_key(json, "size");
    ml_json_u64(json, info->file_bytes);
    ml_json_key(json, "parameters");
    ml_json_u64(json, info->parameter_count);
    ml_json_key(json, "inputs");
    write_ports(json, info->inputs, info->input_count);
    ml_json_key(json, "outputs");
    write_ports(json, info->outputs, info->output_count);
    ml_json_key(json, "classes");
    write_labels(json, info);
    ml_json_key(json, "takes_missing");
    ml_json_bool(json, info->takes_missing != 0);
    ml_json_key(json, "takes_infinite");
    ml_json_bool(json, info->takes_infinite != 0);
    ml_json_key(json, "row_cost_ns");
    ml_json_u64(json, info->row_cost_ns);
    ml_json_end_object(json);
    status = ml_json_finish(json, &text, err);
    if (status == ML_OK) {
        printf("%.*s\n", (int)text.size, (const char *)text.data);
    }
    ml_json_free(json);
    return status;
}

int cmd_inspect(char **words) {
    struct arguments arguments = {&command, words, false};
    const char *path = NULL;
    const char *value = NULL;
    bool as_json = false;
    ml_error err = ML_ERROR_INIT;
    ml_model *model = NULL;
    ml_status status;
    int id;

    while ((id = arguments_next(&arguments, &value)) != ARGUMENT_END) {
        if (id == ARGUMENT_HELP || id == ARGUMENT_WRONG) {
            return id == ARGUMENT_HELP ? EXIT_FINE : EXIT_USAGE;
        }
        if (id == OPTION_JSON) {
            as_json = true;
        } else if (path == NULL) {
            path = value;
        } else {
            return arguments_refuse(&command, "one file at a time; what is %s?", value);
        }
    }
    if (path == NULL) {
        return arguments_refuse(&command, "which FILE?");
    }
    status = ml_model_load(path, NULL, &model, &err);
    if (status == ML_OK && as_json) {
        status = print_json(path, ml_model_describe(model), &err);
    } else if (status == ML_OK) {
        print_text(path, ml_model_describe(model));
    }
    if (status == ML_OK && fflush(stdout) != 0) {
        perror("mlserve inspect: standard output");
        status = ML_EIO;
    } else if (status != ML_OK) {
        fprintf(stderr, "mlserve inspect: %s\n", err.message);
    }
    ml_model_release(model);
    return status == ML_OK ? EXIT_FINE : EXIT_FAILED;
}
