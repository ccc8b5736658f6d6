/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates out of files: PEM and DER. */
#include <stdlib.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include "certs/chain.h"
#include "certs/der.h"
#include "certs/file.h"
#include "certs/secret.h"

int
chain_refuse_block(enum pem_result result, size_t number, const char *role,
    const char *path, struct report *report)
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

int
chain_refuse_form(
    enum form form, const char *role, const char *path, struct report *report)
{
    char text[FORM_TEXT_BYTES];

    form_explain(form, path, text);
    if (text[0] == '\0')
        return 0;
    report_error(report, SL_FORMAT_UNKNOWN, "%s %s: cannot be read: %s", role,
        path, text);
    return -1;
}

int
chain_refuse_empty(const char *role, const char *path, struct report *report)
{
    report_error(report, SL_CERT_NONE,
        "%s %s: no certificate in it (a line -----BEGIN CERTIFICATE-----); is "
        "this the right file?",
        role, path);
    return -1;
}

int
chain_init(struct chain *chain, const char *role)
{
    *chain = (struct chain){.role = role};
    chain->certs = calloc(CHAIN_FILE_MAX, sizeof(*chain->certs));
    return chain->certs != NULL ? 0 : -1;
}

void
chain_cert_free(struct chain_cert *cert)
{
    x509_free(cert->x509);
    blob_free(&cert->der);
    *cert = (struct chain_cert){{0}, NULL};
}

void
chain_deinit(struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        chain_cert_free(&chain->certs[i]);
    free(chain->certs);
    *chain = (struct chain){0};
}

int
chain_add(struct chain *chain, struct blob *der, const char *path,
    struct report *report)
{
    struct chain_cert *cert = &chain->certs[chain->count];
    int error;

    if (chain->count == CHAIN_FILE_MAX) {
        blob_free(der);
        report_error(report, SL_CHAIN_LONG,
            "%s %s: holds more than %d certificates", chain->role, path,
            CHAIN_FILE_MAX);
        return -1;
    }
    cert->der = *der;
    *der = (struct blob){0};
    chain->count++;
    cert->x509 = x509_new(&cert->der, &error);
    if (cert->x509 != NULL)
        return 0;
    report_error(report, SL_CERT_UNREADABLE,
        "%s %s: certificate %zu cannot be read: %s", chain->role, path,
        chain->count, wolfSSL_ERR_reason_error_string((unsigned long)error));
    return -1;
}

static int
read_pem(struct chain *chain, const struct blob *content, const char *path,
    struct report *report)
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
                result, number, chain->role, path, report);
        if (pem_is_certificate(block.label))
            failed = chain_add(chain, &block.der, path, report);
        blob_wipe(&block.der); /* a key may stand in the same file */
        if (failed != 0)
            return -1;
    }
    return 0;
}

static int
read_der(struct chain *chain, const struct blob *content, const char *path,
    struct report *report)
{
    struct der in = {.data = content->data, .len = content->len};
    struct der_element whole;
    struct blob der;

    while (der_take_tag(&in, DER_SEQUENCE, &whole)) {
        if (blob_copy(&der, whole.whole.data, whole.whole.len) != 0) {
            report_error(
                report, SL_MEMORY, "%s %s: out of memory", chain->role, path);
            return -1;
        }
        if (chain_add(chain, &der, path, report) != 0)
            return -1;
    }
    return 0;
}

static int
read_content(struct chain *chain, const struct blob *content, const char *path,
    struct report *report)
{
    enum form form = form_of(content);
    int failed = 0;

    if (form == FORM_PEM)
        failed = read_pem(chain, content, path, report);
    else if (form == FORM_CERTIFICATE)
        failed = read_der(chain, content, path, report);
    if (failed != 0 || chain->count > 0)
        return failed;
    if (chain_refuse_form(form, chain->role, path, report) != 0)
        return -1;
    return chain_refuse_empty(chain->role, path, report);
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
    if (chain_init(chain, role) != 0)
        report_error(report, SL_MEMORY, "%s %s: out of memory", role, path);
    else
        failed = read_content(chain, &content, path, report);
    blob_wipe(&content);
    if (failed != 0)
        chain_deinit(chain);
    return failed;
}
