/* SPDX-License-Identifier: MIT */
/*
 * arguments.h -- the command line, option by option.
 */
#ifndef MLSERVE_SERVER_ARGUMENTS_H
#define MLSERVE_SERVER_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes of the program. */
enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct option {
    const char *name;  /* "--model" */
    const char *value; /* what its value is called in the help; NULL: it takes none */
    const char *help;
    int id; /* not 0 */
};

/* A subcommand's command line: its text for --help and its options. */
struct command {
    const char *name;    /* "mlserve predict" */
    const char *summary; /* the usage line after the name, and what it is for */
    const struct option *options;
    size_t option_count;
};

enum { ARGUMENT_END = 0, ARGUMENT_WORD = -1, ARGUMENT_HELP = -2, ARGUMENT_WRONG = -3 };

struct arguments {
    const struct command *command;
    char **next;     /* of an argv, ended by NULL */
    bool only_words; /* after "--" */
};

/*
 * The next argument: the id of an option, with its value, or one of the above. ARGUMENT_WORD:
 * *value is the word. ARGUMENT_WRONG: the reason was printed. ARGUMENT_HELP: so was the help.
 */
int arguments_next(struct arguments *arguments, const char **value);

/* Print "NAME: message" and where help is; answers EXIT_USAGE. */
int arguments_refuse(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A decimal number in [least, most]; else the reason is printed. */
bool arguments_number(
    const struct command *command, const char *option, const char *text, uint32_t least,
    uint32_t most, uint32_t *number
);

/* Of the words in the list, the one nearest to a misspelt one; NULL: none is near. */
const char *arguments_nearest(const char *word, const char *const *words, size_t count);

#endif
