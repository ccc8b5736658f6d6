/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What `check` collects, for check.c and the files beside it: the findings of
 * a load, what only the environment can tell, and a row for each thing that
 * was looked at. The table and the JSON are two prints of the same.
 */
#ifndef SIDELOCK_PROXY_CHECK_STATE_H
#define SIDELOCK_PROXY_CHECK_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "certs/snapshot.h"
#include "config/config.h"
#include "config/report.h"

enum {
    CHECK_ROW_BYTES = 256,
    CHECK_COMMAND_BYTES = 2048,
    CHECK_VERDICT_BYTES = 64,
};

enum check_outcome {
    CHECK_OK,
    CHECK_SKIPPED, /* not reached, or nothing to look at */
    CHECK_WARNING,
    CHECK_ERROR,
};

enum check_about {
    CHECK_PROCESS,
    CHECK_CERTIFICATE,
    CHECK_SERVICE,
};

/* One thing that was looked at. */
struct check_row {
    enum check_about about;
    const char *subject; /* the name of the certificate or service; "" */
    const char *name;    /* "pair" */
    enum check_outcome outcome;
    enum guide_code code; /* of what was found, or SL_NONE */
    char text[CHECK_ROW_BYTES];
};

/* A certificate as check knows it, also when a start would not get so far. */
struct check_certificate {
    const struct config_certificate *settings;
    struct identity *identity; /* a reference; NULL when it is not good */
};

struct check {
    const struct config_source *source;
    time_t now;
    struct report report;
    struct snapshot *snapshot; /* NULL: a start would fail */
    struct config *config;     /* NULL: not even the settings are good */
    bool owns_config;          /* as there is no snapshot to do so */
    struct check_certificate *certificates;
    size_t certificate_count;
    struct check_row *rows;
    size_t row_count;
};

/* Adds a row; a text that is too long is cut. Out of memory is a finding. */
void check_add_row(struct check *check, const struct check_row *row,
    const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Adds those findings that the report does not have yet. */
void check_merge(struct check *check, const struct report *found);

/* Rows for the files that a start makes (check_files.c). */
void check_files(struct check *check);
/* Rows for all certificates; where a start would stop at the first error, the
 * errors of the others are found, too. -1: no memory. */
int check_certificates(struct check *check) MUST_CHECK;
void check_services(struct check *check);
/* Connects to all backends at once (check_backends.c). */
void check_backends(struct check *check);

/* An openssl command that verifies from outside what the service shows first,
 * or "" when there is no port yet (check_command.c). Needs the snapshot. */
void check_command(const struct check *check, size_t service_index,
    const struct identity *identity, char out[CHECK_COMMAND_BYTES]);

/* "good", "usable, with 2 warnings" */
void check_verdict(const struct check *check, char out[CHECK_VERDICT_BYTES]);
int check_exit_code(const struct check *check);
/* "ok", "-", "warning", "error" */
const char *check_outcome_name(enum check_outcome outcome);
const char *check_about_name(enum check_about about);

/* "ECDSA" */
const char *check_key_type(enum key_type type);

void check_print_table(const struct check *check);
/* -1 after a line on stderr. */
int check_print_json(const struct check *check) MUST_CHECK;

#endif
