/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OCSP responses for the tests of staples, made by the openssl program in the
 * folder of certs_fixture.h. */
#ifndef SIDELOCK_TESTS_STAPLE_FIXTURE_H
#define SIDELOCK_TESTS_STAPLE_FIXTURE_H

#include "certs/identity.h"
#include "tests/unit/certs_fixture.h"

/* What NULL leaves open is said behind it. */
struct staple_spec {
    const char *cert;    /* server.pem */
    const char *cert_2;  /* one more that it is about */
    const char *issuer;  /* intermediate.pem */
    const char *signer;  /* ocsp.pem: NAME.pem with NAME.key */
    const char *key;     /* the signer's */
    const char *status;  /* "V"alid; "R"evoked, or "" for unknown */
    const char *digest;  /* of the CertID: -sha1 */
    const char *option;  /* one more of openssl ocsp: none */
    const char *request; /* a request to answer: about cert, without nonce */
    bool has_no_end;     /* without a nextUpdate, else it is in 7 days */
};

/* Writes the response to the path. */
void make_staple(const char *path, const struct staple_spec *spec);

#endif
