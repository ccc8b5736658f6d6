/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hash table with a list of what was used last. */
#include "proxy/ocsp_cache.h"

#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 1 << 14
};

struct entry {
    LIST_ENTRY(entry) same_bucket;
    TAILQ_ENTRY(entry) by_use;
    uint8_t key[OCSP_KEY_BYTES];
    int64_t until_ms;
    struct ocsp_result result; /* its words are behind it */
    char words[];
};

LIST_HEAD(bucket, entry);
TAILQ_HEAD(entry_list, entry);

struct ocsp_cache {
    struct bucket buckets[BUCKETS];
    struct entry_list entries; /* used last comes last */
    size_t count;
};

struct ocsp_cache *
ocsp_cache_new(void)
{
    struct ocsp_cache *cache = calloc(1, sizeof(*cache)); /* empty buckets */

    if (cache != NULL)
        TAILQ_INIT(&cache->entries);
    return cache;
}

static void
drop(struct ocsp_cache *cache, struct entry *entry)
{
    LIST_REMOVE(entry, same_bucket);
    TAILQ_REMOVE(&cache->entries, entry, by_use);
    cache->count--;
    free(entry);
}

void
ocsp_cache_free(struct ocsp_cache *cache)
{
    struct entry *entry;

    if (cache == NULL)
        return;
    while ((entry = TAILQ_FIRST(&cache->entries)) != NULL)
        drop(cache, entry);
    free(cache);
}

static struct bucket *
bucket_of(struct ocsp_cache *cache, const uint8_t key[OCSP_KEY_BYTES])
{
    size_t hash = (size_t)key[0] << 8 | key[1];

    return &cache->buckets[hash % BUCKETS];
}

static struct entry *
find(struct ocsp_cache *cache, const uint8_t key[OCSP_KEY_BYTES])
{
    struct entry *entry;

    LIST_FOREACH(entry, bucket_of(cache, key), same_bucket)
    if (memcmp(entry->key, key, OCSP_KEY_BYTES) == 0)
        return entry;
    return NULL;
}

const struct ocsp_result *
ocsp_cache_find(
    struct ocsp_cache *cache, const uint8_t key[OCSP_KEY_BYTES], int64_t now_ms)
{
    struct entry *entry = find(cache, key);

    if (entry == NULL)
        return NULL;
    if (entry->until_ms <= now_ms) {
        drop(cache, entry);
        return NULL;
    }
    TAILQ_REMOVE(&cache->entries, entry, by_use);
    TAILQ_INSERT_TAIL(&cache->entries, entry, by_use);
    return &entry->result;
}

static struct entry *
copy_of(const struct ocsp_result *result)
{
    size_t words_bytes = strlen(result->words) + 1;
    struct entry *entry = calloc(1, sizeof(*entry) + words_bytes);

    if (entry == NULL)
        return NULL;
    entry->result = *result;
    entry->result.words = entry->words;
    memcpy(entry->words, result->words, words_bytes);
    return entry;
}

void
ocsp_cache_put(struct ocsp_cache *cache, const uint8_t key[OCSP_KEY_BYTES],
    const struct ocsp_result *result, int64_t until_ms)
{
    struct entry *entry = copy_of(result);
    struct entry *old = find(cache, key);

    if (old != NULL)
        drop(cache, old);
    if (entry == NULL)
        return;
    if (cache->count == OCSP_CACHE_MAX)
        drop(cache, TAILQ_FIRST(&cache->entries));
    memcpy(entry->key, key, OCSP_KEY_BYTES);
    entry->until_ms = until_ms;
    LIST_INSERT_HEAD(bucket_of(cache, key), entry, same_bucket);
    TAILQ_INSERT_TAIL(&cache->entries, entry, by_use);
    cache->count++;
}

size_t
ocsp_cache_count(const struct ocsp_cache *cache)
{
    return cache->count;
}
