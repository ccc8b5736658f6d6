/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The names of an address. Whoever holds an address may give it any name
 * (PTR); only whoever holds the name can give it the address. So each name is
 * looked up as well, and counts if that leads back.
 */
#include <netinet/in.h>

#include <string.h>

#include "proxy/resolver_internal.h"

static size_t
address_bytes(const struct address *address, const uint8_t **bytes)
{
    if (address->sock.any.sa_family == AF_INET) {
        *bytes = (const uint8_t *)&address->sock.v4.sin_addr;
        return 4;
    }
    *bytes = address->sock.v6.sin6_addr.s6_addr;
    return 16;
}

static void
on_proof(const struct dns_answer *answer, const char *error, void *arg)
{
    struct resolver_part *part = arg;
    struct resolver_query *query = resolver_end_part(part, error);
    struct resolver_candidate *candidate =
        &query->of.reverse.candidates[part - query->parts];
    const uint8_t *bytes;
    size_t len = address_bytes(&query->of.reverse.address, &bytes);

    for (size_t i = 0; answer != NULL && i < answer->address_count; i++)
        if (memcmp(answer->addresses[i], bytes, len) == 0)
            candidate->is_proven = true;
    if (query->pending_count == 0)
        resolver_finish(query);
}

/* Does /etc/hosts know the name? Then it alone counts. */
static bool
prove_by_hosts(
    const struct resolver_query *query, struct resolver_candidate *candidate)
{
    struct address found[RESOLVER_ADDRESSES_MAX];
    size_t count = hosts_find(
        resolver_hosts, candidate->name, found, RESOLVER_ADDRESSES_MAX);

    for (size_t i = 0; i < count; i++)
        if (address_same_host(&found[i], &query->of.reverse.address))
            candidate->is_proven = true;
    return count > 0;
}

/* False: no memory. */
static bool
prove(struct resolver_query *query, size_t i)
{
    bool is_v4 = query->of.reverse.address.sock.any.sa_family == AF_INET;
    struct resolver_candidate *candidate = &query->of.reverse.candidates[i];
    struct dns_question question;

    if (prove_by_hosts(query, candidate)
        || !dns_ask_for_addresses(
            &question, candidate->name, is_v4 ? DNS_A : DNS_AAAA))
        return true;
    query->parts[i].query = query;
    return resolver_ask(&query->parts[i], &question, on_proof);
}

static void
on_names(const struct dns_answer *answer, const char *error, void *arg)
{
    struct resolver_query *query = resolver_end_part(arg, error);
    size_t count = answer == NULL ? 0 : answer->name_count;

    for (size_t i = 0; i < count && i < RESOLVER_NAMES_MAX; i++) {
        memcpy(query->of.reverse.candidates[i].name, answer->names[i],
            DNS_NAME_BYTES);
        query->of.reverse.candidate_count++;
        if (!prove(query, i))
            break;
    }
    if (query->pending_count == 0)
        resolver_finish(query);
}

static void
start_names(struct resolver_query *query)
{
    struct dns_question question;

    if (address_is_unix(&query->of.reverse.address)) {
        resolver_set_error(query, "a UNIX socket has no name");
        resolver_make_ready(query);
        return;
    }
    dns_ask_for_names(&question, &query->of.reverse.address);
    query->parts[0].query = query;
    if (!resolver_ask(&query->parts[0], &question, on_names))
        resolver_make_ready(query);
}

/* There are names, but none is proven. */
static void
explain(struct resolver_query *query)
{
    size_t count = query->of.reverse.candidate_count;
    const char *first = query->of.reverse.candidates[0].name;

    if (count == 0 || query->error[0] != '\0')
        return;
    if (count == 1)
        resolver_set_error(query, "its name %s has other addresses", first);
    else
        resolver_set_error(query,
            "%s and its other names (%zu in all) have other addresses", first,
            count);
}

static void
tell_names(struct resolver_query *query)
{
    const char *names[RESOLVER_NAMES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < query->of.reverse.candidate_count; i++)
        if (query->of.reverse.candidates[i].is_proven)
            names[count++] = query->of.reverse.candidates[i].name;
    if (count == 0)
        explain(query);
    query->of.reverse.named(names, count,
        count > 0 || query->error[0] == '\0' ? NULL : query->error, query->arg);
}

/* An IPv4 client of an IPv6 socket is an IPv4 client. */
static void
unmap(struct address *out, const struct address *address)
{
    const struct sockaddr_in6 *v6 = &address->sock.v6;

    *out = *address;
    if (address->sock.any.sa_family != AF_INET6
        || !IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        return;
    *out = (struct address){.len = sizeof(out->sock.v4)};
    out->sock.v4.sin_family = AF_INET;
    memcpy(&out->sock.v4.sin_addr, v6->sin6_addr.s6_addr + 12, 4);
}

struct resolver_query *
resolver_names_of(struct resolver *resolver, const struct address *address,
    resolver_named *named, void *arg)
{
    static const struct resolver_ops ops = {
        .start = start_names,
        .tell = tell_names,
    };
    struct resolver_query *query = resolver_query_new(resolver, &ops, arg);

    if (query == NULL)
        return NULL;
    query->of.reverse.named = named;
    unmap(&query->of.reverse.address, address);
    resolver_submit(query);
    return query;
}
