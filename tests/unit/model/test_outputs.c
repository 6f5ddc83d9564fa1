/* SPDX-License-Identifier: MIT */
/*
 * Which outputs a graph offers, and in what order.
 */
#include "unit/model/graphs.h"

static const float weights[] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
static const float rows[] = {1, 3, 2, 5, 4, 4};

/* Three classes: the layer, its Softmax, and an ArgMax of that. */
struct classifier {
    struct graph g;
    uint32_t logits;
    uint32_t probabilities;
    uint32_t label;
};

static void make(struct classifier *c) {
    uint32_t x;

    graph_start(&c->g, 13);
    x = graph_rows(&c->g, 3);
    c->logits = graph_binary(&c->g, ML__OP_MatMul, x, graph_floats(&c->g, weights, 3, 3));
    c->probabilities = graph_unary(&c->g, ML__OP_Softmax, c->logits);
    c->label = graph_unary(&c->g, ML__OP_ArgMax, c->probabilities);
    graph_int(&c->g, "axis", 1);
}

static void check_names(struct graph *g, const char *names) {
    ml_model *model = graph_compile(g);
    const ml_model_info *info = ml_model_describe(model);
    char got[200] = "";

    for (size_t i = 0; i < info->output_count; i++) {
        const ml_port *port = &info->outputs[i];

        (void)snprintf(
            got + strlen(got), sizeof got - strlen(got), "%s%s%s%s", i ? " " : "", port->name,
            port->alias ? "=" : "", port->alias ? port->alias : ""
        );
    }
    assert_string_equal(got, names);
    ml_model_release(model);
}

static void classifier_offers_probabilities_label_and_logits(void **state) {
    static const int64_t labels[] = {1, 0};
    struct classifier c;
    int64_t label[2];
    float logits[6];
    float both[6];
    ml_model *model;
    const void *inputs[] = {rows};
    void *outputs[] = {both, label, logits};

    (void)state;
    make(&c);
    graph_output(&c.g, c.probabilities);
    check_names(&c.g, "v3=probabilities label logits");
    model = graph_compile(&c.g);
    assert_int_equal(ml_model_describe(model)->task, ML_TASK_CLASSIFIER);
    assert_int_equal(ml_model_describe(model)->label_count, 3);
    assert_int_equal(ml_model_run(model, inputs, outputs, 2, NULL), ML_OK);
    assert_memory_equal(label, labels, sizeof labels);
    check_floats(logits, rows, 6, 0);
    outputs[0] = NULL;
    memset(label, 0, sizeof label);
    assert_int_equal(ml_model_run(model, inputs, outputs, 2, NULL), ML_OK);
    assert_memory_equal(label, labels, sizeof labels);
    ml_model_release(model);
}

static void probabilities_come_first_wherever_the_file_has_them(void **state) {
    struct classifier c;

    (void)state;
    make(&c);
    graph_output(&c.g, c.label);
    graph_output(&c.g, c.logits);
    graph_output(&c.g, c.probabilities);
    check_names(&c.g, "v3=probabilities v4=label v2=logits");
}

static void label_alone_brings_its_probabilities(void **state) {
    struct classifier c;

    (void)state;
    make(&c);
    graph_output(&c.g, c.label);
    check_names(&c.g, "probabilities v4=label logits");
}

static void sigmoid_beside_integer_labels_makes_a_classifier_of_two(void **state) {
    static const float column[] = {1, 0, 0};
    struct graph g;
    ml_model *model;
    uint32_t score;
    uint32_t chance;

    (void)state;
    graph_start(&g, 13);
    score = graph_rows(&g, 3);
    score = graph_binary(&g, ML__OP_MatMul, score, graph_floats(&g, column, 3, 1));
    chance = graph_unary(&g, ML__OP_Sigmoid, score);
    graph_output(&g, graph_unary(&g, ML__OP_Cast, chance));
    graph_int(&g, "to", 7);
    graph_output(&g, chance);
    check_names(&g, "v3=probabilities v4=label logits");
    model = graph_compile(&g);
    assert_int_equal(ml_model_describe(model)->label_count, 2);
    ml_model_release(model);
}

static void anything_else_is_a_regressor(void **state) {
    struct graph g;
    ml_model *model;
    uint32_t x;

    (void)state;
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    graph_output(&g, graph_unary(&g, ML__OP_Sigmoid, x));
    graph_output(&g, graph_unary(&g, ML__OP_Tanh, x));
    check_names(&g, "v1=pred v2");
    model = graph_compile(&g);
    assert_int_equal(ml_model_describe(model)->task, ML_TASK_REGRESSOR);
    assert_int_equal(ml_model_describe(model)->label_count, 0);
    ml_model_release(model);
}

static void outputs_of_one_value_and_inputs_passed_on_are_copies(void **state) {
    const void *inputs[] = {rows};
    float passed[6];
    float once[6];
    float twice[6];
    void *outputs[] = {passed, once, twice};
    struct graph g;
    ml_model *model;
    uint32_t x;
    uint32_t y;

    (void)state;
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    y = graph_unary(&g, ML__OP_Relu, x);
    graph_output(&g, graph_unary(&g, ML__OP_Identity, x));
    graph_output(&g, y);
    graph_output(&g, graph_unary(&g, ML__OP_Identity, y));
    model = graph_compile(&g);
    assert_int_equal(ml_model_run(model, inputs, outputs, 2, NULL), ML_OK);
    check_floats(passed, rows, 6, 0);
    check_floats(once, rows, 6, 0);
    check_floats(twice, rows, 6, 0);
    memset(twice, 0, sizeof twice);
    outputs[0] = NULL;
    outputs[1] = NULL;
    assert_int_equal(ml_model_run(model, inputs, outputs, 2, NULL), ML_OK);
    check_floats(twice, rows, 6, 0);
    ml_model_release(model);
}

static void outputs_that_are_none_are_refused(void **state) {
    struct graph g;
    uint32_t x;

    (void)state;
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    graph_refuse(
        &g, graph_floats(&g, weights, 3, 3), ML_EUNSUPPORTED,
        "output 'c1' does not depend on any input"
    );
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    graph_output(&g, x);
    graph_refuse(&g, x, ML_EFORMAT, "output 'x0' is there more than once");
    graph_start(&g, 13);
    x = graph_unary(&g, ML__OP_Relu, graph_rows(&g, 3));
    g.values[x].dtype = ML_INT64;
    graph_refuse(&g, x, ML_ESHAPE, "output 'v1' is declared INT64, but is FP32");
    graph_start(&g, 13);
    x = graph_rows(&g, 3);
    for (int i = 0; i < 61; i++) {
        graph_output(&g, x);
    }
    graph_refuse(&g, x, ML_ELIMIT, "the graph has 62 outputs, expected 1..61");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classifier_offers_probabilities_label_and_logits),
        cmocka_unit_test(probabilities_come_first_wherever_the_file_has_them),
        cmocka_unit_test(label_alone_brings_its_probabilities),
        cmocka_unit_test(sigmoid_beside_integer_labels_makes_a_classifier_of_two),
        cmocka_unit_test(anything_else_is_a_regressor),
        cmocka_unit_test(outputs_of_one_value_and_inputs_passed_on_are_copies),
        cmocka_unit_test(outputs_that_are_none_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
