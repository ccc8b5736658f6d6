/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question from its first asker to its last: its exchange, its deadline, and
 * what becomes of the reply. */
#include "proxy/ocsp_job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "certs/ocsp_judge.h"
#include "certs/secret.h"
#include "proxy/clock.h"

enum {
    SHOWN_URL_BYTES = 160, /* of a URL, in words */
    GOOD_SECONDS_MIN = 60,
    GOOD_SECONDS_MAX = 60 * 60,
    GOOD_SECONDS_DEFAULT = 5 * 60, /* the answer names no next update */
    FAILURE_SECONDS = 10,
};

/* --- words --------------------------------------------------------------- */

void
ocsp_say_of(char words[OCSP_JOB_WORDS_BYTES], const char *url, const char *what)
{
    char shown[SHOWN_URL_BYTES];

    text_escape(shown, sizeof(shown), url, strlen(url));
    (void)snprintf(
        words, OCSP_JOB_WORDS_BYTES, "OCSP responder %s: %s", shown, what);
}

/* --- jobs ---------------------------------------------------------------- */

static void
move(struct ocsp_job *job, struct ocsp_job_list *list)
{
    struct ocsp_asker *asker = job->asker;

    if (job->list != NULL)
        TAILQ_REMOVE(job->list, job, entry);
    asker->waiting_count -= job->list == &asker->waiting;
    asker->active_count -= job->list == &asker->active;
    job->list = list;
    if (list != NULL)
        TAILQ_INSERT_TAIL(list, job, entry);
    asker->waiting_count += list == &asker->waiting;
    asker->active_count += list == &asker->active;
}

static void
stop_asking(struct ocsp_job *job)
{
    resolver_cancel(job->lookup);
    ocsp_exchange_free(job->exchange);
    job->lookup = NULL;
    job->exchange = NULL;
}

/* Gives its place at the responder back. */
static void
leave_responder(struct ocsp_job *job, bool has_replied)
{
    stop_asking(job);
    if (job->responder != NULL)
        ocsp_responder_end(job->responder, has_replied, clock_now_ms());
    job->responder = NULL;
}

/* What is freed is out of the list, which the analyzer does not see where the
 * next one is taken. */
static void
drop_ticket(struct ocsp_ticket *ticket)
{
    TAILQ_REMOVE(&ticket->job->tickets, ticket, entry);
    free(ticket);
}

void
ocsp_job_free(struct ocsp_job *job)
{
    struct ocsp_ticket *ticket;

    move(job, NULL);
    stop_asking(job);
    (void)event_del(&job->deadline);
    while ((ticket = TAILQ_FIRST(&job->tickets)) != NULL)
        drop_ticket(ticket); /* NOLINT(clang-analyzer-unix.Malloc) */
    blob_free(&job->leaf);
    blob_free(&job->issuer);
    free(job);
}

/* Tells all who asked. They may ask again, and cancel each other. */
static void
tell(struct ocsp_job *job, const struct ocsp_result *result)
{
    struct ocsp_ticket *ticket;

    while ((ticket = TAILQ_FIRST(&job->tickets)) != NULL) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        ocsp_done *done = ticket->done;
        void *arg = ticket->arg;

        drop_ticket(ticket);
        done(result, arg);
    }
}

static void
end_job(struct ocsp_job *job, const struct ocsp_result *result)
{
    move(job, NULL);
    (void)event_del(&job->deadline);
    if (!TAILQ_EMPTY(&job->asker->waiting)) /* a place is free */
        event_active(&job->asker->turn, EV_TIMEOUT, 0);
    tell(job, result);
    ocsp_job_free(job);
}

struct ocsp_ticket *
ocsp_job_add_ticket(struct ocsp_job *job, const struct ocsp_question *question)
{
    struct ocsp_ticket *ticket = calloc(1, sizeof(*ticket));

    if (ticket == NULL)
        return NULL;
    ticket->job = job;
    ticket->done = question->done;
    ticket->arg = question->arg;
    TAILQ_INSERT_TAIL(&job->tickets, ticket, entry);
    return ticket;
}

/* --- ends ---------------------------------------------------------------- */

