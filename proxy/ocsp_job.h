/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Inside of ocsp_ask.h: a job is a question with all who wait for its answer.
 * It goes through three lists: it waits for a place, it is active, or it could
 * not be asked and those who wait are to be told so.
 *
 * Nobody is called while a list is walked: callbacks ask again and cancel.
 */
#ifndef SIDELOCK_PROXY_OCSP_JOB_H
#define SIDELOCK_PROXY_OCSP_JOB_H

#include <sys/queue.h>

#include <stdint.h>

#include <event2/event_struct.h>

#include "certs/ocsp_request.h"
#include "config/address.h"
#include "proxy/ocsp_ask.h"
#include "proxy/ocsp_cache.h"
#include "proxy/ocsp_exchange.h"
#include "proxy/ocsp_responders.h"
#include "proxy/resolver.h"

enum {
    OCSP_JOB_WORDS_BYTES = 512
};

struct ocsp_job;

struct ocsp_ticket {
    TAILQ_ENTRY(ocsp_ticket) entry;
    struct ocsp_job *job;
    ocsp_done *done;
    void *arg;
};

TAILQ_HEAD(ocsp_ticket_list, ocsp_ticket);
TAILQ_HEAD(ocsp_job_list, ocsp_job);

struct ocsp_job {
    TAILQ_ENTRY(ocsp_job) entry;
    struct ocsp_job_list *list; /* that it is in; NULL while it ends */
    struct ocsp_asker *asker;
    struct ocsp_ticket_list tickets;
    uint8_t key[OCSP_KEY_BYTES];
    struct blob leaf;
    struct blob issuer;
    char url_text[HTTP_URL_BYTES];
    struct http_url url;
    struct resolver *resolver;     /* NULL: the address is known */
    struct resolver_query *lookup; /* of the address, while it is active */
    struct address address;        /* that is asked */
    struct address others[RESOLVER_ADDRESSES_MAX]; /* if that is not there */
    size_t other_count;
    size_t other_at;
    struct ocsp_request request;
    struct ocsp_responder *responder; /* while it is active */
    struct ocsp_exchange *exchange;
    struct event deadline;
    int64_t timeout_ms;
    char words[OCSP_JOB_WORDS_BYTES];
};

struct ocsp_asker {
    struct event_base *base;
    struct event turn; /* jobs may begin, or are to be told */
    struct ocsp_job_list waiting;
    struct ocsp_job_list active;
    struct ocsp_job_list failed;
    size_t waiting_count;
    size_t active_count;
    struct ocsp_cache *cache;
    struct ocsp_responders responders;
    char words[OCSP_JOB_WORDS_BYTES]; /* of a result that is kept nowhere */
};

/* Writes "OCSP responder URL: WHAT". */
void ocsp_say_of(
    char words[OCSP_JOB_WORDS_BYTES], const char *url, const char *what);

/* A job that waits for its turn. `draft` has its key and whom to ask. NULL: no
 * memory, or no random numbers. */
struct ocsp_ticket *ocsp_job_new(struct ocsp_asker *asker,
    const struct ocsp_job *draft, const struct ocsp_question *question);
/* Drops it from its list; nobody is told. */
void ocsp_job_free(struct ocsp_job *job);

/* One more who waits for it; NULL: no memory. */
struct ocsp_ticket *ocsp_job_add_ticket(
    struct ocsp_job *job, const struct ocsp_question *question);

/* Asks, or moves it to those that could not be asked. */
void ocsp_job_begin(struct ocsp_job *job, struct ocsp_responder *responder);
/* Moves it there, for that reason. */
void ocsp_job_fail(struct ocsp_job *job, const char *why);
/* Tells those who wait for one that failed, and frees it. */
void ocsp_job_end_failed(struct ocsp_job *job);

#endif
