/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading all that decides over the clients of one service. */
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "certs/admission.h"
#include "certs/dates.h"

/* The hashes of the parts, one after the other, hashed. */
static int
make_hash(struct admission *admission)
{
    const struct config_clients *clients = admission->clients;
    uint8_t parts[6][ADMISSION_HASH_BYTES] = {{0}};

    parts[0][0] = admission->is_required;
    parts[0][1] = (uint8_t)clients->eku;
    parts[0][2] = (uint8_t)clients->crl_policy;
    parts[0][3] = (uint8_t)clients->peer_name;
    parts[0][4] = (uint8_t)clients->ocsp;
    memcpy(parts[1], admission->trust->fingerprint, sizeof(parts[1]));
    rules_hash(admission->rules, parts[2]);
    if (pins_hash(admission->pins, parts[3]) != 0
        || (admission->crls != NULL
            && crls_hash(admission->crls, parts[4]) != 0)
        || (admission->approved != NULL
            && approved_hash(admission->approved, parts[5]) != 0))
        return -1;
    return wc_Sha256Hash(parts[0], sizeof(parts), admission->hash);
}

static int
load_parts(struct admission *admission, const struct admission *previous,
    time_t now, struct report *report)
{
    const struct config_clients *clients = admission->clients;

    admission->trust = trust_load(clients, report);
    if (admission->trust == NULL)
        return -1;
    admission->pins =
        pins_load(clients, previous != NULL ? previous->pins : NULL, report);
    if (admission->pins == NULL)
        return -1;
    admission->rules = rules_load(clients, report);
    if (admission->rules == NULL)
        return -1;
    if (clients->crl.count > 0) {
        admission->crls = crls_load(clients, admission->trust, now, report);
        if (admission->crls == NULL)
            return -1;
    }
    if (*clients->enroll == '\0')
        return 0;
    admission->approved = approved_load(
        clients->enroll, previous != NULL ? previous->approved : NULL, report);
    return admission->approved != NULL ? 0 : -1;
}

struct admission *
admission_load(const struct config_service *service,
    const struct admission *previous, time_t now, struct report *report)
{
    struct admission *admission = calloc(1, sizeof(*admission));

    if (admission == NULL) {
        report_error(report, SL_MEMORY, "out of memory while loading clients");
        return NULL;
    }
    admission->clients = &service->clients;
    admission->is_required =
        service->client_certificate == CLIENT_CERT_REQUIRED;
    if (load_parts(admission, previous, now, report) != 0)
        goto free_admission;
    if (make_hash(admission) == 0)
        return admission;
    report_error(report, SL_MEMORY, "out of memory while loading clients");

free_admission:
    admission_free(admission);
    return NULL;
}

void
admission_free(struct admission *admission)
{
    if (admission == NULL)
        return;
    trust_free(admission->trust);
    crls_free(admission->crls);
    pins_free(admission->pins);
    approved_free(admission->approved);
    rules_free(admission->rules);
    free(admission);
}

void
admission_judge_dates(const struct admission *admission, time_t now,
    int64_t warn_days, struct report *report)
{
    struct date_judge judge = {.now = now,
        .warn_days = warn_days,
        .report = report,
        .is_of_clients = true};

    for (size_t i = 0; i < admission->trust->ca_count; i++)
        dates_judge(&judge, &admission->trust->info[i], "clients.ca", "a CA");
    pins_judge(admission->pins, now, warn_days, report);
    if (admission->crls != NULL)
        crls_judge(admission->crls, now, warn_days, report);
}