static void
remember(struct ocsp_job *job, const struct ocsp_result *result, time_t seconds)
{
    ocsp_cache_put(job->asker->cache, job->key, result,
        clock_now_ms() + (int64_t)seconds * 1000);
}

/* Nothing is proven; `words` say why. */
static void
end_unproven(struct ocsp_job *job, enum ocsp_outcome outcome)
{
    const struct ocsp_result result = {
        .outcome = outcome,
        .words = job->words,
        .until = time(NULL) + FAILURE_SECONDS,
    };

    remember(job, &result, FAILURE_SECONDS);
    end_job(job, &result);
}

static void
end_proven(struct ocsp_job *job, enum ocsp_outcome outcome, time_t next_update)
{
    struct ocsp_result result = {.outcome = outcome, .words = job->words};
    time_t now = time(NULL);
    time_t seconds =
        next_update != 0 ? next_update - now : GOOD_SECONDS_DEFAULT;

    if (seconds < GOOD_SECONDS_MIN)
        seconds = GOOD_SECONDS_MIN;
    if (seconds > GOOD_SECONDS_MAX)
        seconds = GOOD_SECONDS_MAX;
    result.until = now + seconds;
    remember(job, &result, seconds);
    end_job(job, &result);
}

/* False: there is no further one that can be asked. */
static bool ask_other_address(struct ocsp_job *job);

static void
judge(struct ocsp_job *job, const struct ocsp_http *reply)
{
    const struct blob response = {reply->body, reply->body_len};
    const struct ocsp_case asked = {
        .leaf = &job->leaf,
        .issuer = &job->issuer,
        .nonce = job->request.nonce,
        .now = time(NULL),
    };
    struct ocsp_judgement judgement;

    ocsp_judge(&judgement, &response, &asked);
    ocsp_say_of(job->words, job->url_text, judgement.words);
    leave_responder(job, true);
    switch (judgement.decision) {
    case OCSP_DECIDED_GOOD:
        end_proven(job, OCSP_OUT_GOOD, judgement.next_update);
        break;
    case OCSP_DECIDED_REVOKED:
        end_proven(job, OCSP_OUT_REVOKED, judgement.next_update);
        break;
    case OCSP_DECIDED_UNKNOWN:
        end_unproven(job, OCSP_OUT_UNKNOWN);
        break;
    case OCSP_DECIDED_UNUSABLE:
        end_unproven(job, OCSP_OUT_NO_ANSWER);
        break;
    }
}

static void
on_reply(const struct ocsp_http *reply, void *arg)
{
    struct ocsp_job *job = arg;
    bool has_replied = reply->status != 0;

    if (reply->state == OCSP_HTTP_DONE) {
        judge(job, reply);
        return;
    }
    ocsp_say_of(job->words, job->url_text, reply->fault);
    if (!ocsp_exchange_has_connected(job->exchange) && ask_other_address(job))
        return;
    leave_responder(job, has_replied);
    end_unproven(job, OCSP_OUT_NO_ANSWER);
}

/* It says nothing of the certificate when there was no turn. */
void
ocsp_job_end_failed(struct ocsp_job *job)
{
    const struct ocsp_result result = {
        .outcome = OCSP_OUT_NO_ANSWER,
        .words = job->words,
        .until = time(NULL),
    };

    end_job(job, &result);
}

static void
on_deadline(evutil_socket_t fd, short events, void *arg)
{
    struct ocsp_job *job = arg;
    bool has_address = job->lookup == NULL;
    char what[96];

    (void)fd;
    (void)events;
    if (job->list != &job->asker->active) {
        ocsp_say_of(job->words, job->url_text,
            "too many other questions were before this one");
        ocsp_job_end_failed(job);
        return;
    }
    (void)snprintf(what, sizeof(what), "%s within %lld ms",
        has_address ? "it gave no answer" : "its address was not found",
        (long long)job->timeout_ms);
    ocsp_say_of(job->words, job->url_text, what);
    leave_responder(job, false);
    end_unproven(job, OCSP_OUT_NO_ANSWER);
}

/* --- beginnings ---------------------------------------------------------- */

