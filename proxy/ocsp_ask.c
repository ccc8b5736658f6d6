/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom to ask, what is known already, and whose turn it is. */
#include "proxy/ocsp_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <event2/event.h>

#include "proxy/clock.h"
#include "proxy/ocsp_job.h"

static const char too_many[] = "too many other questions are before this one";

/* --- turns --------------------------------------------------------------- */

/* Begins what there is room for. */
static void
begin_waiting(struct ocsp_asker *asker)
{
    int64_t now_ms = clock_now_ms();
    struct ocsp_job *next;

    for (struct ocsp_job *job = TAILQ_FIRST(&asker->waiting); job != NULL;
         job = next) {
        struct ocsp_responder *responder =
            ocsp_responders_find(&asker->responders, &job->url, now_ms);

        next = TAILQ_NEXT(job, entry);
        if (ocsp_responder_is_silent(responder, now_ms))
            ocsp_job_fail(job,
                "it did not reply several times in a row and is left alone "
                "for some seconds");
        else if (asker->active_count < OCSP_ACTIVE_MAX
                 && ocsp_responder_has_room(responder))
            ocsp_job_begin(job, responder);
    }
}

static void
on_turn(evutil_socket_t fd, short events, void *arg)
{
    struct ocsp_asker *asker = arg;
    struct ocsp_job *job;

    (void)fd;
    (void)events;
    begin_waiting(asker);
    while ((job = TAILQ_FIRST(&asker->failed)) != NULL)
        ocsp_job_end_failed(job);
}

/* --- questions ----------------------------------------------------------- */

static struct ocsp_job *
find_in(struct ocsp_job_list *list, const uint8_t key[OCSP_KEY_BYTES])
{
    struct ocsp_job *job = TAILQ_FIRST(list);

    while (job != NULL && memcmp(job->key, key, OCSP_KEY_BYTES) != 0)
        job = TAILQ_NEXT(job, entry);
    return job;
}

/* The same question under way, or NULL. */
static struct ocsp_job *
find_job(struct ocsp_asker *asker, const uint8_t key[OCSP_KEY_BYTES])
{
    struct ocsp_job *job = find_in(&asker->active, key);

    return job != NULL ? job : find_in(&asker->waiting, key);
}

static bool
is_same_responder(const struct http_url *a, const struct http_url *b)
{
    return a->port == b->port && strcasecmp(a->host, b->host) == 0;
}

static int
refuse(struct ocsp_asker *asker, const char *url, const char *why)
{
    ocsp_say_of(asker->words, url, why);
    return -1;
}

/* Whom to ask. */
static int
take_url(struct ocsp_job *draft, struct ocsp_asker *asker, const char *url)
{
    char text[HTTP_HOST_BYTES + 8];
    char why[128];

    if (http_url_parse(&draft->url, url, why, sizeof(why)) != 0)
        return refuse(asker, url, why);
    (void)snprintf(draft->url_text, sizeof(draft->url_text), "%s", url);
    (void)snprintf(text, sizeof(text), "%s:%u", draft->url.host,
        (unsigned)draft->url.port);
    if (address_parse(&draft->address, text, why, sizeof(why)) == 0)
        draft->resolver = NULL;
    else if (draft->url.host[0] == '[')
        return refuse(asker, url, "its host is no IPv6 address");
    else if (draft->resolver == NULL)
        return refuse(asker, url,
            "its name is not resolved; write the responder's address as "
            "clients.ocsp_url");
    return 0;
}

/* Whom to ask, and by what the question is known. -1 with asker->words. */
static int
prepare(struct ocsp_job *draft, struct ocsp_asker *asker,
    const struct ocsp_question *question)
{
    char named[HTTP_URL_BYTES];
    const char *url = question->url;

    if (url[0] == '\0') {
        ocsp_responder_url(question->leaf, named);
        url = named;
    }
    if (url[0] == '\0') {
        (void)snprintf(asker->words, sizeof(asker->words),
            "the certificate names no OCSP responder at an http:// address; "
            "write its address as clients.ocsp_url");
        return -1;
    }
    if (take_url(draft, asker, url) != 0)
        return -1;
    if (ocsp_request_id(draft->key, question->leaf, question->issuer, url) != 0)
        return refuse(
            asker, url, "the certificate or its issuer cannot be read");
    return 0;
}

