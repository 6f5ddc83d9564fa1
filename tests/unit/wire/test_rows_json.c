/* SPDX-License-Identifier: MIT */
/*
 * test_rows_json.c -- bodies become rows; faults stay with their row or fail the body whole.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>
#include <mlserve/wire.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    ml_rows *rows;
    size_t first;
    size_t count;
    ml_rows_form form;
    ml_error err;
};

static struct fixture make(uint32_t dtype, uint64_t width) {
    struct fixture f;
    ml_rows_options options = ML_ROWS_OPTIONS_INIT;

    memset(&f, 0, sizeof f);
    options.dtype = dtype;
    options.width = width;
    assert_int_equal(ml_rows_create(&options, &f.rows, &f.err), ML_OK);
    return f;
}

/* Read a body out of a block of its exact size. */
static ml_status feed(struct fixture *f, const char *body) {
    const size_t size = strlen(body);
    char *exact = malloc(size > 0 ? size : 1);
    ml_status status;

    memcpy(exact, body, size);
    status = ml_rows_read_json(f->rows, exact, size, &f->first, &f->count, &f->form, &f->err);
    free(exact);
    return status;
}

static float value(const struct fixture *f, size_t row, size_t column) {
    const ml_tensors tensors = ml_rows_tensors(f->rows);

    assert_int_equal(tensors.first.dtype, ML_FP32);
    return ((const float *)tensors.first.data)[row * tensors.first.shape[1] + column];
}

static void expect_fault(
    const struct fixture *f, size_t row, ml_status status, uint32_t column, const char *text
) {
    const ml_row_result *result = &ml_rows_results(f->rows)[row];
    char sentence[128];

    assert_int_equal(result->status, status);
    assert_int_equal(result->column, column);
    ml_row_result_text(result, sentence, sizeof sentence);
    assert_string_equal(sentence, text);
}

static void expect_fine(const struct fixture *f, size_t row) {
    assert_int_equal(ml_rows_results(f->rows)[row].status, ML_OK);
    assert_int_equal(ml_rows_results(f->rows)[row].column, ML_NO_COLUMN);
    assert_null(ml_rows_results(f->rows)[row].reason);
}

static void the_three_forms_are_told_apart(void **state) {
    struct fixture f = make(0, 2);

    (void)state;
    assert_int_equal(feed(&f, "[[1,2],[3,4]]"), ML_OK);
    assert_int_equal(f.form, ML_ROWS_ARRAY);
    assert_int_equal(f.count, 2);
    assert_int_equal(
        feed(&f, " {\"a\":{\"items\":[]},\"items\":[[5,6]],\"z\":[null]} "), ML_OK
    );
    assert_int_equal(f.form, ML_ROWS_ITEMS);
    assert_int_equal(f.first, 2);
    assert_int_equal(f.count, 1);
    assert_int_equal(feed(&f, "{\"it\\u0065m\":[7,8]}"), ML_OK);
    assert_int_equal(f.form, ML_ROWS_ITEM);
    assert_int_equal(f.first, 3);
    assert_int_equal(f.count, 1);
    assert_int_equal(ml_rows_count(f.rows), 4);
    assert_int_equal(ml_rows_tensors(f.rows).first.shape[0], 4);
    assert_int_equal(ml_rows_tensors(f.rows).first.shape[1], 2);
    for (size_t i = 0; i < 8; i++) {
        assert_true(value(&f, i / 2, i % 2) == (float)(i + 1));
        expect_fine(&f, i / 2);
    }
    assert_int_equal(feed(&f, "[]"), ML_OK);
    assert_int_equal(f.count, 0);
    ml_rows_free(f.rows);
}

static void the_form_may_be_unasked(void **state) {
    struct fixture f = make(0, 1);

    (void)state;
    assert_int_equal(
        ml_rows_read_json(f.rows, "[1]", 3, &f.first, &f.count, NULL, NULL), ML_OK
    );
    ml_rows_free(f.rows);
}

