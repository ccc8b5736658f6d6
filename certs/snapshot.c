/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building a snapshot: load, judge, prove. */
#include "certs/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include "certs/context.h"
#include "certs/dates.h"

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

/* Frees everything but the config. */
static void
free_parts(struct snapshot *snapshot, const struct config *config)
{
    for (size_t i = 0;
         snapshot->identities != NULL && i < config->certificate_count; i++)
        identity_unref(snapshot->identities[i]);
    for (size_t i = 0; snapshot->trusts != NULL && i < config->service_count;
         i++)
        trust_free(snapshot->trusts[i]);
    free(snapshot->identities);
    free(snapshot->trusts);
    free(snapshot);
}

static void
judge_identity(const struct date_judge *judge, const struct identity *identity,
    const struct config_certificate *certificate)
{
    char where[512];

    (void)snprintf(
        where, sizeof(where), "certificate.cert %s", certificate->cert);
    for (size_t i = 0; i < identity->chain_count; i++)
        dates_judge(judge, &identity->info[i], where,
            i == 0 ? "the leaf" : "an intermediate");
}

static void
judge_trust(const struct date_judge *judge, const struct trust *trust)
{
    for (size_t i = 0; i < trust->ca_count; i++)
        dates_judge(judge, &trust->info[i], "clients.ca", "a CA");
}

static const struct identity *
find_previous(const struct snapshot *previous, const char *name)
{
    if (previous == NULL)
        return NULL;
    for (size_t i = 0; i < previous->config->certificate_count; i++)
        if (strcmp(previous->config->certificates[i].name, name) == 0)
            return previous->identities[i];
    return NULL;
}

/* A reload must not make things worse: what clients accept today is not
 * replaced by what they refuse. */
static int
check_no_worse(const struct identity *identity,
    const struct config_certificate *certificate,
    const struct snapshot *previous, const struct date_judge *judge)
{
    const struct identity *old = find_previous(previous, certificate->name);

    if (old == NULL || !identity_is_current(old, judge->now)
        || identity_is_current(identity, judge->now))
        return 0;
    report_error(judge->report, SL_RELOAD_WORSE,
        "certificate.cert %s: is expired or not yet valid and would replace a "
        "valid certificate; the one that is served stays; install a valid one "
        "and reload again",
        certificate->cert);
    return -1;
}

/* The same for each service, whichever section its certificate now is. */
static int
check_services_no_worse(const struct snapshot *snapshot,
    const struct snapshot *previous, const struct date_judge *judge)
{
    const struct config *config = snapshot->config;

    for (size_t i = 0; previous != NULL && i < config->service_count; i++) {
        const struct config_service *old =
            config_find_service(previous->config, config->services[i].name);
        size_t old_index;

        if (old == NULL)
            continue;
        old_index = (size_t)(old - previous->config->services);
        if (!identity_is_current(
                snapshot_identity(previous, old_index), judge->now)
            || identity_is_current(snapshot_identity(snapshot, i), judge->now))
            continue;
        report_error(judge->report, SL_RELOAD_WORSE,
            "service %s: its new certificate \"%s\" is expired or not yet "
            "valid, and the one it serves is valid; that one stays",
            config->services[i].name,
            config->services[i].certificates.items[0]);
        return -1;
    }
    return 0;
}

static int
load_identities(struct snapshot *snapshot, const struct snapshot *previous,
    const struct date_judge *judge)
{
    const struct config *config = snapshot->config;

    for (size_t i = 0; i < config->certificate_count; i++) {
        const struct config_certificate *certificate = &config->certificates[i];
        struct identity *identity = identity_load(certificate, judge->report);

        if (identity == NULL)
            return -1;
        snapshot->identities[i] = identity;
        judge_identity(judge, identity, certificate);
        if (check_no_worse(identity, certificate, previous, judge) != 0)
            return -1;
    }
    return 0;
}

static int
load_trusts(struct snapshot *snapshot, const struct date_judge *judge)
{
    const struct config *config = snapshot->config;

    for (size_t i = 0; i < config->service_count; i++) {
        const struct config_service *service = &config->services[i];

        if (service->required_level != LEVEL_PEER)
            continue;
        snapshot->trusts[i] = trust_load(&service->clients, judge->report);
        if (snapshot->trusts[i] == NULL)
            return -1;
        judge_trust(judge, snapshot->trusts[i]);
    }
    return 0;
}

static int
prove(const struct snapshot *snapshot, struct report *report)
{
    for (size_t i = 0; i < snapshot->config->service_count; i++)
        if (context_prove(snapshot, i, report) != 0)
            return -1;
    return 0;
}

struct snapshot *
snapshot_load(struct config *config, const struct snapshot *previous,
    time_t now, struct report *report)
{
    struct date_judge judge = {now, config->reload.warn_days, report};
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

    if (snapshot == NULL)
        goto no_memory;
    atomic_init(&snapshot->refs, 1);
    snapshot->generation = previous != NULL ? previous->generation + 1 : 1;
    snapshot->config = config;
    snapshot->identities =
        calloc(config->certificate_count, sizeof(struct identity *));
    snapshot->trusts = calloc(config->service_count, sizeof(struct trust *));
    if (snapshot->identities == NULL || snapshot->trusts == NULL)
        goto no_memory;
    if (load_identities(snapshot, previous, &judge) == 0
        && check_services_no_worse(snapshot, previous, &judge) == 0
        && load_trusts(snapshot, &judge) == 0 && prove(snapshot, report) == 0)
        return snapshot;
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
    const struct config *config = snapshot->config;
    const struct config_certificate *certificate = config_find_certificate(
        config, config->services[service_index].certificates.items[0]);

    return snapshot->identities[certificate - config->certificates];
}
