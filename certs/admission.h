/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may come in: all of one service that decides over a client that shows a
 * certificate. It is asked in the handshake, when a session is resumed, and
 * again about open connections after a reload. Immutable; belongs to one
 * snapshot and is read by all workers.
 *
 * The order in which it decides, the first that says no wins:
 *   deny_ rules; the certificate's dates; its extended key usage;
 *   then either the certificate is trusted as it is (trusted_certs,
 *   trusted_keys, enroll) and not revoked, or a CA vouches for it, no
 *   revocation list names it, and the allow_ rules admit it.
 */
#ifndef SIDELOCK_CERTS_ADMISSION_H
#define SIDELOCK_CERTS_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "certs/approved.h"
#include "certs/client.h"
#include "certs/crl.h"
#include "certs/path.h"
#include "certs/pins.h"
#include "certs/rules.h"
#include "certs/trust.h"
#include "config/config.h"
#include "config/report.h"

enum {
    ADMISSION_WORDS_BYTES = 640,
    ADMISSION_HASH_BYTES = 32,
};

/* TLS alerts that tell a client why (RFC 8446, section 6.2). */
enum {
    ALERT_BAD_CERTIFICATE = 42,
    ALERT_UNSUPPORTED_CERTIFICATE = 43,
    ALERT_CERTIFICATE_REVOKED = 44,
    ALERT_CERTIFICATE_EXPIRED = 45,
    ALERT_CERTIFICATE_UNKNOWN = 46,
    ALERT_UNKNOWN_CA = 48,
    ALERT_ACCESS_DENIED = 49,
};

struct admission {
    const struct config_clients *clients; /* borrowed of the snapshot */
    bool is_required;                     /* without a certificate: nobody */
    struct trust *trust;                  /* may hold no CA */
    struct crls *crls;                    /* NULL: no lists */
    struct pins *pins;
    struct approved *approved; /* NULL: without enroll */
    struct rules *rules;
    /* Another value when anything of it is different. */
    uint8_t hash[ADMISSION_HASH_BYTES];
};

/* For a service that asks for certificates. Hits of pins and approvals are
 * taken over from `previous`, which may be NULL. NULL with an error in the
 * report. */
struct admission *admission_load(const struct config_service *service,
    const struct admission *previous, time_t now,
    struct report *report) MUST_CHECK;
void admission_free(struct admission *admission);

/* Dates of CAs, lists and pinned certificates, in words. */
void admission_judge_dates(const struct admission *admission, time_t now,
    int64_t warn_days, struct report *report);

/* What the TLS library found wrong with the chain. */
struct chain_fault {
    enum guide_code code;
    uint8_t alert;
    bool is_unknown; /* nobody known vouches for it; it may be well-formed */
    const char *words;
};

/* A client that asks to be let in. */
struct admission_case {
    const struct client *client;
    const struct path *path;         /* NULL: to no CA */
    const struct chain_fault *fault; /* NULL: a CA vouches for the chain */
    time_t now;
};

/* Who let it in. */
enum admitted_by {
    ADMITTED_BY_NOBODY,
    ADMITTED_BY_CA,
    ADMITTED_BY_CERTIFICATE, /* this very certificate is trusted or approved */
    ADMITTED_BY_KEY,         /* its key is; what it says, nobody vouches for */
};

struct ruling {
    enum admitted_by by;
    /* When nobody did: */
    enum guide_code code;
    uint8_t alert;
    bool is_pending; /* it may be approved: enroll */
    /* Why not; or by which rule or entry. */
    char words[ADMISSION_WORDS_BYTES];
    /* It was let in although a list was missing; "" if not. */
    char warning[ADMISSION_WORDS_BYTES];
};

/* Counts a hit where an entry let it in. */
void admission_judge(const struct admission *admission,
    const struct admission_case *client, struct ruling *ruling);

/* Would the client of an open connection be let in by these rules? No hits
 * are counted. */
void admission_judge_again(const struct admission *admission,
    const struct admission_case *client, struct ruling *ruling);

/* Is the certificate trusted or approved as it is, or its key? */
bool admission_knows(
    const struct admission *admission, const struct client *client);

#endif
