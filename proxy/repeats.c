/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table is searched from end to end: it is small, and only failed
 * connections look. */
#include "proxy/repeats.h"

#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

static bool
is_over(const struct repeat *entry, int64_t now_ms)
{
    int64_t wait_ms = entry->key.reason == CLOSE_CLIENT_REFUSED
                          ? REPEAT_REFUSED_MS
                          : REPEAT_MS;

    return now_ms - entry->logged_ms >= wait_ms;
}

static bool
is_same(const struct repeat_key *a, const struct repeat_key *b)
{
    return a->reason == b->reason && a->detail_hash == b->detail_hash
           && memcmp(&a->host, &b->host, sizeof(a->host)) == 0;
}

/* The entry of the key, or NULL. */
static struct repeat *
find(struct repeats *repeats, const struct repeat_key *key)
{
    for (size_t i = 0; i < REPEAT_ENTRIES; i++)
        if (is_same(&repeats->entries[i].key, key))
            return &repeats->entries[i];
    return NULL;
}

/* A free entry, or the one that was logged longest ago. */
static struct repeat *
oldest(struct repeats *repeats)
{
    struct repeat *best = &repeats->entries[0];

    for (size_t i = 0; i < REPEAT_ENTRIES; i++) {
        struct repeat *entry = &repeats->entries[i];

        if (entry->key.reason == CLOSE_NONE)
            return entry;
        if (entry->logged_ms < best->logged_ms)
            best = entry;
    }
    return best;
}

/* Is there room for one more line in this stretch of time? */
static bool
take_line(struct repeats *repeats, int64_t now_ms)
{
    if (now_ms - repeats->window_ms >= REPEAT_MS) {
        repeats->window_ms = now_ms;
        repeats->lines = 0;
    }
    if (repeats->lines >= REPEAT_LINES_MAX) {
        repeats->lost++;
        return false;
    }
    repeats->lines++;
    return true;
}

bool
repeats_admit(struct repeats *repeats, const struct repeat_key *key,
    int64_t now_ms, unsigned *left_out)
{
    struct repeat *entry = find(repeats, key);

    *left_out = 0;
    if (entry != NULL && !is_over(entry, now_ms)) {
        entry->left_out++;
        return false;
    }
    if (!take_line(repeats, now_ms))
        return false;
    if (entry != NULL) {
        *left_out = entry->left_out;
    } else {
        entry = oldest(repeats);
        repeats->lost += entry->left_out;
    }
    *entry = (struct repeat){.key = *key, .logged_ms = now_ms};
    return true;
}

bool
repeats_take_due(struct repeats *repeats, int64_t now_ms, struct repeat *due)
{
    for (size_t i = 0; i < REPEAT_ENTRIES; i++) {
        struct repeat *entry = &repeats->entries[i];

        if (entry->key.reason == CLOSE_NONE || !is_over(entry, now_ms))
            continue;
        *due = *entry;
        *entry = (struct repeat){0};
        if (due->left_out > 0)
            return true;
    }
    return false;
}

struct repeat_host
repeat_host_of(const struct address *address)
{
    struct repeat_host host = {{0}};

    if (address->sock.any.sa_family == AF_INET6) {
        memcpy(host.bytes, &address->sock.v6.sin6_addr, 16);
    } else if (address->sock.any.sa_family == AF_INET) {
        host.bytes[10] = host.bytes[11] = 0xff; /* ::ffff:a.b.c.d */
        memcpy(host.bytes + 12, &address->sock.v4.sin_addr, 4);
    }
    return host;
}

/* FNV-1a: two details that collide only share a line. */
static uint32_t
hash_text(const char *text)
{
    uint32_t hash = 2166136261U;

    for (; text != NULL && *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619U;
    return hash;
}

struct repeat_key
repeat_key_of(
    const struct address *address, enum close_reason reason, const char *detail)
{
    return (struct repeat_key){
        .host = repeat_host_of(address),
        .reason = reason,
        .detail_hash = hash_text(detail),
    };
}

void
repeat_host_format(const struct repeat_host *host, char *out, size_t cap)
{
    static const struct repeat_host local;
    struct in6_addr v6;

    if (memcmp(host, &local, sizeof(local)) == 0) {
        (void)snprintf(out, cap, "unix:");
        return;
    }
    memcpy(&v6, host->bytes, sizeof(v6));
    if (IN6_IS_ADDR_V4MAPPED(&v6))
        (void)inet_ntop(AF_INET, host->bytes + 12, out, (socklen_t)cap);
    else
        (void)inet_ntop(AF_INET6, &v6, out, (socklen_t)cap);
}
