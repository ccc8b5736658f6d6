/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revocation lists out of files, each proven by its CA's signature. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "certs/chain.h"
#include "certs/crl_internal.h"
#include "certs/dates.h"
#include "certs/dn.h"
#include "certs/file.h"
#include "certs/folder.h"
#include "certs/form.h"
#include "certs/pem.h"
#include "certs/secret.h"
#include "certs/x509_parts.h"

enum {
    CRLS_MAX = 4096,
    CRL_FILE_BYTES_MAX = 64 * 1024 * 1024, /* a million entries */
    NAMED_MAX = 3, /* CAs without a list that are named */
};

static const char role[] = "clients.crl";
static const char label[] = "X509 CRL";

struct load {
    const struct trust *trust;
    time_t now;
    struct report *report;
    struct crls *crls;
    /* The file that is being read: */
    const char *path;
    bool is_named; /* in the settings; otherwise it was found in a folder */
    size_t number; /* of lists in it */
};

static int
fail_memory(const struct load *load)
{
    report_error(load->report, SL_MEMORY, "%s %s: out of memory", role,
        load->path != NULL ? load->path : "");
    return -1;
}

/* --- refusals ------------------------------------------------------------ */

static void
format_issuer(const struct crl_parts *parts, char out[IDENTITY_NAME_BYTES])
{
    struct der rest = parts->issuer;
    struct der_element name = {0};

    (void)der_take(&rest, &name);
    dn_format(name.content, out, IDENTITY_NAME_BYTES);
}

static int
refuse_signer(const struct load *load, const struct crl_parts *parts)
{
    char issuer[IDENTITY_NAME_BYTES];
    char algorithm[64];

    format_issuer(parts, issuer);
    der_oid_text(parts->algorithm, algorithm, sizeof(algorithm));
    report_error(load->report, SL_CRL_SIGNER,
        "%s %s: list %zu is not signed by its issuer \"%s\" as it is in "
        "clients.ca (algorithm %s; ECDSA and RSA with SHA-256 or longer and "
        "Ed25519 are read; a key usage must include cRLSign); fetch it again",
        role, load->path, load->number, issuer, algorithm);
    return -1;
}

/* In a folder there may be those of other services' CAs. */
static int
refuse_issuer(const struct load *load, const struct crl_parts *parts)
{
    char issuer[IDENTITY_NAME_BYTES];

    format_issuer(parts, issuer);
    if (!load->is_named) {
        report_note(load->report,
            "%s %s: list %zu is passed over: its issuer \"%s\" is not in "
            "clients.ca",
            role, load->path, load->number, issuer);
        return 0;
    }
    report_error(load->report, SL_CRL_ISSUER,
        "%s %s: list %zu is of \"%s\", which is not in clients.ca; append "
        "that CA's certificate to a file of clients.ca, or remove the list",
        role, load->path, load->number, issuer);
    return -1;
}

static int
refuse_list(const struct load *load, enum crl_reading reading, const char *why)
{
    if (reading == CRL_FOREIGN)
        report_error(load->report, SL_CRL_KIND,
            "%s %s: list %zu is %s; have the CA publish a complete list", role,
            load->path, load->number, why);
    else
        report_error(load->report, SL_CRL_BROKEN,
            "%s %s: list %zu is %s; was the file cut off? look at it: openssl "
            "crl -noout -text",
            role, load->path, load->number,
            reading == CRL_NONE ? "no revocation list" : why);
    return -1;
}

/* --- one list ------------------------------------------------------------ */

static bool
is_known(const struct crls *crls, const uint8_t hash[CRLS_HASH_BYTES])
{
    for (size_t i = 0; i < crls->count; i++)
        if (memcmp(crls->items[i]->hash, hash, CRLS_HASH_BYTES) == 0)
            return true;
    return false;
}

