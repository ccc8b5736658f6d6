/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading, ordering and judging certificate chains. */
#include "certs/chain.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "certs/file.h"
#include "certs/pem.h"

/* --- reading ------------------------------------------------------------ */

static bool
is_certificate(const char *label)
{
    return strcmp(label, "CERTIFICATE") == 0
           || strcmp(label, "X509 CERTIFICATE") == 0;
}

static int
refuse_block(enum pem_result result, size_t number, const char *path,
    const char *role, struct report *report)
{
    if (result == PEM_NO_MEMORY)
        report_error(report, SL_MEMORY, "%s %s: out of memory", role, path);
    else
        report_error(report, SL_PEM_BROKEN,
            "%s %s: PEM block %zu is broken (no END line, or bad base64); was "
            "the file cut off?",
            role, path, number);
    return -1;
}

static void
free_cert(struct chain_cert *cert)
{
    x509_free(cert->x509);
    blob_free(&cert->der);
    *cert = (struct chain_cert){{0}, NULL};
}

/* Takes over the block's bytes as one more certificate. */
static int
add_cert(struct chain *chain, struct pem_block *block, const char *path,
    const char *role, struct report *report)
{
    struct chain_cert *cert = &chain->certs[chain->count];
    int error;

    if (chain->count == CHAIN_FILE_MAX) {
        report_error(report, SL_CHAIN_LONG,
            "%s %s: holds more than %d certificates", role, path,
            CHAIN_FILE_MAX);
        return -1;
    }
    cert->der = block->der;
    block->der = (struct blob){0};
    chain->count++;
    cert->x509 = x509_new(&cert->der, &error);
    if (cert->x509 != NULL)
        return 0;
    report_error(report, SL_CERT_UNREADABLE,
        "%s %s: certificate %zu cannot be read: %s", role, path, chain->count,
        wolfSSL_ERR_reason_error_string((unsigned long)error));
    return -1;
}

static int
read_blocks(struct chain *chain, const struct blob *content, const char *path,
    const char *role, struct report *report)
{
    struct pem_reader reader;
    struct pem_block block;
    enum pem_result result;
    size_t number = 0;

    pem_reader_init(&reader, content);
    while ((result = pem_next(&reader, &block)) != PEM_END) {
        int failed = 0;

        number++;
        if (result != PEM_BLOCK)
            return refuse_block(result, number, path, role, report);
        if (is_certificate(block.label))
            failed = add_cert(chain, &block, path, role, report);
        blob_wipe(&block.der); /* a key may stand in the same file */
        if (failed != 0)
            return -1;
    }
    return 0;
}

static void
report_none(const struct blob *content, const char *path, const char *role,
    struct report *report)
{
    char other[512];

    pem_explain_other(content, path, other, sizeof(other));
    if (other[0] != '\0')
        report_error(report, SL_FORMAT_UNKNOWN, "%s %s: is not PEM: %s", role,
            path, other);
    else
        report_error(report, SL_CERT_NONE,
            "%s %s: no certificate in it (a line -----BEGIN "
            "CERTIFICATE-----); is this the right file?",
            role, path);
}

int
chain_read(struct chain *chain, const char *path, const char *role,
    struct report *report)
{
    struct blob content;
    int failed = -1;

    *chain = (struct chain){0};
    if (file_read(&content, path, role, NULL, report) != 0)
        return -1;
    chain->certs = calloc(CHAIN_FILE_MAX, sizeof(*chain->certs));
    if (chain->certs == NULL)
        report_error(report, SL_MEMORY, "%s %s: out of memory", role, path);
    else
        failed = read_blocks(chain, &content, path, role, report);
    if (failed == 0 && chain->count == 0) {
        report_none(&content, path, role, report);
        failed = -1;
    }
    blob_wipe(&content);
    if (failed != 0)
        chain_deinit(chain);
    return failed;
}

void
chain_deinit(struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        free_cert(&chain->certs[i]);
    free(chain->certs);
    *chain = (struct chain){0};
}

/* --- links -------------------------------------------------------------- */

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

/* --- order -------------------------------------------------------------- */

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
            report_note(report,
                "certificate.cert %s: certificate %zu (%s) is there twice",
                path, i + 1, info.subject);
            continue;
        }
        if (x509_is_ca(chain->certs[i].x509))
            chain->left_out_ca = true;
        report_warning(report, SL_CHAIN_EXTRA,
            "certificate.cert %s: certificate %zu (%s) does not belong to the "
            "chain of the leaf and is not served; if it was meant as its "
            "issuer, it is the wrong one",
            path, i + 1, info.subject);
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
        "certificate.cert %s: the root is in the file; it is not sent, clients "
        "have it",
        path);
}

/* Keeps the arranged certificates, in order, and frees the others. */
static int
apply(struct chain *chain, const struct arrangement *arrangement)
{
    struct chain_cert *kept = calloc(arrangement->count, sizeof(*kept));

    if (kept == NULL)
        return -1;
    for (size_t i = 0; i < arrangement->count; i++)
        kept[i] = chain->certs[arrangement->order[i]];
    for (size_t i = 0; i < chain->count; i++)
        if (!arrangement->is_used[i])
            free_cert(&chain->certs[i]);
    free(chain->certs);
    chain->certs = kept;
    chain->count = arrangement->count;
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
            "certificate.cert %s: the certificates are out of order; served "
            "sorted, leaf first; put them so in the file, too",
            path);
    drop_root(chain, path, &arrangement, report);
    if (arrangement.count > IDENTITY_CHAIN_MAX) {
        report_error(report, SL_CHAIN_LONG,
            "certificate.cert %s: the chain is longer than %d certificates",
            path, IDENTITY_CHAIN_MAX);
        free(arrangement.is_used);
        return -1;
    }
    failed = apply(chain, &arrangement);
    free(arrangement.is_used);
    if (failed == 0)
        return 0;

no_memory:
    report_error(report, SL_MEMORY, "certificate.cert %s: out of memory", path);
    return -1;
}
