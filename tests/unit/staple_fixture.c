/* SPDX-License-Identifier: GPL-3.0-or-later */
/* openssl ocsp as a responder that answers into a file. */
#include "tests/unit/staple_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs/secret.h"
#include "certs/x509.h"

static const char *
given_or(const char *given, const char *otherwise)
{
    return given != NULL ? given : otherwise;
}

/* A line of the CA's database as openssl ca writes it. */
static void
write_status(FILE *index, const char *cert, const char *status)
{
    struct blob der = read_der(cert);
    struct certificate_info info;
    struct x509 *x509;
    int error;

    x509 = x509_new(&der, &error);
    assert_non_null(x509);
    x509_fill_info(x509, &info);
    assert_true(
        fprintf(index, "%s\t491231235959Z\t%s\t%s\tunknown\t/CN=%s\n", status,
            status[0] == 'R' ? "260101000000Z" : "", info.serial, info.serial)
        > 0);
    x509_free(x509);
    blob_free(&der);
}

static void
write_index(const struct staple_spec *spec, const char *cert)
{
    const char *status = given_or(spec->status, "V");
    FILE *index = fopen("staple.index", "w");

    assert_non_null(index);
    if (status[0] != '\0')
        write_status(index, cert, status);
    if (spec->cert_2 != NULL)
        write_status(index, spec->cert_2, "V");
    assert_int_equal(fclose(index), 0);
}

struct arguments {
    const char *items[32];
    size_t count;
};

static void
add(struct arguments *arguments, const char *option, const char *value)
{
    assert_true(arguments->count < 30);
    arguments->items[arguments->count++] = option;
    if (value != NULL)
        arguments->items[arguments->count++] = value;
}

/* What is asked. */
static void
add_question(struct arguments *arguments, const struct staple_spec *spec,
    const char *issuer, const char *cert)
{
    if (spec->request != NULL) {
        add(arguments, "-reqin", spec->request);
        return;
    }
    add(arguments, "-issuer", issuer);
    /* The digest is for the certificates behind it. */
    add(arguments, given_or(spec->digest, "-sha1"), NULL);
    add(arguments, "-cert", cert);
    if (spec->cert_2 != NULL)
        add(arguments, "-cert", spec->cert_2);
}

void
make_staple(const char *path, const struct staple_spec *spec)
{
    const char *cert = given_or(spec->cert, "server.pem");
    const char *issuer = given_or(spec->issuer, "intermediate.pem");
    struct arguments arguments = {{"ocsp", "-noverify"}, 2};

    add(&arguments, "-index", "staple.index");
    add(&arguments, "-CA", issuer);
    add(&arguments, "-rsigner", given_or(spec->signer, "ocsp.pem"));
    add(&arguments, "-rkey", given_or(spec->key, "ocsp.key"));
    add(&arguments, "-respout", path);
    add_question(&arguments, spec, issuer, cert);
    if (!spec->has_no_end)
        add(&arguments, "-ndays", "7");
    if (spec->option != NULL)
        add(&arguments, spec->option, NULL);
    write_index(spec, cert);
    run_openssl(arguments.items);
}
