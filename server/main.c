/* SPDX-License-Identifier: MIT */
/*
 * main.c -- the program mlserve: which subcommand is it?
 *
 * OpenBLAS starts a thread a core when it is loaded, which would fight with ours over the
 * cores. It reads OPENBLAS_NUM_THREADS at that moment, before main() runs: so the program says
 * 1 in its environment and starts itself once more, unless the user has said a number. The
 * library never touches such settings: they belong to its host.
 */
#include "arguments.h"
#include "commands.h"

#include <mlserve.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    int (*run)(char **arguments);
    const char *help;
} commands[] = {
    {"predict", cmd_predict, "predict a file of rows (npy, csv) with a model"},
    {"inspect", cmd_inspect, "show what a model file holds"},
    {"serve", cmd_serve, "answer predictions over HTTP"},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void start_once_more(char **argv) {
    char path[PATH_MAX];
    const ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);

    if (size > 0 && getenv("OPENBLAS_NUM_THREADS") == NULL &&
        setenv("OPENBLAS_NUM_THREADS", "1", 1) == 0) {
        path[size] = '\0';
        (void)execv(path, argv);
    }
    /* Where it cannot be done the program works all the same, with idle threads. */
}

static void print_help(void) {
    size_t i;

    printf("Usage: mlserve COMMAND [OPTION...]\n\n"
           "Predictions of trained models, from the command line and over HTTP.\n\n");
    for (i = 0; i < COMMAND_COUNT; i++) {
        printf("  %-10s %s\n", commands[i].name, commands[i].help);
    }
    printf("\n  --version  show the version\n"
           "  --help     show this; mlserve COMMAND --help shows a command's options\n");
}

static int refuse(const char *word) {
    const char *names[COMMAND_COUNT + 2] = {"--version", "--help"};
    const char *nearest;
    size_t i;

    for (i = 0; i < COMMAND_COUNT; i++) {
        names[i + 2] = commands[i].name;
    }
    nearest = arguments_nearest(word, names, COMMAND_COUNT + 2);
    fprintf(stderr, "mlserve: unknown command %s", word);
    if (nearest != NULL) {
        fprintf(stderr, "; did you mean %s?", nearest);
    }
    fprintf(stderr, "\nTry: mlserve --help\n");
    return EXIT_USAGE;
}

int main(int argc, char **argv) {
    size_t i;

    start_once_more(argv);
    if (argc < 2) {
        print_help();
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help();
        return EXIT_FINE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("mlserve %s\n", ml_version());
        return EXIT_FINE;
    }
    for (i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argv + 2);
        }
    }
    return refuse(argv[1]);
}
