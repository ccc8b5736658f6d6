/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The set of CAs, and what tells it from another. */
#include "certs/trust.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "certs/secret.h"
#include "certs/trust_internal.h"
#include "certs/x509.h"

/* Room doubles whenever the count reaches a power of two. */
static int
make_room(struct trust *trust)
{
    size_t room = trust->ca_count == 0 ? 1 : 2 * trust->ca_count;
    struct certificate_info *info;
    struct blob *ca;

    if ((trust->ca_count & (trust->ca_count - 1)) != 0)
        return 0;
    ca = realloc(trust->ca, room * sizeof(*ca));
    if (ca == NULL)
        return -1;
    trust->ca = ca;
    info = realloc(trust->info, room * sizeof(*info));
    if (info == NULL)
        return -1;
    trust->info = info;
    return 0;
}

static bool
is_known(const struct trust *trust, const struct certificate_info *info)
{
    for (size_t i = 0; i < trust->ca_count; i++)
        if (strcmp(trust->info[i].fingerprint, info->fingerprint) == 0)
            return true;
    return false;
}

/* What is no CA must not enter: the TLS library would take anything that is
 * loaded as a CA for one, and a client could then vouch for others. */
enum trust_added
trust_add(
    struct trust *trust, const struct blob *der, struct certificate_info *info)
{
    struct x509 *x509;
    bool is_ca;
    int error;

    x509 = x509_new(der, &error);
    if (x509 == NULL)
        return TRUST_UNREADABLE;
    x509_fill_info(x509, info);
    is_ca = x509_may_sign_certificates(x509);
    x509_free(x509);
    if (!is_ca)
        return TRUST_NO_CA;
    if (is_known(trust, info))
        return TRUST_KNOWN;
    if (trust->ca_count == TRUST_CA_MAX)
        return TRUST_FULL;
    if (make_room(trust) != 0
        || blob_copy(&trust->ca[trust->ca_count], der->data, der->len) != 0)
        return TRUST_NO_MEMORY;
    trust->info[trust->ca_count++] = *info;
    return TRUST_ADDED;
}

static int
compare_info(const void *a, const void *b)
{
    const struct certificate_info *left = a;
    const struct certificate_info *right = b;

    return strcmp(left->fingerprint, right->fingerprint);
}

/* The order of files and of certificates in them makes no difference. */
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
    for (size_t i = 0; i < trust->ca_count; i++)
        sorted[i] = trust->info[i];
    qsort(sorted, trust->ca_count, sizeof(*sorted), compare_info);
    error = wc_InitSha256(&sha);
    for (size_t i = 0; i < trust->ca_count && error == 0; i++)
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
    if (trust_read_sources(trust, clients, report) != 0)
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
