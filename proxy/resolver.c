/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a resolver and its queries: turns, deadlines, ends. */
#include "proxy/resolver.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/clock.h"
#include "proxy/resolver_internal.h"

static const char resolv_conf[] = "/etc/resolv.conf";
const char resolver_hosts[] = "/etc/hosts";

TAILQ_HEAD(query_list, resolver_query);

struct resolver {
    struct event_base *base;
    struct name_servers servers; /* count 0: those of resolv.conf */
    struct query_list lists[RESOLVER_PLACE_COUNT];
    size_t counts[RESOLVER_PLACE_COUNT];
};

struct resolver *
resolver_new(struct event_base *base, const char *name_server)
{
    struct resolver *resolver = calloc(1, sizeof(*resolver));
    char why[128];

    if (resolver == NULL)
        return NULL;
    resolver->base = base;
    for (size_t i = 0; i < RESOLVER_PLACE_COUNT; i++)
        TAILQ_INIT(&resolver->lists[i]);
    if (name_server[0] == '\0')
        return resolver;
    resolver->servers.count = 1;
    if (address_parse(
            &resolver->servers.items[0], name_server, why, sizeof(why))
            == 0
        && !address_is_unix(&resolver->servers.items[0]))
        return resolver;
    free(resolver);
    return NULL;
}

static void
enter(struct resolver_query *query, enum resolver_place place)
{
    struct resolver *resolver = query->resolver;

    query->place = place;
    TAILQ_INSERT_TAIL(&resolver->lists[place], query, entry);
    resolver->counts[place]++;
}

static void
leave(struct resolver_query *query)
{
    struct resolver *resolver = query->resolver;

    TAILQ_REMOVE(&resolver->lists[query->place], query, entry);
    resolver->counts[query->place]--;
}

/* Nothing comes any more. */
static void
stop(struct resolver_query *query)
{
    leave(query);
    evtimer_del(&query->timer);
    for (size_t i = 0; i < RESOLVER_NAMES_MAX; i++) {
        dns_ask_cancel(query->parts[i].ask);
        query->parts[i].ask = NULL;
    }
}

void
resolver_free(struct resolver *resolver)
{
    struct resolver_query *query;

    if (resolver == NULL)
        return;
    /* What is freed is out of the list, which the analyzer does not see. */
    for (size_t i = 0; i < RESOLVER_PLACE_COUNT; i++)
        while ((query = TAILQ_FIRST(&resolver->lists[i])) != NULL) {
            stop(query); /* NOLINT(clang-analyzer-unix.Malloc) */
            free(query);
        }
    free(resolver);
}

static void
start(struct resolver_query *query)
{
    leave(query);
    enter(query, RESOLVER_ACTIVE);
    query->servers = query->resolver->servers;
    if (query->servers.count == 0)
        name_servers_read(&query->servers, resolv_conf);
    query->ops->start(query);
}

static void
start_waiting(struct resolver *resolver)
{
    while (resolver->counts[RESOLVER_WAITING] > 0
           && resolver->counts[RESOLVER_ACTIVE] < RESOLVER_ACTIVE_MAX)
        start(TAILQ_FIRST(&resolver->lists[RESOLVER_WAITING]));
}

void
resolver_finish(struct resolver_query *query)
{
    stop(query);
    start_waiting(query->resolver);
    query->ops->tell(query);
    free(query);
}

void
resolver_cancel(struct resolver_query *query)
{
    struct resolver *resolver;

    if (query == NULL)
        return;
    resolver = query->resolver;
    stop(query);
    free(query);
    start_waiting(resolver);
}

static void
arm_timer(struct resolver_query *query, long wait_ms)
{
    const struct timeval wait = {
        .tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};

    (void)evtimer_add(&query->timer, &wait);
}

/* What is known by now may be enough. */
static void
on_timer(evutil_socket_t fd, short events, void *arg)
{
    struct resolver_query *query = arg;

    (void)fd;
    (void)events;
    if (query->place != RESOLVER_READY && query->error[0] == '\0')
        resolver_set_error(query, "no name server has answered within %d s",
            RESOLVER_TIMEOUT_MS / 1000);
    resolver_finish(query);
}

struct resolver_query *
resolver_query_new(
    struct resolver *resolver, const struct resolver_ops *ops, void *arg)
{
    struct resolver_query *query = calloc(1, sizeof(*query));

    if (query == NULL)
        return NULL;
    query->resolver = resolver;
    query->ops = ops;
    query->arg = arg;
    evtimer_assign(&query->timer, resolver->base, on_timer, query);
    return query;
}

void
resolver_submit(struct resolver_query *query)
{
    struct resolver *resolver = query->resolver;

    enter(query, RESOLVER_WAITING);
    if (resolver->counts[RESOLVER_WAITING] > RESOLVER_WAITING_MAX) {
        resolver_set_error(query, "too many names are asked for at once");
        resolver_make_ready(query);
        return;
    }
    query->end_ms = clock_now_ms() + RESOLVER_TIMEOUT_MS;
    arm_timer(query, RESOLVER_TIMEOUT_MS);
    start_waiting(resolver);
}

void
resolver_make_ready(struct resolver_query *query)
{
    leave(query);
    enter(query, RESOLVER_READY);
    arm_timer(query, 0);
}

void
resolver_hurry(struct resolver_query *query, long wait_ms)
{
    if (query->end_ms - clock_now_ms() > wait_ms)
        arm_timer(query, wait_ms);
}

void
resolver_set_error(struct resolver_query *query, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(query->error, sizeof(query->error), fmt, args);
    va_end(args);
}

bool
resolver_ask(struct resolver_part *part, const struct dns_question *question,
    dns_asked *asked)
{
    struct resolver_query *query = part->query;

    part->ask = dns_ask_start(
        query->resolver->base, &query->servers, question, asked, part);
    if (part->ask == NULL) {
        resolver_set_error(query, "out of memory");
        return false;
    }
    query->pending_count++;
    return true;
}

struct resolver_query *
resolver_end_part(struct resolver_part *part, const char *error)
{
    struct resolver_query *query = part->query;

    part->ask = NULL;
    query->pending_count--;
    if (error != NULL)
        resolver_set_error(query, "%s", error);
    return query;
}
