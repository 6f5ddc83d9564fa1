/* SPDX-License-Identifier: MIT */
/*
 * test_rows.c -- the set of rows: its options, its memory, and what is left when there is none.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <mlserve/wire.h>
#include <stdio.h>
#include <string.h>

#include "counting.h"

static ml_rows *make(uint32_t dtype, uint64_t width) {
    ml_rows_options options = ML_ROWS_OPTIONS_INIT;
    ml_rows *rows = NULL;

    options.dtype = dtype;
    options.width = width;
    assert_int_equal(ml_rows_create(&options, &rows, NULL), ML_OK);
    return rows;
}

static ml_status feed(ml_rows *rows, const char *body) {
    size_t first;
    size_t count;

    return ml_rows_read_json(rows, body, strlen(body), &first, &count, NULL, NULL);
}

/* `count` times `item`, with commas, in brackets; to free(). */
static char *repeat(const char *item, size_t count) {
    const size_t size = strlen(item);
    char *body = malloc(count * (size + 1) + 2);
    char *at = body;

    *at++ = '[';
    for (size_t i = 0; i < count; i++) {
        memcpy(at, item, size);
        at += size;
        *at++ = i + 1 < count ? ',' : ']';
    }
    *at = '\0';
    return body;
}

static void options_that_make_no_sense_are_refused(void **state) {
    ml_rows_options options = ML_ROWS_OPTIONS_INIT;
    ml_rows *rows = NULL;

    (void)state;
    options.dtype = ML_INT8;
    assert_int_equal(ml_rows_create(&options, &rows, NULL), ML_EINVAL);
    options.dtype = 99;
    assert_int_equal(ml_rows_create(&options, &rows, NULL), ML_EINVAL);
    options.dtype = 0;
    options.max_depth = 65;
    assert_int_equal(ml_rows_create(&options, &rows, NULL), ML_EINVAL);
    options.max_depth = 0;
    options.width = UINT64_MAX / 2;
    assert_int_equal(ml_rows_create(&options, &rows, NULL), ML_EINVAL);
    options.width = 0;
    options.size = 0;
    assert_int_equal(ml_rows_create(&options, &rows, NULL), ML_EINVAL);
    assert_int_equal(ml_rows_create(NULL, NULL, NULL), ML_EINVAL);
    assert_null(rows);
    ml_rows_free(NULL);
}

static void the_default_is_fp32_of_any_width(void **state) {
    ml_rows *rows = NULL;
    ml_tensors tensors;

    (void)state;
    assert_int_equal(ml_rows_create(NULL, &rows, NULL), ML_OK);
    assert_int_equal(ml_rows_count(rows), 0);
    tensors = ml_rows_tensors(rows);
    assert_int_equal(ml_tensor_check(&tensors.first, NULL, NULL), ML_OK);
    assert_int_equal(tensors.first.dtype, ML_FP32);
    assert_int_equal(tensors.first.shape[0], 0);
    ml_rows_free(rows);
}

static void a_set_that_has_grown_allocates_no_more(void **state) {
    ml_rows *rows = make(0, 2);
    char *body = repeat("[1,2]", 1000);
    size_t requests;

    (void)state;
    assert_int_equal(feed(rows, body), ML_OK);
    ml_rows_clear(rows, SIZE_MAX);
    requests = counting.request_count;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(feed(rows, body), ML_OK);
        ml_rows_clear(rows, SIZE_MAX);
    }
    assert_int_equal(counting.request_count, requests);
    free(body);
    ml_rows_free(rows);
}

static void clearing_gives_back_what_exceeds_the_bound(void **state) {
    static const uint32_t dtypes[] = {ML_FP32, ML_FP64, ML_BYTES};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const size_t before = counting.used_bytes;
        ml_rows *rows = make(dtypes[i], 0);
        char *body = repeat(i == 2 ? "\"abc\"" : "12345", 20000);

        for (int turn = 0; turn < 3; turn++) {
            assert_int_equal(feed(rows, body), ML_OK);
        }
        ml_rows_clear(rows, 100000);
        assert_true(counting.used_bytes - before < 100000 + 1000);
        assert_int_equal(feed(rows, body), ML_OK);
        assert_int_equal(ml_rows_count(rows), 20000);
        ml_rows_clear(rows, 0);
        assert_true(counting.used_bytes - before < 1000);
        free(body);
        ml_rows_free(rows);
        assert_int_equal(counting.used_bytes, before);
    }
}

