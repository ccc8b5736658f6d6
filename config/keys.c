/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking up sections and keys in the table (keys_table.c). */
#include "config/keys.h"

#include <string.h>

/* By enum section_kind. */
static const struct section_info sections[SECTION_KIND_COUNT] = {
    [SECTION_SERVICE] = {"service", NAMING_OWN},
    [SECTION_CERTIFICATE] = {"certificate", NAMING_OWN},
    [SECTION_CLIENTS] = {"clients", NAMING_SERVICE},
    [SECTION_TLS] = {"tls", NAMING_SERVICE},
    [SECTION_TIMEOUTS] = {"timeouts", NAMING_SERVICE},
    [SECTION_LIMITS] = {"limits", NAMING_SERVICE},
    [SECTION_RELOAD] = {"reload", NAMING_NONE},
    [SECTION_ADMIN] = {"admin", NAMING_NONE},
    [SECTION_LOG] = {"log", NAMING_NONE},
    [SECTION_PROCESS] = {"process", NAMING_NONE},
};

const struct section_info *
keys_section_info(enum section_kind kind)
{
    return &sections[kind];
}

int
keys_find_section(enum section_kind *kind, const char *name)
{
    for (size_t i = 0; i < SECTION_KIND_COUNT; i++) {
        if (strcmp(sections[i].name, name) == 0) {
            *kind = (enum section_kind)i;
            return 0;
        }
    }
    return -1;
}

const struct key *
keys_find(enum section_kind section, const char *name)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (config_keys[i].section == section
            && strcmp(config_keys[i].name, name) == 0)
            return &config_keys[i];
    }
    return NULL;
}

const struct section_info *
keys_find_home(const char *name)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (strcmp(config_keys[i].name, name) == 0)
            return &sections[config_keys[i].section];
    }
    return NULL;
}
