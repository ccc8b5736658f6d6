/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ordering certificate chains. */
#include "certs/chain.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "certs/key.h"
#include "certs/secret.h"

/* --- links --------------------------------------------------------------- */

/* A signature is good although the dates are not: those are judged apart. */
static bool
is_signed(int error)
{
    return error == WOLFSSL_SUCCESS || error == ASN_AFTER_DATE_E
           || error == ASN_BEFORE_DATE_E;
}

static bool
signature_holds(const struct blob *child, const struct blob *issuer)
{
    WOLFSSL_CERT_MANAGER *manager = wolfSSL_CertManagerNew();
    bool holds = false;

    if (manager == NULL)
        return false;
    if (wolfSSL_CertManagerLoadCABuffer_ex(manager, issuer->data,
            (long)issuer->len, WOLFSSL_FILETYPE_ASN1, 0,
            WOLFSSL_LOAD_FLAG_DATE_ERR_OKAY)
        == WOLFSSL_SUCCESS)
        holds = is_signed(wolfSSL_CertManagerVerifyBuffer(
            manager, child->data, (long)child->len, WOLFSSL_FILETYPE_ASN1));
    wolfSSL_CertManagerFree(manager);
    return holds;
}

bool
chain_cert_is_issued_by(
    const struct chain_cert *cert, const struct chain_cert *issuer)
{
    return x509_names_issuer(cert->x509, issuer->x509)
           && x509_may_sign_certificates(issuer->x509)
           && signature_holds(&cert->der, &issuer->der);
}

static bool
is_same(const struct chain_cert *a, const struct chain_cert *b)
{
    return a->der.len == b->der.len
           && memcmp(a->der.data, b->der.data, a->der.len) == 0;
}

/* --- order --------------------------------------------------------------- */

/* What was found about the order while arranging. */
struct arrangement {
    size_t order[IDENTITY_CHAIN_MAX + 1];
    size_t count;
    bool *is_used; /* per certificate of the file */
};

static long
find_issuer(const struct chain *chain, const struct arrangement *arrangement)
{
    size_t last = arrangement->order[arrangement->count - 1];

    for (size_t i = 0; i < chain->count; i++)
        if (!arrangement->is_used[i]
            && chain_cert_is_issued_by(&chain->certs[last], &chain->certs[i]))
            return (long)i;
    return -1;
}

static void
follow_links(
    const struct chain *chain, size_t leaf, struct arrangement *arrangement)
{
    long next = (long)leaf;

    while (next >= 0 && arrangement->count <= IDENTITY_CHAIN_MAX) {
        const struct chain_cert *cert = &chain->certs[next];

        arrangement->order[arrangement->count++] = (size_t)next;
        arrangement->is_used[next] = true;
        if (x509_is_self_signed(cert->x509))
            return;
        next = find_issuer(chain, arrangement);
    }
}

static bool
is_in_order(const struct arrangement *arrangement)
{
    for (size_t i = 1; i < arrangement->count; i++)
        if (arrangement->order[i] < arrangement->order[i - 1])
            return false;
    return true;
}

static bool
is_duplicate(const struct chain *chain, size_t index,
    const struct arrangement *arrangement)
{
    for (size_t i = 0; i < chain->count; i++)
        if (arrangement->is_used[i]
            && is_same(&chain->certs[i], &chain->certs[index]))
            return true;
    return false;
}

static void
report_left_out(struct chain *chain, const char *path,
    const struct arrangement *arrangement, struct report *report)
{
    for (size_t i = 0; i < chain->count; i++) {
        struct certificate_info info;

        if (arrangement->is_used[i])
            continue;
        x509_fill_info(chain->certs[i].x509, &info);
        if (is_duplicate(chain, i, arrangement)) {
            report_note(report, "%s %s: certificate %zu (%s) is there twice",
                chain->role, path, i + 1, info.subject);
            continue;
        }
        if (x509_is_ca(chain->certs[i].x509))
            chain->left_out_ca = true;
        if (key_is_short(chain->certs[i].x509)) {
            report_warning(report, SL_KEY_WEAK,
                "%s %s: certificate %zu (%s) is not served: its RSA key has "
                "less than 2048 bits, and clients refuse what it signed",
                chain->role, path, i + 1, info.subject);
            continue;
        }
        report_warning(report, SL_CHAIN_EXTRA,
            "%s %s: certificate %zu (%s) does not belong to the "
            "chain of the leaf and is not served; if it was meant as its "
            "issuer, it is the wrong one",
            chain->role, path, i + 1, info.subject);
    }
}

/* Clients that trust a root have it; sending it only costs bytes. */
static void
drop_root(struct chain *chain, const char *path,
    struct arrangement *arrangement, struct report *report)
{
    size_t last = arrangement->order[arrangement->count - 1];

    if (arrangement->count < 2 || !x509_is_self_signed(chain->certs[last].x509))
        return;
    arrangement->count--;
    arrangement->is_used[last] = false;
    chain->had_root = true;
    report_note(report,
        "%s %s: the root is in the file; it is not sent, clients "
        "have it",
        chain->role, path);
}

static bool
is_among(const size_t *order, size_t count, size_t index)
{
    for (size_t i = 0; i < count; i++)
        if (order[i] == index)
            return true;
    return false;
}

int
chain_keep(struct chain *chain, const size_t *order, size_t count)
{
    struct chain_cert *kept = calloc(count, sizeof(*kept));

    if (kept == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        kept[i] = chain->certs[order[i]];
    for (size_t i = 0; i < chain->count; i++)
        if (!is_among(order, count, i))
            chain_cert_free(&chain->certs[i]);
    free(chain->certs);
    chain->certs = kept;
    chain->count = count;
    /* The parsed form points to its bytes' holder, which has moved. */
    for (size_t i = 0; i < chain->count; i++)
        x509_moved(chain->certs[i].x509, &chain->certs[i].der);
    return 0;
}

int
chain_arrange(
    struct chain *chain, size_t leaf, const char *path, struct report *report)
{
    struct arrangement arrangement = {.count = 0};
    int failed = -1;

    arrangement.is_used = calloc(chain->count, sizeof(bool));
    if (arrangement.is_used == NULL)
        goto no_memory;
    follow_links(chain, leaf, &arrangement);
    report_left_out(chain, path, &arrangement, report);
    if (!is_in_order(&arrangement))
        report_warning(report, SL_CHAIN_ORDER,
            "%s %s: the certificates are out of order; served "
            "sorted, leaf first; put them so in the file, too",
            chain->role, path);
    drop_root(chain, path, &arrangement, report);
    if (arrangement.count > IDENTITY_CHAIN_MAX) {
        report_error(report, SL_CHAIN_LONG,
            "%s %s: the chain is longer than %d certificates", chain->role,
            path, IDENTITY_CHAIN_MAX);
        free(arrangement.is_used);
        return -1;
    }
    failed = chain_keep(chain, arrangement.order, arrangement.count);
    free(arrangement.is_used);
    if (failed == 0)
        return 0;

no_memory:
    report_error(report, SL_MEMORY, "%s %s: out of memory", chain->role, path);
    return -1;
}
