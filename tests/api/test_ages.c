/* SPDX-License-Identifier: MIT */
/*
 * test_ages.c -- a program and the library may be of different ages.
 *
 * Each options struct is handed over as an older program has it (shorter), as a newer one has
 * it (longer), with a member set that this library does not know, and with no size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mlserve.h>
#include <mlserve/model_plugin.h>

#define MODEL "tests/golden/digits/mlp.onnx"
#define TABLE "tests/golden/digits/X_test.npy"

/* Make and unmake what takes the options; answers the status. */
typedef ml_status (*user)(const void *options, ml_error *err);

static ml_status use_model(const void *options, ml_error *err) {
    ml_model *model = NULL;
    const ml_status status = ml_model_load(MODEL, options, &model, err);

    ml_model_release(model);
    return status;
}

static ml_status use_pool(const void *options, ml_error *err) {
    ml_pool *pool = NULL;
    const ml_status status = ml_pool_create(options, &pool, err);

    ml_pool_free(pool);
    return status;
}

static ml_status use_predictor(const void *options, ml_error *err) {
    ml_predictor *predictor = NULL;
    const ml_status status = ml_predictor_open(MODEL, options, &predictor, err);

    ml_predictor_close(predictor);
    return status;
}

static ml_status use_rows(const void *options, ml_error *err) {
    ml_rows *rows = NULL;
    const ml_status status = ml_rows_create(options, &rows, err);

    ml_rows_free(rows);
    return status;
}

static ml_status use_json(const void *options, ml_error *err) {
    ml_json_writer *writer = NULL;
    const ml_status status = ml_json_create(options, &writer, err);

    ml_json_free(writer);
    return status;
}

static ml_status use_table(const void *options, ml_error *err) {
    ml_table_reader *reader = NULL;
    const ml_status status = ml_table_open(TABLE, options, &reader, err);

    ml_table_close(reader);
    return status;
}

static ml_status use_call(const void *options, ml_error *err) {
    static float pixels[64];
    float answers[10];
    ml_predictor *predictor = NULL;
    ml_status status = ml_predictor_open(MODEL, NULL, &predictor, err);

    if (status == ML_OK) {
        status = ml_predict_batch(
            predictor, ml_f32_rows(pixels, 1, 64), ml_f32_out(answers, 1, 10), options, err
        );
    }
    ml_predictor_close(predictor);
    return status;
}

/* Each struct, and its size in the first version that had it. */
static const struct kind {
    const char *name;
    user use;
    size_t size;
    size_t first_size;
} kinds[] = {
    {"ml_model_options", use_model, sizeof(ml_model_options), 40},
    {"ml_pool_options", use_pool, sizeof(ml_pool_options), 24},
    {"ml_predictor_options", use_predictor, sizeof(ml_predictor_options), 88},
    {"ml_rows_options", use_rows, sizeof(ml_rows_options), 48},
    {"ml_json_options", use_json, sizeof(ml_json_options), 24},
    {"ml_table_options", use_table, sizeof(ml_table_options), 24},
    {"ml_call", use_call, sizeof(ml_call), 24},
};

static void expect(const struct kind *kind, size_t size, size_t set_byte, ml_status expected) {
    unsigned char options[512] = {0};
    ml_error err = ML_ERROR_INIT;
    ml_status status;

    memcpy(options, &size, sizeof size);
    if (set_byte != 0) {
        options[set_byte] = 1;
    }
    status = kind->use(options, &err);
    if (status != expected) {
        fail_msg(
            "%s of %zu bytes, byte %zu set: %s (%s), expected %s", kind->name, size, set_byte,
            ml_status_name(status), err.message, ml_status_name(expected)
        );
    }
    assert_true(status == ML_OK || err.message[0] != '\0');
}

#define for_each_kind(kind)                                                                    \
    for (const struct kind *kind = kinds; kind < kinds + sizeof kinds / sizeof *kinds; kind++)

static void no_options_are_the_defaults(void **state) {
    ml_error err = ML_ERROR_INIT;

    (void)state;
    for_each_kind(kind) {
        assert_int_equal(kind->use(NULL, &err), ML_OK);
    }
}

static void options_of_an_older_program_are_read(void **state) {
    (void)state;
    for_each_kind(kind) {
        expect(kind, sizeof(size_t), 0, ML_OK);
        expect(kind, kind->first_size, 0, ML_OK);
    }
}

