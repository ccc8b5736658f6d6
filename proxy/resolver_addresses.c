/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The addresses of a name: an address in text, /etc/hosts, A and AAAA. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proxy/resolver_internal.h"

enum {
    PART_V4,
    PART_V6
};

static void
add_address(
    struct resolver_query *query, size_t part, const struct address *address)
{
    size_t *count = &query->of.forward.counts[part];

    if (*count < RESOLVER_ADDRESSES_MAX / 2)
        query->of.forward.addresses[part][(*count)++] = *address;
}

static void
add_bytes(struct resolver_query *query, size_t part, const uint8_t *bytes)
{
    struct address address = {.len = sizeof(address.sock.v4)};

    if (part == PART_V4) {
        address.sock.v4.sin_family = AF_INET;
        memcpy(&address.sock.v4.sin_addr, bytes, 4);
    } else {
        address.len = sizeof(address.sock.v6);
        address.sock.v6.sin6_family = AF_INET6;
        memcpy(&address.sock.v6.sin6_addr, bytes, 16);
    }
    add_address(query, part, &address);
}

static void
on_addresses(const struct dns_answer *answer, const char *error, void *arg)
{
    struct resolver_part *part = arg;
    struct resolver_query *query = resolver_end_part(part, error);
    size_t index = (size_t)(part - query->parts);

    for (size_t i = 0; answer != NULL && i < answer->address_count; i++)
        add_bytes(query, index, answer->addresses[i]);
    if (query->pending_count == 0)
        resolver_finish(query);
    else if (query->of.forward.counts[PART_V4] > 0)
        resolver_hurry(query, RESOLVER_V6_MS);
}

static bool
find_number(struct resolver_query *query)
{
    const char *name = query->of.forward.name;
    uint8_t bytes[16];

    if (inet_pton(AF_INET, name, bytes) == 1)
        add_bytes(query, PART_V4, bytes);
    else if (inet_pton(AF_INET6, name, bytes) == 1)
        add_bytes(query, PART_V6, bytes);
    else
        return false;
    return true;
}

static bool
find_in_hosts(struct resolver_query *query)
{
    struct address found[RESOLVER_ADDRESSES_MAX];
    size_t count = hosts_find(
        resolver_hosts, query->of.forward.name, found, RESOLVER_ADDRESSES_MAX);

    for (size_t i = 0; i < count; i++)
        add_address(query,
            found[i].sock.any.sa_family == AF_INET ? PART_V4 : PART_V6,
            &found[i]);
    return count > 0;
}

/* RFC 6761, section 6.3: no server is asked for it. */
static bool
find_localhost(struct resolver_query *query)
{
    static const uint8_t v4[4] = {127, 0, 0, 1};

    if (strcasecmp(query->of.forward.name, "localhost") != 0)
        return false;
    add_bytes(query, PART_V4, v4);
    add_bytes(query, PART_V6, in6addr_loopback.s6_addr);
    return true;
}

/* False: no memory, or no host name. */
static bool
ask_for(struct resolver_query *query, size_t part, enum dns_type type)
{
    struct dns_question question;

    query->parts[part].query = query;
    if (dns_ask_for_addresses(&question, query->of.forward.name, type))
        return resolver_ask(&query->parts[part], &question, on_addresses);
    resolver_set_error(query, "it is no host name");
    return false;
}

static void
start_addresses(struct resolver_query *query)
{
    if (find_number(query) || find_in_hosts(query) || find_localhost(query)
        || !ask_for(query, PART_V4, DNS_A)
        || !ask_for(query, PART_V6, DNS_AAAA))
        resolver_make_ready(query);
}

static void
tell_addresses(struct resolver_query *query)
{
    struct address addresses[RESOLVER_ADDRESSES_MAX];
    size_t count = 0;

    for (size_t part = PART_V4; part <= PART_V6; part++)
        for (size_t i = 0; i < query->of.forward.counts[part]; i++)
            addresses[count++] = query->of.forward.addresses[part][i];
    if (count == 0 && query->error[0] == '\0')
        resolver_set_error(query, "no such name in the DNS");
    query->of.forward.found(
        addresses, count, count > 0 ? NULL : query->error, query->arg);
}

struct resolver_query *
resolver_address(struct resolver *resolver, const char *name,
    resolver_found *found, void *arg)
{
    static const struct resolver_ops ops = {
        .start = start_addresses,
        .tell = tell_addresses,
    };
    struct resolver_query *query = resolver_query_new(resolver, &ops, arg);
    size_t len = strlen(name);

    if (query == NULL)
        return NULL;
    query->of.forward.found = found;
    if (len < sizeof(query->of.forward.name)) /* else ""; no host name */
        memcpy(query->of.forward.name, name, len);
    resolver_submit(query);
    return query;
}
