/* SPDX-License-Identifier: MIT */
/*
 * test_clean.c -- the program's cleaning works on a copy, before equal rows are found.
 */
#include "fake.h"

#include <ctype.h>

static ml_status clean_numbers(void *user, ml_row *row, ml_row_result *result) {
    double *values = row->inputs[0].data;

    (void)user;
    if (values[0] < 0) {
        result->column = 0;
        result->reason = "is below 0";
        return ML_EVALUE;
    }
    values[0] = floor(values[0]);
    return values[1] < 0 ? ML_ELIMIT : ML_OK;
}

static void rows_that_are_equal_after_cleaning_are_computed_once(void **state) {
    const double rows[5][2] = {{1.25, 2}, {1.5, 2}, {-1, 2}, {2, 2}, {1, -1}};
    double copy[5][2];
    double out[5];
    ml_row_result results[5];
    ml_call call = ML_CALL_INIT;
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    memcpy(copy, rows, sizeof copy);
    call.results = results;
    options.clean = clean_numbers;
    fake_init(&fake, ML_FP32, 2); /* the callback still sees the caller's FP64 */
    predictor = fake_make(&fake, &options);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_f64_rows(copy[0], 5, 2), ml_f64_out(out, 5, 1), &call, NULL
        ),
        ML_EROWS
    );
    assert_memory_equal(copy, rows, sizeof rows);
    assert_true(out[0] == 3 && out[1] == 3 && isnan(out[2]) && out[3] == 4 && isnan(out[4]));
    assert_string_equal(results[2].reason, "is below 0");
    assert_int_equal(results[4].status, ML_ELIMIT);
    assert_string_equal(results[4].reason, "refused by the program's cleaning");
    assert_int_equal(atomic_load(&fake.rows), 2);
    ml_predictor_close(predictor);
}

/* Lower case in place, without what is after the first space; "static" stands for nothing. */
static ml_status clean_text(void *user, ml_row *row, ml_row_result *result) {
    ml_bytes *text = row->inputs[0].data;
    char *bytes;
    size_t size = 0;

    (void)user;
    (void)result;
    memcpy(&bytes, &text->data, sizeof bytes);
    while (size < text->size && bytes[size] != ' ') {
        bytes[size] = (char)tolower((unsigned char)bytes[size]);
        size++;
    }
    text->size = size;
    if (size == 0) {
        text->data = "static";
        text->size = 6;
    }
    return ML_OK;
}

static void texts_may_be_changed_in_place_made_shorter_or_pointed_elsewhere(void **state) {
    char first[] = "Rome  ";
    const ml_bytes texts[4] = {{first, 6}, {"ROME", 4}, {"", 0}, {"static", 6}};
    double lengths[4];
    ml_predictor_options options = ML_PREDICTOR_OPTIONS_INIT;
    struct fake fake;
    ml_predictor *predictor;

    (void)state;
    options.clean = clean_text;
    fake_init(&fake, ML_BYTES, 1);
    predictor = fake_make(&fake, &options);
    assert_int_equal(
        ml_predict_batch(
            predictor, ml_text_rows(texts, 4), ml_f64_out(lengths, 4, 1), NULL, NULL
        ),
        ML_OK
    );
    assert_string_equal(first, "Rome  ");
    assert_true(lengths[0] == 4 && lengths[1] == 4 && lengths[2] == 6 && lengths[3] == 6);
    assert_int_equal(atomic_load(&fake.rows), 2);
    ml_predictor_close(predictor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_are_equal_after_cleaning_are_computed_once),
        cmocka_unit_test(texts_may_be_changed_in_place_made_shorter_or_pointed_elsewhere),
    };

    return count_allocations() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
