/* SPDX-License-Identifier: MIT */
/*
 * json_reader.c -- a pull reader of JSON: a state, a stack of counters, no recursion.
 *
 * Between tokens the reader knows what may come (`expected`) and, a level of nesting, how many
 * keys the object has so far or that it is an array. Strings are checked as they are passed
 * (escapes, UTF-8, control characters), eight plain bytes at a time; numbers are scanned into
 * digits and exponent at once, so that a caller who wants a float need not read them again.
 *
 * Cost: about a nanosecond a byte. Matrices go through ml__json_f32s(), which stays in one
 * loop and makes no tokens.
 */
#include "wire/json_reader.h"

#include <assert.h>

#include "base/fail.h"
#include "wire/json_escape.h"
#include "wire/utf8.h"

#define IN_ARRAY UINT32_MAX

enum expected {
    VALUE,
    VALUE_OR_END, /* after [ */
    KEY,          /* after , in an object */
    KEY_OR_END,   /* after { */
    COMMA_OR_END, /* after a value inside of something */
    DOCUMENT_END
};

void ml__json_open(
    struct ml__json *json, const char *text, size_t size, const struct ml__json_limits *limits
) {
    json->text = text;
    json->next = text;
    json->end = size > 0 ? text + size : text;
    json->max_depth = 32;
    json->max_keys = 1024;
    json->max_string_bytes = 65536;
    if (limits != NULL && limits->max_depth != 0) {
        json->max_depth = limits->max_depth;
    }
    if (limits != NULL && limits->max_keys != 0) {
        json->max_keys = limits->max_keys;
    }
    if (limits != NULL && limits->max_string_bytes != 0) {
        json->max_string_bytes = limits->max_string_bytes;
    }
    if (json->max_depth > ML__JSON_MAX_DEPTH) {
        json->max_depth = ML__JSON_MAX_DEPTH;
    }
    json->depth = 0;
    json->expected = VALUE;
}

static ml_status
malformed(const struct ml__json *json, const char *at, const char *expected, ml_error *err) {
    return ml__fail(
        err, ML_EFORMAT, "malformed JSON at byte %zu: expected %s%s", (size_t)(at - json->text),
        expected, at == json->end ? ", but the text ends" : ""
    );
}

static ml_status beyond(
    const struct ml__json *json, const char *at, const char *what, uint64_t limit, ml_error *err
) {
    return ml__fail(
        err, ML_ELIMIT, "JSON at byte %zu: %s, the limit is %llu", (size_t)(at - json->text),
        what, (unsigned long long)limit
    );
}

static inline const char *skip_space(const char *at, const char *end) {
    while (at < end && (unsigned char)*at <= ' ' &&
           (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
    return at;
}

static inline bool in_array(const struct ml__json *json) {
    return json->depth > 0 && json->key_counts[json->depth - 1] == IN_ARRAY;
}

static inline void value_done(struct ml__json *json) {
    json->expected = json->depth > 0 ? COMMA_OR_END : DOCUMENT_END;
}

/* The first byte that is not plain: a quote, a backslash, a control or beyond ASCII. */
static inline const char *skip_plain(const char *at, const char *end) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = UINT64_C(0x8080808080808080);

    while (end - at >= 8) {
        uint64_t eight;
        uint64_t quote;
        uint64_t backslash;

        memcpy(&eight, at, sizeof eight);
        quote = eight ^ ones * '"';
        backslash = eight ^ ones * '\\';
        /* x - 1 borrows into the top bit of a zero byte (of a byte below 0x20 likewise); what
           it says falsely of a byte after such a one is harmless: we stop for the first. */
        if (((eight | (eight - ones * 0x20) | (quote - ones) | (backslash - ones)) & tops) !=
            0) {
            break;
        }
        at += 8;
    }
    while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' &&
           *at != '\\') {
        at++;
    }
    return at;
}

