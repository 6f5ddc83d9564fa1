/* SPDX-License-Identifier: MIT */
/*
 * test_json_grammar.c -- what RFC 8259 allows and forbids, case by case. Read by
 * json_reader.c; the cases are those that JSON readers are known to differ in.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "json_texts.h"

static const struct text accepted[] = {
    TEXT("[[]   ]"),
    TEXT("[\"\"]"),
    TEXT("[]"),
    TEXT("[\"a\"]"),
    TEXT("[false]"),
    TEXT("[null, 1, \"1\", {}]"),
    TEXT("[null]"),
    TEXT("[1\n]"),
    TEXT(" [1]"),
    TEXT("[1,null,null,null,2]"),
    TEXT("[2] "),
    TEXT("[123e65]"),
    TEXT("[0e+1]"),
    TEXT("[0e1]"),
    TEXT("[ 4]"),
    TEXT("[-0.000000000000000000000000000000000000000000000000000000000001]"),
    TEXT("[20e1]"),
    TEXT("[-0]"),
    TEXT("[-123]"),
    TEXT("[-1]"),
    TEXT("[1E22]"),
    TEXT("[1E-2]"),
    TEXT("[1E+2]"),
    TEXT("[123e45]"),
    TEXT("[123.456e78]"),
    TEXT("[1e-2]"),
    TEXT("[1e+2]"),
    TEXT("[123.456789]"),
    TEXT("[1e999, -1e999, 1e-999, 123456789012345678901234567890]"),
    TEXT("{\"asd\":\"sdf\", \"dfg\":\"fgh\"}"),
    TEXT("{\"asd\":\"sdf\"}"),
    TEXT("{\"a\":\"b\",\"a\":\"c\"}"),
    TEXT("{}"),
    TEXT("{\"\":0}"),
    TEXT("{\"foo\\u0000bar\": 42}"),
    TEXT("{ \"min\": -1.0e+28, \"max\": 1.0e+28 }"),
    TEXT("{\"a\":[]}"),
    TEXT("{\n\"a\": \"b\"\n}"),
    TEXT("[\"\\u0060\\u012a\\u12AB\"]"),
    TEXT("[\"\\uD801\\udc37\"]"),
    TEXT("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"),
    TEXT("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
    TEXT("[\"\\\\u0000\"]"),
    TEXT("[\"a/*b*/c/*d//e\"]"),
    TEXT("[\"\\uDBFF\\uDFFF\"]"),
    TEXT("[\"\xf4\x8f\xbf\xbf\"]"),
    TEXT("[\"\xef\xbf\xbf\"]"),
    TEXT("[\"\\u0000\"]"),
    TEXT("[\"\xe2\x82\xac\xf0\x9d\x84\x9e\"]"),
    TEXT("[\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\"]"),
    TEXT("[\"\x7f\"]"),
    TEXT("[\"\xe2\x80\xa8\"]"),
    TEXT("[\"\\uA66D\"]"),
    TEXT("\" \""),
    TEXT("42"),
    TEXT("-0.1"),
    TEXT("null"),
    TEXT("\"asd\""),
    TEXT("true"),
    TEXT("false"),
    TEXT("\"\""),
    TEXT("[\"a\"]\n"),
    TEXT("[true]"),
    TEXT(" \t\r\n[] \t\r\n"),
};

/* `place` is the first byte that cannot be. */
static const struct {
    struct text text;
    size_t place;
} refused[] = {
    {TEXT(""), 0},
    {TEXT(" "), 1},
    {TEXT("[1 true]"), 3},
    {TEXT("[a\xe5]"), 1},
    {TEXT("[\"\": 1]"), 3},
    {TEXT("[\"\"],"), 4},
    {TEXT("[,1]"), 1},
    {TEXT("[1,,2]"), 3},
    {TEXT("[\"x\",,]"), 5},
    {TEXT("[\"x\"]]"), 5},
    {TEXT("[\"\",]"), 4},
    {TEXT("[\"x\""), 4},
    {TEXT("[x"), 1},
    {TEXT("[3[4]]"), 2},
    {TEXT("[\xff]"), 1},
    {TEXT("[1:2]"), 2},
    {TEXT("[,]"), 1},
    {TEXT("[-]"), 2},
    {TEXT("[   , \"\"]"), 4},
    {TEXT("[\"a\",\n4\n,1,"), 11},
    {TEXT("[1,]"), 3},
    {TEXT("[\"\v\"]"), 2},
    {TEXT("[\f]"), 1},
    {TEXT("[*]"), 1},
    {TEXT("[1,"), 3},
    {TEXT("[1"), 2},
    {TEXT("["), 1},
    {TEXT("[fals]"), 5},
    {TEXT("[nul]"), 4},
    {TEXT("[tru]"), 4},
    {TEXT("[True]"), 1},
    {TEXT("123\0"), 3},
    {TEXT("[++1234]"), 1},
    {TEXT("[+1]"), 1},
    {TEXT("[+Inf]"), 1},
    {TEXT("[-01]"), 3},
    {TEXT("[-1.0.]"), 5},
    {TEXT("[-2.]"), 4},
    {TEXT("[-NaN]"), 2},
    {TEXT("[.-1]"), 1},
    {TEXT("[.2e-3]"), 1},
    {TEXT("[0.1.2]"), 4},
    {TEXT("[0.3e+]"), 6},
    {TEXT("[0.3e]"), 5},
    {TEXT("[0.e1]"), 3},
    {TEXT("[0E+]"), 4},
    {TEXT("[0E]"), 3},
    {TEXT("[0e"), 3},
    {TEXT("[1.0e-]"), 6},
    {TEXT("[1 000.0]"), 3},
    {TEXT("[1eE2]"), 3},
    {TEXT("[2.e3]"), 3},
    {TEXT("[9.e+]"), 3},
    {TEXT("[Inf]"), 1},
    {TEXT("[NaN]"), 1},
    {TEXT("[1+2]"), 2},
    {TEXT("[0x1]"), 2},
    {TEXT("[Infinity]"), 1},
    {TEXT("[-Infinity]"), 2},
    {TEXT("[-foo]"), 2},
    {TEXT("[- 1]"), 2},
    {TEXT("[012]"), 2},
    {TEXT("[-.123]"), 2},
    {TEXT("[1.]"), 3},
    {TEXT("[1a]"), 2},
    {TEXT("[1.2a-3]"), 4},
    {TEXT("[00]"), 2},
    {TEXT("{[: \"x\"}"), 1},
    {TEXT("{\"x\", null}"), 4},
    {TEXT("{\"x\"::\"b\"}"), 5},
    {TEXT("{\"a\" b}"), 5},
    {TEXT("{key: 'value'}"), 1},
    {TEXT("{\"a\":\"a\" 123}"), 9},
    {TEXT("{\"a\""), 4},
    {TEXT("{:\"b\"}"), 1},
    {TEXT("{\"a\":"), 5},
    {TEXT("{1:1}"), 1},
    {TEXT("{null:null}"), 1},
    {TEXT("{\"id\":0,}"), 8},
    {TEXT("{\"id\":0,,}"), 8},
    {TEXT("{'a':0}"), 1},
    {TEXT("{\"a\":\"b\"}/**/"), 9},
    {TEXT("{\"a\":\"b\"}//"), 9},
    {TEXT("{\"a\":\"b\",,\"c\":\"d\"}"), 9},
    {TEXT("{\"a\":\"b\",a:1}"), 9},
    {TEXT("{\"a\":\"a"), 7},
    {TEXT("{ \"foo\" : \"bar\", \"a\" }"), 21},
    {TEXT("{\"a\":\"b\"}#"), 9},
    {TEXT("{,}"), 1},
    {TEXT("[\"\\uD800\\\"]"), 2},
    {TEXT("[\"\\uD800\\u\"]"), 2},
    {TEXT("[\"\\uD800\\u1\"]"), 2},
    {TEXT("[\"\\uD800\\u1x\"]"), 2},
    {TEXT("[\"\\uD800\"]"), 2},
    {TEXT("[\"\\uDc00\"]"), 2},
    {TEXT("[\"\\uD834\\uD834\"]"), 2},
    {TEXT("[\"\\uD800abcdefgh\"]"), 2},
    {TEXT("[\xc3\xa9]"), 1},
    {TEXT("[\"\\x00\"]"), 2},
    {TEXT("[\"\\\\\\\"]"), 7},
    {TEXT("[\"\\\t\"]"), 2},
    {TEXT("[\"\\\xf0\x9f\x8c\x80\"]"), 2},
    {TEXT("[\"\\u00A\"]"), 2},
    {TEXT("[\"\\u\xe5\"]"), 2},
    {TEXT("[\"\\a\"]"), 2},
    {TEXT("[\"\\uqqqq\"]"), 2},
    {TEXT("[\"\\U0041\"]"), 2},
    {TEXT("[\\u0020\"asd\"]"), 1},
    {TEXT("[\\n]"), 1},
    {TEXT("\""), 1},
    {TEXT("\"\\"), 1},
    {TEXT("['single quote']"), 1},
    {TEXT("abc"), 0},
    {TEXT("[\"new\nline\"]"), 5},
    {TEXT("[\"a\0a\"]"), 3},
    {TEXT("[\"\t\"]"), 2},
    {TEXT("[\"0123456789\x1f\"]"), 12},
    {TEXT("\"x"), 2},
    {TEXT("[\"\xff\"]"), 2},
    {TEXT("[\"\x80\"]"), 2},
    {TEXT("[\"\xc0\xaf\"]"), 2},
    {TEXT("[\"\xc1\xbf\"]"), 2},
    {TEXT("[\"\xe0\x80\xaf\"]"), 2},
    {TEXT("[\"\xe0\x9f\xbf\"]"), 2},
    {TEXT("[\"\xed\xa0\x80\"]"), 2},
    {TEXT("[\"\xf0\x8f\xbf\xbf\"]"), 2},
    {TEXT("[\"\xf4\x90\x80\x80\"]"), 2},
    {TEXT("[\"\xf5\x80\x80\x80\"]"), 2},
    {TEXT("[\"\xfc\x83\xbf\xbf\xbf\xbf\"]"), 2},
    {TEXT("[\"\xe2\x82\"]"), 2},
    {TEXT("[\"\xc2"), 2},
    {TEXT("[\"12345678\xe2\x28\xa1\"]"), 10},
    {TEXT("\xef\xbb\xbf[]"), 0},
    {TEXT("\xef\xbb\xbf"), 0},
    {TEXT("<.>"), 0},
    {TEXT("[<null>]"), 1},
    {TEXT("[1]x"), 3},
    {TEXT("[1]]"), 3},
    {TEXT("[\"asd]"), 6},
    {TEXT("[][]"), 2},
    {TEXT("]"), 0},
    {TEXT("}"), 0},
    {TEXT("{]"), 1},
    {TEXT("[}"), 1},
    {TEXT("[1}"), 2},
    {TEXT("{\"a\":1]"), 6},
    {TEXT("{\"x\": true,"), 11},
    {TEXT("{}}"), 2},
    {TEXT("2@"), 1},
    {TEXT("nan"), 1},
    {TEXT("1]"), 1},
    {TEXT("{\"\":"), 4},
    {TEXT("{\"a\":/*comment*/\"b\"}"), 5},
    {TEXT("{\"a\": true} \"x\""), 12},
    {TEXT("['"), 1},
    {TEXT("{"), 1},
    {TEXT("{\"a"), 3},
    {TEXT("[\"\\{[\"\\{["), 2},
    {TEXT("\xc3\xa5"), 0},
    {TEXT("[\xe2\x81\xa0]"), 1},
    {TEXT("[\xc2\xa0]"), 1},
    {TEXT("*"), 0},
    {TEXT("\xe9"), 0},
    {TEXT("["
          "\x0c"
          "]"),
     1},
};

static void what_the_rfc_allows_is_read(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        ml_error err = ML_ERROR_INIT;

        if (read_all(accepted[i], NULL, &err) != ML_OK) {
            fail_msg("%s: %s", accepted[i].bytes, err.message);
        }
    }
}

static void what_the_rfc_forbids_is_refused_at_its_byte(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        ml_error err = ML_ERROR_INIT;
        char start[64];

        (void)snprintf(start, sizeof start, "malformed JSON at byte %zu: ", refused[i].place);
        if (read_all(refused[i].text, NULL, &err) != ML_EFORMAT ||
            strncmp(err.message, start, strlen(start)) != 0) {
            fail_msg(
                "%s: '%s', expected byte %zu", refused[i].text.bytes, err.message,
                refused[i].place
            );
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_rfc_allows_is_read),
        cmocka_unit_test(what_the_rfc_forbids_is_refused_at_its_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
