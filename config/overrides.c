/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * --set and variables as text, cut into section, name, key and value; what of
 * it exists is for config/settings.c to say.
 */
#include "config/overrides.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/nearest.h"

enum {
    ORIGIN_BYTES = 256,
    VARIABLE_BYTES = 128, /* no variable of ours without a name is longer */
};

static const char prefix[] = "SIDELOCK_";

/* Ours as well, but no settings. */
static const char *const other_variables[] = {
    "SIDELOCK_CACHE", "SIDELOCK_CONFIG", "SIDELOCK_WOLFSSL_ROOT"};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static char *
trim(char *text)
{
    char *end;

    text += strspn(text, " \t\r\n");
    end = text + strlen(text);
    while (end > text && strchr(" \t\r\n", end[-1]) != NULL)
        *--end = '\0';
    return text;
}

/* Cuts "section.NAME.key"; NAME may hold dots. */
static int
cut_target(struct target *target, char *text)
{
    char *first = strchr(text, '.');
    char *last = strrchr(text, '.');

    if (first == NULL || first == text || last[1] == '\0')
        return -1;
    *first = '\0';
    *last = '\0';
    target->kind = text;
    target->name = last > first ? first + 1 : "";
    target->key = last + 1;
    return last == first || *target->name != '\0' ? 0 : -1;
}

static void
add_set(struct settings *settings, char *text, struct report *report)
{
    char origin_text[ORIGIN_BYTES];
    struct origin origin = {.text = origin_text, .rank = RANK_SET};
    struct target target;
    char *value = strchr(text, '=');

    if (value != NULL)
        *value++ = '\0';
    text = trim(text);
    snprintf(origin_text, sizeof(origin_text), "--set %.200s", text);
    if (value == NULL || cut_target(&target, text) < 0) {
        report_error(report, SL_CONFIG_SYNTAX,
            "%s: write section.key=value or section.NAME.key=value",
            origin_text);
        return;
    }
    settings_override(settings, &target, trim(value), &origin, report);
}

void
overrides_add_sets(struct settings *settings, const char *const *sets,
    size_t count, struct report *report)
{
    for (size_t i = 0; i < count; i++) {
        char *copy = strdup(sets[i]);

        if (copy == NULL)
            report_error(report, SL_MEMORY, "--set: out of memory");
        else
            add_set(settings, copy, report);
        free(copy);
    }
}

static bool
ends_with(const char *text, const char *end)
{
    size_t text_len = strlen(text);
    size_t end_len = strlen(end);

    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

/*
 * In every pod, Kubernetes describes a Service named "sidelock" by variables
 * of its own: SIDELOCK_SERVICE_HOST, SIDELOCK_SERVICE_PORT[_NAME],
 * SIDELOCK_PORT=tcp://..., SIDELOCK_PORT_443_TCP[_ADDR|_PORT|_PROTO].
 */
static bool
is_service_link(const char *name, const char *value)
{
    const char *port = strstr(name, "_PORT_");

    if (strstr(name, "__") != NULL)
        return false;
    if (ends_with(name, "_SERVICE_HOST") || ends_with(name, "_SERVICE_PORT")
        || strstr(name, "_SERVICE_PORT_") != NULL)
        return true;
    if (ends_with(name, "_PORT") && strstr(value, "://") != NULL)
        return true;
    return port != NULL && isdigit((unsigned char)port[strlen("_PORT_")]);
}

static bool
is_other_variable(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(other_variables); i++) {
        if (strcmp(other_variables[i], name) == 0)
            return true;
    }
    return false;
}

/* Cuts what follows the prefix, in lower case. 0, or -1: no such section. */
static int
cut_variable(struct target *target, enum section_kind *kind, char *rest)
{
    char *end = strchr(rest, '_');
    char *key = NULL;

    if (end == NULL)
        return -1;
    *end = '\0';
    if (keys_find_section(kind, rest) < 0)
        return -1;
    target->kind = rest;
    target->name = "";
    target->key = end + 1;
    if (end[1] != '_')
        return 0;

    target->name = end + 2;
    for (char *at = strstr(end + 2, "__"); at != NULL;
         at = strstr(at + 1, "__"))
        key = at;
    if (key == NULL || key == target->name)
        return -1;
    *key = '\0';
    target->key = key + 2;
    return 0;
}

/* Is name what a variable can only write as `written`? */
static bool
name_matches(const char *name, const char *written)
{
    for (; *name != '\0' && *written != '\0'; name++, written++) {
        char c = (char)tolower((unsigned char)*name);

        if (c == '-' || c == '.')
            c = '_';
        if (c != *written)
            return false;
    }
    return *name == *written;
}

/*
 * Replaces the name by that of the section, or of the service, it means. -1
 * when it may mean two.
 */
