/* SPDX-License-Identifier: MIT */
/*
 * test_log.c -- proves lib/base/log.c: lines reach the hook, clean and bounded.
 */
#include "support/cmocka_all.h"

#include <mlserve/base.h>

#include <string.h>

#include "base/log.h"

static char last_line[1024];
static ml_log_level last_level;

static void remember(void *user, ml_log_level level, const char *line) {
    assert_ptr_equal(user, last_line);
    last_level = level;
    (void)strncpy(last_line, line, sizeof last_line - 1);
}

static void lines_reach_the_hook_that_was_set_before_the_first(void **state) {
    (void)state;
    assert_int_equal(ml_set_log(remember, last_line), ML_OK);
    ml__log(ML_LOG_WARNING, "model %s: %d rows", "digits", 3);
    assert_int_equal(last_level, ML_LOG_WARNING);
    assert_string_equal(last_line, "model digits: 3 rows");
    assert_int_equal(ml_set_log(NULL, NULL), ML_EINVAL);
}

static void control_bytes_cannot_forge_a_line(void **state) {
    (void)state;
    ml__log(ML_LOG_INFO, "name %s", "a\r\nERROR forged\x1b[2J\x7f");
    assert_string_equal(last_line, "name a??ERROR forged?[2J?");
}

static void a_line_is_at_most_511_bytes(void **state) {
    char text[2000];

    (void)state;
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ml__log(ML_LOG_INFO, "%s", text);
    assert_int_equal(strlen(last_line), 511);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_reach_the_hook_that_was_set_before_the_first),
        cmocka_unit_test(control_bytes_cannot_forge_a_line),
        cmocka_unit_test(a_line_is_at_most_511_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
