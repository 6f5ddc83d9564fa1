/* SPDX-License-Identifier: MIT */
/*
 * test_json_suite.c -- the reader accepts and refuses what the public JSON test suite says.
 *
 * Each case goes through the pull reader, whose answer must be the suite's, and as a body
 * through ml_rows_read_json(), which must refuse as malformed (or too deep) what is.
 */
#include "support/cmocka_all.h"

#include <mlserve.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json_reader.h"

struct text {
    char *data;
    size_t size;
};

static void append_hex(struct text *text, const char *hex) {
    unsigned byte;

    for (; hex[0] != '-' && sscanf(hex, "%2x", &byte) == 1; hex += 2) {
        text->data[text->size++] = (char)byte;
        if (hex[2] == '\0') {
            break;
        }
    }
}

static struct text make_text(long count, const char *unit, const char *tail) {
    struct text text = {malloc((size_t)count * strlen(unit) + strlen(tail) + 1), 0};

    assert_non_null(text.data);
    for (long i = 0; i < count; i++) {
        append_hex(&text, unit);
    }
    append_hex(&text, tail);
    return text;
}

static ml_status pull_all(struct text text, ml_error *err) {
    struct ml__json json;
    struct ml__json_token token = {.kind = ML__JSON_NULL};
    ml_status status = ML_OK;

    ml__json_open(&json, text.data, text.size, NULL);
    while (status == ML_OK && token.kind != ML__JSON_END) {
        status = ml__json_next(&json, &token, err);
    }
    return status;
}

static ml_status read_body(struct text text) {
    ml_rows *rows = NULL;
    size_t first;
    size_t count;
    ml_status status;

    assert_int_equal(ml_rows_create(NULL, &rows, NULL), ML_OK);
    status = ml_rows_read_json(rows, text.data, text.size, &first, &count, NULL, NULL);
    ml_rows_free(rows);
    return status;
}

static bool is_refusal(ml_status status) {
    return status == ML_EFORMAT || status == ML_ELIMIT;
}

static void check(const char *name, struct text text) {
    ml_error err = ML_ERROR_INIT;
    const ml_status pulled = pull_all(text, &err);
    const ml_status body = read_body(text);

    if (name[0] == 'y') {
        if (pulled != ML_OK || (body != ML_OK && body != ML_ESHAPE)) {
            fail_msg("%s: refused: %s", name, err.message);
        }
    } else if (name[0] == 'n') {
        if (!is_refusal(pulled) || !is_refusal(body)) {
            fail_msg(
                "%s: accepted (%s, %s)", name, ml_status_name(pulled), ml_status_name(body)
            );
        }
        if (pulled == ML_EFORMAT) {
            assert_memory_equal(err.message, "malformed JSON at byte ", 23);
        }
    } else if (is_refusal(pulled) != is_refusal(body)) {
        fail_msg(
            "%s: %s, but as a body %s", name, ml_status_name(pulled), ml_status_name(body)
        );
    }
}

static void the_suite_is_answered_as_it_asks(void **state) {
    FILE *file = fopen("tests/golden/json/cases.txt", "r");
    char name[128];
    char unit[4096];
    char tail[64];
    long count;
    int accept_count = 0;
    int refuse_count = 0;

    (void)state;
    assert_non_null(file);
    while (fscanf(file, "%127s %ld %4095s %63s", name, &count, unit, tail) == 4) {
        struct text text = make_text(count, unit, tail);

        check(name, text);
        accept_count += name[0] == 'y';
        refuse_count += name[0] == 'n';
        free(text.data);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(accept_count, 95);
    assert_int_equal(refuse_count, 188);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_suite_is_answered_as_it_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
