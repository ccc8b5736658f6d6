/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding a staple and its issuer, and what is said of one that proves
 * nothing. */
#include "certs/staple.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/chain.h"
#include "certs/file.h"
#include "certs/ocsp_judge.h"
#include "certs/secret.h"

static const char role[] = "certificate.ocsp_staple_file";
static const char remedy[] = "fetch it anew: scripts/refresh-staple.sh";

/* Who is concerned, while one staple is proven. */
struct staple_case {
    const char *path;
    struct ocsp_parties parties;
    struct report *report;
};

/* --- what it proves ------------------------------------------------------ */

static void
report_foreign_signer(const struct staple_case *staple_case)
{
    struct certificate_info info;

    x509_fill_info(staple_case->parties.issuer_cert.x509, &info);
    report_warning(staple_case->report, SL_STAPLE_SIGNER,
        "%s %s: is not sent: neither the issuer \"%s\" nor a responder that "
        "it appointed (issued by it for OCSPSigning) has signed it; fetch it "
        "from the certificate's own responder: scripts/refresh-staple.sh",
        role, staple_case->path, info.subject);
}

static void
report_unproven(enum ocsp_proof proof, const struct ocsp_statement *statement,
    const struct staple_case *staple_case)
{
    struct report *report = staple_case->report;
    const char *path = staple_case->path;

    switch (proof) {
    case OCSP_PROVEN:
        break;
    case OCSP_SAYS_NOTHING:
        report_warning(report, SL_STAPLE_BROKEN,
            "%s %s: is not sent: it is no answer, the responder only said "
            "\"%s\"; %s",
            role, path, statement->reason, remedy);
        break;
    case OCSP_NO_RESPONSE:
        report_warning(report, SL_STAPLE_BROKEN,
            "%s %s: is not sent: it is no OCSP response in DER, or is cut off; "
            "%s",
            role, path, remedy);
        break;
    case OCSP_DAMAGED:
        report_warning(report, SL_STAPLE_BROKEN,
            "%s %s: is not sent: the OCSP response is damaged; %s", role, path,
            remedy);
        break;
    case OCSP_OF_ANOTHER:
        report_warning(report, SL_STAPLE_OTHER,
            "%s %s: is not sent: it is about another certificate than the one "
            "that is served; was the certificate renewed? %s",
            role, path, remedy);
        break;
    case OCSP_BY_ANOTHER:
        report_foreign_signer(staple_case);
        break;
    }
}

static int
check_verdict(const struct ocsp_statement *statement,
    const struct staple_case *staple_case)
{
    switch (statement->verdict) {
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

/* Takes over the content when it is a staple to be sent. */
static void
prove(struct identity *identity, struct blob *content,
    const struct staple_case *staple_case)
{
    struct ocsp_statement statement;
    enum ocsp_proof proof =
        ocsp_prove(&statement, content, &staple_case->parties);

    if (proof != OCSP_PROVEN) {
        report_unproven(proof, &statement, staple_case);
        return;
    }
    if (check_verdict(&statement, staple_case) != 0)
        return;
    identity->staple = *content;
    identity->staple_since = statement.since;
    identity->staple_until = statement.until;
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
    struct ocsp_parties *parties = &staple_case->parties;
    struct blob issuer = {0};

    if (find_issuer(identity, settings, &issuer) == 0
        && ocsp_parties_init(parties, &identity->chain[0], &issuer) == 0) {
        prove(identity, content, staple_case);
        ocsp_parties_deinit(parties);
    } else {
        report_warning(staple_case->report, SL_STAPLE_SIGNER,
            "%s %s: is not sent: the certificate of the issuer \"%s\" is not "
            "at hand, so nobody can say who signed it; append it to the file "
            "of the certificate, or name it as chain_root",
            role, staple_case->path, identity->info[0].issuer);
    }
    blob_free(&issuer);
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
