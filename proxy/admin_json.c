/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The status for programs. */
#include <string.h>
#include <unistd.h>

#include "proxy/admin_status.h"
#include "proxy/clock.h"

void
admin_put_time(struct json *json, const char *key, time_t at)
{
    char text[32];
    struct tm utc;

    gmtime_r(&at, &utc);
    (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    json_put_string(json, key, text);
}

static void
put_findings(struct json *json, const char *key, const struct report *report)
{
    json_begin_array(json, key);
    for (size_t i = 0; i < report->count; i++) {
        const struct finding *finding = &report->items[i];

        json_begin_object(json, NULL);
        json_put_string(json, "severity", severity_name(finding->severity));
        json_put_string(json, "code", guide_text(finding->code));
        json_put_string(json, "text", finding->text);
        json_end_object(json);
    }
    json_end_array(json);
}

/* --- services ------------------------------------------------------------ */

static void
put_address(struct json *json, const struct address *address)
{
    char text[ADDRESS_TEXT_BYTES];

    address_format(address, text, sizeof(text));
    json_put_string(json, NULL, text);
}

/* Where it really listens: with the port that the kernel chose. */
static void
put_listens(struct json *json, const struct listen_set *set, size_t index)
{
    json_begin_array(json, "listen");
    for (size_t i = 0; i < set->count; i++)
        if (set->entries[i].service_index == index)
            put_address(json, &set->entries[i].bound);
    json_end_array(json);
}

static void
put_backends(struct json *json, const struct address_list *list)
{
    json_begin_array(json, "backend");
    for (size_t i = 0; i < list->count; i++)
        put_address(json, &list->items[i]);
    json_end_array(json);
}

struct certificates {
    struct json *json;
    size_t left_out;
};

static void
put_certificate(const struct admin_certificate *certificate, void *arg)
{
    struct certificates *certificates = arg;
    struct json *json = certificates->json;
    const struct certificate_info *leaf = &certificate->identity->info[0];

    if (json_room(json) < ADMIN_ROOM_FOR_THE_REST) {
        certificates->left_out++;
        return;
    }
    json_begin_object(json, NULL);
    json_put_string(json, "name", certificate->name);
    json_put_string(json, "status", certificate->words);
    json_put_string(json, "subject", leaf->subject);
    json_put_string(json, "issuer", leaf->issuer);
    json_put_string(json, "serial", leaf->serial);
    json_put_string(json, "fingerprint", leaf->fingerprint);
    admin_put_time(json, "not_before", leaf->not_before);
    admin_put_time(json, "not_after", leaf->not_after);
    admin_put_time(
        json, "secure_until", identity_not_after(certificate->identity));
    json_end_object(json);
}

static const char *
mode_word(enum service_mode mode)
{
    static const char *const words[] = {
        [SERVICE_TLS] = "tls",
        [SERVICE_WAITING] = "waiting",
        [SERVICE_PLAINTEXT] = "plaintext",
    };

    return words[mode];
}

static const char *
level_word(enum required_level level)
{
    static const char *const words[] = {
        [LEVEL_NONE] = "none",
        [LEVEL_TLS] = "tls",
        [LEVEL_PEER] = "peer",
    };

    return words[level];
}

static void
put_service(struct json *json, const struct server *server, size_t index)
{
    const struct config_service *service =
        &server->snapshot->config->services[index];
    const struct snapshot_service *state = &server->snapshot->services[index];
    struct certificates certificates = {.json = json};
    char words[STATUS_BYTES];

    admin_service_words(server, index, words);
    json_begin_object(json, NULL);
    json_put_string(json, "name", service->name);
    json_put_string(json, "status", words);
    json_put_string(json, "mode", mode_word(state->mode));
    json_put_string(
        json, "required_level", level_word(service->required_level));
    json_put_string(json, "reason", state->reason);
    put_listens(json, &server->listens, index);
    put_backends(json, &service->backend);
    json_begin_array(json, "certificates");
    admin_each_certificate(server, index, put_certificate, &certificates);
    json_end_array(json);
    json_put_int(json, "certificates_left_out", (int64_t)certificates.left_out);
    admin_put_trust(json, server, index);
    admin_put_census(json, server, index);
    json_end_object(json);
}

static void
put_services(struct json *json, const struct server *server)
{
    json_begin_array(json, "services");
    for (size_t i = 0; i < server->snapshot->config->service_count; i++)
        put_service(json, server, i);
    json_end_array(json);
}

/* --- the process --------------------------------------------------------- */

static const char *
state_word(enum server_state state)
{
    static const char *const words[] = {
        [SERVER_RUNNING] = "running",
        [SERVER_DELAYING] = "draining", /* who asks need not know the delay */
        [SERVER_DRAINING] = "draining",
        [SERVER_ENDING] = "draining",
    };

    return words[state];
}

static const char *
files_word(enum admin_files files)
{
    static const char *const words[] = {
        [ADMIN_FILES_SERVED] = "served",
        [ADMIN_FILES_CHANGED] = "changed",
        [ADMIN_FILES_REFUSED] = "refused",
    };

    return words[files];
}

static void
put_process(struct json *json, const struct server *server)
{
    json_put_string(json, "version", SIDELOCK_VERSION);
    json_put_int(json, "pid", getpid());
    json_put_string(json, "state", state_word(server->state));
    json_put_string(json, "unready", admin_unready_reason(server));
    json_put_string(json, "config", server->source->path);
    admin_put_time(json, "started", server->started_at);
    json_put_int(
        json, "uptime_s", (clock_now_ms() - server->started_ms) / 1000);
    json_put_string(json, "log", server->snapshot->config->log.output);
    json_put_int(json, "connections", atomic_load(&server->counters.open));
    json_put_int(json, "plaintext_connections",
        (int64_t)atomic_load(&server->counters.plaintext));
    json_put_int(json, "max_connections", atomic_load(&server->counters.max));
}

static void
put_last_reload(struct json *json, const struct reload_outcome *outcome)
{
    if (outcome->at == 0) {
        json_put_null(json, "last_reload");
        return;
    }
    json_begin_object(json, "last_reload");
    admin_put_time(json, "at", outcome->at);
    json_put_string(json, "trigger", outcome->trigger);
    json_put_string(
        json, "outcome", outcome->is_success ? "success" : "failure");
    json_put_string(json, "code", guide_text(outcome->code));
    json_put_string(json, "error", outcome->is_success ? NULL : outcome->error);
    json_put_int(json, "duration_ms", outcome->duration_ms);
    json_end_object(json);
}

static void
put_restart_keys(struct json *json, const struct server *server)
{
    char keys[256];
    char *rest = keys;
    char *key;

    admin_restart_keys(server, keys, sizeof(keys));
    json_begin_array(json, "restart_needed");
    while ((key = strsep(&rest, ", ")) != NULL)
        if (key[0] != '\0')
            json_put_string(json, NULL, key);
    json_end_array(json);
}

void
admin_put_status(struct json *json, const struct server *server)
{
    json_begin_object(json, NULL);
    put_process(json, server);
    json_put_int(json, "generation", server->snapshot->generation);
    json_put_string(json, "files", files_word(admin_files(server)));
    put_last_reload(json, &server->outcome);
    json_put_int(json, "reload_successes", server->outcome.success_count);
    json_put_int(json, "reload_failures", server->outcome.failure_count);
    put_restart_keys(json, server);
    json_put_bool(json, "has_warnings", admin_has_warnings(server));
    put_services(json, server);
    put_findings(json, "findings", &server->findings);
    put_findings(json, "refusal", &server->refusal);
    json_end_object(json);
}

void
admin_put_reload(struct json *json, const struct server *server)
{
    bool is_success = server->outcome.is_success;

    json_begin_object(json, NULL);
    json_put_string(json, "outcome", is_success ? "success" : "failure");
    json_put_string(json, "code", guide_text(server->outcome.code));
    json_put_int(json, "generation", server->snapshot->generation);
    json_put_int(json, "duration_ms", server->outcome.duration_ms);
    put_restart_keys(json, server);
    put_services(json, server);
    put_findings(
        json, "findings", is_success ? &server->findings : &server->refusal);
    json_end_object(json);
}
