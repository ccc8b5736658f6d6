/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Each certificate on its own. What is found has a code, the code belongs to
 * a kind of proof, and each kind is a row.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/dates.h"
#include "certs/roots.h"
#include "certs/staple.h"
#include "certs/x509.h"
#include "proxy/check_state.h"

/* In the order in which identity_load proves: what comes behind the first
 * error was not reached. */
enum proof {
    PROOF_NONE,
    PROOF_FILES,
    PROOF_FORMAT,
    PROOF_PAIR,
    PROOF_CHAIN,
    PROOF_NAMES,
    PROOF_USAGE,
    PROOF_DATES,
    PROOF_MOUNT,
    PROOF_STAPLE,
    PROOF_COUNT
};

static const char *const proof_names[PROOF_COUNT] = {
    [PROOF_FILES] = "files",
    [PROOF_FORMAT] = "format",
    [PROOF_PAIR] = "pair",
    [PROOF_CHAIN] = "chain",
    [PROOF_NAMES] = "names",
    [PROOF_USAGE] = "usage",
    [PROOF_DATES] = "dates",
    [PROOF_MOUNT] = "mount",
    [PROOF_STAPLE] = "staple",
};

static const enum proof proofs[GUIDE_CODE_COUNT] = {
    [SL_FILE_MISSING] = PROOF_FILES,
    [SL_FILE_DENIED] = PROOF_FILES,
    [SL_FILE_KIND] = PROOF_FILES,
    [SL_FILE_READ] = PROOF_FILES,
    [SL_FILE_CHANGING] = PROOF_FILES,
    [SL_KEY_EXPOSED] = PROOF_FILES,
    [SL_KEY_GROUP] = PROOF_FILES,
    [SL_PEM_BROKEN] = PROOF_FORMAT,
    [SL_FORMAT_UNKNOWN] = PROOF_FORMAT,
    [SL_CERT_NONE] = PROOF_FORMAT,
    [SL_CERT_UNREADABLE] = PROOF_FORMAT,
    [SL_CHAIN_LONG] = PROOF_FORMAT,
    [SL_KEY_NONE] = PROOF_FORMAT,
    [SL_KEY_UNREADABLE] = PROOF_FORMAT,
    [SL_KEY_LEGACY] = PROOF_FORMAT,
    [SL_PASSWORD_MISSING] = PROOF_FORMAT,
    [SL_PASSWORD_WRONG] = PROOF_FORMAT,
    [SL_PASSWORD_WEAK] = PROOF_FORMAT,
    [SL_PASSWORD_UNUSED] = PROOF_FORMAT,
    [SL_KEYSTORE_BROKEN] = PROOF_FORMAT,
    [SL_KEYSTORE_LEGACY] = PROOF_FORMAT,
    [SL_KEYSTORE_KEYLESS] = PROOF_FORMAT,
    [SL_SELECT_NONE] = PROOF_PAIR,
    [SL_SELECT_SEVERAL] = PROOF_PAIR,
    [SL_CERT_REFUSED] = PROOF_PAIR,
    [SL_KEY_MISMATCH] = PROOF_PAIR,
    [SL_KEY_WEAK] = PROOF_PAIR,
    [SL_KEY_UNSUPPORTED] = PROOF_PAIR,
    [SL_CHAIN_INCOMPLETE] = PROOF_CHAIN,
    [SL_CHAIN_ORDER] = PROOF_CHAIN,
    [SL_CHAIN_EXTRA] = PROOF_CHAIN,
    [SL_NAME_MISMATCH] = PROOF_NAMES,
    [SL_NAME_NONE] = PROOF_NAMES,
    [SL_USAGE_SERVER] = PROOF_USAGE,
    [SL_SIGNATURE_SHA1] = PROOF_USAGE,
    [SL_EXPIRED] = PROOF_DATES,
    [SL_EXPIRES_SOON] = PROOF_DATES,
    [SL_NOT_YET_VALID] = PROOF_DATES,
    [SL_MOUNT_FIXED] = PROOF_MOUNT,
    [SL_STAPLE_MISSING] = PROOF_STAPLE,
    [SL_STAPLE_BROKEN] = PROOF_STAPLE,
    [SL_STAPLE_OTHER] = PROOF_STAPLE,
    [SL_STAPLE_SIGNER] = PROOF_STAPLE,
    [SL_STAPLE_EXPIRED] = PROOF_STAPLE,
    [SL_STAPLE_REVOKED] = PROOF_STAPLE,
};

/* --- what there is to say where nothing is wrong -------------------------- */

