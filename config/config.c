/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The public face of the folder: gathers settings from all sources, builds
 * the config, checks it, and hands it out only when nothing was wrong.
 */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "config/build.h"
#include "config/inifile.h"
#include "config/keys.h"
#include "config/overrides.h"
#include "config/settings.h"
#include "config/validate.h"
#include "config/value.h"

/* The environment comes last, since its names refer to sections that --set
 * may have made; --set still wins, by its rank. */
static int
gather(struct settings *settings, const struct config_source *source,
    struct report *report)
{
    if (source->text != NULL) {
        if (inifile_parse(settings, source->path, source->text,
                strlen(source->text), report)
            < 0)
            return -1;
    } else if (source->path != NULL
               && inifile_read(settings, source->path, report) < 0) {
        return -1;
    }
    overrides_add_sets(settings, source->sets, source->set_count, report);
    overrides_add_environment(settings, source->environ, report);
    return 0;
}

static void
settle_client_certificate(struct config_service *service)
{
    if (service->client_certificate == CLIENT_CERT_AUTO)
        service->client_certificate = service->required_level == LEVEL_PEER
                                          ? CLIENT_CERT_REQUIRED
                                          : CLIENT_CERT_IGNORE;
}

static struct config *
load(struct settings *settings, const struct config_source *source,
    struct report *report)
{
    struct config *config;

    if (gather(settings, source, report) < 0)
        return NULL;
    config = build_config(settings, report);
    if (config == NULL)
        return NULL;
    for (size_t i = 0; i < config->service_count; i++)
        settle_client_certificate(&config->services[i]);
    config_validate(config, settings, report);
    return config;
}

struct config *
config_load(const struct config_source *source, struct report *report)
{
    struct settings settings;
    struct config *config;
    size_t error_count = report->error_count;

    settings_init(&settings);
    config = load(&settings, source, report);
    settings_deinit(&settings);
    if (report->error_count == error_count)
        return config;
    config_free(config);
    return NULL;
}

struct config *
config_load_anyway(const struct config_source *source)
{
    struct settings settings;
    struct report ignored;
    struct config *config;

    report_init(&ignored);
    settings_init(&settings);
    config = load(&settings, source, &ignored);
    settings_deinit(&settings);
    report_deinit(&ignored);
    return config;
}

static void
clear_fields(enum key_home home, void *base)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (config_keys[i].home == home)
            value_clear(
                config_keys[i].type, (char *)base + config_keys[i].offset);
    }
}

void
config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < config->service_count; i++) {
        free(config->services[i].name);
        clear_fields(HOME_SERVICE, &config->services[i]);
    }
    for (size_t i = 0; i < config->certificate_count; i++)
        config_certificate_deinit(&config->certificates[i]);
    clear_fields(HOME_CONFIG, config);
    free(config->services);
    free(config->certificates);
    free(config);
}

int
config_certificate_init(struct config_certificate *certificate)
{
    char why[256];

    memset(certificate, 0, sizeof(*certificate));
    for (size_t i = 0; i < config_key_count; i++) {
        const struct key *key = &config_keys[i];

        if (key->home != HOME_CERTIFICATE)
            continue;
        if (value_parse(key, (char *)certificate + key->offset, key->fallback,
                why, sizeof(why))
            != 0) {
            config_certificate_deinit(certificate);
            return -1;
        }
    }
    return 0;
}

void
config_certificate_deinit(struct config_certificate *certificate)
{
    free(certificate->name);
    clear_fields(HOME_CERTIFICATE, certificate);
}

static bool
fields_equal(enum key_home home, const void *a, const void *b)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct key *key = &config_keys[i];

        if (key->home == home
            && (home != HOME_SERVICE || key->section == SECTION_TLS)
            && !value_equal(key->type, (const char *)a + key->offset,
                (const char *)b + key->offset))
            return false;
    }
    return true;
}

bool
config_certificate_equal(
    const struct config_certificate *a, const struct config_certificate *b)
{
    return fields_equal(HOME_CERTIFICATE, a, b);
}

bool
config_tls_equal(const struct config_service *a, const struct config_service *b)
{
    return fields_equal(HOME_SERVICE, a, b);
}

const struct config_certificate *
config_find_certificate(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->certificate_count; i++) {
        if (strcmp(config->certificates[i].name, name) == 0)
            return &config->certificates[i];
    }
    return NULL;
}

const struct config_service *
config_find_service(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->service_count; i++) {
        if (strcmp(config->services[i].name, name) == 0)
            return &config->services[i];
    }
    return NULL;
}

/* Only keys of the whole process can need a restart: services come and go
 * with a reload. */
static bool
differs(const struct key *key, const struct config *a, const struct config *b)
{
    return key->needs_restart && key->home == HOME_CONFIG
           && !value_equal(key->type, (const char *)a + key->offset,
               (const char *)b + key->offset);
}

void
config_restart_keys(const struct config *running, const struct config *loaded,
    char *out, size_t cap)
{
    size_t used = 0;

    if (cap == 0)
        return;
    out[0] = '\0';
    for (size_t i = 0; i < config_key_count; i++) {
        const struct key *key = &config_keys[i];

        if (!differs(key, running, loaded))
            continue;
        snprintf(out + used, cap - used, "%s%s.%s", used > 0 ? ", " : "",
            keys_section_info(key->section)->name, key->name);
        used = strlen(out);
    }
}

struct config *
config_keep_restart_keys(const struct config *running)
{
    struct config *kept = calloc(1, sizeof(*kept));

    for (size_t i = 0; kept != NULL && i < config_key_count; i++) {
        const struct key *key = &config_keys[i];

        if (!key->needs_restart || key->home != HOME_CONFIG
            || value_copy(key->type, (char *)kept + key->offset,
                   (const char *)running + key->offset)
                   == 0)
            continue;
        config_free(kept);
        return NULL;
    }
    return kept;
}

static const char *
default_text(const struct key *key)
{
    if (key->fallback == NULL)
        return "(required)";
    return key->fallback;
}

void
config_print_keys(FILE *out)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct key *key = &config_keys[i];

        fprintf(out, "%s.%s = %s\n    %s%s\n",
            keys_section_info(key->section)->name, key->name, default_text(key),
            key->help, key->needs_restart ? " (a change needs a restart)" : "");
    }
}
