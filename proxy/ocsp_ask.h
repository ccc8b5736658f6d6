/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Has a client's certificate been revoked? Asks the OCSP responder, without
 * ever making the loop wait: one asker per worker and way of asking
 * (askers.h), used by that worker's thread only.
 *
 * Answers are proven (certs/ocsp_judge.h) and remembered: good and revoked
 * until the responder's next update (a minute to an hour; five minutes when it
 * names none), everything else for ten seconds. Equal questions that meet
 * share one request. At most OCSP_ACTIVE_MAX requests are under way, and
 * OCSP_WAITING_MAX wait for their turn. A responder that did not answer
 * several times in a row is left alone for a while, and half of the places
 * stay free for others while one hangs; when all who may wait do so for it,
 * OCSP_ACTIVE_MAX more may wait for others.
 *
 * The name of a responder's host is looked up by the question's resolver, as
 * part of the question's time; its first address that can be reached is asked.
 */
#ifndef SIDELOCK_PROXY_OCSP_ASK_H
#define SIDELOCK_PROXY_OCSP_ASK_H

#include <stdint.h>
#include <time.h>

#include "certs/identity.h"

enum {
    OCSP_ACTIVE_MAX = 32,
    OCSP_WAITING_MAX = 256,
    OCSP_PER_RESPONDER_MAX = 16, /* of those under way */
};

struct event_base;
struct resolver;
struct ocsp_asker;
struct ocsp_ticket; /* one asker of a question that is under way */

/* NULL: no memory. The base outlives the asker. */
struct ocsp_asker *ocsp_asker_new(struct event_base *base) MUST_CHECK;
/* Drops what is under way; nobody is called. Not from inside ocsp_done. */
void ocsp_asker_free(struct ocsp_asker *asker);

enum ocsp_outcome {
    OCSP_OUT_GOOD,
    OCSP_OUT_REVOKED,
    OCSP_OUT_UNKNOWN,
    OCSP_OUT_NO_ANSWER, /* none that proves anything: timeout, garbage, ... */
};

struct ocsp_result {
    enum ocsp_outcome outcome;
    const char *words; /* a phrase, printable; gone with the next call */
    time_t until;      /* when it is worth asking again */
};

/* May ask again and cancel other tickets. Its own ticket is gone. */
typedef void ocsp_done(const struct ocsp_result *result, void *arg);

struct ocsp_question {
    const struct blob *leaf; /* verified: it names whom we connect to */
    const struct blob *issuer;
    const char *url; /* http://...; "": as the leaf says */
    /* Of the responder's name; outlives the asker. NULL: only addresses and
     * localhost are asked. */
    struct resolver *resolver;
    int64_t timeout_ms;
    ocsp_done *done;
    void *arg;
};

enum ocsp_ask {
    OCSP_ASK_DONE,   /* *result is filled */
    OCSP_ASK_WAITING /* *ticket is set; `done` is called later, once, unless the
                        ticket is cancelled before */
};

/* The question's parts need not outlive the call. `done` is never called from
 * inside it. */
enum ocsp_ask ocsp_ask(struct ocsp_asker *asker,
    const struct ocsp_question *question, struct ocsp_ticket **ticket,
    struct ocsp_result *result);

/* Nobody wants the answer any more. */
void ocsp_cancel(struct ocsp_ticket *ticket);

#endif