/* May one more wait? Those who wait for a responder that hangs leave some
 * places to the others. */
static bool
has_place(const struct ocsp_asker *asker, const struct http_url *url)
{
    const struct ocsp_job *job;
    size_t count = 0;

    if (asker->waiting_count < OCSP_WAITING_MAX)
        return true;
    TAILQ_FOREACH(job, &asker->waiting, entry)
    count += is_same_responder(&job->url, url);
    TAILQ_FOREACH(job, &asker->active, entry)
    count += is_same_responder(&job->url, url);
    return count < OCSP_PER_RESPONDER_MAX
           && asker->waiting_count < OCSP_WAITING_MAX + OCSP_ACTIVE_MAX;
}

/* NULL with asker->words. */
static struct ocsp_ticket *
wait_for(struct ocsp_asker *asker, const struct ocsp_job *draft,
    const struct ocsp_question *question)
{
    struct ocsp_job *job = find_job(asker, draft->key);
    struct ocsp_ticket *ticket = NULL;

    if (job != NULL) {
        ticket = ocsp_job_add_ticket(job, question);
    } else if (!has_place(asker, &draft->url)) {
        (void)refuse(asker, draft->url_text, too_many);
        return NULL;
    } else {
        ticket = ocsp_job_new(asker, draft, question);
        event_active(&asker->turn, EV_TIMEOUT, 0);
    }
    if (ticket == NULL)
        (void)refuse(asker, draft->url_text, "out of memory");
    return ticket;
}

enum ocsp_ask
ocsp_ask(struct ocsp_asker *asker, const struct ocsp_question *question,
    struct ocsp_ticket **ticket, struct ocsp_result *result)
{
    const struct ocsp_result *known;
    struct ocsp_job draft = {.resolver = question->resolver};

    *ticket = NULL;
    if (prepare(&draft, asker, question) != 0)
        goto no_answer;
    known = ocsp_cache_find(asker->cache, draft.key, clock_now_ms());
    if (known != NULL) {
        *result = *known;
        return OCSP_ASK_DONE;
    }
    *ticket = wait_for(asker, &draft, question);
    if (*ticket != NULL)
        return OCSP_ASK_WAITING;

no_answer:
    *result = (struct ocsp_result){
        .outcome = OCSP_OUT_NO_ANSWER,
        .words = asker->words,
        .until = time(NULL),
    };
    return OCSP_ASK_DONE;
}

void
ocsp_cancel(struct ocsp_ticket *ticket)
{
    struct ocsp_job *job = ticket->job;

    TAILQ_REMOVE(&ticket->job->tickets, ticket, entry);
    free(ticket);
    /* A question that has gone out is worth its answer: somebody may ask
     * again. */
    if (TAILQ_EMPTY(&job->tickets) && job->list == &job->asker->waiting)
        ocsp_job_free(job);
}

/* --- life ---------------------------------------------------------------- */

struct ocsp_asker *
ocsp_asker_new(struct event_base *base)
{
    struct ocsp_asker *asker = calloc(1, sizeof(*asker));

    if (asker == NULL)
        return NULL;
    asker->base = base;
    TAILQ_INIT(&asker->waiting);
    TAILQ_INIT(&asker->active);
    TAILQ_INIT(&asker->failed);
    (void)event_assign(&asker->turn, base, -1, 0, on_turn, asker);
    asker->cache = ocsp_cache_new();
    if (asker->cache != NULL)
        return asker;
    free(asker);
    return NULL;
}

static void
free_jobs(struct ocsp_job_list *list)
{
    struct ocsp_job *job;

    while ((job = TAILQ_FIRST(list)) != NULL)
        ocsp_job_free(job);
}

void
ocsp_asker_free(struct ocsp_asker *asker)
{
    if (asker == NULL)
        return;
    free_jobs(&asker->waiting);
    free_jobs(&asker->active);
    free_jobs(&asker->failed);
    (void)event_del(&asker->turn);
    ocsp_cache_free(asker->cache);
    free(asker);
}
