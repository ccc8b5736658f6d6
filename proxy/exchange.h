/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A question to the running process over the admin socket that the
 * configuration names, and its answer. Blocks, for a minute at most: this is
 * for commands.
 */
#ifndef SIDELOCK_PROXY_EXCHANGE_H
#define SIDELOCK_PROXY_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/report.h"

/* What is asked, and what came back. Begins with these three. */
struct exchange {
    const char *request; /* "POST /reload" */
    bool is_json;        /* the answer for programs; else for people */
    struct report *report;

    char *body; /* inside text; NUL-terminated */
    int status; /* 200 is good */
    bool has_warnings;

    char *text;
    size_t len;
    size_t cap;
    int64_t deadline_ms;
};

enum exchange_result {
    EXCHANGE_ANSWERED,
    EXCHANGE_NOBODY, /* nobody can be asked: it does not run, or is off */
    EXCHANGE_FAILED,
};

/* All but an answer comes with an error in the report. */
enum exchange_result exchange_ask(
    struct exchange *exchange, const struct config *config) MUST_CHECK;
void exchange_deinit(struct exchange *exchange);

/* The body on stdout, without control characters, whoever answered. */
void exchange_print(const struct exchange *exchange);

#endif
