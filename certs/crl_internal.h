/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of crl.h share: one list as an index, and all of them. */
#ifndef SIDELOCK_CERTS_CRL_INTERNAL_H
#define SIDELOCK_CERTS_CRL_INTERNAL_H

#include "certs/crl.h"
#include "certs/crl_read.h"

enum {
    /* The longest that the TLS library takes in a certificate: 32 bytes, and
     * one that keeps the number positive. */
    CRL_SERIAL_BYTES = 33,
};

/* A number in its shortest form, so that equal ones are equal bytes. */
struct crl_number {
    uint8_t len;
    uint8_t bytes[CRL_SERIAL_BYTES]; /* from the left; the rest is zero */
};

struct crl_entry {
    struct crl_number serial;
    uint8_t reason;
    time_t when;
};

struct crl {
    char *path;
    struct blob issuer; /* DER with tag and length */
    char issuer_text[IDENTITY_NAME_BYTES];
    struct crl_number number;
    time_t this_update;
    time_t next_update; /* 0: not said */
    uint8_t hash[CRLS_HASH_BYTES];
    size_t count;
    struct crl_entry entries[]; /* by serial */
};

struct crls {
    struct crl **items; /* by issuer; of one issuer, the newest first */
    size_t count;
    enum crl_policy policy;
};

/* False: the number is longer than that. */
bool crl_number_set(struct crl_number *number, struct der content);

/* The list as an index, without path and hash. NULL: no memory, or `reading`
 * is not CRL_READ and `why` says it as crl_read does. */
struct crl *crl_new(const struct crl_parts *parts, enum crl_reading *reading,
    const char **why) MUST_CHECK;
void crl_free(struct crl *crl);

enum crl_signer {
    CRL_SIGNER_KNOWN,
    CRL_SIGNER_WRONG, /* there is such a CA, and it did not sign this */
    CRL_SIGNER_NONE,
};

/* Did one of the CAs whose name is that of the list's issuer sign it, and may
 * it sign such lists (RFC 5280, section 6.3.3 (f))? */
enum crl_signer crl_find_signer(
    const struct trust *trust, const struct crl_parts *parts);

/* Is it dated in the future, or past its nextUpdate? */
bool crl_is_early(const struct crl *crl, time_t now);
bool crl_is_late(const struct crl *crl, time_t now);

/* Sorts the items. */
void crls_arrange(struct crls *crls);

#endif