static int
resolve_name(const struct settings *settings, enum section_kind kind,
    struct target *target)
{
    enum section_naming naming = keys_section_info(kind)->naming;
    const char *found = NULL;

    for (const struct section *at = settings->first; at; at = at->next) {
        bool is_candidate =
            at->kind == kind
            || (naming == NAMING_SERVICE && at->kind == SECTION_SERVICE);

        if (!is_candidate || !name_matches(at->name, target->name))
            continue;
        if (found != NULL && strcmp(found, at->name) != 0)
            return -1;
        found = at->name;
    }
    if (found != NULL)
        target->name = found;
    return 0;
}

static void
format_variable(char *out, size_t cap, const struct key *key)
{
    snprintf(out, cap, "%s%s_%s", prefix, keys_section_info(key->section)->name,
        key->name);
    for (; *out != '\0'; out++)
        *out = (char)toupper((unsigned char)*out);
}

static void
report_unknown_variable(const char *name, struct report *report)
{
    struct nearest nearest;
    char candidate[VARIABLE_BYTES];
    char best[VARIABLE_BYTES] = "";
    char hint[NEAREST_HINT_BYTES];

    nearest_init(&nearest, name);
    for (size_t i = 0; i < config_key_count; i++) {
        format_variable(candidate, sizeof(candidate), &config_keys[i]);
        nearest_consider(&nearest, candidate);
        if (nearest.best == candidate) {
            memcpy(best, candidate, sizeof(best));
            nearest.best = best;
        }
    }
    nearest_format_hint(&nearest, hint, sizeof(hint));
    report_error(report, SL_CONFIG_UNKNOWN,
        "environment: unknown variable %.128s%s%s", name, hint,
        nearest.best == NULL ? ": write SIDELOCK_SECTION_KEY or"
                               " SIDELOCK_SECTION__NAME__KEY"
                             : "");
}

/* Sections with names of their own come first: others refer to them. */
enum pass {
    PASS_OWN_NAMES,
    PASS_OTHERS,
};

struct reader {
    struct settings *settings;
    struct report *report;
    enum pass pass;
    size_t link_count; /* variables left to Kubernetes */
    char first_link[VARIABLE_BYTES];
};

static void
add_variable(struct reader *reader, char *name, char *value)
{
    char origin_text[ORIGIN_BYTES];
    struct origin origin = {.text = origin_text, .rank = RANK_ENVIRONMENT};
    struct target target;
    enum section_kind kind;
    char *rest = name + strlen(prefix);
    bool is_own;

    snprintf(origin_text, sizeof(origin_text), "environment %.200s", name);
    for (char *at = rest; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    if (cut_variable(&target, &kind, rest) < 0
        || keys_find(kind, target.key) == NULL) {
        if (reader->pass == PASS_OTHERS)
            report_unknown_variable(
                origin_text + strlen("environment "), reader->report);
        return;
    }
    is_own = keys_section_info(kind)->naming == NAMING_OWN;
    if (is_own != (reader->pass == PASS_OWN_NAMES))
        return;
    if (resolve_name(reader->settings, kind, &target) < 0) {
        report_error(reader->report, SL_CONFIG_CONFLICT,
            "%s: more than one [%s] may be meant: use --set for it",
            origin_text, target.kind);
        return;
    }
    settings_override(
        reader->settings, &target, trim(value), &origin, reader->report);
}

static void
count_service_link(struct reader *reader, const char *name)
{
    if (reader->pass != PASS_OTHERS)
        return;
    if (reader->link_count++ == 0)
        snprintf(reader->first_link, sizeof(reader->first_link), "%s", name);
}

static void
add_entry(struct reader *reader, const char *entry)
{
    char *copy;
    char *value;

    if (strncmp(entry, prefix, strlen(prefix)) != 0)
        return;
    copy = strdup(entry);
    if (copy == NULL) {
        report_error(reader->report, SL_MEMORY, "environment: out of memory");
        return;
    }
    value = strchr(copy, '=');
    if (value != NULL) {
        *value++ = '\0';
        if (is_service_link(copy, value))
            count_service_link(reader, copy);
        else if (!is_other_variable(copy))
            add_variable(reader, copy, value);
    }
    free(copy);
}

void
overrides_add_environment(
    struct settings *settings, char *const *environment, struct report *report)
{
    struct reader reader = {.settings = settings, .report = report};

    if (environment == NULL)
        return;
    reader.pass = PASS_OWN_NAMES;
    for (size_t i = 0; environment[i] != NULL; i++)
        add_entry(&reader, environment[i]);
    reader.pass = PASS_OTHERS;
    for (size_t i = 0; environment[i] != NULL; i++)
        add_entry(&reader, environment[i]);
    if (reader.link_count > 0)
        report_note(report,
            "environment: %zu variables such as %s are taken for those by"
            " which Kubernetes describes a Service, and left alone",
            reader.link_count, reader.first_link);
}
