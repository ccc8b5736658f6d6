/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The services of a snapshot: which names they answer to, whether they can
 * serve, whom they trust; and the proofs, once all of that is known. */
#include <stdio.h>
#include <string.h>

#include "certs/context.h"
#include "certs/snapshot_internal.h"

/* One service under construction. */
struct service_build {
    struct snapshot_build *build;
    const struct config_service *config;
    struct snapshot_service *service;
    size_t index;
    int failed;
};

/* --- names --------------------------------------------------------------- */

/* Two cover the name: the first one written is shown, unless it is expired or
 * not valid yet and the other is not. */
static void
settle_taken(
    const struct service_build *build, uint32_t index, const char *name)
{
    const struct sni_choice *choice = sni_find(build->service->names, name);
    const struct snapshot_identity *all = build->build->snapshot->identities;
    enum key_type type = all[index].identity->key_type;
    uint32_t shown = choice != NULL ? choice->by_type[type] : SNI_NONE;
    uint32_t other = index;

    if (shown == SNI_NONE || shown == index)
        return;
    if (!identity_is_current(all[shown].identity, build->build->now)
        && identity_is_current(all[index].identity, build->build->now)) {
        sni_replace(build->service->names, name, type, index);
        other = shown;
        shown = index;
    }
    report_warning(build->build->report, SL_NAME_TWICE,
        "service %s: certificate '%s' covers \"%s\" with the same kind of key "
        "as certificate '%s', which is the one that is shown",
        build->config->name, all[other].settings->name, name,
        all[shown].settings->name);
}

static void
add_names(const struct snapshot_identity *entry, uint32_t index, void *arg)
{
    struct service_build *build = arg;
    const struct identity *identity = entry->identity;

    for (size_t i = 0; i < identity->name_count && build->failed == 0; i++) {
        switch (sni_add(build->service->names, identity->names[i],
            identity->key_type, index)) {
        case SNI_ADDED:
        case SNI_UNUSABLE:
            break;
        case SNI_TAKEN:
            settle_taken(build, index, identity->names[i]);
            break;
        case SNI_NO_MEMORY:
            report_error(build->build->report, SL_MEMORY,
                "out of memory while collecting names");
            build->failed = -1;
            break;
        }
    }
}

/* What clients see that ask for no name: the first certificate, and those
 * with other kinds of keys for the same name. */
static void
choose_first(struct service_build *build)
{
    struct snapshot_service *service = build->service;
    const struct identity *first =
        build->build->snapshot->identities[service->first].identity;
    const struct sni_choice *same =
        first->name_count > 0 ? sni_find(service->names, first->names[0])
                              : NULL;

    for (size_t i = 0; i < KEY_TYPE_COUNT; i++)
        service->first_choice.by_type[i] =
            same != NULL ? same->by_type[i] : SNI_NONE;
    service->first_choice.by_type[first->key_type] = service->first;
}

static int
build_names(struct service_build *build)
{
    build->service->names = sni_new();
    if (build->service->names == NULL) {
        report_error(build->build->report, SL_MEMORY,
            "out of memory while collecting names");
        return -1;
    }
    snapshot_each_identity(
        build->build->snapshot, build->index, add_names, build);
    if (build->failed == 0)
        choose_first(build);
    return build->failed;
}

/* --- certificates that are missing --------------------------------------- */

static size_t
index_of(const struct snapshot *snapshot, const char *name)
{
    const struct config *config = snapshot->config;

    return (
        size_t)(config_find_certificate(config, name) - config->certificates);
}

static uint32_t
find_first(const struct service_build *build)
{
    const struct snapshot *snapshot = build->build->snapshot;
    const struct string_list *names = &build->config->certificates;
    size_t first;

    if (names->count > 0)
        return (uint32_t)index_of(snapshot, names->items[0]);
    (void)snapshot_directory(snapshot, build->config, &first);
    return (uint32_t)first;
}

static void
warn_mode(const struct service_build *build)
{
    struct report *report = build->build->report;
    const struct snapshot_service *service = build->service;

    if (service->mode == SERVICE_WAITING)
        report_warning(report, SL_CERT_WAITING,
            "service %s: does not listen yet, it waits for its certificate: "
            "%s",
            build->config->name, service->reason);
    else if (service->mode == SERVICE_PLAINTEXT)
        report_warning(report, SL_PLAINTEXT,
            "service %s: serves WITHOUT TLS, everybody on the way can read "
            "and change everything%s (on_missing = plaintext): %s",
            build->config->name,
            build->config->client_certificate == CLIENT_CERT_IGNORE
                ? ""
                : ", and no client is asked for its certificate",
            service->reason);
}

static void
warn_level(const struct service_build *build)
{
    if (build->config->required_level == LEVEL_NONE)
        report_warning(build->build->report, SL_LEVEL_NONE,
            "service %s: serves PLAINTEXT to whoever does not speak TLS, which "
            "everybody on the way can read and change (required_level = none)",
            build->config->name);
}

