/* SPDX-License-Identifier: MIT */
/*
 * test_bind.c -- which inputs and outputs a call may bring. Whatever is refused writes nothing.
 */
#include "fake.h"

/* Two inputs, "a" FP32 [n, 2, 2] and "b" INT64 [n]; outputs "sum" FP64 and "both" FP32 [n, 4].
 */
static ml_predictor *make_two(struct fake *fake) {
    fake_init(fake, ML_FP32, 4);
    fake_port(&fake->inputs[0], "a", ML_FP32, 4);
    fake->inputs[0].rank = 3;
    fake->inputs[0].shape[1] = 2;
    fake->inputs[0].shape[2] = 2;
    fake_port(&fake->inputs[1], "b", ML_INT64, 1);
    fake->inputs[1].rank = 1;
    fake->inputs[1].alias = "bee";
    fake->info.input_count = 2;
    fake->outputs[0].dtype = ML_FP64;
    return fake_make(fake, NULL);
}

struct two {
    float a[2][4];
    int64_t b[2];
    double sum[2];
    float echo[2][4];
    ml_tensor inputs[3];
    ml_tensor outputs[3];
    size_t input_count;
    size_t output_count;
};

static void fill_two(struct two *two) {
    const struct two start = {.a = {{1, 2, 3, 4}, {5, 6, 7, 8}}, .b = {100, 200}};

    *two = start;
    two->inputs[0] = tensor_of("bee", two->b, ML_INT64, 2, 1);
    two->inputs[1] = tensor_of("a", two->a, ML_FP32, 2, 4);
    two->outputs[0] = tensor_of(NULL, two->sum, ML_FP64, 2, 1);
    two->outputs[1] = tensor_of("proba", two->echo, ML_FP32, 2, 4);
    two->input_count = 2;
    two->output_count = 2;
    two->sum[0] = -1;
}

static ml_status call_two(ml_predictor *predictor, const struct two *two, ml_error *err) {
    return ml_predict_batch(
        predictor, ml_tensor_list(two->inputs, two->input_count),
        ml_tensor_list(two->outputs, two->output_count), NULL, err
    );
}

static void inputs_and_outputs_are_found_by_name_in_any_order(void **state) {
    struct fake fake;
    struct two two;
    ml_predictor *predictor = make_two(&fake);

    (void)state;
    fill_two(&two);
    assert_int_equal(call_two(predictor, &two, NULL), ML_OK);
    assert_true(two.sum[0] == 110 && two.sum[1] == 226);
    assert_memory_equal(two.echo, two.a, sizeof two.a);
    ml_predictor_close(predictor);
}

static void rows_are_flat_or_in_the_models_shape(void **state) {
    struct fake fake;
    struct two two;
    ml_error err = ML_ERROR_INIT;
    ml_predictor *predictor = make_two(&fake);

    (void)state;
    fill_two(&two);
    two.inputs[1].rank = 3;
    two.inputs[1].shape[1] = 2;
    two.inputs[1].shape[2] = 2;
    two.inputs[0].rank = 1;
    assert_int_equal(call_two(predictor, &two, NULL), ML_OK);
    two.inputs[1].shape[1] = 1;
    two.inputs[1].shape[2] = 4;
    assert_int_equal(call_two(predictor, &two, &err), ML_ESHAPE);
    assert_string_equal(err.message, "a: a row's shape is neither flat nor the model's");
    ml_predictor_close(predictor);
}

struct bad_call {
    ml_status status;
    const char *message;
    void (*spoil)(struct two *two);
};

static void spoil_width(struct two *two) {
    two->inputs[1].shape[1] = 3;
}

static void spoil_type(struct two *two) {
    two->inputs[0].dtype = ML_BYTES;
}

static void spoil_dtype(struct two *two) {
    two->inputs[0].dtype = 99;
}

static void spoil_rows(struct two *two) {
    two->inputs[0].shape[0] = 1;
}

static void spoil_name(struct two *two) {
    two->inputs[0].name = "c";
}

static void spoil_no_name(struct two *two) {
    two->inputs[0].name = NULL;
}

static void spoil_twice(struct two *two) {
    two->inputs[2] = two->inputs[0];
    two->input_count = 3;
}

static void spoil_missing(struct two *two) {
    two->input_count = 1;
}

static void spoil_null(struct two *two) {
    two->inputs[1].data = NULL;
}

static void spoil_alignment(struct two *two) {
    two->inputs[1].data = (char *)two->a + 1;
}

static void spoil_output_name(struct two *two) {
    two->outputs[1].name = "nothing";
}

static void spoil_output_width(struct two *two) {
    two->outputs[0].shape[1] = 2;
}

static void spoil_output_rows(struct two *two) {
    two->outputs[1].shape[0] = 1;
}

static void spoil_output_type(struct two *two) {
    two->outputs[1].dtype = ML_BYTES;
}

static void spoil_output_null(struct two *two) {
    two->outputs[1].data = NULL;
}

static void spoil_overlap(struct two *two) {
    two->outputs[1].data = &two->a[1];
    two->outputs[1].shape[0] = 2;
}

static void spoil_overlap_of_outputs(struct two *two) {
    two->outputs[1].data = two->outputs[0].data;
}

static void spoil_no_output(struct two *two) {
    two->output_count = 0;
}

