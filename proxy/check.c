/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The findings of a load as a list for a person, then what would be served. */
#include "proxy/check.h"

#include <stdio.h>
#include <string.h>

#include "certs/snapshot.h"
#include "certs/sources.h"
#include "certs/status.h"
#include "proxy/load.h"
#include "proxy/options.h"

static void
print_findings(const struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        report_print_finding(stdout, "", &report->items[i]);
    if (report->lost_count > 0)
        (void)printf("%-8s %zu more findings\n", "note", report->lost_count);
}

static void
print_addresses(const char *word, const struct address_list *list)
{
    char address[ADDRESS_TEXT_BYTES];

    (void)printf("  %-12s", word);
    for (size_t i = 0; i < list->count; i++) {
        address_format(&list->items[i], address, sizeof(address));
        (void)printf("%s%s", i > 0 ? "; " : "", address);
    }
    (void)printf("\n");
}

/* An openssl command that shows from outside what is served. */
static void
print_proof_command(
    const struct config_service *service, const struct identity *identity)
{
    char address[ADDRESS_TEXT_BYTES];

    address_format(&service->listen.items[0], address, sizeof(address));
    (void)printf("  %-12sopenssl s_client -connect %s -servername %s "
                 "</dev/null | openssl x509 -noout -subject -serial "
                 "-enddate\n",
        "verify with", address, identity->name);
}

static void
print_service(const struct snapshot *snapshot, size_t index)
{
    const struct config_service *service = &snapshot->config->services[index];
    const struct identity *identity = snapshot_identity(snapshot, index);
    char words[STATUS_BYTES];
    char until[32];
    struct tm utc;
    time_t not_after = identity_not_after(identity);

    status_words(
        identity, time(NULL), snapshot->config->reload.warn_days, words);
    gmtime_r(&not_after, &utc);
    (void)strftime(until, sizeof(until), "%Y-%m-%d %H:%M UTC", &utc);
    (void)printf("service %s: %s\n", service->name, words);
    print_addresses("listens on", &service->listen);
    print_addresses("backend", &service->backend);
    (void)printf("  %-12s%s\n", "clients",
        service->required_level == LEVEL_PEER
            ? "must show a certificate that the CAs vouch for"
            : "need no certificate");
    if (identity == NULL) {
        (void)printf(
            "  %-12s%s\n", "missing", snapshot->services[index].reason);
        return;
    }
    (void)printf("  %-12s%s\n", "subject", identity->info[0].subject);
    (void)printf("  %-12s%s\n", "issuer", identity->info[0].issuer);
    (void)printf("  %-12s%s\n", "serial", identity->info[0].serial);
    (void)printf("  %-12s%s\n", "valid until", until);
    print_proof_command(service, identity);
}

static int
print_verdict(const struct report *report)
{
    if (report->error_count > 0) {
        (void)printf("not usable: %zu error%s\n", report->error_count,
            report->error_count == 1 ? "" : "s");
        return EXIT_ERROR;
    }
    if (report->warning_count > 0) {
        (void)printf("usable, with %zu warning%s\n", report->warning_count,
            report->warning_count == 1 ? "" : "s");
        return EXIT_WARNINGS;
    }
    (void)printf("good\n");
    return EXIT_GOOD;
}

int
check_run(const struct config_source *source)
{
    struct snapshot *snapshot;
    struct report report;
    int exit_code;

    if (certs_init() != 0) {
        (void)fprintf(
            stderr, "sidelock: error: the TLS library does not start\n");
        return EXIT_ERROR;
    }
    report_init(&report);
    report.is_strict = true;
    snapshot = load_all(source, NULL, &report);
    print_findings(&report);
    if (snapshot != NULL) {
        for (size_t i = 0; i < snapshot->config->service_count; i++)
            print_service(snapshot, i);
        snapshot_unref(snapshot);
    }
    exit_code = print_verdict(&report);
    sources_free(report.sources);
    report_deinit(&report);
    certs_deinit();
    return exit_code;
}
