/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CAs out of files, folders and the system's own. */
#include <stdio.h>
#include <string.h>

#include "certs/file.h"
#include "certs/folder.h"
#include "certs/form.h"
#include "certs/material.h"
#include "certs/material_source.h"
#include "certs/password.h"
#include "certs/pem.h"
#include "certs/secret.h"
#include "certs/trust_internal.h"
#include "certs/x509_parts.h"

enum {
    NAMES_BYTES = 600, /* of what is named in one line */
};

static const char role[] = "clients.ca";
static const char system_word[] = "system";
static const char system_path[] = "/etc/ssl/certs/ca-certificates.crt";

/* One item of clients.ca under way. */
struct item {
    struct trust *trust;
    struct password *password;
    const char *store; /* the item, when it is or holds a truststore */
    struct report *report;
    const char *name;    /* as it is written */
    bool is_strict;      /* what is no CA is an error */
    size_t first;        /* of its CAs in the trust */
    size_t known_count;  /* CAs that were there already */
    size_t passed_count; /* certificates that are no CAs */
    size_t other_count;  /* files that are no certificates */
    char passed[NAMES_BYTES];
    char other[NAMES_BYTES];
};

/* Adds a quoted name to a list in words, as long as there is room. */
static void
add_name(char list[NAMES_BYTES], const char *name)
{
    size_t len = strlen(list);
    size_t needed = strlen(name) + sizeof(", \"\"");

    if (len + needed <= NAMES_BYTES)
        (void)snprintf(list + len, NAMES_BYTES - len, "%s\"%s\"",
            len > 0 ? ", " : "", name);
}

static int
fail_memory(const struct item *item, const char *path)
{
    report_error(item->report, SL_MEMORY, "%s %s: out of memory", role, path);
    return -1;
}

/* --- certificates -------------------------------------------------------- */

static int
pass_over(
    struct item *item, const char *path, const struct certificate_info *info)
{
    if (item->is_strict) {
        report_error(item->report, SL_CA_NOT,
            "%s %s: \"%s\" is no CA certificate (basic constraints, key usage "
            "keyCertSign); put only CAs into this file",
            role, path, info->subject);
        return -1;
    }
    item->passed_count++;
    add_name(item->passed, info->subject);
    return 0;
}

static int
add_certificate(struct item *item, const char *path, const struct blob *der)
{
    struct certificate_info info = {.subject = "unreadable"};

    switch (trust_add(item->trust, der, &info)) {
    case TRUST_ADDED:
        return 0;
    case TRUST_KNOWN:
        item->known_count++;
        return 0;
    case TRUST_NO_CA:
    case TRUST_UNREADABLE:
        return pass_over(item, path, &info);
    case TRUST_FULL:
        report_error(item->report, SL_CHAIN_LONG,
            "%s %s: there are more than %d CAs; name only those that issue "
            "your clients' certificates",
            role, path, TRUST_CA_MAX);
        return -1;
    case TRUST_NO_MEMORY:
        break;
    }
    return fail_memory(item, path);
}

/* --- files --------------------------------------------------------------- */

/* Reads them all, decrypted, and wants no keys: a truststore has none. */
static int
read_material(struct item *item, const char *path, const struct blob *content,
    struct material *material)
{
    struct source source = {.role = role,
        .path = path,
        .section = "clients",
        .section_name = "",
        .key_prefix = "ca_",
        .wants_certs = true,
        .content = *content,
        .form = form_of(content),
        .material = material,
        .password = item->password,
        .report = item->report};

    if (source.form == FORM_PKCS12)
        item->store = item->name;
    return source_read(&source);
}

static int
read_certificates(
    struct item *item, const char *path, const struct blob *content)
{
    struct material material = {.key_count = 0};
    int failed;

    if (chain_init(&material.chain, role) != 0)
        return fail_memory(item, path);
    failed = read_material(item, path, content, &material);
    for (size_t i = 0; i < material.chain.count && failed == 0; i++)
        failed = add_certificate(item, path, &material.chain.certs[i].der);
    material_deinit(&material);
    return failed;
}

/* Does the file claim to hold certificates? A damaged one does, too. */
static bool
claims_certificates(const struct blob *content)
{
    struct x509_parts parts;
    struct pem_reader reader;

    switch (form_of(content)) {
    case FORM_PEM:
        pem_reader_init(&reader, content);
        return memmem(reader.at, reader.left, "-----BEGIN CERTIFICATE-----",
                   strlen("-----BEGIN CERTIFICATE-----"))
                   != NULL
               || memmem(reader.at, reader.left,
                      "-----BEGIN X509 CERTIFICATE-----",
                      strlen("-----BEGIN X509 CERTIFICATE-----"))
                      != NULL;
    case FORM_CERTIFICATE: /* or a revocation list */
        return x509_parts_read(&parts, content);
    case FORM_PKCS12:
        return true;
    case FORM_UNKNOWN:
    case FORM_KEY:
    case FORM_ENCRYPTED_KEY:
    case FORM_PKCS7:
    case FORM_REQUEST:
    case FORM_PUBLIC_KEY:
    case FORM_BER:
    case FORM_JKS:
    case FORM_UTF16:
        return false;
    }
    return false;
}

