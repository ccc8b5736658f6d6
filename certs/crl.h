/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Certificate revocation lists (RFC 5280, section 5) of the CAs that vouch
 * for clients, as one index of serial numbers. They never enter the TLS
 * library, which would copy them into each context and search them entry by
 * entry.
 *
 * A list counts when a CA of [clients] signed it, and wholly: delta CRLs,
 * indirect ones, those of a part of the certificates, and critical extensions
 * that are not understood are refused, for such a list does not say who is
 * good. Immutable; owned by one snapshot, read by all threads.
 */
#ifndef SIDELOCK_CERTS_CRL_H
#define SIDELOCK_CERTS_CRL_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "certs/der.h"
#include "certs/trust.h"
#include "config/config.h"
#include "config/report.h"

enum {
    CRLS_HASH_BYTES = 32,
    /* A list may be dated a little ahead of our clock. */
    CRL_CLOCK_SKEW_SECONDS = 5 * 60,
};

struct crls;

/*
 * Every file of clients->crl, and every file of its folders: PEM (several
 * blocks) or DER. The order makes no difference, and a list that is there
 * twice counts once. One whose issuer is none of the trust's CAs is an error
 * in a file that is named, and a note in a folder; one that is out of date is
 * no error. Without any file an index that knows no issuer.
 *
 * NULL with an error in the report.
 */
struct crls *crls_load(const struct config_clients *clients,
    const struct trust *trust, time_t now, struct report *report) MUST_CHECK;
void crls_free(struct crls *crls);

enum crl_verdict {
    CRL_GOOD,    /* a current list of the issuer does not have it */
    CRL_REVOKED, /* for ever or on hold */
    CRL_ABSENT,  /* there is no list of the issuer */
    CRL_STALE,   /* none of the issuer's is within its dates */
};

struct crl_answer {
    enum crl_verdict verdict;
    time_t when; /* of the revocation; or when STALE began: nextUpdate,
                           or thisUpdate that is still to come */
    const char
        *reason; /* of a revocation, as RFC 5280 calls it: "keyCompromise",
                           "unspecified"; else "" */
};

/*
 * What is known of the certificate. Of several current lists one that revokes
 * it decides. When none is current, one that revokes it still does: what was
 * withdrawn does not come back because its list is late.
 *
 * issuer: the name as DER with tag and length; serial: the integer's content.
 * Takes a binary search per list; any thread.
 */
struct crl_answer crls_ask(
    const struct crls *crls, struct der issuer, struct der serial, time_t now);

/* When the first issuer is without a current list, counting for each issuer
 * its latest; 0: never. */
time_t crls_next_update(const struct crls *crls);

/* Says which issuers' lists are out of date or nearly so: within warn_days,
 * or in the last tenth of their life, whichever is shorter. */
void crls_judge(const struct crls *crls, time_t now, int64_t warn_days,
    struct report *report);

/* SHA-256 over all lists, whatever their order. -1: the library failed. */
int crls_hash(const struct crls *crls, uint8_t out[CRLS_HASH_BYTES]) MUST_CHECK;

/* For the status. */
struct crl_facts {
    const char *path;
    const char *issuer; /* escaped */
    size_t revoked_count;
    time_t this_update;
    time_t next_update; /* 0: not said */
};

size_t crls_count(const struct crls *crls);
struct crl_facts crls_at(const struct crls *crls, size_t index);

#endif