const char *
check_key_type(enum key_type type)
{
    switch (type) {
    case KEY_ECDSA:
        return "ECDSA";
    case KEY_RSA:
        return "RSA";
    case KEY_ED25519:
        return "Ed25519";
    }
    return "unknown";
}

static void
say_pair(const struct identity *identity, char out[CHECK_ROW_BYTES])
{
    (void)snprintf(out, CHECK_ROW_BYTES, "%s, the key signs for it",
        check_key_type(identity->key_type));
}

static void
say_chain(const struct identity *identity, char out[CHECK_ROW_BYTES])
{
    size_t count = identity->chain_count - 1;

    (void)snprintf(out, CHECK_ROW_BYTES, "leaf and %zu intermediate%s", count,
        count == 1 ? "" : "s");
}

static void
say_names(const struct identity *identity, char out[CHECK_ROW_BYTES])
{
    int error;
    struct x509 *leaf = x509_new(&identity->chain[0], &error);
    char names[X509_NAMES_BYTES] = "";

    if (leaf != NULL)
        x509_names(leaf, names);
    x509_free(leaf);
    if (snprintf(out, CHECK_ROW_BYTES, "%s", names) >= CHECK_ROW_BYTES)
        memcpy(out + CHECK_ROW_BYTES - 4, "...", 4);
}

static void
say_dates(
    const struct identity *identity, time_t now, char out[CHECK_ROW_BYTES])
{
    time_t not_after = identity_not_after(identity);
    int64_t days = days_until(not_after, now);
    char date[DATE_TEXT_BYTES];

    date_format(not_after, date);
    if (days < 0)
        (void)snprintf(out, CHECK_ROW_BYTES, "expired on %s", date);
    else
        (void)snprintf(out, CHECK_ROW_BYTES, "until %s, %lld day%s left", date,
            (long long)days, days == 1 ? "" : "s");
}

/* Of what was proven by the identity that came of it. */
static void
say_proven(const struct check *check, const struct identity *identity,
    enum proof proof, char out[CHECK_ROW_BYTES])
{
    switch (proof) {
    case PROOF_PAIR:
        say_pair(identity, out);
        return;
    case PROOF_CHAIN:
        say_chain(identity, out);
        return;
    case PROOF_NAMES:
        say_names(identity, out);
        return;
    case PROOF_USAGE:
        (void)snprintf(out, CHECK_ROW_BYTES, "for servers");
        return;
    case PROOF_DATES:
        say_dates(identity, check->now, out);
        return;
    case PROOF_STAPLE:
        (void)snprintf(out, CHECK_ROW_BYTES, "%s",
            staple_is_current(identity, check->now) ? "valid" : "none");
        return;
    case PROOF_NONE:
    case PROOF_FILES:
    case PROOF_FORMAT:
    case PROOF_MOUNT:
    case PROOF_COUNT:
        return;
    }
}

static void
say(const struct check *check, const struct check_certificate *certificate,
    enum proof proof, char out[CHECK_ROW_BYTES])
{
    const struct config_certificate *settings = certificate->settings;
    bool is_keystore = settings->keystore[0] != '\0';

    out[0] = '\0';
    if (proof == PROOF_FILES)
        (void)snprintf(out, CHECK_ROW_BYTES, "%s",
            is_keystore ? settings->keystore : settings->cert);
    else if (proof == PROOF_FORMAT)
        (void)snprintf(
            out, CHECK_ROW_BYTES, "%s", is_keystore ? "PKCS#12" : "PEM or DER");
    else if (certificate->identity != NULL)
        say_proven(check, certificate->identity, proof, out);
}

/* --- rows ---------------------------------------------------------------- */

/* The worst that was found of one kind. */
static void
judge_row(struct check_row *row, const struct report *found, enum proof proof)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct finding *finding = &found->items[i];
        enum check_outcome outcome =
            finding->severity == SEVERITY_ERROR ? CHECK_ERROR : CHECK_WARNING;

        if (proofs[finding->code] != proof || outcome <= row->outcome
            || finding->severity == SEVERITY_NOTE)
            continue;
        row->outcome = outcome;
        row->code = finding->code;
    }
}