static void nested_items_are_read_flat(void **state) {
    struct fixture f = make(0, 4);

    (void)state;
    assert_int_equal(feed(&f, "[[[1,2],[3,4]],[[[1]],2,[],[3,4]]]"), ML_OK);
    for (size_t row = 0; row < 2; row++) {
        expect_fine(&f, row);
        for (size_t column = 0; column < 4; column++) {
            assert_true(value(&f, row, column) == (float)(column + 1));
        }
    }
    ml_rows_free(f.rows);
}

static void null_among_numbers_is_a_missing_value(void **state) {
    struct fixture f = make(0, 3);

    (void)state;
    assert_int_equal(feed(&f, "[[1,null,3],[null,null,null]]"), ML_OK);
    expect_fine(&f, 0);
    expect_fine(&f, 1);
    assert_true(value(&f, 0, 0) == 1.0f && isnan(value(&f, 0, 1)) && value(&f, 0, 2) == 3.0f);
    assert_true(isnan(value(&f, 1, 2)));
    ml_rows_free(f.rows);
}

static void a_faulty_row_fails_alone(void **state) {
    struct fixture f = make(0, 2);

    (void)state;
    assert_int_equal(
        feed(
            &f, "[[1,2],[1],[1,2,3],[1,1e999],[-1e39,2],null,\"x\",{\"a\":[1,2]},5,[1,\"x\"],"
                "[true,1],[[1],{}],[],[3,4]]"
        ),
        ML_OK
    );
    assert_int_equal(f.count, 14);
    expect_fine(&f, 0);
    expect_fault(&f, 1, ML_ESHAPE, 1, "feature 1 is missing: the row is too short");
    expect_fault(&f, 2, ML_ESHAPE, 2, "feature 2 is one too many: the row is too long");
    expect_fault(&f, 3, ML_EVALUE, 1, "feature 1 is too large for FP32");
    expect_fault(&f, 4, ML_EVALUE, 0, "feature 0 is too large for FP32");
    for (size_t row = 5; row < 9; row++) {
        expect_fault(&f, row, ML_ESHAPE, ML_NO_COLUMN, "the item is no array of numbers");
    }
    expect_fault(&f, 9, ML_ESHAPE, 1, "feature 1 is no number");
    expect_fault(&f, 10, ML_ESHAPE, 0, "feature 0 is no number");
    expect_fault(&f, 11, ML_ESHAPE, 1, "feature 1 is no number");
    expect_fault(&f, 12, ML_ESHAPE, 0, "feature 0 is missing: the row is too short");
    expect_fine(&f, 13);
    for (size_t row = 1; row < 13; row++) {
        assert_true(isnan(value(&f, row, 0)) && isnan(value(&f, row, 1)));
    }
    assert_true(value(&f, 0, 1) == 2.0f && value(&f, 13, 0) == 3.0f);
    ml_rows_free(f.rows);
}

static void doubles_keep_what_floats_cannot(void **state) {
    struct fixture f = make(ML_FP64, 2);
    const double *values;

    (void)state;
    assert_int_equal(feed(&f, "[[0.1,1e39],[1,1e309],[-0,9007199254740993]]"), ML_OK);
    values = ml_rows_tensors(f.rows).first.data;
    assert_int_equal(ml_rows_tensors(f.rows).first.dtype, ML_FP64);
    assert_true(values[0] == 0.1 && values[1] == 1e39);
    expect_fault(&f, 1, ML_EVALUE, 1, "feature 1 is too large for FP64");
    assert_true(isnan(values[2]) && isnan(values[3]));
    assert_true(values[4] == 0.0 && signbit(values[4]) && values[5] == 9007199254740992.0);
    ml_rows_free(f.rows);
}

