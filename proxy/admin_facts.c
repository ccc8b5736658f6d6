/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The questions that both forms of the status ask. */
#include "certs/dates.h"
#include "proxy/admin_status.h"

enum admin_files
admin_files(const struct server *server)
{
    const struct reload_outcome *outcome = &server->outcome;

    if (sources_have_changed(server->sources))
        return ADMIN_FILES_CHANGED;
    return outcome->at != 0 && !outcome->is_success ? ADMIN_FILES_REFUSED
                                                    : ADMIN_FILES_SERVED;
}

static bool
is_worrying(const struct identity *identity, time_t now, int64_t warn_days)
{
    return !identity_is_current(identity, now)
           || is_within_days(identity_not_after(identity), now, warn_days);
}

/* Between the snapshot's visits and ours. */
struct visit {
    admin_visit *visit;
    void *arg;
    time_t now;
    int64_t warn_days;
};

static void
visit_one(const struct snapshot_identity *entry, uint32_t index, void *arg)
{
    const struct visit *visit = arg;
    struct admin_certificate certificate = {
        .name = entry->settings->name,
        .identity = entry->identity,
        .is_worrying =
            is_worrying(entry->identity, visit->now, visit->warn_days),
    };

    (void)index;
    status_words(
        entry->identity, visit->now, visit->warn_days, certificate.words);
    visit->visit(&certificate, visit->arg);
}

void
admin_each_certificate(const struct server *server, size_t service_index,
    admin_visit *visit, void *arg)
{
    struct visit each = {
        .visit = visit,
        .arg = arg,
        .now = time(NULL),
        .warn_days = server->snapshot->config->reload.warn_days,
    };

    snapshot_each_identity(server->snapshot, service_index, visit_one, &each);
}

void
admin_service_words(
    const struct server *server, size_t service_index, char out[STATUS_BYTES])
{
    status_words(snapshot_identity(server->snapshot, service_index), time(NULL),
        server->snapshot->config->reload.warn_days, out);
}

const char *
admin_unready_reason(const struct server *server)
{
    if (server->state != SERVER_RUNNING)
        return "the process is draining";
    for (size_t i = 0; i < server->snapshot->config->service_count; i++)
        if (server->snapshot->services[i].mode == SERVICE_WAITING)
            return "a service waits for its certificate";
    return NULL;
}

void
admin_restart_keys(const struct server *server, char *out, size_t cap)
{
    config_restart_keys(server->started, server->snapshot->config, out, cap);
}

static void
note_worrying(const struct admin_certificate *certificate, void *arg)
{
    bool *has_warnings = arg;

    *has_warnings |= certificate->is_worrying;
}

bool
admin_has_warnings(const struct server *server)
{
    bool has_warnings = server->findings.warning_count > 0
                        || admin_unready_reason(server) != NULL
                        || admin_files(server) != ADMIN_FILES_SERVED;
    char keys[256];

    for (size_t i = 0; i < server->snapshot->config->service_count; i++) {
        has_warnings |= server->snapshot->services[i].mode != SERVICE_TLS;
        admin_each_certificate(server, i, note_worrying, &has_warnings);
    }
    admin_restart_keys(server, keys, sizeof(keys));
    return has_warnings || keys[0] != '\0';
}
