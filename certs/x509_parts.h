/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The parts of a certificate as they stand in its DER (RFC 5280, section 4.1),
 * for what is a matter of exact bytes: an OCSP responder hashes names and keys
 * as they are encoded, which the library's decoded form no longer shows.
 */
#ifndef SIDELOCK_CERTS_X509_PARTS_H
#define SIDELOCK_CERTS_X509_PARTS_H

#include <stdbool.h>

#include "certs/der.h"
#include "certs/identity.h"

/* All of them inside the certificate's bytes. */
struct x509_parts {
    struct der serial;     /* the integer's content */
    struct der issuer;     /* with tag and length */
    struct der validity;   /* the two dates */
    struct der subject;    /* with tag and length */
    struct der key_info;   /* SubjectPublicKeyInfo, with tag and length */
    struct der key;        /* the bits of the public key */
    struct der extensions; /* one after the other; empty: none */
};

/* False: it is no certificate. */
bool x509_parts_read(
    struct x509_parts *parts, const struct blob *der) MUST_CHECK;

/* What its issuer has signed, and how. */
struct x509_signed {
    struct der data;      /* with tag and length */
    struct der algorithm; /* its OID */
    struct der signature;
};

/* False: it is no certificate. */
bool x509_parts_signed(
    struct x509_signed *part, const struct blob *der) MUST_CHECK;

/* The value of the extension of that OID among `extensions`: what its octet
 * string holds. False: there is none. */
bool x509_parts_find_extension(
    struct der extensions, struct der oid, struct der *value);

/* Must a server that shows it send a staple along (RFC 7633)? */
bool x509_parts_demand_staple(const struct x509_parts *parts);

#endif
