/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which service has which table, across reloads; and the daily lines. */
#include "proxy/census_set.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/clock.h"
#include "proxy/log.h"

struct census_entry {
    LIST_ENTRY(census_entry) next;
    char *service;
    struct census_table *table;     /* one reference */
    bool counts[CENSUS_KIND_COUNT]; /* by the settings that hold */
};

static struct census_entry *
find(const struct census_set *set, const char *service)
{
    struct census_entry *entry;

    LIST_FOREACH(entry, &set->entries, next)
    {
        if (strcmp(entry->service, service) == 0)
            return entry;
    }
    return NULL;
}

static void
free_entry(struct census_entry *entry)
{
    census_table_unref(entry->table);
    free(entry->service);
    free(entry);
}

static struct census_entry *
add(struct census_set *set, const char *service)
{
    struct census_entry *entry = calloc(1, sizeof(*entry));

    if (entry == NULL)
        return NULL;
    entry->service = strdup(service);
    entry->table = census_table_new(clock_now_ms());
    if (entry->service == NULL || entry->table == NULL) {
        free_entry(entry);
        return NULL;
    }
    LIST_INSERT_HEAD(&set->entries, entry, next);
    return entry;
}

int
census_set_fill_view(
    struct census_set *set, struct view *view, struct report *report)
{
    for (size_t i = 0; i < view->service_count; i++) {
        struct view_service *service = &view->services[i];
        struct census_entry *entry;

        if (!census_is_for(service->config))
            continue;
        entry = find(set, service->config->name);
        if (entry == NULL)
            entry = add(set, service->config->name);
        if (entry == NULL) {
            report_error(report, SL_MEMORY,
                "out of memory while preparing to count clients");
            return -1;
        }
        service->census = census_table_ref(entry->table);
    }
    return 0;
}

static void
drop(struct census_entry *entry)
{
    LIST_REMOVE(entry, next);
    free_entry(entry);
}

void
census_set_forget_others(struct census_set *set, const struct config *config)
{
    struct census_entry *entry = LIST_FIRST(&set->entries);

    while (entry != NULL) {
        struct census_entry *next = LIST_NEXT(entry, next);

        if (config_find_service(config, entry->service) == NULL)
            drop(entry);
        entry = next;
    }
}

void
census_set_begin(struct census_set *set, const struct config *config)
{
    struct census_entry *entry;

    LIST_FOREACH(entry, &set->entries, next)
    {
        const struct config_service *service =
            config_find_service(config, entry->service);

        for (int kind = 0; kind < CENSUS_KIND_COUNT; kind++) {
            bool counts = service != NULL
                          && census_counts(service, (enum census_kind)kind);

            if (counts && !entry->counts[kind])
                census_begin(
                    entry->table, (enum census_kind)kind, clock_now_ms());
            entry->counts[kind] = counts;
        }
    }
}

void
census_set_deinit(struct census_set *set)
{
    struct census_entry *entry = LIST_FIRST(&set->entries);

    while (entry != NULL) {
        struct census_entry *next = LIST_NEXT(entry, next);

        free_entry(entry);
        entry = next;
    }
    LIST_INIT(&set->entries);
}

struct census *
census_set_read(
    const struct census_set *set, const struct config_service *service)
{
    const struct census_entry *entry =
        census_is_for(service) ? find(set, service->name) : NULL;

    return entry != NULL ? census_read(entry->table) : NULL;
}

/* --- the log ------------------------------------------------------------- */

static void
log_kind(const struct config_service *service, const struct census *census,
    enum census_kind kind)
{
    int64_t now_ms = clock_now_ms();
    char words[CENSUS_WORDS_BYTES];
    struct log_line line;

    census_words(census, kind, now_ms, words);
    log_begin(&line, LOG_LEVEL_INFO, "census");
    log_put_string(&line, "service", service->name);
    log_put_string(&line, "kind", census_kind_word(kind));
    log_put_int(&line, "connections", (int64_t)census->totals[kind].seen.count);
    log_put_int(&line, "addresses", (int64_t)census->totals[kind].hosts);
    log_put_string(
        &line, "safe", census_is_safe(census, kind, now_ms) ? "yes" : "no");
    log_put_string(&line, "text", words);
    log_end(&line);
}

void
census_set_log(const struct census_set *set, const struct config *config)
{
    for (size_t i = 0; i < config->service_count; i++) {
        const struct config_service *service = &config->services[i];
        struct census *census = census_set_read(set, service);

        if (census == NULL)
            continue;
        for (int kind = 0; kind < CENSUS_KIND_COUNT; kind++)
            if (census_counts(service, (enum census_kind)kind))
                log_kind(service, census, (enum census_kind)kind);
        free(census);
    }
}
