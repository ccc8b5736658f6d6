/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table: hosts found by their hash, and in the order in which they were
 * seen last. */
#include "proxy/census.h"

#include <sys/queue.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 1024 /* a power of two */
};

struct entry {
    LIST_ENTRY(entry) same_hash;
    TAILQ_ENTRY(entry) order;
    struct census_source source;
};

LIST_HEAD(bucket, entry);
TAILQ_HEAD(order, entry);

struct census_table {
    atomic_uint refs;
    pthread_mutex_t lock; /* of all below */
    int64_t since_ms;
    bool has_forgotten;
    struct census_total totals[CENSUS_KIND_COUNT];
    size_t used;        /* of entries */
    struct order order; /* the one seen last first */
    struct bucket buckets[BUCKETS];
    struct entry entries[CENSUS_SOURCES_MAX];
};

bool
census_is_for(const struct config_service *service)
{
    return service->required_level == LEVEL_NONE
           || service->client_certificate == CLIENT_CERT_OPTIONAL;
}

bool
census_counts(const struct config_service *service, enum census_kind kind)
{
    if (!census_is_for(service))
        return false;
    switch (kind) {
    case CENSUS_PLAINTEXT:
        return service->required_level == LEVEL_NONE;
    case CENSUS_NO_CERTIFICATE:
        return service->client_certificate == CLIENT_CERT_OPTIONAL;
    case CENSUS_TLS_1_2:
        return service->tls.min_version == TLS_VERSION_1_2
               && service->tls.max_version == TLS_VERSION_1_3;
    }
    return false;
}

struct census_table *
census_table_new(int64_t now_ms)
{
    struct census_table *table = calloc(1, sizeof(*table));

    if (table == NULL)
        return NULL;
    if (pthread_mutex_init(&table->lock, NULL) != 0) {
        free(table);
        return NULL;
    }
    atomic_init(&table->refs, 1);
    table->since_ms = now_ms;
    for (int kind = 0; kind < CENSUS_KIND_COUNT; kind++)
        table->totals[kind].since_ms = now_ms;
    TAILQ_INIT(&table->order);
    return table;
}

struct census_table *
census_table_ref(struct census_table *table)
{
    atomic_fetch_add_explicit(&table->refs, 1, memory_order_relaxed);
    return table;
}

void
census_table_unref(struct census_table *table)
{
    if (table == NULL
        || atomic_fetch_sub_explicit(&table->refs, 1, memory_order_acq_rel)
               != 1)
        return;
    pthread_mutex_destroy(&table->lock);
    free(table);
}

/* --- noting -------------------------------------------------------------- */

/* FNV-1a. */
static struct bucket *
bucket_of(struct census_table *table, const struct repeat_host *host)
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < sizeof(host->bytes); i++)
        hash = (hash ^ host->bytes[i]) * 16777619U;
    return &table->buckets[(hash ^ hash >> 16) % BUCKETS];
}

static struct entry *
find(const struct bucket *bucket, const struct repeat_host *host)
{
    struct entry *entry;

    LIST_FOREACH(entry, bucket, same_hash)
    {
        if (memcmp(&entry->source.host, host, sizeof(*host)) == 0)
            return entry;
    }
    return NULL;
}

/* Takes out the entry that was seen longest ago. */
static struct entry *
forget_oldest(struct census_table *table)
{
    struct entry *entry = TAILQ_LAST(&table->order, order);

    TAILQ_REMOVE(&table->order, entry, order);
    LIST_REMOVE(entry, same_hash);
    table->has_forgotten = true;
    return entry;
}

/* An entry for a new host, at the cost of another one when all are taken. */
static struct entry *
add(struct census_table *table, struct bucket *bucket,
    const struct repeat_host *host)
{
    struct entry *entry = table->used < CENSUS_SOURCES_MAX
                              ? &table->entries[table->used++]
                              : forget_oldest(table);

    entry->source = (struct census_source){.host = *host};
    LIST_INSERT_HEAD(bucket, entry, same_hash);
    TAILQ_INSERT_HEAD(&table->order, entry, order);
    return entry;
}

static void
count(struct census_seen *seen, int64_t now_ms)
{
    if (seen->count++ == 0)
        seen->first_ms = now_ms;
    seen->last_ms = now_ms;
}

static void
move_to_front(struct census_table *table, struct entry *entry)
{
    TAILQ_REMOVE(&table->order, entry, order);
    TAILQ_INSERT_HEAD(&table->order, entry, order);
}

static void
note(struct census_table *table, const struct repeat_host *host,
    enum census_kind kind, int64_t now_ms)
{
    struct bucket *bucket = bucket_of(table, host);
    struct entry *entry = find(bucket, host);
    struct census_total *total = &table->totals[kind];

    if (entry == NULL)
        entry = add(table, bucket, host);
    else
        move_to_front(table, entry);
    if (entry->source.seen[kind].count == 0)
        total->hosts++;
    count(&entry->source.seen[kind], now_ms);
    entry->source.last_ms = now_ms;
    count(&total->seen, now_ms);
    total->open++;
    total->last = *host;
}

/* Until now it was there. */
static void
note_end(struct census_table *table, const struct repeat_host *host,
    enum census_kind kind, int64_t now_ms)
{
    struct entry *entry = find(bucket_of(table, host), host);
    struct census_total *total = &table->totals[kind];

    total->open--;
    total->seen.last_ms = now_ms;
    total->last = *host;
    if (entry == NULL || entry->source.seen[kind].count == 0)
        return; /* it was forgotten, and is not known for this any more */
    move_to_front(table, entry);
    entry->source.seen[kind].last_ms = now_ms;
    entry->source.last_ms = now_ms;
}

void
census_begin(struct census_table *table, enum census_kind kind, int64_t now_ms)
{
    pthread_mutex_lock(&table->lock);
    table->totals[kind].since_ms = now_ms;
    pthread_mutex_unlock(&table->lock);
}

void
census_note(struct census_table *table, const struct address *from,
    enum census_kind kind, int64_t now_ms)
{
    struct repeat_host host = repeat_host_of(from);

    pthread_mutex_lock(&table->lock);
    note(table, &host, kind, now_ms);
    pthread_mutex_unlock(&table->lock);
}

void
census_note_end(struct census_table *table, const struct address *from,
    enum census_kind kind, int64_t now_ms)
{
    struct repeat_host host = repeat_host_of(from);

    pthread_mutex_lock(&table->lock);
    note_end(table, &host, kind, now_ms);
    pthread_mutex_unlock(&table->lock);
}

/* --- reading ------------------------------------------------------------- */

static void
copy(const struct census_table *table, struct census *census)
{
    const struct entry *entry;

    census->since_ms = table->since_ms;
    census->has_forgotten = table->has_forgotten;
    memcpy(census->totals, table->totals, sizeof(census->totals));
    TAILQ_FOREACH(entry, &table->order, order)
    {
        census->sources[census->source_count++] = entry->source;
    }
}

struct census *
census_read(struct census_table *table)
{
    struct census *census = calloc(
        1, sizeof(*census) + CENSUS_SOURCES_MAX * sizeof(census->sources[0]));

    if (census == NULL)
        return NULL;
    pthread_mutex_lock(&table->lock);
    copy(table, census);
    pthread_mutex_unlock(&table->lock);
    return census;
}
