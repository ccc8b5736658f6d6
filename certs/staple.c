/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A staple's proofs, in the order in which they mean something: whose it is,
 * who says it, and what is said. */
#include "certs/staple.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/chain.h"
#include "certs/file.h"
#include "certs/ocsp.h"
#include "certs/secret.h"
#include "certs/signature.h"
#include "certs/x509_parts.h"

static const char role[] = "certificate.ocsp_staple_file";
static const char remedy[] = "fetch it anew: scripts/refresh-staple.sh";

/* Who is concerned, while one staple is proven. */
struct staple_case {
    const char *path;
    struct x509_parts leaf;
    struct x509_parts issuer;
    struct chain_cert issuer_cert;
    struct report *report;
};

/* When the response says something: never longer than the certificate of who
 * signed it is valid. */
struct span {
    time_t since;
    time_t until;
};

/* --- who signed it ------------------------------------------------------- */

static bool
is_signed_by(const struct ocsp_response *response, const struct x509 *x509)
{
    struct x509_public_key key;

    return x509_public_key(x509, &key) == 0
           && signature_holds(&key, response->algorithm, response->signed_part,
               response->signature);
}

static void
narrow_to(struct span *span, const struct x509 *signer)
{
    struct certificate_info info;

    x509_fill_info(signer, &info);
    if (info.not_before > span->since)
        span->since = info.not_before;
    if (info.not_after < span->until)
        span->until = info.not_after;
}

/* By the certificate that came with the response. */
static bool
is_signed_by_delegate(const struct ocsp_response *response,
    struct der certificate, const struct staple_case *staple_case,
    struct span *span)
{
    struct chain_cert delegate = {{0}, NULL};
    struct x509_parts parts;
    bool is_signed = false;
    int error;

    if (blob_copy(&delegate.der, certificate.data, certificate.len) != 0)
        return false;
    if (!x509_parts_read(&parts, &delegate.der)
        || !ocsp_names_responder(response, &parts))
        goto free_der;
    delegate.x509 = x509_new(&delegate.der, &error);
    if (delegate.x509 == NULL)
        goto free_der;
    is_signed = x509_may_sign_staples(delegate.x509)
                && chain_cert_is_issued_by(&delegate, &staple_case->issuer_cert)
                && is_signed_by(response, delegate.x509);
    if (is_signed)
        narrow_to(span, delegate.x509);
    x509_free(delegate.x509);

free_der:
    blob_free(&delegate.der);
    return is_signed;
}

static int
check_signer(const struct ocsp_response *response,
    const struct staple_case *staple_case, struct span *span)
{
    struct der rest = response->certificates;
    struct der_element element;
    struct certificate_info info;

    narrow_to(span, staple_case->issuer_cert.x509);
    if (ocsp_names_responder(response, &staple_case->issuer)
        && is_signed_by(response, staple_case->issuer_cert.x509))
        return 0;
    while (der_take_tag(&rest, DER_SEQUENCE, &element))
        if (is_signed_by_delegate(response, element.whole, staple_case, span))
            return 0;
    x509_fill_info(staple_case->issuer_cert.x509, &info);
    report_warning(staple_case->report, SL_STAPLE_SIGNER,
        "%s %s: is not sent: neither the issuer \"%s\" nor a responder that "
        "it appointed (issued by it for OCSPSigning) has signed it; fetch it "
        "from the certificate's own responder: scripts/refresh-staple.sh",
        role, staple_case->path, info.subject);
    return -1;
}

/* --- what it says -------------------------------------------------------- */

static int
find_single(const struct ocsp_response *response, struct ocsp_single *single,
    const struct staple_case *staple_case)
{
    struct der rest = response->singles;

    while (ocsp_take_single(&rest, single))
        if (ocsp_single_is_of(single, &staple_case->leaf, &staple_case->issuer))
            return 0;
    if (rest.len > 0)
        report_warning(staple_case->report, SL_STAPLE_BROKEN,
            "%s %s: is not sent: the OCSP response is damaged; %s", role,
            staple_case->path, remedy);
    else
        report_warning(staple_case->report, SL_STAPLE_OTHER,
            "%s %s: is not sent: it is about another certificate than the one "
            "that is served; was the certificate renewed? %s",
            role, staple_case->path, remedy);
    return -1;
}

static int
check_verdict(
    const struct ocsp_single *single, const struct staple_case *staple_case)
{
    switch (single->verdict) {
    case OCSP_GOOD:
        return 0;
    case OCSP_REVOKED:
        report_warning(staple_case->report, SL_STAPLE_REVOKED,
            "%s %s: is not sent: its CA says that the certificate is REVOKED; "
            "clients that ask the CA refuse it; find out why and have another "
            "issued now",
            role, staple_case->path);
        return -1;
    case OCSP_UNKNOWN:
        break;
    }
    report_warning(staple_case->report, SL_STAPLE_BROKEN,
        "%s %s: is not sent: the responder says that it does not know the "
        "certificate; a new one is often known only after some minutes; %s",
        role, staple_case->path, remedy);
    return -1;
}

static struct span
span_of(const struct ocsp_single *single)
{
    const struct span span = {
        .since = single->this_update,
        .until = single->next_update != 0
                     ? single->next_update
                     : single->this_update + STAPLE_DEFAULT_SECONDS,
    };

    return span;
}

