/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each service: the trial handshake, the CAs for its clients, and whether its
 * addresses are free. */
#include <errno.h>
#include <string.h>

#include "certs/admission.h"
#include "certs/dates.h"
#include "proxy/check_state.h"
#include "proxy/listener.h"

/* --- what it shows ------------------------------------------------------- */

/* Does it serve by TLS, and if not, what instead? */
static void
check_mode(struct check *check, size_t index)
{
    struct check_row row = {CHECK_SERVICE, check->config->services[index].name,
        "mode", CHECK_WARNING, SL_NONE, ""};

    if (check->snapshot == NULL) {
        row.outcome = CHECK_SKIPPED;
        check_add_row(check, &row, "would not start");
        return;
    }
    switch (check->snapshot->services[index].mode) {
    case SERVICE_TLS:
        if (check->config->services[index].required_level == LEVEL_NONE) {
            row.code = SL_LEVEL_NONE;
            check_add_row(check, &row, "TLS, or PLAINTEXT if the client likes");
            return;
        }
        row.outcome = CHECK_OK;
        check_add_row(check, &row, "TLS");
        return;
    case SERVICE_WAITING:
        row.code = SL_CERT_WAITING;
        check_add_row(check, &row, "waits for its certificate");
        return;
    case SERVICE_PLAINTEXT:
        row.code = SL_PLAINTEXT;
        check_add_row(check, &row, "WITHOUT TLS");
        return;
    }
}

static void
count_identity(const struct snapshot_identity *entry, uint32_t index, void *arg)
{
    size_t *count = arg;

    (void)entry;
    (void)index;
    ++*count;
}

/* How many names are covered, and what becomes of the others. */
static void
check_names(struct check *check, size_t index)
{
    const struct config_service *service = &check->config->services[index];
    struct check_row row = {
        CHECK_SERVICE, service->name, "names", CHECK_OK, SL_NONE, ""};
    const struct sni *names;
    size_t count = 0;

    if (check->snapshot == NULL
        || check->snapshot->services[index].names == NULL)
        return;
    names = check->snapshot->services[index].names;
    snapshot_each_identity(check->snapshot, index, count_identity, &count);
    check_add_row(check, &row, "%zu name%s by %zu certificate%s; %s",
        sni_name_count(names), sni_name_count(names) == 1 ? "" : "s", count,
        count == 1 ? "" : "s",
        service->tls.unknown_sni == UNKNOWN_SNI_REFUSE
            ? "others are refused"
            : "others see the first certificate");
}

/* --- the handshake ------------------------------------------------------- */

/* The proof that failed, as the load told it. */
static const struct finding *
find_failed_proof(const struct check *check, const char *service)
{
    static const char prefix[] = "service ";
    size_t len = strlen(service);

    for (size_t i = 0; i < check->report.count; i++) {
        const struct finding *finding = &check->report.items[i];
        const char *name = finding->text + sizeof(prefix) - 1;

        if (finding->code == SL_PROOF_FAILED
            && strncmp(finding->text, prefix, sizeof(prefix) - 1) == 0
            && strncmp(name, service, len) == 0 && name[len] == ':')
            return finding;
    }
    return NULL;
}

static void
check_handshake(struct check *check, size_t index)
{
    const struct config_service *service = &check->config->services[index];
    bool has_1_3 = service->tls.max_version >= TLS_VERSION_1_3;
    bool has_1_2 = service->tls.min_version <= TLS_VERSION_1_2;
    struct check_row row = {
        CHECK_SERVICE, service->name, "handshake", CHECK_OK, SL_NONE, ""};

    if (find_failed_proof(check, service->name) != NULL) {
        row.outcome = CHECK_ERROR;
        row.code = SL_PROOF_FAILED;
    } else if (check->snapshot == NULL
               || check->snapshot->services[index].mode != SERVICE_TLS) {
        row.outcome = CHECK_SKIPPED;
    }
    check_add_row(check, &row, "%s%s%s", has_1_3 ? "TLS 1.3" : "",
        has_1_3 && has_1_2 ? " and " : "", has_1_2 ? "TLS 1.2" : "");
}

/* --- clients ------------------------------------------------------------- */