static void
note_list(const struct load *load, const struct crl *crl)
{
    char text[DATE_TEXT_BYTES] = "not said";

    if (crl->next_update != 0)
        date_format(crl->next_update, text);
    report_note(load->report,
        "%s %s: %zu revoked certificate%s of \"%s\", next update %s%s", role,
        load->path, crl->count, crl->count == 1 ? "" : "s", crl->issuer_text,
        text, crl_is_late(crl, load->now) ? " (past)" : "");
}

/* The list is the crls' then, or freed. */
static int
keep(struct load *load, struct crl *crl)
{
    struct crls *crls = load->crls;
    struct crl **items = crls->items;

    crl->path = strdup(load->path);
    /* Room doubles whenever the count reaches a power of two. */
    if ((crls->count & (crls->count - 1)) == 0)
        items = realloc(items,
            (crls->count == 0 ? 1 : 2 * crls->count) * sizeof(struct crl *));
    if (items != NULL)
        crls->items = items;
    if (items == NULL || crl->path == NULL) {
        crl_free(crl);
        return fail_memory(load);
    }
    crls->items[crls->count++] = crl;
    note_list(load, crl);
    return 0;
}

/* What is proven becomes an index. */
static int
add_proven(struct load *load, const struct crl_parts *parts,
    const uint8_t hash[CRLS_HASH_BYTES])
{
    enum crl_reading reading;
    const char *why;
    struct crl *crl = crl_new(parts, &reading, &why);

    if (crl == NULL)
        return reading == CRL_READ ? fail_memory(load)
                                   : refuse_list(load, reading, why);
    memcpy(crl->hash, hash, CRLS_HASH_BYTES);
    return keep(load, crl);
}

static int
add_list(struct load *load, const struct blob *der)
{
    uint8_t hash[CRLS_HASH_BYTES];
    enum crl_reading reading;
    struct crl_parts parts;
    enum crl_signer signer;
    const char *why;

    load->number++;
    reading = crl_read(&parts, der, &why);
    if (reading == CRL_NONE || reading == CRL_BROKEN)
        return refuse_list(load, reading, why);
    if (wc_Sha256Hash(der->data, (word32)der->len, hash) != 0)
        return fail_memory(load);
    if (is_known(load->crls, hash))
        return 0;
    signer = crl_find_signer(load->trust, &parts);
    if (signer == CRL_SIGNER_NONE)
        return refuse_issuer(load, &parts);
    if (reading == CRL_FOREIGN)
        return refuse_list(load, reading, why);
    if (signer == CRL_SIGNER_WRONG)
        return refuse_signer(load, &parts);
    if (load->crls->count < CRLS_MAX)
        return add_proven(load, &parts, hash);
    report_error(load->report, SL_CRL_KIND,
        "%s %s: there are more than %d revocation lists", role, load->path,
        CRLS_MAX);
    return -1;
}

/* --- files --------------------------------------------------------------- */

static int
read_pem(struct load *load, const struct blob *content)
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
            return chain_refuse_block(
                result, number, role, load->path, load->report);
        if (strcmp(block.label, label) == 0)
            failed = add_list(load, &block.der);
        blob_wipe(&block.der); /* a key may stand in the same file */
        if (failed != 0)
            return -1;
    }
    return 0;
}

static bool
is_certificate(const struct blob *content)
{
    struct x509_parts parts;

    return x509_parts_read(&parts, content);
}

/* Does the file claim to hold a revocation list? By its bytes, or by its name
 * when they tell nothing: it may have been cut off. */
static bool
claims_list(const struct blob *content, enum form form, const char *path)
{
    const char *ending = strrchr(path, '.');

    if (form == FORM_PEM)
        return memmem(content->data, content->len, label, strlen(label))
               != NULL;
    if (form == FORM_CERTIFICATE || form == FORM_REQUEST)
        return !is_certificate(content);
    return form == FORM_UNKNOWN && ending != NULL
           && strcmp(ending, ".crl") == 0;
}

static int
refuse_none(const struct load *load, enum form form)
{
    if (chain_refuse_form(form, role, load->path, load->report) != 0)
        return -1;
    report_error(load->report, SL_CRL_BROKEN,
        "%s %s: no revocation list in it (a line -----BEGIN X509 CRL-----, or "
        "DER); is this the right file?",
        role, load->path);
    return -1;
}

