/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The question to an OCSP responder (RFC 6960, section 4.1): has this
 * certificate been revoked? And whom to ask: the responder that the
 * certificate itself names (authority information access, RFC 5280, section
 * 4.2.2.1).
 *
 * The library can encode a request, too, but only of a certificate that its
 * own store of CAs has just verified, and with a nonce of 16 bytes.
 */
#ifndef SIDELOCK_CERTS_OCSP_REQUEST_H
#define SIDELOCK_CERTS_OCSP_REQUEST_H

#include <stdint.h>

#include "certs/identity.h"
#include "config/http_url.h"

enum {
    OCSP_NONCE_BYTES = 32,      /* RFC 9654: what every responder takes */
    OCSP_SERIAL_BYTES_MAX = 32, /* RFC 5280 allows 20 */
    OCSP_REQUEST_BYTES_MAX = 200,
    OCSP_ID_BYTES = 32,
};

struct ocsp_request {
    uint8_t der[OCSP_REQUEST_BYTES_MAX];
    size_t len;
    uint8_t nonce[OCSP_NONCE_BYTES];
};

/* -1: one of them is no certificate, the serial is too long, or there are no
 * random numbers. */
int ocsp_request_make(struct ocsp_request *request, const struct blob *leaf,
    const struct blob *issuer) MUST_CHECK;

/* What is asked of whom, to tell equal questions by: a SHA-256 of the issuer's
 * name and key, of the serial and of the address. -1: one of them is no
 * certificate. */
int ocsp_request_id(uint8_t id[OCSP_ID_BYTES], const struct blob *leaf,
    const struct blob *issuer, const char *url) MUST_CHECK;

/*
 * The first responder at an http:// address that the certificate names, as
 * printable text of at most HTTP_URL_BYTES - 1 characters. "" when it names
 * none of that kind.
 */
void ocsp_responder_url(const struct blob *leaf, char out[HTTP_URL_BYTES]);

#endif
