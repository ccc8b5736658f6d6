/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The status for people. */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "certs/dates.h"
#include "proxy/admin_status.h"
#include "proxy/clock.h"

enum {
    WORRYING_MAX = 20, /* certificates named one by one, in each service */
    FINDINGS_MAX = 50,
};

static void
print_time(FILE *out, const char *word, time_t at)
{
    char text[DATE_TEXT_BYTES];

    date_format(at, text);
    (void)fprintf(out, "  %-12s%s\n", word, text);
}

static void
print_address(FILE *out, const char *separator, const struct address *address)
{
    char text[ADDRESS_TEXT_BYTES];

    address_format(address, text, sizeof(text));
    (void)fprintf(out, "%s%s", separator, text);
}

/* What needs somebody; notes are for `check` and for programs. */
static void
print_findings(FILE *out, const struct report *report)
{
    size_t count = 0;

    for (size_t i = 0; i < report->count; i++) {
        if (report->items[i].severity == SEVERITY_NOTE)
            continue;
        if (count++ < FINDINGS_MAX)
            report_print_finding(out, "", &report->items[i]);
    }
    if (count > FINDINGS_MAX)
        (void)fprintf(
            out, "and %zu more; --json lists them\n", count - FINDINGS_MAX);
}

/* --- services ------------------------------------------------------------ */

static void
print_addresses(FILE *out, const struct server *server, size_t index)
{
    const struct listen_set *set = &server->listens;
    const struct address_list *backends =
        &server->snapshot->config->services[index].backend;
    const char *separator = "";

    (void)fprintf(out, "  %-12s", "listens on");
    for (size_t i = 0; i < set->count; i++) {
        if (set->entries[i].service_index != index)
            continue;
        print_address(out, separator, &set->entries[i].bound);
        separator = "; ";
    }
    (void)fprintf(
        out, "%s\n  %-12s", separator[0] == '\0' ? "nothing" : "", "backend");
    for (size_t i = 0; i < backends->count; i++)
        print_address(out, i > 0 ? "; " : "", &backends->items[i]);
    (void)fprintf(out, "\n");
}

/* The first certificate whole, of the others those that are worth it. */
struct certificates {
    FILE *out;
    size_t count;
    size_t worrying_count;
};

static void
print_certificate(const struct admin_certificate *certificate, void *arg)
{
    struct certificates *certificates = arg;
    const struct certificate_info *leaf = &certificate->identity->info[0];
    FILE *out = certificates->out;

    if (certificates->count++ == 0) {
        (void)fprintf(out, "  %-12s%s\n", "subject", leaf->subject);
        (void)fprintf(out, "  %-12s%s\n", "serial", leaf->serial);
        (void)fprintf(out, "  %-12s%s\n", "fingerprint", leaf->fingerprint);
        print_time(
            out, "valid until", identity_not_after(certificate->identity));
        return;
    }
    if (certificate->is_worrying
        && certificates->worrying_count++ < WORRYING_MAX) {
        char *name = text_one_line(certificate->name);

        (void)fprintf(out, "  %-12s%s: %s\n", "certificate",
            name != NULL ? name : "?", certificate->words);
        free(name);
    }
}

static void
print_others(const struct certificates *certificates)
{
    size_t others = certificates->count > 0 ? certificates->count - 1 : 0;

    if (others > 0)
        (void)fprintf(certificates->out,
            "  %-12s%zu certificate%s, %zu of them expired or about to\n",
            "and", others, others == 1 ? "" : "s",
            certificates->worrying_count);
}

static void
print_status_line(FILE *out, const struct server *server, size_t index)
{
    const struct snapshot_service *service = &server->snapshot->services[index];
    char words[STATUS_BYTES];

    admin_service_words(server, index, words);
    (void)fprintf(out, "service %s: %s\n",
        server->snapshot->config->services[index].name, words);
    if (service->mode == SERVICE_WAITING)
        (void)fprintf(out, "  waits for its certificate: %s [%s]\n",
            service->reason, guide_text(SL_CERT_WAITING));
    if (service->mode == SERVICE_PLAINTEXT)
        (void)fprintf(out,
            "  serves WITHOUT TLS (%llu connections so far): %s [%s]\n",
            atomic_load(&server->counters.plaintext), service->reason,
            guide_text(SL_PLAINTEXT));
    if (server->snapshot->config->services[index].required_level == LEVEL_NONE)
        (void)fprintf(out,
            "  serves PLAINTEXT to whoever does not speak TLS: required_level "
            "= none [%s]\n",
            guide_text(SL_LEVEL_NONE));
}

