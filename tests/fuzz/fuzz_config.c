/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes config_load(), config_restart_keys() and config_free().
 *
 * The input is the text of a file, then, each behind a NUL byte, entries: one
 * that starts with "SIDELOCK_" is a variable, any other one a --set. Whatever
 * they say, there is either a config without errors, whose promises hold, or
 * no config and an error; and each finding is one printable line.
 */
#include <sys/mman.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/report.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    ENTRIES_MAX = 32
};

struct entries {
    const char *sets[ENTRIES_MAX];
    size_t set_count;
    char *variables[ENTRIES_MAX + 1];
    size_t variable_count;
};

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

/* Cuts text, which ends in a NUL, at its NULs. */
static void
cut_entries(struct entries *entries, char *text, const char *end)
{
    for (; text < end; text += strlen(text) + 1) {
        bool is_variable = strncmp(text, "SIDELOCK_", 9) == 0;

        if (is_variable && entries->variable_count < ENTRIES_MAX)
            entries->variables[entries->variable_count++] = text;
        if (!is_variable && entries->set_count < ENTRIES_MAX)
            entries->sets[entries->set_count++] = text;
    }
}

/* A file in memory, made once and rewritten for each input. */
static void
write_file(char *path, size_t path_cap, const uint8_t *data, size_t size)
{
    static int fd = -1;

    if (fd < 0)
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    require(fd >= 0);
    require(ftruncate(fd, 0) == 0);
    require(pwrite(fd, data, size, 0) == (ssize_t)size);
    snprintf(path, path_cap, "/proc/self/fd/%d", fd);
}

static void
check_findings(const struct report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const char *text = report->items[i].text;

        require(*text != '\0');
        for (; *text != '\0'; text++)
            require((unsigned char)*text >= 0x20 && *text != 0x7f);
    }
    require(report->lost_count == 0 || report->count >= REPORT_FINDINGS_MAX);
}

static void
check_service(const struct config *config, const struct config_service *service)
{
    require(service->listen.count > 0 && service->backend.count > 0);
    require(service->tls.min_version <= service->tls.max_version);
    require(service->tls.ciphers.count > 0 && service->tls.groups.count > 0);
    require(service->timeouts.handshake_ms > 0);
    require(service->timeouts.connect_ms > 0);
    require(service->timeouts.idle_ms >= 0);
    require(service->limits.buffer_bytes >= 16384);
    for (size_t i = 0; i < service->certificates.count; i++)
        require(config_find_certificate(config, service->certificates.items[i])
                != NULL);
    require(config_find_service(config, service->name) == service);
    if (service->required_level == LEVEL_PEER)
        require(service->clients.allow_all && service->clients.ca.count > 0);
    for (size_t i = 0; i < service->backend.count; i++)
        require(service->unsafe_backend
                || address_is_loopback(&service->backend.items[i]));
}

static void
check_config(const struct config *config)
{
    char keys[64];

    require(config->service_count > 0 && config->certificate_count > 0);
    for (size_t i = 0; i < config->service_count; i++)
        check_service(config, &config->services[i]);
    for (size_t i = 0; i < config->certificate_count; i++)
        require(*config->certificates[i].cert != '\0'
                && *config->certificates[i].key != '\0');
    config_restart_keys(config, config, keys, sizeof(keys));
    require(keys[0] == '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *file_end = size > 0 ? memchr(data, '\0', size) : NULL;
    size_t file_size = file_end != NULL ? (size_t)(file_end - data) : size;
    char *rest = malloc(size - file_size + 1);
    struct entries entries = {.set_count = 0};
    struct report report;
    struct config *config;
    char path[64];
    struct config_source source = {.path = path};

    require(rest != NULL);
    memcpy(rest, data + file_size, size - file_size);
    rest[size - file_size] = '\0';
    if (file_size < size)
        cut_entries(&entries, rest + 1, rest + (size - file_size));
    source.sets = entries.sets;
    source.set_count = entries.set_count;
    source.environ = entries.variables;
    write_file(path, sizeof(path), data, file_size);

    report_init(&report);
    config = config_load(&source, &report);
    require((config != NULL) == (report.error_count == 0));
    check_findings(&report);
    if (config != NULL)
        check_config(config);
    config_free(config);
    report_deinit(&report);
    free(rest);
    return 0;
}
