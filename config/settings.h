/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was written, before it means anything: sections and their keys as
 * text, each with its origin, merged from file, environment and --set. Names
 * of sections and keys are checked here, values only for characters that no
 * value may hold.
 *
 * Nothing here fails by return: a problem is an error in the report, and
 * gathering goes on, so that one pass finds as many as it can.
 */
#ifndef SIDELOCK_CONFIG_SETTINGS_H
#define SIDELOCK_CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/keys.h"
#include "config/report.h"

enum {
    SECTION_LABEL_BYTES = 96
};

/* Later ones win. */
enum rank {
    RANK_FILE,
    RANK_ENVIRONMENT,
    RANK_SET,
};

/* Where something was written. */
struct origin {
    const char *text; /* "sidelock.ini:12", "--set", "environment NAME" */
    enum rank rank;
};

struct setting {
    const struct key *key;
    char *text;
    char *origin;
    enum rank rank;
    bool is_refused; /* reported as wrong; the default stands in for it */
};

struct section {
    enum section_kind kind;
    char *name; /* "" without a name; of services and certificates "default" */
    char *origin;
    enum rank rank;
    struct setting *settings;
    size_t count;
    struct section *next; /* in the order of appearance */
};

/* A key's full name. */
struct target {
    const char *kind;
    const char *name; /* "" without one */
    const char *key;
};

struct settings {
    struct section *first;
    struct section *last;
};

void settings_init(struct settings *settings);
void settings_deinit(struct settings *settings);

/* NULL when there is none. */
struct section *settings_find_section(
    const struct settings *settings, enum section_kind kind, const char *name);
struct setting *settings_find(
    const struct section *section, const struct key *key);

/* What holds for a service: the key's setting in [kind name], else in [kind].
 * With name "", or where sections have names of their own, just the former. */
const struct setting *settings_effective(
    const struct settings *settings, const struct key *key, const char *name);

/* Where the key that holds for the service was written, or, when it was not,
 * where the service was. */
const char *settings_origin(const struct settings *settings,
    const struct key *key, const char *service_name);

/*
 * Finds or makes [kind name]; name may be "". NULL when either is refused or
 * memory is short, which has then been reported.
 */
struct section *settings_open_section(struct settings *settings,
    const char *kind, const char *name, const struct origin *origin,
    struct report *report);

/* Stores text under the key's name, unless a later rank has set it. A second
 * setting of the same rank is an error that names both origins. */
void settings_put(struct section *section, const char *key_name,
    const char *text, const struct origin *origin, struct report *report);

/* The same by full name; makes the section when all else is in order. */
void settings_override(struct settings *settings, const struct target *target,
    const char *text, const struct origin *origin, struct report *report);

/* "[service web]", "[tls]". */
void section_label(const struct section *section, char *out, size_t cap);

#endif
