/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asks name servers (RFC 1034, 1035) without ever making the loop wait: the
 * names of an address, each proven by looking it up the other way round, and
 * the addresses of a name. One resolver per worker and name server, used by
 * that worker's thread only; a socket exists only while something is asked.
 *
 * A query has RESOLVER_TIMEOUT_MS for all of its questions. Once IPv4 addresses
 * of a name are known, it waits for its IPv6 ones for RESOLVER_V6_MS only: some
 * name servers never answer a question for those. At most
 * RESOLVER_ACTIVE_MAX are under way and RESOLVER_WAITING_MAX wait for their
 * turn; what comes on top of these fails with "too many ...".
 *
 * A name is asked for exactly as it is written: no search domains. /etc/hosts
 * comes before the name servers where addresses of a name are wanted, also
 * when a name is proven; it does not give names to addresses. What the name
 * servers say is remembered by them, not here.
 */
#ifndef SIDELOCK_PROXY_RESOLVER_H
#define SIDELOCK_PROXY_RESOLVER_H

#include <stddef.h>

#include "config/address.h"

enum {
    RESOLVER_TIMEOUT_MS = 5000,
    RESOLVER_V6_MS = 300,
    RESOLVER_ACTIVE_MAX = 64,
    RESOLVER_WAITING_MAX = 256,
    RESOLVER_NAMES_MAX = 8, /* more names of one address are not looked at */
    RESOLVER_ADDRESSES_MAX = 32,
};

struct event_base;
struct resolver;
struct resolver_query; /* one that is under way, or waits */

/*
 * `name_server` is ADDRESS:PORT, or "" for those of /etc/resolv.conf, which is
 * read when something is asked. NULL: no memory, or no such address. The base
 * outlives the resolver.
 */
struct resolver *resolver_new(
    struct event_base *base, const char *name_server) MUST_CHECK;
/* Drops what is under way; nobody is called. Not from inside a callback. */
void resolver_free(struct resolver *resolver);

/*
 * The names that are proven: host names of letters, digits, "-", "_" and ".",
 * without a final dot. None and no error: the address has no name. None and an
 * error: a phrase, printable. All of it is gone when the callback returns. The
 * callback may ask again and cancel other queries; its own is gone.
 */
typedef void resolver_named(
    const char *const *names, size_t count, const char *error, void *arg);

/* NULL: no memory. The callback is called later, once, never from in here. */
struct resolver_query *resolver_names_of(struct resolver *resolver,
    const struct address *address, resolver_named *named, void *arg) MUST_CHECK;

/* IPv4 first; port 0. At least one, or an error; otherwise as above. */
typedef void resolver_found(const struct address *addresses, size_t count,
    const char *error, void *arg);

/* A name, or an address in text, which is its own answer. */
struct resolver_query *resolver_address(struct resolver *resolver,
    const char *name, resolver_found *found, void *arg) MUST_CHECK;

/* Nobody wants the answer any more. NULL does nothing. */
void resolver_cancel(struct resolver_query *query);

#endif