static void the_first_good_row_decides_the_width(void **state) {
    struct fixture f = make(0, 0);

    (void)state;
    assert_int_equal(feed(&f, "[null,[]]"), ML_OK);
    expect_fault(&f, 1, ML_ESHAPE, ML_NO_COLUMN, "the row is empty");
    assert_int_equal(ml_rows_tensors(f.rows).first.shape[1], 0);
    assert_int_equal(feed(&f, "[[1,\"x\"],[1,2,3],[4,5],[6,7,8]]"), ML_OK);
    assert_int_equal(ml_rows_tensors(f.rows).first.shape[1], 3);
    assert_true(isnan(value(&f, 0, 0)) && isnan(value(&f, 2, 2)));
    assert_true(value(&f, 3, 0) == 1.0f && value(&f, 3, 2) == 3.0f && value(&f, 5, 2) == 8.0f);
    expect_fault(&f, 4, ML_ESHAPE, 2, "feature 2 is missing: the row is too short");
    ml_rows_clear(f.rows, SIZE_MAX);
    assert_int_equal(ml_rows_count(f.rows), 0);
    assert_int_equal(feed(&f, "[7]"), ML_OK); /* decided anew */
    assert_int_equal(ml_rows_tensors(f.rows).first.shape[1], 1);
    assert_true(value(&f, 0, 0) == 7.0f);
    ml_rows_free(f.rows);
}

static void a_failed_body_takes_its_width_back(void **state) {
    struct fixture f = make(0, 0);

    (void)state;
    assert_int_equal(feed(&f, "[[1,2,3],NaN]"), ML_EFORMAT);
    assert_string_equal(f.err.message, "malformed JSON at byte 9: expected a value");
    assert_int_equal(feed(&f, "[[1,2]]"), ML_OK);
    assert_int_equal(ml_rows_tensors(f.rows).first.shape[1], 2);
    ml_rows_free(f.rows);
}

static void at_width_1_a_number_is_an_item(void **state) {
    struct fixture f = make(0, 1);

    (void)state;
    assert_int_equal(feed(&f, "[1,[2],null,3,1e39,[1,2]]"), ML_OK);
    assert_true(value(&f, 0, 0) == 1.0f && value(&f, 1, 0) == 2.0f && value(&f, 3, 0) == 3.0f);
    expect_fault(&f, 2, ML_ESHAPE, ML_NO_COLUMN, "the item is no array of numbers");
    expect_fault(&f, 4, ML_EVALUE, 0, "feature 0 is too large for FP32");
    expect_fault(&f, 5, ML_ESHAPE, 1, "feature 1 is one too many: the row is too long");
    assert_int_equal(feed(&f, "{\"item\":5}"), ML_OK);
    assert_true(value(&f, 6, 0) == 5.0f);
    ml_rows_free(f.rows);
}

static void what_is_not_json_leaves_the_set_as_it_was(void **state) {
    static const char *const bodies[] = {
        "",
        "[[1,2],[3,4]",
        "[[1,2],[3,NaN]]",
        "[[1,2]] x",
        "[[1,2],]",
        "{\"items\":[[1,2]]",
        "{\"items\":[[1,2]],}",
        "{\"a\":[1,},\"items\":[]}",
        "[[1,2],[1]",
        "{\"items\":5,\"a\":}",
        "[[1,2],{\"a\":nul}]",
        "[[1,01]]",
    };
    struct fixture f = make(0, 2);

    (void)state;
    assert_int_equal(feed(&f, "[[8,9]]"), ML_OK);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        f.first = 77;
        f.count = 77;
        f.form = 0;
        assert_int_equal(feed(&f, bodies[i]), ML_EFORMAT);
        assert_memory_equal(f.err.message, "malformed JSON at byte ", 23);
        assert_int_equal(f.first, 77);
        assert_int_equal(f.count, 77);
        assert_int_equal(f.form, 0);
        assert_int_equal(ml_rows_count(f.rows), 1);
    }
    assert_true(value(&f, 0, 1) == 9.0f);
    ml_rows_free(f.rows);
}