static int
read_response(struct ocsp_response *response, const struct blob *content,
    const struct staple_case *staple_case)
{
    const char *reason;

    switch (ocsp_read(response, content, &reason)) {
    case OCSP_ANSWER:
        return 0;
    case OCSP_NO_ANSWER:
        report_warning(staple_case->report, SL_STAPLE_BROKEN,
            "%s %s: is not sent: it is no answer, the responder only said "
            "\"%s\"; %s",
            role, staple_case->path, reason, remedy);
        return -1;
    case OCSP_BROKEN:
        break;
    }
    report_warning(staple_case->report, SL_STAPLE_BROKEN,
        "%s %s: is not sent: it is no OCSP response in DER, or is cut off; %s",
        role, staple_case->path, remedy);
    return -1;
}

/* Takes over the content when it is a staple to be sent. */
static void
prove(struct identity *identity, struct blob *content,
    const struct staple_case *staple_case)
{
    struct ocsp_response response;
    struct ocsp_single single;
    struct span span;

    if (read_response(&response, content, staple_case) != 0
        || find_single(&response, &single, staple_case) != 0)
        return;
    span = span_of(&single);
    if (check_signer(&response, staple_case, &span) != 0
        || check_verdict(&single, staple_case) != 0)
        return;
    identity->staple = *content;
    identity->staple_since = span.since;
    identity->staple_until = span.until;
    *content = (struct blob){0};
}

/* --- the issuer ---------------------------------------------------------- */

/* A copy of the first certificate in the file that issued the leaf. */
static int
find_in_roots(
    const struct identity *identity, const char *path, struct blob *issuer)
{
    struct chain_cert leaf = {identity->chain[0], NULL};
    struct report unheard; /* the identity's load has said it */
    struct chain roots;
    int found = -1;
    int error;

    report_init(&unheard);
    leaf.x509 = x509_new(&leaf.der, &error);
    if (leaf.x509 != NULL
        && chain_read(&roots, path, "certificate.chain_root", &unheard) == 0) {
        for (size_t i = 0; found != 0 && i < roots.count; i++)
            if (chain_cert_is_issued_by(&leaf, &roots.certs[i]))
                found = blob_copy(
                    issuer, roots.certs[i].der.data, roots.certs[i].der.len);
        chain_deinit(&roots);
    }
    x509_free(leaf.x509);
    report_deinit(&unheard);
    return found;
}

static int
find_issuer(const struct identity *identity,
    const struct config_certificate *settings, struct blob *issuer)
{
    if (identity->chain_count > 1)
        return blob_copy(
            issuer, identity->chain[1].data, identity->chain[1].len);
    if (settings->chain_root[0] == '\0')
        return -1;
    return find_in_roots(identity, settings->chain_root, issuer);
}

static void
prove_with_issuer(struct identity *identity,
    const struct config_certificate *settings, struct blob *content,
    struct staple_case *staple_case)
{
    struct chain_cert *issuer = &staple_case->issuer_cert;
    int error;

    if (find_issuer(identity, settings, &issuer->der) != 0)
        goto no_issuer;
    issuer->x509 = x509_new(&issuer->der, &error);
    if (issuer->x509 == NULL
        || !x509_parts_read(&staple_case->issuer, &issuer->der)
        || !x509_parts_read(&staple_case->leaf, &identity->chain[0]))
        goto no_issuer;
    prove(identity, content, staple_case);
    x509_free(issuer->x509);
    blob_free(&issuer->der);
    return;

no_issuer:
    x509_free(issuer->x509);
    blob_free(&issuer->der);
    report_warning(staple_case->report, SL_STAPLE_SIGNER,
        "%s %s: is not sent: the certificate of the issuer \"%s\" is not at "
        "hand, so nobody can say who signed it; append it to the file of the "
        "certificate, or name it as chain_root",
        role, staple_case->path, identity->info[0].issuer);
}

/* --- the file ------------------------------------------------------------ */

/* Errors of the file are warnings here, and a file that nobody asked for may
 * be absent. */
static int
read_file(struct blob *content, const char *path, bool must_exist,
    struct report *report)
{
    struct report found;
    int failed;

    report_init(&found);
    found.sources = report->sources;
    failed = file_read(content, path, role, NULL, &found);
    if (failed != 0
        && (must_exist || report_first_code(&found) != SL_FILE_MISSING))
        report_warning(report, report_first_code(&found), "%s",
            report_first_error(&found));
    report_deinit(&found);
    if (failed == 0 && content->len > STAPLE_BYTES_MAX) {
        report_warning(report, SL_STAPLE_BROKEN,
            "%s %s: is not sent: it is larger than %d KiB, no OCSP response "
            "is; %s",
            role, path, STAPLE_BYTES_MAX / 1024, remedy);
        blob_free(content);
        failed = -1;
    }
    return failed;
}

/* Where the staple is looked for; freed by the caller. NULL: no memory. */
static char *
staple_path(const struct config_certificate *settings)
{
    const char *cert =
        settings->cert[0] != '\0' ? settings->cert : settings->keystore;
    char *path;

    if (settings->ocsp_staple_file[0] != '\0')
        return strdup(settings->ocsp_staple_file);
    return asprintf(&path, "%s.ocsp", cert) < 0 ? NULL : path;
}

void
staple_load(struct identity *identity,
    const struct config_certificate *settings, struct report *report)
{
    char *path = staple_path(settings);
    struct staple_case staple_case = {.path = path, .report = report};
    struct blob content;

    if (path == NULL) {
        report_warning(
            report, SL_MEMORY, "%s: out of memory while reading it", role);
        return;
    }
    if (read_file(&content, path, settings->ocsp_staple_file[0] != '\0', report)
        == 0) {
        prove_with_issuer(identity, settings, &content, &staple_case);
        blob_free(&content);
    }
    free(path);
}
