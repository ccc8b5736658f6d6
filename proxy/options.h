/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line: which command, and where its settings come from. */
#ifndef SIDELOCK_PROXY_OPTIONS_H
#define SIDELOCK_PROXY_OPTIONS_H

#include <stdio.h>

#include "config/config.h"

enum command {
    COMMAND_RUN,
    COMMAND_CHECK,
    COMMAND_HEALTH,
    COMMAND_RELOAD,
    COMMAND_STATUS,
    COMMAND_SET,
    COMMAND_CLIENTS,
    COMMAND_AUTHORIZE,
    COMMAND_REVOKE,
    COMMAND_EXPLAIN,
    COMMAND_HELP,
    COMMAND_HELP_CONFIG,
    COMMAND_VERSION,
};

enum {
    OPTIONS_SETS_MAX = 512
};

/* What the process ends with. */
enum exit_code {
    EXIT_GOOD = 0,
    EXIT_ERROR = 1,
    EXIT_USAGE = 2,    /* the command line is wrong */
    EXIT_WARNINGS = 2, /* `check`, `reload` or `status`: good, but look */
};

struct options {
    enum command command;
    struct config_source source;
    const char *code;   /* to explain, or NULL */
    char *const *words; /* what to set; fingerprints */
    size_t word_count;
    const char *service;                /* whose fingerprints, or NULL */
    bool is_json;                       /* answer for programs */
    bool is_markdown;                   /* explain as a page */
    const char *sets[OPTIONS_SETS_MAX]; /* what source.sets points to */
};

/*
 * Reads the arguments, which must outlive the options. 0; or -1 after one
 * line on stderr that says what is wrong and where to look.
 */
int options_parse(struct options *options, int argc, char **argv) MUST_CHECK;

void options_print_help(FILE *out);

#endif