static void options_never_shrink(void **state) {
    (void)state;
    for_each_kind(kind) {
        assert_true(kind->size >= kind->first_size);
    }
}

static void options_of_a_newer_program_that_asks_nothing_new_are_read(void **state) {
    (void)state;
    for_each_kind(kind) {
        expect(kind, kind->size + 8, 0, ML_OK);
        expect(kind, kind->size + 64, 0, ML_OK);
    }
}

static void options_that_ask_for_what_is_not_known_are_refused(void **state) {
    (void)state;
    for_each_kind(kind) {
        expect(kind, kind->size + 8, kind->size, ML_EINVAL);
        expect(kind, kind->size + 64, kind->size + 63, ML_EINVAL);
    }
}

static void options_of_no_size_are_refused(void **state) {
    (void)state;
    for_each_kind(kind) {
        expect(kind, 0, 0, ML_EINVAL);
        expect(kind, sizeof(size_t) - 1, 0, ML_EINVAL);
    }
}

/* What ml_pool_options was, had it had no name: real members are read from a shorter struct. */
static void members_of_an_older_struct_count(void **state) {
    struct {
        size_t size;
        uint32_t thread_count;
        uint32_t queue_capacity;
    } options = {sizeof options, 3, 0};
    ml_pool *pool = NULL;
    ml_error err = ML_ERROR_INIT;

    (void)state;
    assert_int_equal(ml_pool_create((const ml_pool_options *)(void *)&options, &pool, &err), 0);
    assert_int_equal(ml_pool_thread_count(pool), 3);
    ml_pool_free(pool);
}

static ml_status answer_one(
    void *self, const void *const *inputs, void *const *outputs, size_t row_count,
    void *scratch, ml_error *err
) {
    (void)self;
    (void)inputs;
    (void)scratch;
    (void)err;
    for (size_t i = 0; i < row_count; i++) {
        ((float *)outputs[0])[i] = 1;
    }
    return ML_OK;
}

/*
 * A back end and its description, as long as a program of another age has them; `backend_end`
 * and `info_end` are what stands after the members that this library knows.
 */
static ml_status create_model(
    size_t backend_size, unsigned char backend_end, size_t info_size, unsigned char info_end
) {
    static const ml_port port = {"x", NULL, ML_FP32, 2, {0, 1}, 1};
    struct {
        ml_backend known;
        unsigned char end[8];
    } backend = {ML_BACKEND_INIT, {backend_end}};
    struct {
        ml_model_info known;
        unsigned char end[8];
    } info = {ML_MODEL_INFO_INIT, {info_end}};
    ml_model *model = NULL;
    ml_status status;

    backend.known.size = backend_size;
    backend.known.run = answer_one;
    info.known.size = info_size;
    info.known.kind = "one";
    info.known.inputs = info.known.outputs = &port;
    info.known.input_count = info.known.output_count = 1;
    status = ml_model_create(&backend.known, &info.known, NULL, &model, NULL);
    ml_model_release(model);
    return status;
}

static void back_ends_may_be_older_or_newer_too(void **state) {
    const size_t backend = sizeof(ml_backend);
    const size_t info = sizeof(ml_model_info);

    (void)state;
    assert_int_equal(create_model(backend, 0, info, 0), ML_OK);
    assert_int_equal(create_model(offsetof(ml_backend, close), 0, info, 0), ML_OK);
    assert_int_equal(create_model(backend, 0, offsetof(ml_model_info, labels), 0), ML_OK);
    assert_int_equal(create_model(backend + 8, 0, info + 8, 0), ML_OK);
    assert_int_equal(create_model(backend + 8, 1, info, 0), ML_EINVAL);
    assert_int_equal(create_model(backend, 0, info + 8, 1), ML_EINVAL);
    assert_int_equal(create_model(0, 0, info, 0), ML_EINVAL);
    assert_int_equal(create_model(backend, 0, 0, 0), ML_EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_options_are_the_defaults),
        cmocka_unit_test(options_of_an_older_program_are_read),
        cmocka_unit_test(options_never_shrink),
        cmocka_unit_test(options_of_a_newer_program_that_asks_nothing_new_are_read),
        cmocka_unit_test(options_that_ask_for_what_is_not_known_are_refused),
        cmocka_unit_test(options_of_no_size_are_refused),
        cmocka_unit_test(members_of_an_older_struct_count),
        cmocka_unit_test(back_ends_may_be_older_or_newer_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
