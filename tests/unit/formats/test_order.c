/* SPDX-License-Identifier: MIT */
/*
 * test_order.c -- proves lib/formats/order.c: makers before readers, cycles named.
 */
#include "unit/formats/onnx_models.h"

/* Every input of a node is made by a node before it, or by none. */
static void assert_computable(const struct ml__graph *graph) {
    for (size_t n = 0; n < graph->node_count; n++) {
        for (size_t i = 0; i < graph->nodes[n].input_count; i++) {
            for (size_t later = n; later < graph->node_count; later++) {
                assert_int_not_equal(graph->nodes[n].inputs[i], graph->nodes[later].outputs[0]);
            }
        }
    }
}

static struct message model_of_nodes(const struct message *nodes, size_t count) {
    struct message graph = graph_x_to_y();

    for (size_t i = 0; i < count; i++) {
        put_message(&graph, 1, nodes[i]);
    }
    return model(graph, 13);
}

static void nodes_in_order_stay_as_they_are(void **state) {
    const struct message nodes[] = {
        node("c", "Relu", "x", "a"), node("b", "Tanh", "x", "b"), node("a", "Add", "a b", "y")};
    const struct message m = model_of_nodes(nodes, 3);
    struct ml__graph *graph = read_model(&m);

    (void)state;
    assert_string_equal(graph->nodes[0].name, "c");
    assert_string_equal(graph->nodes[1].name, "b");
    assert_string_equal(graph->nodes[2].name, "a");
    ml__graph_free(graph);
}

static void nodes_in_any_order_are_sorted(void **state) {
    const struct message nodes[] = {
        node("sum", "Add", "c b", "y"), node("square", "Mul", "a a", "c"),
        node("left", "Relu", "x", "a"), node("right", "Tanh", "a", "b")};

    (void)state;
    for (size_t first = 0; first < 4; first++) {
        for (size_t step = 1; step < 4; step += 2) { /* rotated, forwards and backwards */
            struct message turned[4];
            struct message m;
            struct ml__graph *graph;

            for (size_t i = 0; i < 4; i++) {
                turned[i] = nodes[(first + i * step) % 4];
            }
            m = model_of_nodes(turned, 4);
            graph = read_model(&m);
            assert_int_equal(graph->node_count, 4);
            assert_computable(graph);
            ml__graph_free(graph);
        }
    }
}

static void a_cycle_is_refused_by_a_node_on_it(void **state) {
    const struct message self[] = {node("me", "Add", "x y", "y")};
    const struct message two[] = {
        node("after", "Relu", "b", "y"), node("one", "Add", "x b", "a"),
        node("two", "Relu", "a", "b")};
    struct message both[] = {
        node("two", "Relu", "a", "b"), node("after", "Relu", "b", "y"),
        node("two", "Add", "x b", "a")};

    (void)state;
    assert_model_refused(model_of_nodes(self, 1), ML_EFORMAT, "cycle through 'me' (Add)");
    assert_model_refused(model_of_nodes(two, 3), ML_EFORMAT, "the graph has a cycle through '");
    assert_model_refused(model_of_nodes(both, 3), ML_EFORMAT, "cycle through 'two'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_in_order_stay_as_they_are),
        cmocka_unit_test(nodes_in_any_order_are_sorted),
        cmocka_unit_test(a_cycle_is_refused_by_a_node_on_it),
    };

    count_allocations();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
