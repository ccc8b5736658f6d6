/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loads configurations for tests. Files are written as "test.ini" into a
 * directory of the test program's own, which is its working directory, so
 * that messages can be compared with their lines: "test.ini:3: ...".
 */
#ifndef SIDELOCK_TESTS_CONFIG_FIXTURE_H
#define SIDELOCK_TESTS_CONFIG_FIXTURE_H

#include <stddef.h>

#include "config/config.h"
#include "config/report.h"

struct loaded {
    struct config *config; /* NULL: it was refused */
    struct report report;
};

/* A file that loads; six lines. */
extern const char good_ini[];

/* Group set-up and tear-down of cmocka. */
int fixture_start(void **state);
int fixture_stop(void **state);

void write_file(const char *path, const char *text, size_t len);

void load_source(struct loaded *loaded, const struct config_source *source);
void load_text(struct loaded *loaded, const char *text);
/* good_ini and then these lines, the first of which is line 7. */
void load_good_with(struct loaded *loaded, const char *lines);
/* A file, or NULL for none, and what NULL-ended lists of --set and of
 * variables ("NAME=value") add; either may be NULL. */
void load_overridden(struct loaded *loaded, const char *path,
    const char *const *sets, const char *const *variables);
void unload(struct loaded *loaded);

/* Each fails with all findings printed. */
void assert_loaded(const struct loaded *loaded);
void assert_refused(const struct loaded *loaded, const char *text_part);
void assert_finding(
    const struct loaded *loaded, enum severity severity, const char *text_part);
void assert_finding_count(const struct loaded *loaded, size_t count);

#endif
