/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading the CAs of [clients]. */
#include "certs/trust.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "certs/chain.h"
#include "certs/secret.h"

static int
grow(struct trust *trust, size_t more)
{
    size_t count = trust->ca_count + more;
    struct blob *ca = realloc(trust->ca, count * sizeof(*ca));
    struct certificate_info *info;

    if (ca == NULL)
        return -1;
    trust->ca = ca;
    info = realloc(trust->info, count * sizeof(*info));
    if (info == NULL)
        return -1;
    trust->info = info;
    return 0;
}

/* Refused, for the TLS library would take anything that is loaded as a CA for
 * one, and a client could then vouch for others. */
static int
judge_ca(const struct x509 *x509, const struct certificate_info *info,
    const char *path, struct report *report)
{
    if (x509_may_sign_certificates(x509))
        return 0;
    report_error(report, SL_CA_NOT,
        "clients.ca %s: \"%s\" is no CA certificate (basic constraints, key "
        "usage keyCertSign); put only CAs into this file",
        path, info->subject);
    return -1;
}

static int
take_certs(struct trust *trust, struct chain *chain, const char *path,
    struct report *report)
{
    for (size_t i = 0; i < chain->count; i++) {
        struct certificate_info *info = &trust->info[trust->ca_count];

        x509_fill_info(chain->certs[i].x509, info);
        if (judge_ca(chain->certs[i].x509, info, path, report) != 0)
            return -1;
        trust->ca[trust->ca_count++] = chain->certs[i].der;
        chain->certs[i].der = (struct blob){0};
    }
    return 0;
}

static int
load_file(struct trust *trust, const char *path, struct report *report)
{
    struct chain chain;
    int failed;

    if (chain_read(&chain, path, "clients.ca", report) != 0)
        return -1;
    if (grow(trust, chain.count) != 0) {
        report_error(report, SL_MEMORY, "clients.ca %s: out of memory", path);
        chain_deinit(&chain);
        return -1;
    }
    report_note(report, "clients.ca %s: %zu certificate%s loaded", path,
        chain.count, chain.count == 1 ? "" : "s");
    failed = take_certs(trust, &chain, path, report);
    chain_deinit(&chain);
    return failed;
}

static int
compare_info(const void *a, const void *b)
{
    const struct certificate_info *left = a;
    const struct certificate_info *right = b;

    return strcmp(left->fingerprint, right->fingerprint);
}

/* The order of files and of certificates in them makes no difference, nor does
 * a certificate that is there twice. */
static int
make_fingerprint(struct trust *trust, const struct config_clients *clients)
{
    struct certificate_info *sorted =
        malloc((trust->ca_count + 1) * sizeof(*sorted));
    uint8_t rule = clients->allow_all ? 1 : 0;
    wc_Sha256 sha;
    int error;

    if (sorted == NULL)
        return -1;
    if (trust->ca_count > 0)
        memcpy(sorted, trust->info, trust->ca_count * sizeof(*sorted));
    qsort(sorted, trust->ca_count, sizeof(*sorted), compare_info);
    error = wc_InitSha256(&sha);
    for (size_t i = 0; i < trust->ca_count && error == 0; i++)
        if (i == 0 || compare_info(&sorted[i - 1], &sorted[i]) != 0)
            error = wc_Sha256Update(&sha, (const byte *)sorted[i].fingerprint,
                sizeof(sorted[i].fingerprint));
    if (error == 0)
        error = wc_Sha256Update(&sha, &rule, 1);
    if (error == 0)
        error = wc_Sha256Final(&sha, trust->fingerprint);
    wc_Sha256Free(&sha);
    free(sorted);
    return error == 0 ? 0 : -1;
}

struct trust *
trust_load(const struct config_clients *clients, struct report *report)
{
    struct trust *trust = calloc(1, sizeof(*trust));

    if (trust == NULL) {
        report_error(
            report, SL_MEMORY, "out of memory while loading clients.ca");
        return NULL;
    }
    for (size_t i = 0; i < clients->ca.count; i++)
        if (load_file(trust, clients->ca.items[i], report) != 0)
            goto free_trust;
    if (make_fingerprint(trust, clients) == 0)
        return trust;
    report_error(report, SL_MEMORY, "out of memory while loading clients.ca");

free_trust:
    trust_free(trust);
    return NULL;
}

void
trust_free(struct trust *trust)
{
    if (trust == NULL)
        return;
    for (size_t i = 0; i < trust->ca_count; i++)
        blob_free(&trust->ca[i]);
    free(trust->ca);
    free(trust->info);
    free(trust);
}
