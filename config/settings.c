/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A list of sections, each with an array of settings. Both stay small: there
 * are at most SECTIONS_MAX sections of a kind, and a section has no more
 * settings than the table has keys for it.
 */
#include "config/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/nearest.h"

enum {
    SECTIONS_MAX = CONFIG_SERVICES_MAX
};

static const char default_name[] = "default";

void
settings_init(struct settings *settings)
{
    settings->first = NULL;
    settings->last = NULL;
}

static void
section_free(struct section *section)
{
    for (size_t i = 0; i < section->count; i++) {
        free(section->settings[i].text);
        free(section->settings[i].origin);
    }
    free(section->settings);
    free(section->name);
    free(section->origin);
    free(section);
}

void
settings_deinit(struct settings *settings)
{
    struct section *section = settings->first;

    while (section != NULL) {
        struct section *next = section->next;

        section_free(section);
        section = next;
    }
    settings_init(settings);
}

/* A section that has a name of its own always has one. */
static const char *
effective_name(enum section_kind kind, const char *name)
{
    bool is_own = keys_section_info(kind)->naming == NAMING_OWN;

    return is_own && *name == '\0' ? default_name : name;
}

struct section *
settings_find_section(
    const struct settings *settings, enum section_kind kind, const char *name)
{
    struct section *section = settings->first;

    name = effective_name(kind, name);
    while (section != NULL
           && (section->kind != kind || strcmp(section->name, name) != 0))
        section = section->next;
    return section;
}

struct setting *
settings_find(const struct section *section, const struct key *key)
{
    for (size_t i = 0; i < section->count; i++) {
        if (section->settings[i].key == key)
            return &section->settings[i];
    }
    return NULL;
}

const struct setting *
settings_effective(
    const struct settings *settings, const struct key *key, const char *name)
{
    const struct section *section =
        settings_find_section(settings, key->section, name);
    const struct setting *setting =
        section != NULL ? settings_find(section, key) : NULL;

    if (setting == NULL && *name != '\0'
        && keys_section_info(key->section)->naming != NAMING_OWN)
        return settings_effective(settings, key, "");
    return setting;
}

const char *
settings_origin(const struct settings *settings, const struct key *key,
    const char *service_name)
{
    const struct setting *setting =
        settings_effective(settings, key, service_name);

    if (setting != NULL)
        return setting->origin;
    return settings_find_section(settings, SECTION_SERVICE, service_name)
        ->origin;
}

void
section_label(const struct section *section, char *out, size_t cap)
{
    const struct section_info *info = keys_section_info(section->kind);
    bool is_bare = *section->name == '\0'
                   || (info->naming == NAMING_OWN
                       && strcmp(section->name, default_name) == 0);

    if (is_bare)
        snprintf(out, cap, "[%s]", info->name);
    else
        snprintf(out, cap, "[%s %s]", info->name, section->name);
}

static bool
is_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t len = strlen(name);

    return len <= CONFIG_NAME_MAX && strspn(name, allowed) == len;
}

static int
find_kind(enum section_kind *kind, const char *name,
    const struct origin *origin, struct report *report)
{
    struct nearest nearest;
    char hint[NEAREST_HINT_BYTES];

    if (keys_find_section(kind, name) == 0)
        return 0;
    nearest_init(&nearest, name);
    keys_consider_sections(&nearest);
    nearest_format_hint(&nearest, hint, sizeof(hint));
    report_error(report, SL_CONFIG_UNKNOWN, "%s: unknown section [%.64s]%s",
        origin->text, name, hint);
    return -1;
}

static int
check_name(enum section_kind kind, const char *name,
    const struct origin *origin, struct report *report)
{
    const struct section_info *info = keys_section_info(kind);

    if (*name != '\0' && info->naming == NAMING_NONE) {
        report_error(report, SL_CONFIG_CONFLICT,
            "%s: [%s] takes no name: it holds for the whole process",
            origin->text, info->name);
        return -1;
    }
    if (is_name(name))
        return 0;
    report_error(report, SL_CONFIG_VALUE,
        "%s: '%.80s' is no name for a [%s]: use at most %d letters, digits,"
        " '-', '_' and '.'",
        origin->text, name, info->name, (int)CONFIG_NAME_MAX);
    return -1;
}

static int
check_count(const struct settings *settings, enum section_kind kind,
    const struct origin *origin, struct report *report)
{
    size_t count = 0;

    for (const struct section *at = settings->first; at; at = at->next)
        count += at->kind == kind;
    if (count < SECTIONS_MAX)
        return 0;
    report_error(report, SL_CONFIG_VALUE,
        "%s: there are more than %d [%s] sections", origin->text,
        (int)SECTIONS_MAX, keys_section_info(kind)->name);
    return -1;
}

static struct section *
section_new(
    enum section_kind kind, const char *name, const struct origin *origin)
{
    struct section *section = calloc(1, sizeof(*section));

    if (section == NULL)
        return NULL;
    section->kind = kind;
    section->rank = origin->rank;
    section->name = strdup(effective_name(kind, name));
    section->origin = strdup(origin->text);
    if (section->name != NULL && section->origin != NULL)
        return section;
    section_free(section);
    return NULL;
}

