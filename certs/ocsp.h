/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An OCSP response (RFC 6960, section 4.2.1) as its bytes say it. Reading it
 * proves nothing: whether it is about our certificate, signed by the right
 * one and of today is judged in ocsp_judge.c. The library has a reader of its
 * own, but that one leaves no room between our clock and the responder's,
 * knows certificates by SHA-1 only, and does not say which check failed.
 */
#ifndef SIDELOCK_CERTS_OCSP_H
#define SIDELOCK_CERTS_OCSP_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "certs/der.h"
#include "certs/identity.h"
#include "certs/x509_parts.h"

/* Everything points into the response's bytes. */
struct ocsp_response {
    struct der signed_part;
    uint8_t responder_tag; /* how the responder is named */
    struct der responder;
    struct der singles; /* to be taken one by one */
    struct der nonce;   /* the extension's value, or none */
    struct der algorithm;
    struct der signature;
    struct der certificates; /* the responder's, one after the other, or none */
};

enum ocsp_answer {
    OCSP_ANSWER,    /* there is one, and it is read */
    OCSP_NO_ANSWER, /* the responder only says why it cannot answer */
    OCSP_BROKEN     /* it is no OCSP response */
};

/* `reason` becomes the responder's own word, such as "tryLater", when there is
 * no answer. */
enum ocsp_answer ocsp_read(struct ocsp_response *response,
    const struct blob *der, const char **reason) MUST_CHECK;

enum ocsp_verdict {
    OCSP_GOOD,
    OCSP_REVOKED,
    OCSP_UNKNOWN
};

/* What is said of one certificate. */
struct ocsp_single {
    struct der hash; /* the algorithm's OID */
    struct der name_hash;
    struct der key_hash;
    struct der serial;
    enum ocsp_verdict verdict;
    time_t this_update;
    time_t next_update; /* 0: not said */
};

/* False: there is no further one, or it is broken and not taken. */
bool ocsp_take_single(struct der *singles, struct ocsp_single *single);

/* Is it about the leaf that the issuer has issued? */
bool ocsp_single_is_of(const struct ocsp_single *single,
    const struct x509_parts *leaf, const struct x509_parts *issuer);

/* Does the response name this certificate as its signer? */
bool ocsp_names_responder(
    const struct ocsp_response *response, const struct x509_parts *certificate);

#endif
