/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The end of a chain: is its last issuer a root that somebody trusts? A file
 * of roots is searched without parsing those of other names.
 */
#include <string.h>
#include <unistd.h>

#include "certs/chain.h"
#include "certs/der.h"
#include "certs/file.h"
#include "certs/form.h"
#include "certs/pem.h"

static const char system_roots[] = "/etc/ssl/certs/ca-certificates.crt";

enum search {
    SEARCH_FOUND,
    SEARCH_ABSENT,
    SEARCH_NO_CERTIFICATE
};

/* Is this block the top of the chain itself, or its issuer? A root that the
 * library cannot read is nobody's issuer. */
static bool
block_is_root_of(struct blob *der, const struct chain_cert *top)
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

static enum search
search_der(const struct blob *content, const struct chain_cert *top)
{
    struct der in = {.data = content->data, .len = content->len};
    enum search found = SEARCH_NO_CERTIFICATE;
    struct der_element whole;

    while (found != SEARCH_FOUND && der_take_tag(&in, DER_SEQUENCE, &whole)) {
        struct blob root;

        if (blob_copy(&root, whole.whole.data, whole.whole.len) != 0)
            return found;
        found = block_is_root_of(&root, top) ? SEARCH_FOUND : SEARCH_ABSENT;
        blob_free(&root);
    }
    return found;
}

static enum search
search_pem(const struct blob *content, const struct chain_cert *top)
{
    enum search found = SEARCH_NO_CERTIFICATE;
    enum pem_result result;
    struct pem_reader reader;
    struct pem_block block;

    pem_reader_init(&reader, content);
    while (found != SEARCH_FOUND
           && (result = pem_next(&reader, &block)) != PEM_END) {
        if (result == PEM_BLOCK && strcmp(block.label, "CERTIFICATE") == 0)
            found = block_is_root_of(&block.der, top) ? SEARCH_FOUND
                                                      : SEARCH_ABSENT;
        blob_wipe(&block.der);
    }
    return found;
}

static enum search
search(const struct blob *content, const struct chain_cert *top)
{
    if (form_of(content) == FORM_CERTIFICATE)
        return search_der(content, top);
    return search_pem(content, top);
}

/* 0 reached, 1 not reached, -1 with an error. */
static int
search_file(
    const char *path, const struct chain_cert *top, struct report *report)
{
    struct blob content;
    enum search found;

    if (file_read(&content, path, "certificate.chain_root", NULL, report) != 0)
        return -1;
    found = search(&content, top);
    blob_free(&content);
    if (found != SEARCH_NO_CERTIFICATE)
        return found == SEARCH_FOUND ? 0 : 1;
    report_error(report, SL_CERT_NONE,
        "certificate.chain_root %s: no certificate in it (PEM or DER)", path);
    return -1;
}

static int
check_root_file(const struct chain *chain, const char *path,
    const char *root_path, struct report *report)
{
    const struct chain_cert *top = &chain->certs[chain->count - 1];
    struct certificate_info info;
    int missing = search_file(root_path, top, report);

    if (missing <= 0)
        return missing;
    x509_fill_info(top->x509, &info);
    report_error(report, SL_CHAIN_INCOMPLETE,
        "%s %s: the chain does not reach certificate.chain_root "
        "%s: the issuer \"%s\" of \"%s\" is missing; append its certificate to "
        "the file",
        chain->role, path, root_path, info.issuer, info.subject);
    return -1;
}

static bool
system_knows(const struct chain_cert *top)
{
    struct report unheard; /* the system's file is not ours to mend */
    bool knows;

    if (access(system_roots, R_OK) != 0)
        return false;
    report_init(&unheard);
    knows = search_file(system_roots, top, &unheard) == 0;
    report_deinit(&unheard);
    return knows;
}

int
chain_check_complete(const struct chain *chain, const char *path,
    const char *root_path, struct report *report)
{
    const struct chain_cert *top = &chain->certs[chain->count - 1];
    struct certificate_info info;

    if (root_path[0] != '\0')
        return check_root_file(chain, path, root_path, report);
    if (chain->had_root || x509_is_self_signed(top->x509) || system_knows(top))
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