/* The string or key whose opening quote stands at json->next. */
static ml_status
take_string(struct ml__json *json, struct ml__json_token *token, ml_error *err) {
    const char *at = json->next + 1;
    size_t saved = 0; /* bytes that the escapes are longer than what they mean */

    token->text = at;
    token->escaped = false;
    for (;;) {
        uint32_t code;
        size_t length;

        at = skip_plain(at, json->end);
        if (at == json->end) {
            return malformed(json, at, "the end of a string", err);
        }
        if (*at == '"') {
            break;
        }
        if (*at == '\\') {
            length = ml__json_escape(at, json->end, &code);
            if (length == 0) {
                return malformed(json, at, "a valid escape", err);
            }
            saved += length - ml__utf8_size(code);
            token->escaped = true;
        } else {
            length = (unsigned char)*at < 0x20
                         ? 0
                         : ml__utf8_length(
                               (const unsigned char *)at, (const unsigned char *)json->end
                           );
            if (length == 0) {
                return malformed(
                    json, at,
                    (unsigned char)*at < 0x20 ? "control characters to be escaped" : "UTF-8",
                    err
                );
            }
        }
        at += length;
    }
    token->size = (size_t)(at - token->text);
    token->decoded_size = token->size - saved;
    if (token->decoded_size > json->max_string_bytes) {
        return beyond(json, json->next, "a string too long", json->max_string_bytes, err);
    }
    json->next = at + 1;
    return ML_OK;
}

static ml_status
take_number(struct ml__json *json, struct ml__json_token *token, ml_error *err) {
    const char *after = ml__decimal_scan(json->next, json->end, false, &token->number);

    if (after == NULL) {
        return malformed(json, token->number.text, "a digit", err);
    }
    if (token->number.size > ML__NUMBER_MAX_BYTES) {
        return beyond(
            json, json->next, "a number of too many characters", ML__NUMBER_MAX_BYTES, err
        );
    }
    token->kind = ML__JSON_NUMBER;
    token->text = json->next;
    token->size = token->number.size;
    json->next = after;
    value_done(json);
    return ML_OK;
}

static ml_status take_word(
    struct ml__json *json, struct ml__json_token *token, enum ml__json_kind kind,
    const char *word, ml_error *err
) {
    for (const char *at = json->next;; at++, word++) {
        if (*word == '\0') {
            json->next = at;
            token->kind = kind;
            value_done(json);
            return ML_OK;
        }
        if (at == json->end || *at != *word) {
            return malformed(json, at, "true, false or null", err);
        }
    }
}

static ml_status
take_begin(struct ml__json *json, struct ml__json_token *token, bool array, ml_error *err) {
    if (json->depth == json->max_depth) {
        return beyond(json, json->next, "nested too deep", json->max_depth, err);
    }
    json->next++;
    json->key_counts[json->depth++] = array ? IN_ARRAY : 0;
    json->expected = array ? VALUE_OR_END : KEY_OR_END;
    token->kind = array ? ML__JSON_BEGIN_ARRAY : ML__JSON_BEGIN_OBJECT;
    return ML_OK;
}

static ml_status take_end(struct ml__json *json, struct ml__json_token *token) {
    token->kind = in_array(json) ? ML__JSON_END_ARRAY : ML__JSON_END_OBJECT;
    json->next++;
    json->depth--;
    value_done(json);
    return ML_OK;
}

static ml_status
take_value(struct ml__json *json, struct ml__json_token *token, ml_error *err) {
    ml_status status;

    switch (*json->next) {
    case '[':
        return take_begin(json, token, true, err);
    case '{':
        return take_begin(json, token, false, err);
    case '"':
        token->kind = ML__JSON_STRING;
        status = take_string(json, token, err);
        value_done(json);
        return status;
    case 't':
        return take_word(json, token, ML__JSON_TRUE, "true", err);
    case 'f':
        return take_word(json, token, ML__JSON_FALSE, "false", err);
    case 'n':
        return take_word(json, token, ML__JSON_NULL, "null", err);
    default:
        if (*json->next == '-' || ml__is_digit(*json->next)) {
            return take_number(json, token, err);
        }
        return malformed(
            json, json->next, json->expected == VALUE_OR_END ? "a value or ]" : "a value", err
        );
    }
}

/* A key and its colon. */
static ml_status take_key(struct ml__json *json, struct ml__json_token *token, ml_error *err) {
    uint32_t *key_count = &json->key_counts[json->depth - 1];
    ml_status status;

    if (*json->next != '"') {
        return malformed(json, json->next, json->expected == KEY ? "a key" : "a key or }", err);
    }
    if (*key_count == json->max_keys) {
        return beyond(json, json->next, "an object of too many keys", json->max_keys, err);
    }
    (*key_count)++;
    token->kind = ML__JSON_KEY;
    status = take_string(json, token, err);
    if (status != ML_OK) {
        return status;
    }
    json->next = skip_space(json->next, json->end);
    if (json->next == json->end || *json->next != ':') {
        return malformed(json, json->next, "a colon", err);
    }
    json->next++;
    json->expected = VALUE;
    return ML_OK;
}