static int
read_file(struct item *item, const char *path)
{
    struct blob content;
    int failed = 0;

    if (file_read(&content, path, role, NULL, item->report) != 0)
        return -1;
    if (item->is_strict || claims_certificates(&content)) {
        failed = read_certificates(item, path, &content);
    } else {
        const char *slash = strrchr(path, '/');
        char name[IDENTITY_NAME_BYTES];

        slash = slash != NULL ? slash + 1 : path;
        text_escape(name, sizeof(name), slash, strlen(slash));
        item->other_count++;
        add_name(item->other, name);
    }
    blob_wipe(&content);
    return failed;
}

static int
read_folder(struct item *item)
{
    struct folder folder;
    int failed = folder_read(&folder, item->name, role, item->report);

    item->is_strict = false;
    for (size_t i = 0; i < folder.count && failed == 0; i++)
        failed = read_file(item, folder.paths[i]);
    folder_deinit(&folder);
    return failed;
}

/* --- the system's -------------------------------------------------------- */

/* What the library cannot read among them vouches for nobody. */
static int
read_system(struct item *item)
{
    struct pem_reader reader;
    struct pem_block block;
    struct blob content;
    enum pem_result result;
    int failed = 0;

    item->is_strict = false;
    if (file_read(&content, system_path, role, NULL, item->report) != 0)
        return -1;
    pem_reader_init(&reader, &content);
    while (failed == 0 && (result = pem_next(&reader, &block)) != PEM_END) {
        if (result == PEM_NO_MEMORY)
            failed = fail_memory(item, system_path);
        else if (result == PEM_BLOCK && pem_is_certificate(block.label))
            failed = add_certificate(item, system_path, &block.der);
        blob_wipe(&block.der);
    }
    blob_free(&content);
    return failed;
}

static void
warn_system(const struct item *item, const struct config_clients *clients)
{
    report_warning(item->report, SL_CA_SYSTEM,
        "%s system: ANY public CA vouches for clients: anybody can have a "
        "certificate of one of these %zu; %sname the CA that issues your "
        "clients' certificates instead",
        role, item->trust->ca_count - item->first,
        clients->allow_all ? "with allow_all = yes every one of them comes in; "
                           : "");
}

/* --- an item ------------------------------------------------------------- */

static void
note_cas(const struct item *item)
{
    size_t count = item->trust->ca_count - item->first;
    char names[NAMES_BYTES] = "";
    char known[64] = "";
    size_t named = 0;

    for (size_t i = item->first; i < item->trust->ca_count; i++) {
        size_t len = strlen(names);

        add_name(names, item->trust->info[i].subject);
        named += strlen(names) > len;
    }
    if (item->known_count > 0)
        (void)snprintf(
            known, sizeof(known), " (and %zu again)", item->known_count);
    report_note(item->report, "%s %s: %zu CA%s%s%s%s%s", role, item->name,
        count, count == 1 ? "" : "s", known, count > 0 ? ": " : "", names,
        named < count ? " and others" : "");
}

static void
note_rest(const struct item *item)
{
    if (item->other_count > 0)
        report_note(item->report, "%s %s: %zu other file%s passed over: %s",
            role, item->name, item->other_count,
            item->other_count == 1 ? " is" : "s are", item->other);
    if (item->passed_count > 0 && strcmp(item->name, system_word) != 0)
        report_warning(item->report, SL_CA_NOT,
            "%s %s: %zu certificate%s no CA and passed over: %s", role,
            item->name, item->passed_count,
            item->passed_count == 1 ? " is" : "s are", item->passed);
}

static int
finish(const struct item *item)
{
    if (item->trust->ca_count == item->first && item->known_count == 0) {
        report_error(item->report, SL_CA_NONE,
            "%s %s: there is no CA certificate in it; put one there (PEM, DER "
            "or PKCS#12), or remove it from the list",
            role, item->name);
        return -1;
    }
    note_cas(item);
    note_rest(item);
    return 0;
}

static int
read_item(struct item *item, const struct config_clients *clients)
{
    bool is_system = strcmp(item->name, system_word) == 0;
    int failed;

    item->is_strict = true;
    item->first = item->trust->ca_count;
    if (is_system)
        failed = read_system(item);
    else if (folder_is_there(item->name))
        failed = read_folder(item);
    else
        failed = read_file(item, item->name);
    if (failed != 0 || finish(item) != 0)
        return -1;
    if (is_system)
        warn_system(item, clients);
    return 0;
}

/* --- all of them --------------------------------------------------------- */

static void
judge_password(
    const struct password *password, const char *store, struct report *report)
{
    if (password->is_given && !password->was_used)
        report_warning(report, SL_PASSWORD_UNUSED,
            "%s: a password is given, and no file of clients.ca is encrypted; "
            "remove it",
            password->origin);
    else if (password->was_used && password_is_weak(password))
        report_warning(report, SL_PASSWORD_WEAK,
            "%s %s: its password protects nothing: it is empty or the "
            "well-known \"changeit\"; choose another",
            role, store);
}

int
trust_read_sources(struct trust *trust, const struct config_clients *clients,
    struct report *report)
{
    const struct password_keys keys = {.prefix = "clients.ca_",
        .file = clients->ca_password_file,
        .env = clients->ca_password_env,
        .credential = clients->ca_password_credential};
    struct password password;
    const char *store = NULL;
    int failed = password_read(&password, &keys, report);

    for (size_t i = 0; i < clients->ca.count && failed == 0; i++) {
        struct item item = {.trust = trust,
            .password = &password,
            .report = report,
            .name = clients->ca.items[i]};

        failed = read_item(&item, clients);
        store = item.store != NULL ? item.store : store;
    }
    if (failed == 0)
        judge_password(&password, store, report);
    password_deinit(&password);
    return failed;
}
