/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a snapshot, and the questions that are asked of it. */
#include "certs/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include "certs/context.h"
#include "certs/snapshot_internal.h"

int
certs_init(void)
{
    return wolfSSL_Init() == WOLFSSL_SUCCESS ? 0 : -1;
}

void
certs_deinit(void)
{
    (void)wolfSSL_Cleanup();
}

const char *
certs_library_version(void)
{
    return wolfSSL_lib_version();
}

static void
free_service(struct snapshot_service *service)
{
    sni_free(service->names);
    admission_free(service->admission);
    ticket_ring_unref(service->ring);
}

/* Frees everything but the config. */
static void
free_parts(struct snapshot *snapshot, const struct config *config)
{
    for (size_t i = 0; i < snapshot->identity_count; i++) {
        identity_unref(snapshot->identities[i].identity);
        free(snapshot->identities[i].missing);
    }
    for (size_t i = 0; snapshot->services != NULL && i < config->service_count;
         i++)
        free_service(&snapshot->services[i]);
    for (size_t i = 0; i < snapshot->directory_count; i++)
        directory_deinit(&snapshot->directories[i]);
    free(snapshot->identities);
    free(snapshot->services);
    free(snapshot->directories);
    free(snapshot);
}

struct snapshot *
snapshot_load(struct config *config, const struct snapshot *previous,
    time_t now, struct report *report)
{
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
    struct snapshot_build build = {
        .snapshot = snapshot,
        .previous = previous,
        .now = now,
        .report = report,
    };

    if (snapshot == NULL)
        goto no_memory;
    atomic_init(&snapshot->refs, 1);
    snapshot->generation = previous != NULL ? previous->generation + 1 : 1;
    snapshot->config = config;
    snapshot->services =
        calloc(config->service_count, sizeof(*snapshot->services));
    if (snapshot->services == NULL)
        goto no_memory;
    if (context_check_names(config, report) == 0
        && snapshot_load_identities(&build) == 0
        && snapshot_load_services(&build) == 0) {
        snapshot_judge(snapshot, now, report);
        return snapshot;
    }
    free_parts(snapshot, config);
    return NULL;

no_memory:
    report_error(report, SL_MEMORY, "out of memory while loading certificates");
    if (snapshot != NULL)
        free_parts(snapshot, config);
    return NULL;
}

struct snapshot *
snapshot_ref(struct snapshot *snapshot)
{
    atomic_fetch_add(&snapshot->refs, 1);
    return snapshot;
}

void
snapshot_unref(struct snapshot *snapshot)
{
    struct config *config;

    if (snapshot == NULL || atomic_fetch_sub(&snapshot->refs, 1) != 1)
        return;
    config = snapshot->config;
    free_parts(snapshot, config);
    config_free(config);
}

const struct identity *
snapshot_identity(const struct snapshot *snapshot, size_t service_index)
{
    const struct snapshot_service *service = &snapshot->services[service_index];

    if (service->mode != SERVICE_TLS)
        return NULL;
    return snapshot->identities[service->first].identity;
}

/* --- walking the identities of a service --------------------------------- */

struct walk {
    const struct snapshot *snapshot;
    snapshot_visit *visit;
    void *arg;
};

static void
visit_one(const struct walk *walk, size_t index)
{
    const struct snapshot_identity *entry = &walk->snapshot->identities[index];

    if (entry->identity != NULL)
        walk->visit(entry, (uint32_t)index, walk->arg);
}

void
snapshot_each_identity(const struct snapshot *snapshot, size_t service_index,
    snapshot_visit *visit, void *arg)
{
    const struct walk walk = {snapshot, visit, arg};
    const struct config *config = snapshot->config;
    const struct config_service *service = &config->services[service_index];
    size_t first;
    const struct directory *directory =
        snapshot_directory(snapshot, service, &first);

    for (size_t i = 0; i < service->certificates.count; i++) {
        const struct config_certificate *certificate =
            config_find_certificate(config, service->certificates.items[i]);

        visit_one(&walk, (size_t)(certificate - config->certificates));
    }
    for (size_t i = 0; directory != NULL && i < directory->count; i++)
        visit_one(&walk, first + i);
}

static void
keep_earliest(const struct snapshot_identity *entry, uint32_t index, void *arg)
{
    time_t *earliest = arg;
    time_t end = identity_not_after(entry->identity);

    (void)index;
    if (*earliest == 0 || end < *earliest)
        *earliest = end;
}

time_t
snapshot_not_after(const struct snapshot *snapshot, size_t service_index)
{
    time_t earliest = 0;

    snapshot_each_identity(snapshot, service_index, keep_earliest, &earliest);
    return earliest;
}