static void a_call_that_does_not_fit_the_model_is_refused_with_the_place(void **state) {
    static const struct bad_call calls[] = {
        {ML_ESHAPE, "a: 3 elements a row, expected 4", spoil_width},
        {ML_ESHAPE, "b: type is BYTES, the model's is INT64", spoil_type},
        {ML_EINVAL, "bee: dtype 99 is none", spoil_dtype},
        {ML_ESHAPE, "b: 1 rows, but a has 2", spoil_rows},
        {ML_ENOTFOUND, "no input 'c'; there is: a, b", spoil_name},
        {ML_EINVAL, "an input has no name, and the model has 2 inputs", spoil_no_name},
        {ML_EINVAL, "b: input is given twice", spoil_twice},
        {ML_EINVAL, "a: input is not given", spoil_missing},
        {ML_EINVAL, "a: data is NULL", spoil_null},
        {ML_EINVAL, "a: data is not aligned to the 4 bytes of FP32", spoil_alignment},
        {ML_ENOTFOUND, "no output 'nothing'; there is: sum, echo", spoil_output_name},
        {ML_ESHAPE, "sum: 2 elements a row, expected 1", spoil_output_width},
        {ML_ESHAPE, "proba: room for 1 rows, there are 2", spoil_output_rows},
        {ML_ESHAPE, "echo: type is BYTES, the model's is FP32", spoil_output_type},
        {ML_EINVAL, "proba: data is NULL", spoil_output_null},
        {ML_EINVAL, "proba: output overlaps input a", spoil_overlap},
        {ML_EINVAL, "proba: output overlaps output 0", spoil_overlap_of_outputs},
        {ML_EINVAL, "no output is given", spoil_no_output},
    };
    struct fake fake;
    ml_predictor *predictor = make_two(&fake);

    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct two two;
        ml_error err = ML_ERROR_INIT;

        fill_two(&two);
        calls[i].spoil(&two);
        assert_int_equal(call_two(predictor, &two, &err), calls[i].status);
        assert_string_equal(err.message, calls[i].message);
        assert_int_equal(err.status, calls[i].status);
        assert_true(two.sum[0] == -1);
    }
    assert_int_equal(atomic_load(&fake.calls), 0);
    ml_predictor_close(predictor);
}

static void more_rows_than_the_limit_are_refused(void **state) {
    float rows[3] = {1, 2, 3};
    float out[3];
    struct fake fake;
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    ml_predictor *predictor;

    (void)state;
    options.max_batch_rows = 2;
    fake_init(&fake, ML_FP32, 1);
    predictor = fake_make(&fake, &options);
    assert_int_equal(
        ml_predict_batch(predictor, ml_f32_rows(rows, 3, 1), ml_f32_out(out, 3, 1), NULL, NULL),
        ML_ELIMIT
    );
    assert_int_equal(
        ml_predict_batch(predictor, ml_f32_rows(rows, 2, 1), ml_f32_out(out, 2, 1), NULL, NULL),
        ML_OK
    );
    ml_predictor_close(predictor);
}

static void classes_and_scores_are_checked_too(void **state) {
    const float rows[2][3] = {{1, 2, 3}, {3, 2, 1}};
    const ml_tensors in = ml_f32_rows(rows[0], 2, 3);
    int64_t numbers[8];
    ml_bytes names[8];
    struct {
        ml_tensor tensor;
        ml_status status;
    } outputs[] = {
        {tensor_of("top_classes", numbers, ML_INT64, 2, 3), ML_OK},
        {tensor_of("top_classes", numbers, ML_INT64, 2, 4), ML_ESHAPE},
        {tensor_of("top_classes", numbers, ML_INT64, 2, 0), ML_ESHAPE},
        {tensor_of("top_classes", numbers, ML_FP32, 2, 1), ML_ESHAPE},
        {tensor_of("top_classes", names, ML_BYTES, 2, 1), ML_ENOTFOUND},
        {tensor_of("top_scores", names, ML_BYTES, 2, 1), ML_ESHAPE},
        {tensor_of("label", numbers, ML_INT64, 2, 2), ML_ESHAPE},
        {tensor_of("label", names, ML_BYTES, 2, 1), ML_ENOTFOUND},
    };
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    fake_init(&fake, ML_FP32, 3);
    predictor = fake_make(&fake, NULL);
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        const ml_tensors out = ml_tensor_list(&outputs[i].tensor, 1);

        assert_int_equal(ml_predict_batch(predictor, in, out, NULL, NULL), outputs[i].status);
    }
    ml_predictor_close(predictor);

    fake_init(&fake, ML_FP32, 3);
    fake.outputs[1].alias = NULL;
    predictor = fake_make(&fake, NULL);
    assert_int_equal(
        ml_predict_batch(predictor, in, ml_tensor_list(&outputs[0].tensor, 1), NULL, NULL),
        ML_ENOTFOUND
    );
    ml_predictor_close(predictor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_and_outputs_are_found_by_name_in_any_order),
        cmocka_unit_test(rows_are_flat_or_in_the_models_shape),
        cmocka_unit_test(a_call_that_does_not_fit_the_model_is_refused_with_the_place),
        cmocka_unit_test(more_rows_than_the_limit_are_refused),
        cmocka_unit_test(classes_and_scores_are_checked_too),
    };

    return count_allocations() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
