/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A revocation list as its bytes say it (RFC 5280, section 5). Reading it
 * proves nothing: who signed it is judged in crl_load.c.
 */
#ifndef SIDELOCK_CERTS_CRL_READ_H
#define SIDELOCK_CERTS_CRL_READ_H

#include <stdbool.h>
#include <time.h>

#include "certs/der.h"
#include "certs/identity.h"

/* Everything points into the list's bytes. */
struct crl_parts {
    struct der signed_part;
    struct der algorithm; /* the OID */
    struct der signature;
    struct der issuer; /* with tag and length */
    time_t this_update;
    time_t next_update; /* 0: not said */
    struct der number;  /* the integer's content; empty: not said */
    struct der entries; /* to be taken one by one */
};

enum crl_reading {
    CRL_READ,
    CRL_NONE,    /* it is no revocation list at all */
    CRL_BROKEN,  /* it is one, and damaged */
    CRL_FOREIGN, /* it is one of a kind that does not say who is good */
};

/* The rest of the parts is filled also when the list is foreign. `why` becomes
 * the end of a sentence, "it is ...", for CRL_BROKEN and CRL_FOREIGN. */
enum crl_reading crl_read(struct crl_parts *parts, const struct blob *der,
    const char **why) MUST_CHECK;

struct crl_revoked {
    struct der serial; /* the integer's content */
    time_t when;
    unsigned reason; /* number of the CRLReason; 0: unspecified */
};

/* Takes the next entry off `entries`, which must not be empty. */
enum crl_reading crl_take_revoked(struct der *entries,
    struct crl_revoked *revoked, const char **why) MUST_CHECK;

/* "keyCompromise"; numbers that are not known are "unspecified". */
const char *crl_reason_name(unsigned reason);

#endif