static int
start_clock(struct ocsp_job *job, int64_t timeout_ms)
{
    const struct timeval timeout = {
        .tv_sec = timeout_ms / 1000,
        .tv_usec = timeout_ms % 1000 * 1000,
    };

    job->timeout_ms = timeout_ms;
    return event_add(&job->deadline, &timeout);
}

static int
copy_question(struct ocsp_job *job, const struct ocsp_question *question)
{
    const struct blob *leaf = question->leaf;
    const struct blob *issuer = question->issuer;

    if (blob_copy(&job->leaf, leaf->data, leaf->len) != 0
        || blob_copy(&job->issuer, issuer->data, issuer->len) != 0)
        return -1;
    return ocsp_request_make(&job->request, leaf, issuer);
}

struct ocsp_ticket *
ocsp_job_new(struct ocsp_asker *asker, const struct ocsp_job *draft,
    const struct ocsp_question *question)
{
    struct ocsp_job *job = calloc(1, sizeof(*job));
    int64_t timeout_ms = question->timeout_ms > 0 ? question->timeout_ms : 1;
    struct ocsp_ticket *ticket;

    if (job == NULL)
        return NULL;
    *job = *draft;
    job->asker = asker;
    TAILQ_INIT(&job->tickets);
    (void)event_assign(&job->deadline, asker->base, -1, 0, on_deadline, job);
    if (copy_question(job, question) == 0 && start_clock(job, timeout_ms) == 0
        && (ticket = ocsp_job_add_ticket(job, question)) != NULL) {
        move(job, &asker->waiting);
        return ticket;
    }
    ocsp_job_free(job);
    return NULL;
}

void
ocsp_job_fail(struct ocsp_job *job, const char *why)
{
    ocsp_say_of(job->words, job->url_text, why);
    move(job, &job->asker->failed);
}

/* -1 with errno. */
static int
start_exchange(struct ocsp_job *job)
{
    const struct ocsp_exchange_plan plan = {
        .base = job->asker->base,
        .address = &job->address,
        .url = &job->url,
        .body = job->request.der,
        .body_len = job->request.len,
        .done = on_reply,
        .arg = job,
    };

    job->exchange = ocsp_exchange_start(&plan);
    return job->exchange != NULL ? 0 : -1;
}

static void
take_address(struct ocsp_job *job, const struct address *address)
{
    uint16_t port = htons(job->url.port);

    job->address = *address;
    if (address->sock.any.sa_family == AF_INET6)
        job->address.sock.v6.sin6_port = port;
    else
        job->address.sock.v4.sin_port = port;
}

static bool
ask_other_address(struct ocsp_job *job)
{
    ocsp_exchange_free(job->exchange);
    job->exchange = NULL;
    while (job->other_at < job->other_count) {
        take_address(job, &job->others[job->other_at++]);
        if (start_exchange(job) == 0)
            return true;
        ocsp_say_of(job->words, job->url_text, strerror(errno));
    }
    return false;
}

/* The responder's name has these addresses, or none. */
static void
on_addresses(
    const struct address *addresses, size_t count, const char *error, void *arg)
{
    struct ocsp_job *job = arg;

    job->lookup = NULL;
    for (size_t i = 0; i < count && i < RESOLVER_ADDRESSES_MAX; i++)
        job->others[job->other_count++] = addresses[i];
    if (count == 0)
        ocsp_say_of(job->words, job->url_text, error);
    if (ask_other_address(job))
        return;
    leave_responder(job, false);
    end_unproven(job, OCSP_OUT_NO_ANSWER);
}

/* -1 with errno. */
static int
start_asking(struct ocsp_job *job)
{
    if (job->resolver == NULL)
        return start_exchange(job);
    errno = ENOMEM;
    job->lookup =
        resolver_address(job->resolver, job->url.host, on_addresses, job);
    return job->lookup != NULL ? 0 : -1;
}

void
ocsp_job_begin(struct ocsp_job *job, struct ocsp_responder *responder)
{
    ocsp_responder_begin(responder);
    job->responder = responder;
    if (start_asking(job) == 0) {
        move(job, &job->asker->active);
        return;
    }
    ocsp_job_fail(job, strerror(errno));
    leave_responder(job, false);
}