/* Certificates behind the first are left out until they come. */
static void
warn_left_out(const struct service_build *build)
{
    const struct snapshot *snapshot = build->build->snapshot;
    const struct string_list *names = &build->config->certificates;

    for (size_t i = 1; i < names->count; i++) {
        const struct snapshot_identity *entry =
            &snapshot->identities[index_of(snapshot, names->items[i])];

        if (entry->identity == NULL)
            report_warning(build->build->report, SL_CERT_WAITING,
                "service %s: certificate '%s' is not good yet and not shown: "
                "%s",
                build->config->name, entry->settings->name, entry->missing);
    }
}

static void
set_mode(struct service_build *build)
{
    struct snapshot_service *service = build->service;
    const struct snapshot_identity *entry;

    service->first = find_first(build);
    entry = &build->build->snapshot->identities[service->first];
    warn_level(build);
    warn_left_out(build);
    if (entry->identity != NULL)
        return;
    service->reason = entry->missing;
    service->mode = entry->settings->on_missing == MISSING_PLAINTEXT
                        ? SERVICE_PLAINTEXT
                        : SERVICE_WAITING;
    warn_mode(build);
}

/* --- trust, tickets ------------------------------------------------------ */

static int
load_ring(struct service_build *build)
{
    const char *path = build->config->tls.ticket_key_file;

    if (path[0] == '\0')
        return 0;
    build->service->ring = ticket_ring_load(path, build->build->report);
    return build->service->ring != NULL ? 0 : -1;
}

/* --- proofs -------------------------------------------------------------- */

/* The service of the same name before; NULL when there was none. */
static const struct snapshot_service *
find_old(const struct service_build *build)
{
    const struct snapshot *previous = build->build->previous;
    const struct config_service *old =
        previous != NULL
            ? config_find_service(previous->config, build->config->name)
            : NULL;

    if (old == NULL)
        return NULL;
    return &previous->services[old - previous->config->services];
}

static int
load_admission(struct service_build *build)
{
    const struct snapshot_service *old = find_old(build);

    if (build->config->client_certificate == CLIENT_CERT_IGNORE)
        return 0;
    build->service->admission =
        admission_load(build->config, old != NULL ? old->admission : NULL,
            build->build->now, build->build->report);
    return build->service->admission != NULL ? 0 : -1;
}

/* Was the same identity proven for the same settings by the load before, and
 * as the service's first one, of which more is asked, if it is that now? */
static bool
is_proven(const struct service_build *build, uint32_t now_index)
{
    const struct identity *identity =
        build->build->snapshot->identities[now_index].identity;
    const struct snapshot *previous = build->build->previous;
    const struct snapshot_service *old = find_old(build);
    const struct sni_choice *choice;
    uint32_t index;

    if (old == NULL || old->mode != SERVICE_TLS || identity->name_count == 0
        || !config_tls_equal(build->config,
            &previous->config->services[old - previous->services]))
        return false;
    choice = sni_find(old->names, identity->names[0]);
    index = choice != NULL ? choice->by_type[identity->key_type] : SNI_NONE;
    return index != SNI_NONE && previous->identities[index].identity == identity
           && (now_index != build->service->first || index == old->first);
}

static void
prove_one(const struct snapshot_identity *entry, uint32_t index, void *arg)
{
    struct service_build *build = arg;

    (void)entry;
    if (build->failed != 0 || is_proven(build, index))
        return;
    build->failed = context_prove(
        build->build->snapshot, build->index, index, build->build->report);
}

static int
prove_all(struct service_build *build)
{
    snapshot_each_identity(
        build->build->snapshot, build->index, prove_one, build);
    return build->failed;
}

/* Whichever section a service's first certificate now is: a valid one is not
 * replaced by one that is not. */
static int
check_no_worse(const struct service_build *build)
{
    const struct snapshot_build *load = build->build;
    const struct snapshot_service *old = find_old(build);
    const struct snapshot_identity *entry =
        &load->snapshot->identities[build->service->first];

    if (old == NULL || old->mode != SERVICE_TLS)
        return 0;
    if (entry->identity == NULL) {
        report_error(load->report, SL_RELOAD_WORSE,
            "service %s: its new certificate '%s' is not good, and the one it "
            "serves is; that one stays: %s",
            build->config->name, entry->settings->name, entry->missing);
        return -1;
    }
    if (!identity_is_current(
            load->previous->identities[old->first].identity, load->now)
        || identity_is_current(entry->identity, load->now))
        return 0;
    report_error(load->report, SL_RELOAD_WORSE,
        "service %s: its new certificate \"%s\" is expired or not yet valid, "
        "and the one it serves is valid; that one stays",
        build->config->name, entry->settings->name);
    return -1;
}

/* --- all of it ----------------------------------------------------------- */

static int
load_service(struct service_build *build)
{
    set_mode(build);
    if (check_no_worse(build) != 0 || load_admission(build) != 0
        || load_ring(build) != 0)
        return -1;
    if (build->service->mode != SERVICE_TLS)
        return 0;
    return build_names(build) == 0 && prove_all(build) == 0 ? 0 : -1;
}

int
snapshot_load_services(struct snapshot_build *build)
{
    const struct config *config = build->snapshot->config;

    for (size_t i = 0; i < config->service_count; i++) {
        struct service_build service = {
            .build = build,
            .config = &config->services[i],
            .service = &build->snapshot->services[i],
            .index = i,
        };

        if (load_service(&service) != 0)
            return -1;
    }
    return 0;
}
