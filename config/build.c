/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Walks the table of keys once per service, once per certificate and once
 * for the process. Owns nothing: fields belong to the config that it fills.
 */
#include "config/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"

enum {
    REASON_BYTES = 512
};

static void *
field_of(void *base, const struct key *key)
{
    return (char *)base + key->offset;
}

static void
report_refused(const struct setting *setting, const struct section *section,
    const char *why, struct report *report)
{
    char label[SECTION_LABEL_BYTES];

    section_label(section, label, sizeof(label));
    report_error(report, SL_CONFIG_VALUE, "%s: %s %s = %.100s%s: %s",
        setting->origin, label, setting->key->name, setting->text,
        strlen(setting->text) > 100 ? "..." : "", why);
}

static void
check_setting(struct setting *setting, const struct section *section,
    struct report *report)
{
    char why[REASON_BYTES];
    union value scratch;

    setting->is_refused =
        value_parse(setting->key, &scratch, setting->text, why, sizeof(why))
        < 0;
    if (setting->is_refused)
        report_refused(setting, section, why, report);
    else
        value_clear(setting->key->type, &scratch);
}

/*
 * Converts every setting once for its verdict alone: a setting that another
 * overrides is checked, too, and one that holds for many services is reported
 * once.
 */
static void
check_settings(struct settings *settings, struct report *report)
{
    for (struct section *at = settings->first; at; at = at->next) {
        for (size_t i = 0; i < at->count; i++)
            check_setting(&at->settings[i], at, report);
    }
}

static void
report_missing(const struct settings *settings, const struct key *key,
    const char *name, struct report *report)
{
    const struct section *section =
        settings_find_section(settings, key->section, name);
    char label[SECTION_LABEL_BYTES];

    section_label(section, label, sizeof(label));
    report_error(report, SL_CONFIG_MISSING,
        "%s: %s has no %s: add a line such as %s = %s", section->origin, label,
        key->name, key->name, key->example);
}

static int
fill_field(const struct settings *settings, const struct key *key,
    const char *name, void *field, struct report *report)
{
    char why[REASON_BYTES];
    const struct setting *setting = settings_effective(settings, key, name);
    const char *text =
        setting != NULL && !setting->is_refused ? setting->text : key->fallback;

    if (text == NULL) {
        if (setting == NULL)
            report_missing(settings, key, name, report);
        return 0;
    }
    if (value_parse(key, field, text, why, sizeof(why)) == 0)
        return 0;
    /* It was accepted before, or is a default: only memory can be short. */
    report_error(report, SL_CONFIG_VALUE, "[%s] %s: %s",
        keys_section_info(key->section)->name, key->name, why);
    return -1;
}

/* Fills the fields of one struct. */
static int
fill(const struct settings *settings, enum key_home home, const char *name,
    void *base, struct report *report)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct key *key = &config_keys[i];

        if (key->home == home
            && fill_field(settings, key, name, field_of(base, key), report) < 0)
            return -1;
    }
    return 0;
}

static size_t
count_sections(const struct settings *settings, enum section_kind kind)
{
    size_t count = 0;

    for (const struct section *at = settings->first; at; at = at->next)
        count += at->kind == kind;
    return count;
}

/* An array of count structs, and never malloc(0). */
static void *
array_new(size_t count, size_t size)
{
    return calloc(count > 0 ? count : 1, size);
}

static int
build_services(struct config *config, const struct settings *settings,
    struct report *report)
{
    config->services = array_new(
        count_sections(settings, SECTION_SERVICE), sizeof(*config->services));
    if (config->services == NULL)
        return -1;
    for (const struct section *at = settings->first; at; at = at->next) {
        struct config_service *service;

        if (at->kind != SECTION_SERVICE)
            continue;
        service = &config->services[config->service_count++];
        service->name = strdup(at->name);
        if (service->name == NULL
            || fill(settings, HOME_SERVICE, at->name, service, report) < 0)
            return -1;
    }
    return 0;
}

