/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One certificate, parsed by the TLS library, with the questions that we ask
 * of it. Text that comes out is escaped.
 */
#ifndef SIDELOCK_CERTS_X509_H
#define SIDELOCK_CERTS_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "certs/der.h"
#include "certs/identity.h"

enum {
    X509_NAMES_BYTES = 512
};

struct x509;

/* Parses der, which must outlive the object. NULL: it is no certificate that
 * the library can read (error is then the library's code), or no memory. */
struct x509 *x509_new(const struct blob *der, int *error) MUST_CHECK;
void x509_free(struct x509 *x509);
/* The blob that holds the bytes is another now; the bytes are the same. */
void x509_moved(struct x509 *x509, const struct blob *der);

void x509_fill_info(const struct x509 *x509, struct certificate_info *info);

/* The issuer's name as DER, for comparing; inside the certificate's bytes. */
struct der x509_issuer_name(const struct x509 *x509);

/* Does the certificate speak for the host name or IP address? By its SAN, or
 * by its CN when it has no DNS name there. */
bool x509_covers(const struct x509 *x509, const char *host);

/* The first name it speaks for, or "" when it has none. */
void x509_first_name(const struct x509 *x509, char out[IDENTITY_NAME_BYTES]);

/* Calls `visit` for each name it speaks for, as escaped text. */
typedef void x509_name_visit(const char *name, void *arg);
void x509_each_name(const struct x509 *x509, x509_name_visit *visit, void *arg);

/* All of them, separated by ", "; as many as there is room for. */
void x509_names(const struct x509 *x509, char out[X509_NAMES_BYTES]);

/*
 * The DNS names it speaks for, in no order: lower case, without a final dot,
 * otherwise as they are written ("*.example.net"); its CN when the SAN has no
 * DNS name. A name with other bytes than letters, digits, '-', '_', '.' and '*'
 * is left out. One allocation, NULL when there is no name: free(*names). -1: no
 * memory.
 */
int x509_dns_names(
    const struct x509 *x509, char ***names, size_t *count) MUST_CHECK;

bool x509_has_san(const struct x509 *x509);
bool x509_is_ca(const struct x509 *x509);
/* A CA whose key usage, if it has one, includes keyCertSign. */
bool x509_may_sign_certificates(const struct x509 *x509);
/* Has it no key usage, or one that includes cRLSign? */
bool x509_may_sign_crls(const struct x509 *x509);
bool x509_is_self_signed(const struct x509 *x509);
/* "SHA-1" or "MD5", where its signature is made over such a hash; else NULL. */
const char *x509_weak_hash(const struct x509 *x509);

/* May a CA with these extended key usages vouch for clients? True without
 * any, and with clientAuth or any usage among them. */
bool x509_vouches_for_clients(const struct x509 *x509);
/* True without an extended key usage: everything is allowed then. */
bool x509_allows_server(const struct x509 *x509);
/* Is it for signing OCSP responses (extended key usage OCSPSigning)? */
bool x509_may_sign_staples(const struct x509 *x509);
/* The extended key usages it has, in words. */
void x509_usages(const struct x509 *x509, char *out, size_t cap);

/* Are the names of each certificate, from a leaf to its CA, such as all CAs
 * above it may vouch for (name constraints: RFC 5280, section 4.2.1.10)? */
bool x509_keeps_constraints(const struct blob *const *way, size_t count);

/* Do the names link: is `issuer` named as the issuer of `x509`? */
bool x509_names_issuer(const struct x509 *x509, const struct x509 *issuer);

/* What the private key is proven against. */
struct x509_public_key {
    enum key_type type;
    const uint8_t *data; /* as the library's decoder of the type wants it */
    size_t len;
};

/* -1: a kind of key that we do not serve with. */
int x509_public_key(
    const struct x509 *x509, struct x509_public_key *key) MUST_CHECK;

#endif
