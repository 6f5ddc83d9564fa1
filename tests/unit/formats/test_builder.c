/* SPDX-License-Identifier: MIT */
/*
 * test_builder.c -- proves lib/formats/builder.c: values by name, made once, handed over.
 */
#include "unit/formats/reading.h"

#include "formats/builder.h"

static const struct ml__room some_room = {
    .values = 2000, .nodes = 2, .inputs = 1, .outputs = 1};

static ml_bytes text(const char *word) {
    return (ml_bytes){word, strlen(word)};
}

static void values_are_found_by_their_whole_name(void **state) {
    struct ml__builder builder;
    uint32_t value;
    char name[16];

    (void)state;
    ml__builder_start(&builder, "test", 1 << 20);
    assert_int_equal(ml__builder_reserve(&builder, &some_room, NULL), ML_OK);
    for (uint32_t i = 0; i < 2000; i++) {
        (void)snprintf(name, sizeof name, "v%u", i);
        assert_int_equal(ml__builder_add_value(&builder, text(name), 0, &value, NULL), ML_OK);
        assert_int_equal(value, i);
    }
    for (uint32_t i = 0; i < 2000; i++) {
        (void)snprintf(name, sizeof name, "v%u", i);
        assert_int_equal(ml__builder_find(&builder, text(name)), i);
    }
    assert_int_equal(ml__builder_find(&builder, text("v2000")), ML__NO_VALUE);
    assert_int_equal(ml__builder_find(&builder, text("v")), ML__NO_VALUE);
    assert_int_equal(ml__builder_find(&builder, text("")), ML__NO_VALUE);
    ml__builder_drop(&builder);
    assert_int_equal(live_blocks, 0);
}

static void a_name_is_given_once_and_not_empty(void **state) {
    struct ml__builder builder;
    ml_error err = ML_ERROR_INIT;
    uint32_t value;

    (void)state;
    ml__builder_start(&builder, "test", 0);
    assert_int_equal(ml__builder_reserve(&builder, &some_room, NULL), ML_OK);
    assert_int_equal(ml__builder_add_value(&builder, text("a"), 5, &value, &err), ML_OK);
    assert_int_equal(ml__builder_add_value(&builder, text("a"), 7, &value, &err), ML_EFORMAT);
    assert_string_equal(err.message, "byte 7: value 'a' is made twice");
    assert_int_equal(ml__builder_add_value(&builder, text(""), 9, &value, &err), ML_EFORMAT);
    assert_string_equal(err.message, "byte 9: a value without a name");
    ml__builder_drop(&builder);
}

static void more_than_the_limits_is_refused(void **state) {
    const struct ml__room nodes = {.nodes = ML__MAX_NODES + 1};
    const struct ml__room values = {.values = ML__MAX_VALUES + 1};
    struct ml__builder builder;
    ml_error err = ML_ERROR_INIT;

    (void)state;
    ml__builder_start(&builder, "test", SIZE_MAX);
    assert_int_equal(ml__builder_reserve(&builder, &nodes, &err), ML_ELIMIT);
    assert_string_equal(
        err.message, "the graph has 100001 nodes, at most 100000 are supported"
    );
    assert_int_equal(ml__builder_reserve(&builder, &values, &err), ML_ELIMIT);
    assert_int_equal(live_blocks, 0);
}

static void constants_are_typed_values_and_floats_count_as_parameters(void **state) {
    const int64_t minus_one = -1;
    const struct ml__constant weights = {
        .data = (const unsigned char *)"",
        .count = 6,
        .dtype = ML_BF16,
        .rank = 2,
        .shape = {2, 3}};
    const struct ml__constant *number;
    struct ml__builder builder;
    uint32_t value;

    (void)state;
    ml__builder_start(&builder, "test", 0);
    assert_int_equal(ml__builder_reserve(&builder, &some_room, NULL), ML_OK);
    assert_int_equal(ml__builder_add_value(&builder, text("w"), 0, &value, NULL), ML_OK);
    ml__builder_set_constant(&builder, value, &weights);
    assert_int_equal(builder.values[value].dtype, ML_BF16);
    assert_int_equal(builder.values[value].shape[1], 3);
    assert_int_equal(builder.graph.parameter_count, 6);
    assert_int_equal(
        ml__builder_number(&builder, (uint64_t)minus_one, ML_INT64, 1, &number, NULL), ML_OK
    );
    assert_memory_equal(number->data, &minus_one, sizeof minus_one);
    assert_int_equal(number->count, 1);
    assert_int_equal(number->shape[0], 1);
    assert_int_equal(ml__builder_add_value(&builder, text("n"), 0, &value, NULL), ML_OK);
    ml__builder_set_constant(&builder, value, number);
    assert_int_equal(builder.graph.parameter_count, 6);
    ml__builder_drop(&builder);
}

static void a_finished_graph_owns_its_memory_and_tells_what_it_is(void **state) {
    static const uint32_t values[] = {0, 1, 2};
    const struct ml__node first = {ML__OP_Relu, "a", &values[0], 1, &values[1], 1, NULL, 0};
    const struct ml__node second = {ML__OP_Relu, "b", &values[1], 1, &values[2], 1, NULL, 0};
    struct ml__builder builder;
    struct ml__graph *graph;
    uint32_t value;

    (void)state;
    ml__builder_start(&builder, "test", 1 << 20);
    assert_int_equal(ml__builder_reserve(&builder, &some_room, NULL), ML_OK);
    assert_int_equal(ml__builder_add_value(&builder, text("x"), 0, &value, NULL), ML_OK);
    ml__builder_add_input(&builder, value);
    assert_int_equal(ml__builder_add_value(&builder, text("h"), 0, &value, NULL), ML_OK);
    assert_int_equal(ml__builder_add_value(&builder, text("y"), 0, &value, NULL), ML_OK);
    ml__builder_add_node(&builder, &first);
    ml__builder_add_node(&builder, &second);
    ml__builder_add_output(&builder, value);
    builder.graph.opset = 13;
    assert_int_equal(ml__builder_finish(&builder, text("me"), &graph, NULL), ML_OK);
    ml__builder_drop(&builder);
    assert_string_equal(graph->kind, "test");
    assert_string_equal(graph->detail, "me, opset 13: Relu 2");
    assert_int_equal(graph->value_count, 3);
    assert_string_equal(graph->values[graph->inputs[0]].name, "x");
    assert_string_equal(graph->values[graph->outputs[0]].name, "y");
    ml__graph_free(graph);
    assert_int_equal(live_blocks, 0);
}

static void no_memory_is_told(void **state) {
    struct ml__builder builder;

    (void)state;
    ml__builder_start(&builder, "test", 1 << 20);
    for (size_t room = 0; room < 2; room++) {
        allocations_left = room;
        assert_int_equal(ml__builder_reserve(&builder, &some_room, NULL), ML_ENOMEM);
        allocations_left = SIZE_MAX;
    }
    ml__builder_drop(&builder);
    assert_int_equal(live_blocks, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_by_their_whole_name),
        cmocka_unit_test(a_name_is_given_once_and_not_empty),
        cmocka_unit_test(more_than_the_limits_is_refused),
        cmocka_unit_test(constants_are_typed_values_and_floats_count_as_parameters),
        cmocka_unit_test(a_finished_graph_owns_its_memory_and_tells_what_it_is),
        cmocka_unit_test(no_memory_is_told),
    };

    count_allocations();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