/* "must show a certificate; 2 CAs, 1 pin, 14 rules, 3 approved" */
static void
add_clients_row(struct check *check, const struct check_row *row,
    const struct admission *admission)
{
    check_add_row(check, row,
        "%s; %zu CA%s, %zu trusted as they are, %zu approved, %zu rule%s",
        admission->is_required ? "must show a certificate"
                               : "may show a certificate",
        admission->trust->ca_count, admission->trust->ca_count == 1 ? "" : "s",
        pins_count(admission->pins),
        admission->approved != NULL ? approved_count(admission->approved) : 0,
        rules_count(admission->rules),
        rules_count(admission->rules) == 1 ? "" : "s");
}

/* Does it do without its own certificate, and so without its clients'? */
static bool
is_plaintext(const struct check *check, const struct config_service *service)
{
    size_t index = (size_t)(service - check->config->services);

    return check->snapshot != NULL
           && check->snapshot->services[index].mode == SERVICE_PLAINTEXT;
}

static void
check_clients(struct check *check, const struct config_service *service)
{
    struct check_row row = {
        CHECK_SERVICE, service->name, "clients", CHECK_OK, SL_NONE, ""};
    struct admission *admission;
    struct report found;

    if (service->client_certificate == CLIENT_CERT_IGNORE) {
        check_add_row(check, &row, "need no certificate");
        return;
    }
    report_init(&found);
    admission = admission_load(service, NULL, check->now, &found);
    if (admission != NULL)
        admission_judge_dates(
            admission, check->now, check->config->reload.warn_days, &found);
    check_merge(check, &found);
    if (found.error_count > 0)
        row.outcome = CHECK_ERROR;
    else if (found.warning_count > 0)
        row.outcome = CHECK_WARNING;
    for (size_t i = 0; i < found.count && row.code == SL_NONE; i++)
        if (row.outcome != CHECK_ERROR
            || found.items[i].severity == SEVERITY_ERROR)
            row.code = found.items[i].code;
    if (admission != NULL && is_plaintext(check, service)) {
        row.outcome = CHECK_WARNING;
        row.code = SL_PLAINTEXT;
        check_add_row(check, &row, "nobody is asked for a certificate");
    } else if (admission != NULL)
        add_clients_row(check, &row, admission);
    else
        check_add_row(check, &row, "who may come in cannot be loaded");
    admission_free(admission);
    report_deinit(&found);
}

/* --- listen addresses ---------------------------------------------------- */

static void
report_listen(
    struct check *check, struct check_row *row, const char *address, int error)
{
    const char *remedy = "";

    if (error == EADDRINUSE) {
        row->outcome = CHECK_WARNING;
        row->code = SL_LISTEN_TAKEN;
        report_warning(&check->report, SL_LISTEN_TAKEN,
            "service %s: listen %s: is in use: fine if that is the sidelock "
            "to be replaced; else find who has it: ss -ltnp",
            row->subject, address);
        return;
    }
    if (error == EACCES)
        remedy = "; ports below 1024 need root or CAP_NET_BIND_SERVICE";
    else if (error == EADDRNOTAVAIL)
        remedy = "; no interface of this machine has that address";
    row->outcome = CHECK_ERROR;
    row->code = SL_LISTEN;
    report_error(&check->report, SL_LISTEN,
        "service %s: listen %s: cannot be listened on: %s%s", row->subject,
        address, strerror(error), remedy);
}

static void
check_listen(struct check *check, const struct config_service *service)
{
    for (size_t i = 0; i < service->listen.count; i++) {
        struct check_row row = {
            CHECK_SERVICE, service->name, "listen", CHECK_OK, SL_NONE, ""};
        char address[ADDRESS_TEXT_BYTES];

        address_format(&service->listen.items[i], address, sizeof(address));
        if (listener_probe(&service->listen.items[i]) != 0)
            report_listen(check, &row, address, errno);
        check_add_row(check, &row, "%s", address);
    }
}

void
check_services(struct check *check)
{
    for (size_t i = 0; i < check->config->service_count; i++) {
        const struct config_service *service = &check->config->services[i];

        check_mode(check, i);
        check_names(check, i);
        check_handshake(check, i);
        check_clients(check, service);
        check_listen(check, service);
    }
    check_backends(check);
}