static int
build_certificates(struct config *config, const struct settings *settings,
    struct report *report)
{
    config->certificates =
        array_new(count_sections(settings, SECTION_CERTIFICATE),
            sizeof(*config->certificates));
    if (config->certificates == NULL)
        return -1;
    for (const struct section *at = settings->first; at; at = at->next) {
        struct config_certificate *certificate;

        if (at->kind != SECTION_CERTIFICATE)
            continue;
        certificate = &config->certificates[config->certificate_count++];
        certificate->name = strdup(at->name);
        if (certificate->name == NULL
            || fill(settings, HOME_CERTIFICATE, at->name, certificate, report)
                   < 0)
            return -1;
    }
    return 0;
}

static void
format_names(const struct config *config, char *out, size_t cap)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < config->certificate_count && used < cap; i++) {
        snprintf(out + used, cap - used, "%s%s", i == 0 ? "" : ", ",
            config->certificates[i].name);
        used += strlen(out + used);
    }
}

static void
report_no_such(const struct config *config, const struct settings *settings,
    const struct config_service *service, const char *name,
    struct report *report)
{
    const struct key *key = keys_find(SECTION_SERVICE, "certificate");
    char names[REASON_BYTES];

    format_names(config, names, sizeof(names));
    report_error(report, SL_CONFIG_CONFLICT,
        "%s: service '%s': there is no certificate named '%.80s' (there is:"
        " %s)",
        settings_origin(settings, key, service->name), service->name, name,
        names);
}

static int
replace_string(char **field, const char *text)
{
    char *copy = strdup(text);

    if (copy == NULL)
        return -1;
    free(*field);
    *field = copy;
    return 0;
}

static int
add_name(struct string_list *list, const char *name)
{
    list->items[list->count] = strdup(name);
    if (list->items[list->count] == NULL)
        return -1;
    list->count++;
    return 0;
}

/* What an empty list of certificates stands for: the one with the service's
 * name, else all; with a folder of its own only the former. */
static int
choose_certificates(const struct config *config, struct config_service *service)
{
    struct string_list *list = &service->certificates;

    if (config->certificate_count == 0)
        return 0;
    list->items = array_new(config->certificate_count, sizeof(char *));
    if (list->items == NULL)
        return -1;
    if (config_find_certificate(config, service->name) != NULL)
        return add_name(list, service->name);
    if (*service->certificate_dir != '\0')
        return 0;
    for (size_t i = 0; i < config->certificate_count; i++)
        if (add_name(list, config->certificates[i].name) < 0)
            return -1;
    return 0;
}

static int
resolve_service(struct config *config, const struct settings *settings,
    struct config_service *service, struct report *report)
{
    const struct string_list *list = &service->certificates;

    if (list->count == 0)
        return choose_certificates(config, service);
    for (size_t i = 0; i < list->count; i++)
        if (config_find_certificate(config, list->items[i]) == NULL)
            report_no_such(config, settings, service, list->items[i], report);
    return 0;
}

/* Writes out what an empty value stands for. */
static int
resolve(struct config *config, const struct settings *settings,
    struct report *report)
{
    for (size_t i = 0; i < config->certificate_count; i++) {
        struct config_certificate *certificate = &config->certificates[i];

        if (certificate->cert != NULL && certificate->key != NULL
            && *certificate->key == '\0'
            && replace_string(&certificate->key, certificate->cert) < 0)
            return -1;
    }
    for (size_t i = 0; i < config->service_count; i++)
        if (resolve_service(config, settings, &config->services[i], report) < 0)
            return -1;
    return 0;
}

struct config *
build_config(struct settings *settings, struct report *report)
{
    struct config *config = calloc(1, sizeof(*config));

    check_settings(settings, report);
    if (config == NULL || build_services(config, settings, report) < 0
        || build_certificates(config, settings, report) < 0
        || fill(settings, HOME_CONFIG, "", config, report) < 0
        || resolve(config, settings, report) < 0) {
        report_error(report, SL_MEMORY, "out of memory");
        config_free(config);
        return NULL;
    }
    return config;
}
