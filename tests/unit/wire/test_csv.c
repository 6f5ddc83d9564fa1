/* SPDX-License-Identifier: MIT */
/*
 * test_csv.c -- csv files are read as RFC 4180 has them, cell by cell, and faults are placed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <math.h>

#include "table_files.h"

static struct folder folder;

static int set_up(void **state) {
    (void)state;
    folder_make(&folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    folder_count(&folder, 1);
    return 0;
}

static ml_status read_text(const char *text, double *values, size_t *rows, ml_error *err) {
    const char *path = folder_write(&folder, "a.csv", text, strlen(text));

    return read_table(path, 2, values, 64, rows, err);
}

static void cells_are_numbers_or_missing(void **state) {
    double values[64];
    size_t rows;

    (void)state;
    assert_int_equal(
        read_text(
            "a,b,c\n1,-2.5,+3e2\n,nan,-NaN\ninf,-Infinity,+INF\n01,.5,\"5.\"\n1e999,1e-999,-"
            "0\n",
            values, &rows, NULL
        ),
        ML_OK
    );
    assert_int_equal(rows, 5);
    assert_true(values[0] == 1 && values[1] == -2.5 && values[2] == 300);
    assert_true(isnan(values[3]) && isnan(values[4]) && isnan(values[5]));
    assert_true(values[6] == INFINITY && values[7] == -INFINITY && values[8] == INFINITY);
    assert_true(values[9] == 1 && values[10] == 0.5 && values[11] == 5);
    assert_true(values[12] == INFINITY && values[13] == 0 && signbit(values[14]));
}

static void line_ends_may_be_lf_or_crlf_and_the_last_one_absent(void **state) {
    static const char *const texts[] = {
        "a,b\n1,2\n3,4\n",
        "a,b\r\n1,2\r\n3,4\r\n",
        "a,b\n1,2\r\n3,4",
        "\xef\xbb\xbf"
        "a,b\n1,2\n3,4",
        "\"a\",\"b\"\n\"1\",\"2\"\n\"3\",\"4\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        double values[64];
        size_t rows;

        assert_int_equal(read_text(texts[i], values, &rows, NULL), ML_OK);
        assert_int_equal(rows, 2);
        assert_true(values[0] == 1 && values[1] == 2 && values[2] == 3 && values[3] == 4);
    }
}

static void names_are_unquoted(void **state) {
    static const char text[] = "plain,\"a,b\",\"say \"\"hi\"\"\",,\" x \",\xc3\xa9\n";
    static const char *const names[] = {"plain", "a,b", "say \"hi\"", "", " x ", "\xc3\xa9"};
    ml_table_reader *reader = NULL;
    const ml_table_info *info;
    double values[6];
    size_t rows = 7;

    (void)state;
    assert_int_equal(
        ml_table_open(
            folder_write(&folder, "a.csv", text, sizeof text - 1), NULL, &reader, NULL
        ),
        ML_OK
    );
    info = ml_table_describe(reader);
    assert_int_equal(info->size, sizeof *info);
    assert_int_equal(info->dtype, ML_FP64);
    assert_true(info->row_count == UINT64_MAX);
    assert_int_equal(info->width, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(info->names[i], names[i]);
    }
    assert_int_equal(ml_table_read(reader, ML_FP64, values, 1, &rows, NULL), ML_OK);
    assert_int_equal(rows, 0);
    ml_table_close(reader);
}

static void a_blank_line_is_a_missing_value_of_the_only_column(void **state) {
    double values[64];
    size_t rows;

    (void)state;
    assert_int_equal(read_text("a\n1\n\n3\n", values, &rows, NULL), ML_OK);
    assert_int_equal(rows, 3);
    assert_true(values[0] == 1 && isnan(values[1]) && values[2] == 3);
}

static void faults_are_told_with_line_and_column(void **state) {
    static const struct {
        const char *text;
        ml_status status;
        const char *message;
    } cases[] = {
        {"", ML_EFORMAT, "the file is empty"},
        {"a,b\n1,x\n", ML_EFORMAT, "line 2, column 2: 'x' is no number"},
        {"a,b\n1,2\n1, 2\n", ML_EFORMAT, "line 3, column 2: ' 2' is no number"},
        {"a,b\n1\n", ML_EFORMAT, "line 2: less than 2 cells"},
        {"a,b\n1,2,3\n", ML_EFORMAT, "line 2: more than 2 cells"},
        {"a,b\n1,2,\n", ML_EFORMAT, "line 2: more than 2 cells"},
        {"a,b\n\n1,2\n", ML_EFORMAT, "line 2: less than 2 cells"},
        {"a\n\"1\n", ML_EFORMAT, "line 2: a quote is not closed"},
        {"a\n\"1\"2\n", ML_EFORMAT, "line 2, column 1: something stands after a closing quote"},
        {"a,b\n1,2\"\"\n", ML_EFORMAT,
         "line 2, column 2: a quote inside of a cell without quotes"},
        {"\"a\nb\"\nx\n", ML_EFORMAT, "line 1, column 1: the name has control characters"},
        {"a\n\"\n\"\nx\n", ML_EFORMAT, "line 2, column 1: '\n' is no number"},
        {"a\n0x10\n", ML_EFORMAT, "line 2, column 1: '0x10' is no number"},
        {"a\n1e\n", ML_EFORMAT, "line 2, column 1: '1e' is no number"},
        {"a\n+-inf\n", ML_EFORMAT, "line 2, column 1: '+-inf' is no number"},
        {"a\n-\n", ML_EFORMAT, "line 2, column 1: '-' is no number"},
        {"a\n0."
         "0000000000000000000000000000000000000000000000000000000000000000"
         "0000000000000000000000000000000000000000000000000000000000000001\n",
         ML_ELIMIT, "line 2, column 1: a number of 130 characters, the limit is 128"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double values[64];
        size_t rows;
        ml_error err = ML_ERROR_INIT;

        assert_int_equal(read_text(cases[i].text, values, &rows, &err), cases[i].status);
        assert_string_equal(strstr(err.message, ".csv: ") + 6, cases[i].message);
    }
}

static void values_are_read_as_the_type_asked_for(void **state) {
    static const char text[] = "a\n16777217\n0.1\n1e39\n";
    static const char sum[] = "a\n3\n-7.9\n";
    ml_table_reader *reader = NULL;
    float floats[3];
    int64_t integers[2];
    size_t rows;

    (void)state;
    assert_int_equal(
        ml_table_open(
            folder_write(&folder, "a.csv", text, sizeof text - 1), NULL, &reader, NULL
        ),
        ML_OK
    );
    assert_int_equal(ml_table_read(reader, ML_FP32, floats, 3, &rows, NULL), ML_OK);
    assert_int_equal(rows, 3);
    assert_true(floats[0] == 16777216.0f && floats[1] == 0.1f && isinf(floats[2]));
    ml_table_close(reader);
    assert_int_equal(
        ml_table_open(folder_write(&folder, "a.csv", sum, sizeof sum - 1), NULL, &reader, NULL),
        ML_OK
    );
    assert_int_equal(ml_table_read(reader, ML_INT64, integers, 2, &rows, NULL), ML_OK);
    assert_true(integers[0] == 3 && integers[1] == -7);
    ml_table_close(reader);
}

static void limits_are_kept_to_the_unit(void **state) {
    ml_table_options options = ML_TABLE_OPTIONS_INIT;
    ml_table_reader *reader = NULL;
    static const char text[] = "a,\"b,b\"\n12345678\n";
    double values[2];
    size_t rows;

    (void)state;
    options.max_columns = 1;
    (void)folder_write(&folder, "a.csv", text, sizeof text - 1);
    assert_int_equal(ml_table_open(folder.file, &options, &reader, NULL), ML_ELIMIT);
    options.max_columns = 2;
    options.max_line_bytes = 6;
    assert_int_equal(ml_table_open(folder.file, &options, &reader, NULL), ML_ELIMIT);
    options.max_line_bytes = 7;
    assert_int_equal(ml_table_open(folder.file, &options, &reader, NULL), ML_OK);
    assert_int_equal(ml_table_read(reader, ML_FP64, values, 1, &rows, NULL), ML_ELIMIT);
    ml_table_close(reader);
}

static void lines_longer_than_the_buffer_are_read(void **state) {
    enum { WIDTH = 60000 };
    static char text[WIDTH * 14];
    static double values[2 * WIDTH];
    size_t size = 0;
    size_t rows;

    (void)state;
    for (int line = 0; line < 2; line++) {
        for (int column = 0; column < WIDTH; column++) {
            size += (size_t)snprintf(
                text + size, sizeof text - size, "%d%c", column, column + 1 < WIDTH ? ',' : '\n'
            );
        }
    }
    (void)folder_write(&folder, "a.csv", text, size);
    assert_int_equal(read_table(folder.file, 1, values, 2 * WIDTH, &rows, NULL), ML_OK);
    assert_int_equal(rows, 1);
    for (int column = 0; column < WIDTH; column++) {
        assert_true(values[column] == column);
    }
}

static void a_file_of_many_buffers_is_read(void **state) {
    enum { ROWS = 60000 };
    static char text[ROWS * 20];
    static double values[2 * (ROWS + 2)];
    size_t size = (size_t)snprintf(text, sizeof text, "a,b\n");
    size_t rows;

    (void)state;
    for (int row = 0; row < ROWS; row++) {
        size += (size_t)snprintf(text + size, sizeof text - size, "%d,%d.5\n", row, row);
    }
    (void)folder_write(&folder, "a.csv", text, size);
    assert_int_equal(
        read_table(folder.file, 2, values, sizeof values / sizeof values[0], &rows, NULL), ML_OK
    );
    assert_int_equal(rows, ROWS);
    for (int row = 0; row < ROWS; row++) {
        assert_true(values[2 * row] == row && values[2 * row + 1] == row + 0.5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_numbers_or_missing),
        cmocka_unit_test(line_ends_may_be_lf_or_crlf_and_the_last_one_absent),
        cmocka_unit_test(names_are_unquoted),
        cmocka_unit_test(a_blank_line_is_a_missing_value_of_the_only_column),
        cmocka_unit_test(faults_are_told_with_line_and_column),
        cmocka_unit_test(values_are_read_as_the_type_asked_for),
        cmocka_unit_test(limits_are_kept_to_the_unit),
        cmocka_unit_test(lines_longer_than_the_buffer_are_read),
        cmocka_unit_test(a_file_of_many_buffers_is_read),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