static void items_twice_is_malformed(void **state) {
    struct fixture f = make(0, 1);

    (void)state;
    assert_int_equal(feed(&f, "{\"items\":[1],\"items\":[2]}"), ML_EFORMAT);
    assert_string_equal(
        f.err.message, "malformed JSON at byte 13: expected \"items\" only once"
    );
    assert_int_equal(feed(&f, "{\"item\":1,\"\\u0069tem\":2}"), ML_EFORMAT);
    assert_int_equal(ml_rows_count(f.rows), 0);
    ml_rows_free(f.rows);
}

static void a_body_of_another_shape_is_refused(void **state) {
    static const char *const bodies[] = {
        "5",
        "\"x\"",
        "null",
        "{}",
        "{\"a\":[1]}",
        "{\"items\":5}",
        "{\"items\":{\"a\":[]}}",
        "{\"items\":null}",
        "{\"items\":[1],\"item\":1}",
    };
    struct fixture f = make(0, 1);

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        assert_int_equal(feed(&f, bodies[i]), ML_ESHAPE);
        assert_int_equal(ml_rows_count(f.rows), 0);
    }
    ml_rows_free(f.rows);
}

static void limits_fail_the_body(void **state) {
    ml_rows_options options = ML_ROWS_OPTIONS_INIT;
    struct fixture f = make(0, 1);

    (void)state;
    ml_rows_free(f.rows);
    options.max_depth = 3;
    options.max_rows = 2;
    options.max_string_bytes = 4;
    options.max_keys = 2;
    options.width = 1;
    assert_int_equal(ml_rows_create(&options, &f.rows, NULL), ML_OK);
    assert_int_equal(feed(&f, "{\"item\":[[1]]}"), ML_OK);
    assert_int_equal(feed(&f, "{\"item\":[[[1]]]}"), ML_ELIMIT);
    assert_int_equal(feed(&f, "[1,2]"), ML_OK);
    assert_int_equal(feed(&f, "[1,2,3]"), ML_ELIMIT);
    assert_int_equal(feed(&f, "[\"abcd\"]"), ML_OK);
    assert_int_equal(feed(&f, "[\"abcde\"]"), ML_ELIMIT);
    assert_int_equal(feed(&f, "{\"a\":1,\"b\":1,\"item\":1}"), ML_ELIMIT);
    assert_int_equal(
        feed(
            &f, "[0."
                "0000000000000000000000000000000000000000000000000000000000000000"
                "0000000000000000000000000000000000000000000000000000000000000001]"
        ),
        ML_ELIMIT
    );
    assert_int_equal(ml_rows_count(f.rows), 4);
    ml_rows_free(f.rows);
}

static void strings_are_rows_of_bytes(void **state) {
    struct fixture f = make(ML_BYTES, 0);
    const ml_bytes *texts;

    (void)state;
    assert_int_equal(feed(&f, "[\"rome\",\"\",\"\\u20ac\\n\",5,[\"paris\"]]"), ML_OK);
    for (int i = 0; i < 2000; i++) { /* the storage grows; what was read stays where it is */
        assert_int_equal(
            feed(&f, "{\"item\":\"0123456789012345678901234567890123456789\"}"), ML_OK
        );
    }
    assert_int_equal(ml_rows_tensors(f.rows).first.dtype, ML_BYTES);
    texts = ml_rows_tensors(f.rows).first.data;
    assert_int_equal(texts[0].size, 4);
    assert_memory_equal(texts[0].data, "rome", 4);
    assert_int_equal(texts[1].size, 0);
    expect_fine(&f, 1);
    assert_int_equal(texts[2].size, 4);
    assert_memory_equal(texts[2].data, "\xe2\x82\xac\n", 4);
    expect_fault(
        &f, 3, ML_ESHAPE, ML_NO_COLUMN,
        "the item is neither a string nor an array of strings of the right length"
    );
    assert_null(texts[3].data);
    assert_int_equal(texts[3].size, 0);
    assert_memory_equal(texts[4].data, "paris", 5);
    assert_memory_equal(texts[2004].data, "0123456789012345678901234567890123456789", 40);
    ml_rows_free(f.rows);
}

