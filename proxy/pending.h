/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Clients that were refused because nobody has approved their certificate:
 * well-formed ones, at services with an enroll file, so that somebody can look
 * at them and say yes. One table for the process; it outlives reloads.
 *
 * Workers write into it when a handshake was refused, the main thread reads
 * it: a mutex, since neither is the data path. Whoever connects can fill it,
 * so all of it is bounded: entries, their texts, and how many new ones are
 * taken in a minute, from one host and in all. What was not taken is counted.
 */
#ifndef SIDELOCK_PROXY_PENDING_H
#define SIDELOCK_PROXY_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/address.h"
#include "config/config.h"

enum {
    PENDING_MAX = 1000,       /* then the one not seen for longest makes room */
    PENDING_MINUTE_MAX = 200, /* new ones in a minute */
    PENDING_HOST_MAX = 20,    /* of these, from one IPv4 address or IPv6 /64 */
    PENDING_DIGITS = 64,
    PENDING_NAME_BYTES = 256, /* of subject and issuer; more is cut */
    PENDING_SERIAL_BYTES = 64,
};

/* What a refused client showed. Text is escaped already. */
struct pending_client {
    const char *fingerprint; /* 64 digits of lower-case hex */
    const char *subject;
    const char *issuer;
    const char *serial;
    int64_t not_after;
    const struct address *address;
    const char *service; /* its name */
};

/* A copy of an entry. Times are seconds since 1970. */
struct pending_entry {
    char fingerprint[PENDING_DIGITS + 1];
    char subject[PENDING_NAME_BYTES];
    char issuer[PENDING_NAME_BYTES];
    char serial[PENDING_SERIAL_BYTES];
    char service[CONFIG_NAME_MAX + 1];
    struct address address; /* of the last one */
    int64_t not_after;
    int64_t first_seen;
    int64_t last_seen;
    uint64_t count;
};

struct pending;

/* NULL: no memory. */
struct pending *pending_new(void) MUST_CHECK;
void pending_free(struct pending *pending);

/* A client was refused. One entry for each certificate and service; `now` in
 * seconds since 1970. Any thread. */
void pending_note(
    struct pending *pending, const struct pending_client *client, int64_t now);

/* The client came in: no longer pending. Usually that is one read of an atomic
 * variable. Any thread. */
void pending_forget(
    struct pending *pending, const char *service, const char *fingerprint);

/* Drops those for which `is_over` is true, after a reload. `is_over` must not
 * call back into the table. */
typedef bool pending_is_over(
    const char *service, const char *fingerprint, void *arg);
void pending_sweep(
    struct pending *pending, pending_is_over *is_over, void *arg);

/* All entries at one moment, last seen first: heap, *count of them. NULL: no
 * memory, or there is none and *count is 0. */
struct pending_entry *pending_copy(
    struct pending *pending, size_t *count) MUST_CHECK;

/* Refused clients that found no entry: too many in a minute, or no memory. */
uint64_t pending_lost(const struct pending *pending);
/* Entries that made room for others. */
uint64_t pending_evicted(const struct pending *pending);

#endif