/* The results (16 bytes a row) are part of the answer, which every row has. */
static void memory_stays_within_four_times_the_body(void **state) {
    static const struct {
        const char *item;
        size_t width;
        uint32_t dtype;
        ml_status status;
    } cases[] = {
        {"1", 1, ML_FP32, ML_OK},         {"1", 1, ML_FP64, ML_OK},
        {"[1,2]", 2, ML_FP64, ML_OK},     {"[1]", 64, ML_FP32, ML_ESHAPE},
        {"1", 64, ML_FP32, ML_ESHAPE},    {"[]", 4, ML_FP64, ML_OK},
        {"[]", 5000, ML_FP32, ML_ESHAPE}, {"[1]", 1000000, ML_FP64, ML_ESHAPE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t count = 1; count <= 65536; count *= 16) {
            ml_rows *rows = make(cases[i].dtype, cases[i].width);
            char *body = repeat(cases[i].item, count);
            const size_t before = counting.used_bytes;
            const size_t results = (count + count / 2 + 64) * sizeof(ml_row_result);
            ml_status status;

            counting.peak_bytes = before;
            status = feed(rows, body);
            if (count == 65536) {
                assert_int_equal(status, i == 5 ? ML_ESHAPE : cases[i].status);
            }
            assert_true(counting.peak_bytes - before <= 4 * strlen(body) + 65536 + results);
            free(body);
            ml_rows_free(rows);
        }
    }
}

static void a_hundred_rows_of_which_half_are_short_are_read(void **state) {
    static char body[200000];
    ml_rows *rows = make(0, 784);
    size_t size = 0;

    (void)state;
    body[size++] = '[';
    for (int row = 0; row < 100; row++) {
        body[size++] = '[';
        for (int column = 0; column < 784 && (row % 2 == 0 || column < 5); column++) {
            body[size++] = '7';
            body[size++] = ',';
        }
        body[size - 1] = ']';
        body[size++] = ',';
    }
    body[size - 1] = ']';
    body[size] = '\0';
    assert_int_equal(feed(rows, body), ML_OK);
    for (size_t row = 0; row < 100; row++) {
        assert_int_equal(ml_rows_results(rows)[row].status, row % 2 == 0 ? ML_OK : ML_ESHAPE);
    }
    assert_true(((float *)ml_rows_tensors(rows).first.data)[98 * 784 + 783] == 7.0f);
    ml_rows_free(rows);
}

static void too_many_faulty_rows_are_told_with_the_row_that_burst_it(void **state) {
    ml_rows *rows = make(0, 100000);
    ml_error err = ML_ERROR_INIT;
    size_t first;
    size_t count;

    (void)state;
    assert_int_equal(
        ml_rows_read_json(rows, "[[1,2]]", 7, &first, &count, NULL, &err), ML_ESHAPE
    );
    assert_string_equal(
        err.message,
        "too many faulty rows: from row 0 on, rows of 100000 elements take more memory than a "
        "body of 7 bytes may"
    );
    assert_int_equal(ml_rows_count(rows), 0);
    ml_rows_free(rows);
}

static void faults_before_a_wide_first_row_are_bounded_too(void **state) {
    static char body[60000];
    ml_rows *rows = make(0, 0);
    size_t size = 0;

    (void)state;
    body[size++] = '[';
    for (int row = 0; row < 5000; row++) {
        memcpy(body + size, "[],", 3);
        size += 3;
    }
    body[size++] = '[';
    for (int column = 0; column < 2000; column++) {
        memcpy(body + size, "1,", 2);
        size += 2;
    }
    memcpy(body + size - 1, "]]", 3);
    assert_int_equal(feed(rows, body), ML_ESHAPE);
    assert_int_equal(ml_rows_count(rows), 0);
    ml_rows_free(rows);
}

static void every_failing_allocation_is_told_and_leaves_nothing(void **state) {
    static const uint32_t dtypes[] = {ML_FP32, ML_BYTES};
    const size_t before = counting.used_bytes;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char *body = repeat(i == 0 ? "[1,2]" : "\"text\"", 20000);
        ml_status status = ML_ENOMEM;

        for (size_t n = 1; status != ML_OK; n++) {
            ml_rows_options options = ML_ROWS_OPTIONS_INIT;
            ml_rows *rows = NULL;

            options.dtype = dtypes[i];
            counting.request_count = 0;
            counting.fail_at = n;
            status = ml_rows_create(&options, &rows, NULL);
            if (status == ML_OK) {
                status = feed(rows, body);
                if (status != ML_OK) {
                    assert_int_equal(ml_rows_count(rows), 0);
                    assert_int_equal(feed(rows, body), ML_OK); /* the handle lives on */
                    assert_int_equal(ml_rows_count(rows), 20000);
                }
            } else {
                assert_null(rows);
            }
            assert_true(status == ML_OK || status == ML_ENOMEM);
            ml_rows_free(rows);
            assert_int_equal(counting.used_bytes, before);
        }
        counting.fail_at = 0;
        free(body);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(the_default_is_fp32_of_any_width),
        cmocka_unit_test(a_set_that_has_grown_allocates_no_more),
        cmocka_unit_test(clearing_gives_back_what_exceeds_the_bound),
        cmocka_unit_test(memory_stays_within_four_times_the_body),
        cmocka_unit_test(a_hundred_rows_of_which_half_are_short_are_read),
        cmocka_unit_test(too_many_faulty_rows_are_told_with_the_row_that_burst_it),
        cmocka_unit_test(faults_before_a_wide_first_row_are_bounded_too),
        cmocka_unit_test(every_failing_allocation_is_told_and_leaves_nothing),
    };

    return counting_use() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
