/* SPDX-License-Identifier: MIT */
/*
 * arguments.c -- long options only, "--name value" or "--name=value"; a misspelt one is told
 * with the nearest that exists.
 */
#include "arguments.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORD = 31, MAX_OPTIONS = 32 };

static size_t least_of(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Number of letters to insert, delete or change (Levenshtein, one row at a time). */
static size_t distance(const char *a, const char *b) {
    const size_t a_size = strlen(a);
    const size_t b_size = strlen(b);
    size_t row[MAX_WORD + 1];
    size_t i;
    size_t k;

    if (a_size > MAX_WORD || b_size > MAX_WORD) {
        return MAX_WORD;
    }
    for (k = 0; k <= b_size; k++) {
        row[k] = k;
    }
    for (i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (k = 1; k <= b_size; k++) {
            const size_t above = row[k];
            const size_t changed = diagonal + (a[i - 1] != b[k - 1]);

            row[k] = least_of(changed, least_of(above, row[k - 1]) + 1);
            diagonal = above;
        }
    }
    return row[b_size];
}

const char *arguments_nearest(const char *word, const char *const *words, size_t count) {
    const char *nearest = NULL;
    size_t least = strlen(word) / 2 + 1; /* more than half wrong is another word */
    size_t i;

    for (i = 0; i < count; i++) {
        const size_t far = distance(word, words[i]);

        if (far < least) {
            least = far;
            nearest = words[i];
        }
    }
    return nearest;
}

int arguments_refuse(const struct command *command, const char *format, ...) {
    va_list list;

    fprintf(stderr, "%s: ", command->name);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\nTry: %s --help\n", command->name);
    return EXIT_USAGE;
}

static void print_help(const struct command *command) {
    size_t i;

    printf("Usage: %s %s\n", command->name, command->summary);
    for (i = 0; i < command->option_count; i++) {
        const struct option *option = &command->options[i];
        char left[64];

        (void)snprintf(
            left, sizeof left, "%s %s", option->name, option->value == NULL ? "" : option->value
        );
        printf("  %-26s %s\n", left, option->help);
    }
    printf("  %-26s %s\n", "--help", "show this");
}

/* Whether `text` is the option, and where its value stands if it came as "--name=value". */
static bool matches(const struct option *option, const char *text, const char **value) {
    const size_t size = strlen(option->name);

    *value = NULL;
    if (strncmp(text, option->name, size) != 0) {
        return false;
    }
    if (text[size] == '=') {
        *value = text + size + 1;
        return true;
    }
    return text[size] == '\0';
}

static void refuse_option(const struct command *command, const char *text) {
    const char *names[MAX_OPTIONS + 1];
    char name[MAX_WORD + 1];
    const char *nearest;
    size_t count = 0;

    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(text, "="), text);
    for (; count < command->option_count && count < MAX_OPTIONS; count++) {
        names[count] = command->options[count].name;
    }
    names[count++] = "--help";
    nearest = arguments_nearest(name, names, count);
    if (nearest == NULL) {
        (void)arguments_refuse(command, "unknown option %s", name);
    } else {
        (void)arguments_refuse(command, "unknown option %s; did you mean %s?", name, nearest);
    }
}

static int
take_option(struct arguments *arguments, const struct option *option, const char **value) {
    if (option->value == NULL && *value != NULL) {
        (void)arguments_refuse(arguments->command, "%s takes no value", option->name);
        return ARGUMENT_WRONG;
    }
    if (option->value != NULL && *value == NULL) {
        *value = *arguments->next;
        if (*value == NULL) {
            (void)arguments_refuse(
                arguments->command, "%s needs a value: %s", option->name, option->value
            );
            return ARGUMENT_WRONG;
        }
        arguments->next++;
    }
    return option->id;
}

int arguments_next(struct arguments *arguments, const char **value) {
    const char *text = *arguments->next;
    size_t i;

    if (text == NULL) {
        return ARGUMENT_END;
    }
    arguments->next++;
    if (!arguments->only_words && strcmp(text, "--") == 0) {
        arguments->only_words = true;
        return arguments_next(arguments, value);
    }
    if (arguments->only_words || text[0] != '-' || text[1] == '\0') {
        *value = text;
        return ARGUMENT_WORD;
    }
    if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
        print_help(arguments->command);
        return ARGUMENT_HELP;
    }
    for (i = 0; i < arguments->command->option_count; i++) {
        if (matches(&arguments->command->options[i], text, value)) {
            return take_option(arguments, &arguments->command->options[i], value);
        }
    }
    refuse_option(arguments->command, text);
    return ARGUMENT_WRONG;
}

bool arguments_number(
    const struct command *command, const char *option, const char *text, uint32_t least,
    uint32_t most, uint32_t *number
) {
    const size_t size = strspn(text, "0123456789");
    const unsigned long value = size > 0 && size < 11 ? strtoul(text, NULL, 10) : 0;

    if (size == 0 || size > 10 || text[size] != '\0' || value < least || value > most) {
        (void)arguments_refuse(
            command, "%s is '%s', expected a number from %u to %u", option, text, least, most
        );
        return false;
    }
    *number = (uint32_t)value;
    return true;
}