/* What the text ended in the middle of. */
static const char *what_is_missing(const struct ml__json *json) {
    switch ((enum expected)json->expected) {
    case VALUE_OR_END:
        return "a value or ]";
    case KEY:
        return "a key";
    case KEY_OR_END:
        return "a key or }";
    case COMMA_OR_END:
        return in_array(json) ? ", or ]" : ", or }";
    case VALUE:
    case DOCUMENT_END:
        break;
    }
    return "a value";
}

ml_status ml__json_next(struct ml__json *json, struct ml__json_token *token, ml_error *err) {
    json->next = skip_space(json->next, json->end);
    if (json->expected == COMMA_OR_END && json->next < json->end && *json->next == ',') {
        json->next = skip_space(json->next + 1, json->end);
        json->expected = in_array(json) ? VALUE : KEY;
    }
    token->offset = (size_t)(json->next - json->text);
    if (json->expected == DOCUMENT_END) {
        if (json->next != json->end) {
            return malformed(json, json->next, "the end of the text", err);
        }
        token->kind = ML__JSON_END;
        return ML_OK;
    }
    if (json->next == json->end) {
        return malformed(json, json->next, what_is_missing(json), err);
    }
    switch ((enum expected)json->expected) {
    case VALUE_OR_END:
        if (*json->next == ']') {
            return take_end(json, token);
        }
        return take_value(json, token, err);
    case KEY_OR_END:
        if (*json->next == '}') {
            return take_end(json, token);
        }
        return take_key(json, token, err);
    case KEY:
        return take_key(json, token, err);
    case COMMA_OR_END:
        if (*json->next == (in_array(json) ? ']' : '}')) {
            return take_end(json, token);
        }
        return malformed(json, json->next, what_is_missing(json), err);
    case VALUE:
    case DOCUMENT_END:
        break;
    }
    return take_value(json, token, err);
}

ml_status
ml__json_skip(struct ml__json *json, const struct ml__json_token *token, ml_error *err) {
    struct ml__json_token inner = *token;
    uint32_t depth = json->depth;
    ml_status status = ML_OK;

    if (token->kind == ML__JSON_KEY) {
        status = ml__json_next(json, &inner, err);
    }
    if (inner.kind != ML__JSON_BEGIN_OBJECT && inner.kind != ML__JSON_BEGIN_ARRAY) {
        return status;
    }
    if (token->kind != ML__JSON_KEY) {
        depth--;
    }
    while (status == ML_OK && json->depth > depth) {
        status = ml__json_next(json, &inner, err);
    }
    return status;
}

/* Whether a number stands next in the array; moves to it. */
static inline bool number_is_next(struct ml__json *json) {
    const char *at = skip_space(json->next, json->end);

    if (json->expected == COMMA_OR_END && at < json->end && *at == ',') {
        at = skip_space(at + 1, json->end);
        json->expected = VALUE;
    }
    json->next = at;
    return at < json->end && (ml__is_digit(*at) || *at == '-') &&
           (json->expected == VALUE || json->expected == VALUE_OR_END);
}

static inline size_t
read_numbers(struct ml__json *json, float *floats, double *doubles, size_t room) {
    struct ml__decimal number;
    size_t count = 0;

    assert(in_array(json));
    while (count < room && number_is_next(json)) {
        const char *at = json->next;

        json->expected = VALUE;
        for (;;) {
            const char *after = ml__decimal_scan(at, json->end, false, &number);

            if (after == NULL || number.size > ML__NUMBER_MAX_BYTES ||
                !(floats != NULL ? ml__decimal_f32(&number, &floats[count])
                                 : ml__decimal_f64(&number, &doubles[count]))) {
                json->next = at;
                return count;
            }
            count++;
            at = after;
            /* Mostly a comma and the next number follow at once. */
            if (count == room || json->end - at < 2 || *at != ',' ||
                (!ml__is_digit(at[1]) && at[1] != '-')) {
                break;
            }
            at++;
        }
        json->next = at;
        json->expected = COMMA_OR_END;
    }
    return count;
}

size_t ml__json_f32s(struct ml__json *json, float *values, size_t room) {
    return room > 0 ? read_numbers(json, values, NULL, room) : 0;
}

size_t ml__json_f64s(struct ml__json *json, double *values, size_t room) {
    return room > 0 ? read_numbers(json, NULL, values, room) : 0;
}
