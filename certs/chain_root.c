/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The end of a chain: is its last issuer a root that somebody trusts? A file
 * of roots is searched without parsing those of other names.
 */
#include <string.h>
#include <unistd.h>

#include "certs/chain.h"
#include "certs/der.h"

static const char system_roots[] = "/etc/ssl/certs/ca-certificates.crt";

/* Is this the top of the chain itself, or its issuer? A root that the library
 * cannot read is nobody's issuer. */
static bool
is_root_of(struct blob *der, const struct chain_cert *top)
{
    struct der issuer = x509_issuer_name(top->x509);
    struct chain_cert root = {.der = *der};
    bool is_root;
    int error;

    if (der->len == top->der.len
        && memcmp(der->data, top->der.data, der->len) == 0)
        return true;
    if (memmem(der->data, der->len, issuer.data, issuer.len) == NULL)
        return false;
    root.x509 = x509_new(&root.der, &error);
    is_root = root.x509 != NULL && chain_cert_is_issued_by(top, &root);
    x509_free(root.x509);
    return is_root;
}

static bool
knows(const struct root_file *file, const struct chain_cert *top)
{
    for (size_t i = 0; i < file->count; i++)
        if (is_root_of(&file->certs[i], top))
            return true;
    return false;
}

static int
check_root_file(const struct chain *chain, const char *path,
    const struct root_file *file, struct report *report)
{
    const struct chain_cert *top = &chain->certs[chain->count - 1];
    struct certificate_info info;

    if (knows(file, top))
        return 0;
    x509_fill_info(top->x509, &info);
    report_error(report, SL_CHAIN_INCOMPLETE,
        "%s %s: the chain does not reach certificate.chain_root "
        "%s: the issuer \"%s\" of \"%s\" is missing; append its certificate to "
        "the file",
        chain->role, path, file->path, info.issuer, info.subject);
    return -1;
}

static bool
system_knows(struct roots *roots, const struct chain_cert *top)
{
    const struct root_file *file;
    struct report unheard; /* the system's file is not ours to mend */

    if (access(system_roots, R_OK) != 0)
        return false;
    report_init(&unheard);
    file = roots_open(roots, system_roots, &unheard);
    report_deinit(&unheard);
    return file != NULL && knows(file, top);
}

int
chain_check_complete(struct chain *chain, const char *path,
    const char *root_path, struct roots *roots, struct report *report)
{
    const struct chain_cert *top = &chain->certs[chain->count - 1];
    struct certificate_info info;

    if (root_path[0] != '\0') {
        const struct root_file *file = roots_open(roots, root_path, report);

        return file != NULL ? check_root_file(chain, path, file, report) : -1;
    }
    if (x509_is_self_signed(top->x509) || system_knows(roots, top))
        return 0;
    chain->ends_unknown = true;
    if (chain->had_root)
        return 0;
    x509_fill_info(top->x509, &info);
    if (chain->left_out_ca && chain->count == 1) {
        report_error(report, SL_CHAIN_INCOMPLETE,
            "%s %s: a link of the chain is missing: the issuer "
            "\"%s\" of \"%s\", although the file holds another CA; put the "
            "issuer's certificate into the file",
            chain->role, path, info.issuer, info.subject);
        return -1;
    }
    report_note(report,
        "%s %s: the chain ends at the issuer \"%s\", which is "
        "not "
        "among this system's roots; clients must know it; if it is an "
        "intermediate, append its certificate to the file",
        chain->role, path, info.issuer);
    return 0;
}