static void
add_rows(struct check *check, const struct check_certificate *certificate,
    const struct report *found)
{
    bool may_be_missing = certificate->settings->on_missing != MISSING_FAIL;
    bool has_failed = false;

    for (int proof = PROOF_FILES; proof < PROOF_COUNT; proof++) {
        struct check_row row = {CHECK_CERTIFICATE, certificate->settings->name,
            proof_names[proof], CHECK_OK, SL_NONE, ""};
        char text[CHECK_ROW_BYTES];

        judge_row(&row, found, (enum proof)proof);
        if (row.outcome == CHECK_OK && has_failed)
            row.outcome = CHECK_SKIPPED;
        has_failed = has_failed || row.outcome == CHECK_ERROR;
        if (row.outcome == CHECK_ERROR && may_be_missing)
            row.outcome = CHECK_WARNING;
        say(check, certificate, (enum proof)proof, text);
        /* Which of the files it is, the finding says. */
        if (row.outcome == CHECK_SKIPPED
            || (proof == PROOF_FILES && row.outcome != CHECK_OK))
            text[0] = '\0';
        check_add_row(check, &row, "%s", text);
    }
}

/* --- proving again ------------------------------------------------------- */

static void
judge_dates(const struct check *check,
    const struct check_certificate *certificate, struct report *found)
{
    const struct date_judge judge = {.now = check->now,
        .warn_days = check->config->reload.warn_days,
        .report = found};
    const struct identity *identity = certificate->identity;
    char where[512];

    identity_where(certificate->settings, where, sizeof(where));
    for (size_t i = 0; i < identity->chain_count; i++)
        dates_judge(&judge, &identity->info[i], where,
            i == 0 ? "the leaf" : "an intermediate");
    staple_judge(identity, certificate->settings, check->now, found);
}

static bool
is_about_path(const struct finding *finding, const char *path)
{
    const char *at = path[0] != '\0' ? strstr(finding->text, path) : NULL;

    return at != NULL && at[strlen(path)] == ':';
}

/* Mounts are judged by the load, for all files together. */
static void
take_mounts(const struct check *check,
    const struct config_certificate *settings, struct report *found)
{
    for (size_t i = 0; i < check->report.count; i++) {
        const struct finding *finding = &check->report.items[i];

        if (finding->code == SL_MOUNT_FIXED
            && (is_about_path(finding, settings->cert)
                || is_about_path(finding, settings->key)
                || is_about_path(finding, settings->keystore)))
            report_warning(found, finding->code, "%s", finding->text);
    }
}

/* What a load found stays with the identity; what it refused, or did not come
 * to, is loaded here. */
static void
take_findings(struct check_certificate *certificate, struct roots *roots,
    struct report *found)
{
    if (certificate->identity != NULL) {
        report_add_all(found, &certificate->identity->findings);
        return;
    }
    certificate->identity = identity_load(certificate->settings, roots, found);
    if (certificate->identity != NULL)
        staple_load(certificate->identity, certificate->settings, found);
}

static void
check_one(struct check *check, struct check_certificate *certificate,
    struct roots *roots)
{
    bool is_loaded = certificate->identity != NULL;
    struct report found;

    report_init(&found);
    found.is_strict = true;
    take_findings(certificate, roots, &found);
    if (certificate->identity != NULL)
        judge_dates(check, certificate, &found);
    take_mounts(check, certificate->settings, &found);
    add_rows(check, certificate, &found);
    /* Where it may be missing, the load has warned that a service waits. */
    if (!is_loaded
        && (certificate->identity != NULL
            || certificate->settings->on_missing == MISSING_FAIL))
        check_merge(check, &found);
    report_deinit(&found);
}

/* Those of the load; without one, those of the settings. */
static int
list_certificates(struct check *check)
{
    const struct snapshot *snapshot = check->snapshot;
    size_t count = snapshot != NULL ? snapshot->identity_count
                                    : check->config->certificate_count;

    check->certificates =
        calloc(count > 0 ? count : 1, sizeof(*check->certificates));
    if (check->certificates == NULL)
        return -1;
    check->certificate_count = count;
    for (size_t i = 0; i < count; i++) {
        struct check_certificate *certificate = &check->certificates[i];

        if (snapshot == NULL) {
            certificate->settings = &check->config->certificates[i];
            continue;
        }
        certificate->settings = snapshot->identities[i].settings;
        if (snapshot->identities[i].identity != NULL)
            certificate->identity =
                identity_ref(snapshot->identities[i].identity);
    }
    return 0;
}

int
check_certificates(struct check *check)
{
    struct roots *roots = roots_new();

    if (roots == NULL || list_certificates(check) != 0) {
        roots_free(roots);
        return -1;
    }
    for (size_t i = 0; i < check->certificate_count; i++)
        check_one(check, &check->certificates[i], roots);
    roots_free(roots);
    return 0;
}