static void a_row_of_strings_takes_only_strings(void **state) {
    struct fixture f = make(ML_BYTES, 2);

    (void)state;
    assert_int_equal(feed(&f, "[[\"a\",\"b\"],[\"a\",null],[\"a\",1],[\"a\"],\"a\"]"), ML_OK);
    expect_fine(&f, 0);
    expect_fault(&f, 1, ML_ESHAPE, 1, "feature 1 is no string");
    expect_fault(&f, 2, ML_ESHAPE, 1, "feature 1 is no string");
    expect_fault(&f, 3, ML_ESHAPE, 1, "feature 1 is missing: the row is too short");
    assert_int_equal(ml_rows_results(f.rows)[4].status, ML_ESHAPE);
    ml_rows_free(f.rows);
}

static void a_null_argument_is_refused(void **state) {
    struct fixture f = make(0, 1);

    (void)state;
    assert_int_equal(
        ml_rows_read_json(NULL, "[]", 2, &f.first, &f.count, NULL, NULL), ML_EINVAL
    );
    assert_int_equal(
        ml_rows_read_json(f.rows, NULL, 2, &f.first, &f.count, NULL, NULL), ML_EINVAL
    );
    assert_int_equal(ml_rows_read_json(f.rows, "[]", 2, NULL, &f.count, NULL, NULL), ML_EINVAL);
    assert_int_equal(ml_rows_read_json(f.rows, "[]", 2, &f.first, NULL, NULL, NULL), ML_EINVAL);
    ml_rows_free(f.rows);
}

/* Room left by a large body must not change what a small one is answered. */
static void too_many_faulty_rows_are_refused_whatever_came_before(void **state) {
    static char faulty[3001];
    static char large[400001];
    struct fixture f = make(0, 64);

    (void)state;
    faulty[0] = '[';
    for (size_t i = 0; i < 999; i++) {
        memcpy(faulty + 1 + 3 * i, "[],", 3);
    }
    memcpy(faulty + 2998, "[]]", 3);
    assert_int_equal(
        ml_rows_read_json(f.rows, faulty, 3001, &f.first, &f.count, NULL, NULL), ML_ESHAPE
    );
    memset(large, ' ', sizeof large);
    memcpy(large, "[[]", 3);
    large[sizeof large - 1] = ']';
    assert_int_equal(
        ml_rows_read_json(f.rows, large, sizeof large, &f.first, &f.count, NULL, NULL), ML_OK
    );
    ml_rows_clear(f.rows, SIZE_MAX);
    assert_int_equal(
        ml_rows_read_json(f.rows, faulty, 3001, &f.first, &f.count, NULL, NULL), ML_ESHAPE
    );
    assert_int_equal(ml_rows_count(f.rows), 0);
    ml_rows_free(f.rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_forms_are_told_apart),
        cmocka_unit_test(the_form_may_be_unasked),
        cmocka_unit_test(nested_items_are_read_flat),
        cmocka_unit_test(null_among_numbers_is_a_missing_value),
        cmocka_unit_test(a_faulty_row_fails_alone),
        cmocka_unit_test(doubles_keep_what_floats_cannot),
        cmocka_unit_test(the_first_good_row_decides_the_width),
        cmocka_unit_test(a_failed_body_takes_its_width_back),
        cmocka_unit_test(at_width_1_a_number_is_an_item),
        cmocka_unit_test(what_is_not_json_leaves_the_set_as_it_was),
        cmocka_unit_test(items_twice_is_malformed),
        cmocka_unit_test(a_body_of_another_shape_is_refused),
        cmocka_unit_test(limits_fail_the_body),
        cmocka_unit_test(strings_are_rows_of_bytes),
        cmocka_unit_test(a_row_of_strings_takes_only_strings),
        cmocka_unit_test(a_null_argument_is_refused),
        cmocka_unit_test(too_many_faulty_rows_are_refused_whatever_came_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
