/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of the resolver: resolver.c (life, turns, deadlines),
 * resolver_names.c and resolver_addresses.c, the two kinds of query. A query is
 * in one of three lists: it asks, it waits until another one ends, or all is
 * known and it only waits for the loop to call back.
 */
#ifndef SIDELOCK_PROXY_RESOLVER_INTERNAL_H
#define SIDELOCK_PROXY_RESOLVER_INTERNAL_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "proxy/dns_ask.h"
#include "proxy/resolver.h"

enum resolver_place {
    RESOLVER_ACTIVE,
    RESOLVER_WAITING,
    RESOLVER_READY,
    RESOLVER_PLACE_COUNT,
};

/* What a kind of query does. */
struct resolver_ops {
    /* Asks, or is ready. */
    void (*start)(struct resolver_query *query);
    /* Calls its owner back with what is known. */
    void (*tell)(struct resolver_query *query);
};

/* A question of a query. */
struct resolver_part {
    struct resolver_query *query;
    struct dns_ask *ask; /* NULL: answered, or not asked */
};

/* A name that has been found, until it is proven. */
struct resolver_candidate {
    char name[DNS_NAME_BYTES];
    bool is_proven;
};

struct resolver_query {
    TAILQ_ENTRY(resolver_query) entry;
    struct resolver *resolver;
    const struct resolver_ops *ops;
    enum resolver_place place;
    struct event timer; /* the deadline; at once when it is ready */
    int64_t end_ms;     /* the deadline */
    struct name_servers servers;
    struct resolver_part parts[RESOLVER_NAMES_MAX];
    size_t pending_count; /* parts under way */
    char error[320];      /* "" for none */
    void *arg;
    union {
        struct {
            resolver_named *named;
            struct address address;
            struct resolver_candidate candidates[RESOLVER_NAMES_MAX];
            size_t candidate_count;
        } reverse;
        struct {
            resolver_found *found;
            char name[DNS_NAME_BYTES];
            /* IPv4 and IPv6 apart, for they come in any order. */
            struct address addresses[2][RESOLVER_ADDRESSES_MAX / 2];
            size_t counts[2];
        } forward;
    } of;
};

extern const char resolver_hosts[]; /* the file's path */

/* A query of which nobody knows yet. NULL: no memory. */
struct resolver_query *resolver_query_new(struct resolver *resolver,
    const struct resolver_ops *ops, void *arg) MUST_CHECK;
/* It starts when it is its turn, unless there are too many. */
void resolver_submit(struct resolver_query *query);
/* All is known. The loop calls back, for this may run inside of a call. */
void resolver_make_ready(struct resolver_query *query);
/* What is still asked for is not worth a longer wait than this; the query's
 * deadline stays. */
void resolver_hurry(struct resolver_query *query, long wait_ms);
/* All is known: calls back at once; the query is gone afterwards. */
void resolver_finish(struct resolver_query *query);

void resolver_set_error(struct resolver_query *query, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
/* Asks a part's question. False: no memory, which is the query's error. */
bool resolver_ask(struct resolver_part *part,
    const struct dns_question *question, dns_asked *asked);
/* A part is answered; its error is the query's, if there is nothing better in
 * the end. Returns the query. */
struct resolver_query *resolver_end_part(
    struct resolver_part *part, const char *error);

#endif
