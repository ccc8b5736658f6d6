/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an OCSP response proves (RFC 6960, section 3.2): that it is about this
 * certificate and no other; that its issuer has signed it, or a responder that
 * the issuer itself appointed (issued by it, for OCSPSigning); that it is of
 * now; and that it answers our question and is not an old answer to another.
 *
 * Used for staples that we send (staple.c), which come from a file and whose
 * dates are judged while the process runs, and for answers about clients,
 * which are judged once, as a whole.
 */
#ifndef SIDELOCK_CERTS_OCSP_JUDGE_H
#define SIDELOCK_CERTS_OCSP_JUDGE_H

#include <time.h>

#include "certs/chain.h"
#include "certs/ocsp.h"
#include "certs/ocsp_request.h"
#include "certs/x509_parts.h"

enum {
    OCSP_CLOCK_SECONDS = 5 * 60, /* our clock and the responder's may differ */
    /* How long one lasts that does not say so: as browsers count. */
    OCSP_DEFAULT_SECONDS = 24 * 60 * 60,
    OCSP_WORDS_BYTES = 256,
};

/* --- whose, by whom ------------------------------------------------------ */

/* The certificate in question and who issued it; both borrowed. */
struct ocsp_parties {
    struct x509_parts leaf;
    struct x509_parts issuer;
    struct chain_cert issuer_cert;
};

/* Reads both, which must outlive it. -1: one is no certificate, or no memory;
 * nothing is to be released then. */
int ocsp_parties_init(struct ocsp_parties *parties, const struct blob *leaf,
    const struct blob *issuer) MUST_CHECK;
void ocsp_parties_deinit(struct ocsp_parties *parties);

enum ocsp_proof {
    OCSP_PROVEN,       /* the statement is the issuer's, about the leaf */
    OCSP_SAYS_NOTHING, /* it is no answer; statement->reason says why */
    OCSP_NO_RESPONSE,  /* it is no OCSP response, or is cut off */
    OCSP_DAMAGED,      /* it is one, with broken parts */
    OCSP_OF_ANOTHER,   /* it is about other certificates */
    OCSP_BY_ANOTHER,   /* neither the issuer nor its delegate has signed it */
};

struct ocsp_statement {
    enum ocsp_verdict verdict;
    const char *reason; /* the responder's own word, static */
    time_t since;
    time_t until; /* never later than the end of the signer's certificate */
    bool has_next_update;
    struct der nonce; /* the extension's value inside the response, or empty */
};

/* Proves all but dates and nonce. */
enum ocsp_proof ocsp_prove(struct ocsp_statement *statement,
    const struct blob *response, const struct ocsp_parties *parties);

/* --- the answer to a question of ours ------------------------------------ */

enum ocsp_decision {
    OCSP_DECIDED_GOOD,
    OCSP_DECIDED_REVOKED,
    OCSP_DECIDED_UNKNOWN,  /* the responder does not know the certificate */
    OCSP_DECIDED_UNUSABLE, /* it proves nothing */
};

struct ocsp_judgement {
    enum ocsp_decision decision;
    time_t next_update; /* of a good or revoked one; 0: the answer has none */
    char words[OCSP_WORDS_BYTES]; /* a phrase about the answer, printable */
};

/* What is asked, and when. */
struct ocsp_case {
    const struct blob *leaf;
    const struct blob *issuer;
    const uint8_t *nonce; /* OCSP_NONCE_BYTES that were sent */
    time_t now;
};

/* Judges whatever a responder sent. */
void ocsp_judge(struct ocsp_judgement *judgement, const struct blob *response,
    const struct ocsp_case *asked);

#endif
