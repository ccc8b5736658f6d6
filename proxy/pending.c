/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One array of entries, found by the first bytes of their fingerprints, and
 * the hosts that made new ones in the current minute. */
#include "proxy/pending.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MINUTE_SECONDS = 60,
    HOST_BYTES = 9, /* family, then 4 or 8 bytes of an address */
    KEY_BYTES = 16, /* digits of a fingerprint that are compared first */
};

/* A host that made new entries. */
struct source {
    uint8_t host[HOST_BYTES];
    unsigned count;
};

/* What is left of this minute's allowance. Every source has made one entry at
 * least, so that there are never more of them than entries. */
struct allowance {
    int64_t since;
    unsigned count;
    struct source sources[PENDING_MINUTE_MAX];
    size_t source_count;
};

struct pending {
    pthread_mutex_t lock;
    atomic_size_t count; /* of entries; written under the lock */
    atomic_ullong evicted_count;
    atomic_ullong lost_count;
    struct pending_entry *entries[PENDING_MAX];
    char keys[PENDING_MAX][KEY_BYTES]; /* of the same, side by side */
    struct allowance allowance;
};

struct pending *
pending_new(void)
{
    struct pending *pending = calloc(1, sizeof(*pending));

    if (pending == NULL)
        return NULL;
    if (pthread_mutex_init(&pending->lock, NULL) == 0)
        return pending;
    free(pending);
    return NULL;
}

void
pending_free(struct pending *pending)
{
    if (pending == NULL)
        return;
    for (size_t i = 0; i < pending->count; i++)
        free(pending->entries[i]);
    (void)pthread_mutex_destroy(&pending->lock);
    free(pending);
}

/* --- how many new ones are taken ----------------------------------------- */

static void
put_host(uint8_t host[HOST_BYTES], const struct address *address)
{
    memset(host, 0, HOST_BYTES);
    if (address->sock.any.sa_family == AF_INET) {
        host[0] = 4;
        memcpy(host + 1, &address->sock.v4.sin_addr, 4);
    } else if (address->sock.any.sa_family == AF_INET6) {
        const struct in6_addr *v6 = &address->sock.v6.sin6_addr;

        /* A v4 host at a v6 listener differs in the last bytes alone. */
        host[0] = IN6_IS_ADDR_V4MAPPED(v6) ? 4 : 6;
        if (host[0] == 4)
            memcpy(host + 1, v6->s6_addr + 12, 4);
        else
            memcpy(host + 1, v6, 8);
    }
}

/* The source's place; a new one if need be, for which there is room. */
static struct source *
find_source(struct allowance *allowance, const struct address *address)
{
    uint8_t host[HOST_BYTES];
    struct source *source = allowance->sources;

    put_host(host, address);
    for (size_t i = 0; i < allowance->source_count; i++, source++)
        if (memcmp(source->host, host, HOST_BYTES) == 0)
            return source;
    memcpy(source->host, host, HOST_BYTES);
    source->count = 0;
    allowance->source_count++;
    return source;
}

/* May this host make one entry more? The clock may have been set back. */
static bool
take_allowance(
    struct allowance *allowance, const struct address *address, int64_t now)
{
    struct source *source;

    if (now < allowance->since || now - allowance->since >= MINUTE_SECONDS) {
        allowance->since = now;
        allowance->count = 0;
        allowance->source_count = 0;
    }
    if (allowance->count == PENDING_MINUTE_MAX)
        return false;
    source = find_source(allowance, address);
    if (source->count == PENDING_HOST_MAX)
        return false;
    source->count++;
    allowance->count++;
    return true;
}

/* --- entries ------------------------------------------------------------- */

/* The entry's index, or the count when there is none. */
static size_t
find(
    const struct pending *pending, const char *service, const char *fingerprint)
{
    size_t i;

    for (i = 0; i < pending->count; i++)
        if (memcmp(pending->keys[i], fingerprint, KEY_BYTES) == 0
            && strcmp(pending->entries[i]->fingerprint, fingerprint) == 0
            && strcmp(pending->entries[i]->service, service) == 0)
            break;
    return i;
}

static size_t
find_oldest(const struct pending *pending)
{
    size_t oldest = 0;

    for (size_t i = 1; i < pending->count; i++)
        if (pending->entries[i]->last_seen
            < pending->entries[oldest]->last_seen)
            oldest = i;
    return oldest;
}