static void
print_service(FILE *out, const struct server *server, size_t index)
{
    struct certificates certificates = {.out = out};

    print_status_line(out, server, index);
    print_addresses(out, server, index);
    admin_print_census(out, server, index);
    admin_print_trust(out, server, index);
    if (server->snapshot->services[index].mode != SERVICE_TLS)
        return;
    admin_each_certificate(server, index, print_certificate, &certificates);
    print_others(&certificates);
}

/* --- the process --------------------------------------------------------- */

static void
print_uptime(FILE *out, int64_t seconds)
{
    int64_t minutes = seconds / 60;
    int64_t hours = minutes / 60;

    if (hours >= 48)
        (void)fprintf(out, "%" PRId64 " days", hours / 24);
    else if (hours > 0)
        (void)fprintf(
            out, "%" PRId64 " h %" PRId64 " min", hours, minutes % 60);
    else
        (void)fprintf(
            out, "%" PRId64 " min %" PRId64 " s", minutes, seconds % 60);
}

static void
print_process(FILE *out, const struct server *server)
{
    (void)fprintf(
        out, "sidelock %s: process %d, up ", SIDELOCK_VERSION, (int)getpid());
    print_uptime(out, (clock_now_ms() - server->started_ms) / 1000);
    (void)fprintf(out, ", generation %u, connections: %d of at most %d%s\n",
        server->snapshot->generation, atomic_load(&server->counters.open),
        atomic_load(&server->counters.max),
        server->state == SERVER_RUNNING ? "" : "; draining");
}

static void
print_log(FILE *out, const struct server *server)
{
    (void)fprintf(
        out, "the log goes to %s\n", server->snapshot->config->log.output);
}

static void
print_files(FILE *out, const struct server *server)
{
    static const char *const words[] = {
        [ADMIN_FILES_SERVED] = "are what is served",
        [ADMIN_FILES_CHANGED] = "have changed since they were read; sidelock "
                                "reload takes them up",
        [ADMIN_FILES_REFUSED] = "were refused by the last reload; what was "
                                "read before is still served",
    };

    (void)fprintf(out, "the files on disk %s\n", words[admin_files(server)]);
}

static void
print_last_reload(FILE *out, const struct server *server)
{
    const struct reload_outcome *outcome = &server->outcome;
    char at[DATE_TEXT_BYTES];

    if (outcome->at == 0)
        return;
    date_format(outcome->at, at);
    (void)fprintf(out, "last reload: %s, %s, by %s (%u succeeded, %u failed)\n",
        outcome->is_success ? "success" : "failure", at, outcome->trigger,
        outcome->success_count, outcome->failure_count);
    print_findings(out, &server->refusal);
}

static void
print_restart_keys(FILE *out, const struct server *server)
{
    char keys[256];

    admin_restart_keys(server, keys, sizeof(keys));
    if (keys[0] != '\0')
        (void)fprintf(out, "changed, but waiting for a restart: %s\n", keys);
}

void
admin_print_status(FILE *out, const struct server *server)
{
    for (size_t i = 0; i < server->snapshot->config->service_count; i++)
        print_service(out, server, i);
    print_process(out, server);
    print_log(out, server);
    print_files(out, server);
    print_last_reload(out, server);
    print_restart_keys(out, server);
    print_findings(out, &server->findings);
}

/* A service that waits for its certificate, or does without, serves none. */
static bool
all_serve_tls(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->config->service_count; i++)
        if (snapshot->services[i].mode != SERVICE_TLS)
            return false;
    return true;
}

void
admin_print_reload(FILE *out, const struct server *server)
{
    bool is_success = server->outcome.is_success;
    const char *code = guide_text(server->outcome.code);

    print_findings(out, is_success ? &server->findings : &server->refusal);
    if (is_success)
        (void)fprintf(out, "reloaded: generation %u, in %" PRId64 " ms\n",
            server->snapshot->generation, server->outcome.duration_ms);
    else
        (void)fprintf(out,
            "not reloaded: %s, generation %u; sidelock explain %s\n",
            all_serve_tls(server->snapshot)
                ? "the old certificate is still served"
                : "nothing has changed",
            server->snapshot->generation, code != NULL ? code : "");
    for (size_t i = 0; i < server->snapshot->config->service_count; i++)
        print_status_line(out, server, i);
}