static int
read_content(struct load *load, const struct blob *content)
{
    enum form form = form_of(content);

    if (claims_list(content, form, load->path))
        return form == FORM_PEM ? read_pem(load, content)
                                : add_list(load, content);
    if (load->is_named)
        return refuse_none(load, form);
    report_note(load->report, "%s %s: is no revocation list and passed over",
        role, load->path);
    return 0;
}

static int
read_file(struct load *load, const char *path, bool is_named)
{
    struct blob content;
    int failed;

    load->path = path;
    load->is_named = is_named;
    load->number = 0;
    if (file_read_list(&content, path, role, CRL_FILE_BYTES_MAX, load->report)
        != 0)
        return -1;
    failed = read_content(load, &content);
    blob_wipe(&content);
    load->path = NULL;
    return failed;
}

static int
read_folder(struct load *load, const char *path)
{
    struct folder folder;
    int failed;

    failed = folder_read(&folder, path, role, load->report);
    for (size_t i = 0; i < folder.count && failed == 0; i++)
        failed = read_file(load, folder.paths[i], false);
    folder_deinit(&folder);
    return failed;
}

/* --- all of them --------------------------------------------------------- */

static bool
has_list(const struct load *load, const struct blob *ca)
{
    struct der nothing = {0};
    struct x509_parts parts;

    return x509_parts_read(&parts, ca)
           && crls_ask(load->crls, parts.subject, nothing, load->now).verdict
                  != CRL_ABSENT;
}

/* Names the CAs without a list, as many as there is room for, and counts them
 * all. */
static size_t
list_missing(const struct load *load, char *names, size_t cap)
{
    const struct trust *trust = load->trust;
    size_t missing = 0;
    size_t len = 0;

    names[0] = '\0';
    for (size_t i = 0; i < trust->ca_count; i++) {
        if (has_list(load, &trust->ca[i]))
            continue;
        if (missing++ < NAMED_MAX)
            len += (size_t)snprintf(names + len, cap - len, "%s\"%s\"",
                len > 0 ? ", " : "", trust->info[i].subject);
    }
    return missing;
}

/* Each certificate on a client's way to its CA is looked up in the list of its
 * issuer. */
static void
tell_missing(const struct load *load)
{
    char names[NAMED_MAX * (IDENTITY_NAME_BYTES + 4)];
    size_t missing = list_missing(load, names, sizeof(names));
    const char *others = missing > NAMED_MAX ? " and others" : "";

    if (missing > 0 && load->crls->policy == CRL_HARD)
        report_warning(load->report, SL_CRL_ABSENT,
            "%s: there is no revocation list of %s%s; whom %s issued a "
            "certificate is refused (crl_policy = hard)",
            role, names, others, missing == 1 ? "it has" : "they have");
    else if (missing > 0)
        report_note(load->report,
            "%s: there is no revocation list of %s%s; what %s issued counts "
            "as good (crl_policy = soft)",
            role, names, others, missing == 1 ? "it has" : "they have");
}

static int
read_all(struct load *load, const struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *path = list->items[i];
        int failed = folder_is_there(path) ? read_folder(load, path)
                                           : read_file(load, path, true);

        if (failed != 0)
            return -1;
    }
    return 0;
}

struct crls *
crls_load(const struct config_clients *clients, const struct trust *trust,
    time_t now, struct report *report)
{
    struct load load = {.trust = trust, .now = now, .report = report};

    load.crls = calloc(1, sizeof(*load.crls));
    if (load.crls == NULL) {
        (void)fail_memory(&load);
        return NULL;
    }
    load.crls->policy = clients->crl_policy;
    if (read_all(&load, &clients->crl) != 0)
        goto free_crls;
    crls_arrange(load.crls);
    if (clients->crl.count > 0)
        tell_missing(&load);
    return load.crls;

free_crls:
    crls_free(load.crls);
    return NULL;
}