/* A place for an entry, if need be that of another; NULL: no memory. */
static struct pending_entry *
take_place(struct pending *pending, const char *fingerprint)
{
    size_t i = pending->count;

    if (i == PENDING_MAX) {
        i = find_oldest(pending);
        pending->evicted_count++;
    } else {
        pending->entries[i] = malloc(sizeof(struct pending_entry));
        if (pending->entries[i] == NULL)
            return NULL;
        pending->count++;
    }
    memcpy(pending->keys[i], fingerprint, KEY_BYTES);
    return pending->entries[i];
}

static void
copy_text(char *out, size_t cap, const char *text)
{
    size_t len = strlen(text);

    (void)snprintf(out, cap, "%s", text);
    if (len >= cap)
        memset(out + cap - 4, '.', 3);
}

static void
add(struct pending *pending, const struct pending_client *client, int64_t now)
{
    struct pending_entry *entry = take_place(pending, client->fingerprint);

    if (entry == NULL) {
        pending->lost_count++;
        return;
    }
    *entry = (struct pending_entry){
        .address = *client->address,
        .not_after = client->not_after,
        .first_seen = now,
        .last_seen = now,
        .count = 1,
    };
    copy_text(
        entry->fingerprint, sizeof(entry->fingerprint), client->fingerprint);
    copy_text(entry->subject, sizeof(entry->subject), client->subject);
    copy_text(entry->issuer, sizeof(entry->issuer), client->issuer);
    copy_text(entry->serial, sizeof(entry->serial), client->serial);
    copy_text(entry->service, sizeof(entry->service), client->service);
}

void
pending_note(
    struct pending *pending, const struct pending_client *client, int64_t now)
{
    size_t i;

    (void)pthread_mutex_lock(&pending->lock);
    i = find(pending, client->service, client->fingerprint);
    if (i < pending->count) {
        struct pending_entry *entry = pending->entries[i];

        entry->address = *client->address;
        entry->last_seen = now;
        entry->count++;
    } else if (take_allowance(&pending->allowance, client->address, now)) {
        add(pending, client, now);
    } else {
        pending->lost_count++;
    }
    (void)pthread_mutex_unlock(&pending->lock);
}

/* The last one takes its place. */
static void
drop(struct pending *pending, size_t i)
{
    size_t last = pending->count - 1;

    free(pending->entries[i]);
    pending->entries[i] = pending->entries[last];
    memmove(pending->keys[i], pending->keys[last], KEY_BYTES);
    pending->count = last;
}

void
pending_forget(
    struct pending *pending, const char *service, const char *fingerprint)
{
    size_t i;

    if (atomic_load_explicit(&pending->count, memory_order_relaxed) == 0)
        return;
    (void)pthread_mutex_lock(&pending->lock);
    i = find(pending, service, fingerprint);
    if (i < pending->count)
        drop(pending, i);
    (void)pthread_mutex_unlock(&pending->lock);
}

void
pending_sweep(struct pending *pending, pending_is_over *is_over, void *arg)
{
    size_t i = 0;

    (void)pthread_mutex_lock(&pending->lock);
    while (i < pending->count)
        if (is_over(pending->entries[i]->service,
                pending->entries[i]->fingerprint, arg))
            drop(pending, i);
        else
            i++;
    (void)pthread_mutex_unlock(&pending->lock);
}

/* --- reading ------------------------------------------------------------- */

static int
compare_seen(const void *a, const void *b)
{
    const struct pending_entry *left = a;
    const struct pending_entry *right = b;
    int order;

    if (left->last_seen != right->last_seen)
        return left->last_seen > right->last_seen ? -1 : 1;
    order = strcmp(left->fingerprint, right->fingerprint);
    return order != 0 ? order : strcmp(left->service, right->service);
}

struct pending_entry *
pending_copy(struct pending *pending, size_t *count)
{
    struct pending_entry *copy = NULL;

    (void)pthread_mutex_lock(&pending->lock);
    *count = pending->count;
    if (*count > 0)
        copy = malloc(*count * sizeof(*copy));
    for (size_t i = 0; i < *count && copy != NULL; i++)
        copy[i] = *pending->entries[i];
    (void)pthread_mutex_unlock(&pending->lock);
    if (copy != NULL)
        qsort(copy, *count, sizeof(*copy), compare_seen);
    return copy;
}

uint64_t
pending_lost(const struct pending *pending)
{
    return pending->lost_count;
}

uint64_t
pending_evicted(const struct pending *pending)
{
    return pending->evicted_count;
}