struct section *
settings_open_section(struct settings *settings, const char *kind_name,
    const char *name, const struct origin *origin, struct report *report)
{
    enum section_kind kind;
    struct section *section;

    if (find_kind(&kind, kind_name, origin, report) < 0
        || check_name(kind, name, origin, report) < 0)
        return NULL;
    section = settings_find_section(settings, kind, name);
    if (section != NULL)
        return section;
    if (check_count(settings, kind, origin, report) < 0)
        return NULL;
    section = section_new(kind, name, origin);
    if (section == NULL) {
        report_error(report, SL_MEMORY, "%s: out of memory", origin->text);
        return NULL;
    }
    if (settings->last != NULL)
        settings->last->next = section;
    else
        settings->first = section;
    settings->last = section;
    return section;
}

static void
report_unknown_key(const struct target *target, enum section_kind kind,
    const struct origin *origin, struct report *report)
{
    struct nearest nearest;
    const struct section_info *home = keys_find_home(target->key);
    char hint[NEAREST_HINT_BYTES];

    if (home != NULL) {
        report_error(report, SL_CONFIG_UNKNOWN,
            "%s: unknown key '%s' in [%s]: it belongs to [%s]", origin->text,
            target->key, target->kind, home->name);
        return;
    }
    nearest_init(&nearest, target->key);
    keys_consider_keys(&nearest, kind);
    nearest_format_hint(&nearest, hint, sizeof(hint));
    report_error(report, SL_CONFIG_UNKNOWN, "%s: unknown key '%.64s' in [%s]%s",
        origin->text, target->key, target->kind, hint);
}

/* NULL when the key is unknown or has no place in such a section. */
static const struct key *
find_key(const struct target *target, enum section_kind kind,
    const struct origin *origin, struct report *report)
{
    const struct key *key = keys_find(kind, target->key);
    bool is_override = keys_section_info(kind)->naming == NAMING_SERVICE
                       && *target->name != '\0';

    if (key == NULL) {
        report_unknown_key(target, kind, origin, report);
        return NULL;
    }
    if (is_override && key->home == HOME_CONFIG) {
        report_error(report, SL_CONFIG_CONFLICT,
            "%s: %s holds for the whole process: write it in [%s], without a"
            " name",
            origin->text, key->name, target->kind);
        return NULL;
    }
    return key;
}

static int
check_text(const char *key_name, const char *text, const struct origin *origin,
    struct report *report)
{
    size_t len = strlen(text);

    if (len > CONFIG_VALUE_MAX) {
        report_error(report, SL_CONFIG_VALUE,
            "%s: the value of %s has %zu characters, at most %d", origin->text,
            key_name, len, (int)CONFIG_VALUE_MAX);
        return -1;
    }
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;

        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            report_error(report, SL_CONFIG_VALUE,
                "%s: the value of %s holds a control character (byte 0x%02x)",
                origin->text, key_name, (unsigned int)byte);
            return -1;
        }
    }
    return 0;
}

/* Fills a setting that has no text yet, or replaces what it has. */
static int
setting_write(
    struct setting *setting, const char *text, const struct origin *origin)
{
    char *text_copy = strdup(text);
    char *origin_copy = strdup(origin->text);

    if (text_copy == NULL || origin_copy == NULL) {
        free(text_copy);
        free(origin_copy);
        return -1;
    }
    free(setting->text);
    free(setting->origin);
    setting->text = text_copy;
    setting->origin = origin_copy;
    setting->rank = origin->rank;
    return 0;
}

static int
append_setting(struct section *section, const struct key *key, const char *text,
    const struct origin *origin)
{
    struct setting *settings =
        realloc(section->settings, (section->count + 1) * sizeof(*settings));

    if (settings == NULL)
        return -1;
    section->settings = settings;
    memset(&settings[section->count], 0, sizeof(*settings));
    settings[section->count].key = key;
    if (setting_write(&settings[section->count], text, origin) < 0)
        return -1;
    section->count++;
    return 0;
}

static void
put(struct section *section, const struct key *key, const char *text,
    const struct origin *origin, struct report *report)
{
    struct setting *setting = settings_find(section, key);
    int result;

    if (setting != NULL && setting->rank > origin->rank)
        return;
    if (setting != NULL && setting->rank == origin->rank) {
        report_error(report, SL_CONFIG_DUPLICATE,
            "%s: %s was already set at %s%s", origin->text, key->name,
            setting->origin,
            key->type == VALUE_STRINGS || key->type == VALUE_ADDRESSES
                ? ": separate the items of a list by ';'"
                : "");
        return;
    }
    result = setting != NULL ? setting_write(setting, text, origin)
                             : append_setting(section, key, text, origin);
    if (result < 0)
        report_error(report, SL_MEMORY, "%s: out of memory", origin->text);
}

void
settings_put(struct section *section, const char *key_name, const char *text,
    const struct origin *origin, struct report *report)
{
    const struct target target = {
        .kind = keys_section_info(section->kind)->name,
        .name = section->name,
        .key = key_name,
    };
    const struct key *key = find_key(&target, section->kind, origin, report);

    if (key != NULL && check_text(key_name, text, origin, report) == 0)
        put(section, key, text, origin, report);
}

void
settings_override(struct settings *settings, const struct target *target,
    const char *text, const struct origin *origin, struct report *report)
{
    enum section_kind kind;
    const struct key *key;
    struct section *section;

    if (find_kind(&kind, target->kind, origin, report) < 0)
        return;
    /* Before the section is made: a mistyped key makes no service. */
    key = find_key(target, kind, origin, report);
    if (key == NULL || check_text(key->name, text, origin, report) < 0)
        return;
    section = settings_open_section(
        settings, target->kind, target->name, origin, report);
    if (section != NULL)
        put(section, key, text, origin, report);
}
