/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pool: a short free list in front of malloc. It keeps few chunks on
 * purpose; after a burst the rest returns to the system.
 */
#include "proxy/pool.h"

#include <stdlib.h>

void
pool_init(struct pool *pool, size_t fill_bytes)
{
    *pool = (struct pool){
        .fill_bytes = fill_bytes,
        .chunk_bytes = fill_bytes + POOL_EXTRA_BYTES,
    };
}

static void
drop_free(struct pool *pool)
{
    while (pool->free != NULL) {
        struct chunk *chunk = pool->free;

        pool->free = chunk->next;
        free(chunk);
    }
    pool->free_count = 0;
}

void
pool_deinit(struct pool *pool)
{
    drop_free(pool);
}

void
pool_resize(struct pool *pool, size_t fill_bytes)
{
    if (pool->fill_bytes == fill_bytes)
        return;
    drop_free(pool);
    pool->fill_bytes = fill_bytes;
    pool->chunk_bytes = fill_bytes + POOL_EXTRA_BYTES;
}

struct chunk *
pool_take(struct pool *pool)
{
    struct chunk *chunk = pool->free;

    if (chunk != NULL) {
        pool->free = chunk->next;
        pool->free_count--;
    } else {
        chunk = malloc(sizeof(*chunk) + pool->chunk_bytes);
        if (chunk == NULL)
            return NULL;
        chunk->capacity = pool->chunk_bytes;
    }
    chunk->next = NULL;
    chunk->start = chunk->end = 0;
    pool->taken_count++;
    return chunk;
}

void
pool_give(struct pool *pool, struct chunk *chunk)
{
    if (chunk == NULL)
        return;
    pool->taken_count--;
    if (chunk->capacity != pool->chunk_bytes
        || pool->free_count >= POOL_KEPT_MAX) {
        free(chunk);
        return;
    }
    chunk->next = pool->free;
    pool->free = chunk;
    pool->free_count++;
}
