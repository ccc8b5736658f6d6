/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading an identity: the proofs in their order. */
#include "certs/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/chain.h"
#include "certs/key.h"
#include "certs/names.h"
#include "certs/secret.h"
#include "certs/select.h"
#include "certs/sources.h"
#include "certs/x509.h"

static int
check_name(const struct material *material, const struct x509 *leaf,
    const char *server_name, struct report *report)
{
    char names[X509_NAMES_BYTES];

    if (!x509_has_san(leaf))
        report_warning(report, SL_NAME_NONE,
            "%s %s: has no subject alternative name; browsers and most TLS "
            "libraries refuse it; have it issued with one",
            material->cert_role, material->cert_path);
    if (server_name[0] == '\0' || x509_covers(leaf, server_name))
        return 0;
    x509_names(leaf, names);
    report_error(report, SL_NAME_MISMATCH,
        "%s %s: does not cover certificate.server_name \"%s\"; it names: %s",
        material->cert_role, material->cert_path, server_name,
        names[0] != '\0' ? names : "nobody");
    return -1;
}

/* A certificate that signed itself is believed for another reason. */
static void
check_hash(const struct material *material, size_t index, struct report *report)
{
    const struct x509 *x509 = material->chain.certs[index].x509;
    const char *hash = x509_weak_hash(x509);
    struct certificate_info info;

    if (hash == NULL || x509_is_self_signed(x509))
        return;
    x509_fill_info(x509, &info);
    report_warning(report, SL_SIGNATURE_SHA1,
        "%s %s: %s%s%s is signed with %s, which clients refuse; have it issued "
        "anew",
        material->cert_role, material->cert_path,
        index == 0 ? "the leaf" : "the intermediate (",
        index == 0 ? "" : info.subject, index == 0 ? "" : ")", hash);
}

static int
check_usage(const struct material *material, const struct x509 *leaf,
    struct report *report)
{
    char usages[128];

    for (size_t i = 0; i < material->chain.count; i++)
        check_hash(material, i, report);
    if (x509_allows_server(leaf))
        return 0;
    x509_usages(leaf, usages, sizeof(usages));
    report_error(report, SL_USAGE_SERVER,
        "%s %s: is not for servers: its extended key usage is %s, and "
        "serverAuth is missing; have it issued for TLS servers",
        material->cert_role, material->cert_path, usages);
    return -1;
}

/* Moves the arranged chain into the identity. */
static int
take_chain(struct identity *identity, struct chain *chain)
{
    identity->chain = calloc(chain->count, sizeof(*identity->chain));
    identity->info = calloc(chain->count, sizeof(*identity->info));
    if (identity->chain == NULL || identity->info == NULL)
        return -1;
    for (size_t i = 0; i < chain->count; i++) {
        x509_fill_info(chain->certs[i].x509, &identity->info[i]);
        identity->chain[i] = chain->certs[i].der;
        chain->certs[i].der = (struct blob){0};
    }
    identity->chain_count = chain->count;
    return 0;
}

static void
take_name(struct identity *identity, const struct x509 *leaf,
    const struct config_certificate *certificate)
{
    if (certificate->server_name[0] != '\0')
        text_escape(identity->name, sizeof(identity->name),
            certificate->server_name, strlen(certificate->server_name));
    else
        x509_first_name(leaf, identity->name);
    if (identity->name[0] == '\0')
        memcpy(identity->name, "unnamed", sizeof("unnamed"));
}

static int
take_all(struct identity *identity, struct material *material,
    const struct config_certificate *certificate)
{
    const struct x509 *leaf = material->chain.certs[0].x509;
    struct x509_public_key public_key;

    if (x509_public_key(leaf, &public_key) != 0)
        return -1;
    identity->key_type = public_key.type;
    take_name(identity, leaf, certificate);
    if (x509_dns_names(leaf, &identity->names, &identity->name_count) != 0
        || take_chain(identity, &material->chain) != 0)
        return -1;
    identity->ends_unknown = material->chain.ends_unknown;
    identity->key = material->keys[0];
    material->keys[0] = (struct blob){0};
    return 0;
}

static int
prove(struct identity *identity, struct material *material,
    const struct config_certificate *certificate, struct roots *roots,
    struct report *report)
{
    struct chain *chain = &material->chain;
    const char *path = material->cert_path;
    const struct x509 *leaf;
    size_t leaf_index;

    if (select_identity(material, certificate, &leaf_index, report) != 0
        || chain_arrange(chain, leaf_index, path, report) != 0)
        return -1;
    leaf = chain->certs[0].x509;
    if (key_check_kind(material, leaf, report) != 0
        || chain_check_complete(
               chain, path, certificate->chain_root, roots, report)
               != 0
        || check_name(material, leaf, certificate->server_name, report) != 0
        || check_usage(material, leaf, report) != 0)
        return -1;
    if (take_all(identity, material, certificate) == 0)
        return 0;
    report_error(
        report, SL_MEMORY, "%s %s: out of memory", material->cert_role, path);
    return -1;
}

struct identity *
identity_load(const struct config_certificate *certificate, struct roots *roots,
    struct report *report)
{
    struct identity *identity = calloc(1, sizeof(*identity));
    struct material material;
    int failed;

    if (identity == NULL) {
        report_error(
            report, SL_MEMORY, "out of memory while loading a certificate");
        return NULL;
    }
    atomic_init(&identity->refs, 1);
    if (material_load(&material, certificate, report) != 0)
        goto free_identity;
    failed = prove(identity, &material, certificate, roots, report);
    material_deinit(&material);
    if (failed == 0)
        return identity;

free_identity:
    identity_unref(identity);
    return NULL;
}

void
identity_where(
    const struct config_certificate *certificate, char *out, size_t cap)
{
    if (certificate->keystore[0] != '\0')
        (void)snprintf(
            out, cap, "certificate.keystore %s", certificate->keystore);
    else
        (void)snprintf(out, cap, "certificate.cert %s", certificate->cert);
}

struct identity *
identity_ref(struct identity *identity)
{
    atomic_fetch_add(&identity->refs, 1);
    return identity;
}

void
identity_unref(struct identity *identity)
{
    if (identity == NULL || atomic_fetch_sub(&identity->refs, 1) != 1)
        return;
    for (size_t i = 0; i < identity->chain_count; i++)
        blob_free(&identity->chain[i]);
    free(identity->chain);
    free(identity->info);
    free(identity->names);
    secret_free(&identity->key);
    blob_free(&identity->staple);
    sources_free(identity->sources);
    report_deinit(&identity->findings);
    free(identity);
}

time_t
identity_not_after(const struct identity *identity)
{
    time_t first = identity->info[0].not_after;

    for (size_t i = 1; i < identity->chain_count; i++)
        if (identity->info[i].not_after < first)
            first = identity->info[i].not_after;
    return first;
}

bool
identity_is_current(const struct identity *identity, time_t now)
{
    for (size_t i = 0; i < identity->chain_count; i++)
        if (now < identity->info[i].not_before
            || now > identity->info[i].not_after)
            return false;
    return true;
}
