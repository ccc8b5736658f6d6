/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Chunks are the only buffers of the data path. One is attached to a stream
 * or a relay while bytes are in flight and goes back when it is drained, so an
 * idle connection holds none. The pool belongs to one worker thread and keeps
 * the last few chunks for the next taker: most recently used, still in cache.
 *
 *        data[0]      start        end           capacity
 *          | consumed  | waiting    | room         |
 */
#ifndef SIDELOCK_PROXY_POOL_H
#define SIDELOCK_PROXY_POOL_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/report.h"

struct chunk {
    struct chunk *next; /* in the pool's free list */
    size_t capacity;
    size_t start;
    size_t end;
    uint8_t data[];
};

enum {
    POOL_KEPT_MAX = 16,
    /* Headers and tags of the records, and the TLS library's own messages. */
    POOL_EXTRA_BYTES = 8 * 1024,
};

struct pool {
    struct chunk *free;
    size_t free_count;
    size_t fill_bytes;  /* what a reader puts into a chunk at most */
    size_t chunk_bytes; /* capacity: that, and room for what sealing adds */
    size_t taken_count; /* chunks that somebody holds */
};

/* What a full chunk of plaintext becomes when it is sealed fits one chunk. */
void pool_init(struct pool *pool, size_t fill_bytes);
void pool_deinit(struct pool *pool);
/* Chunks of the old size are freed as they come back. */
void pool_resize(struct pool *pool, size_t fill_bytes);

/* An empty chunk, or NULL when there is no memory. */
struct chunk *pool_take(struct pool *pool) MUST_CHECK;
/* NULL does nothing. */
void pool_give(struct pool *pool, struct chunk *chunk);

static inline size_t
chunk_waiting(const struct chunk *chunk)
{
    return chunk == NULL ? 0 : chunk->end - chunk->start;
}

static inline size_t
chunk_room(const struct chunk *chunk)
{
    return chunk->capacity - chunk->end;
}

/* How much more a reader may put in. A chunk that was taken before the pool
 * was resized has a size of its own. */
static inline size_t
chunk_fill_room(const struct pool *pool, const struct chunk *chunk)
{
    size_t most = chunk->capacity - POOL_EXTRA_BYTES;

    if (most > pool->fill_bytes)
        most = pool->fill_bytes;
    return chunk->end < most ? most - chunk->end : 0;
}

static inline uint8_t *
chunk_tail(struct chunk *chunk)
{
    return chunk->data + chunk->end;
}

static inline uint8_t *
chunk_head(struct chunk *chunk)
{
    return chunk->data + chunk->start;
}

/* len more bytes were put at the tail. */
static inline void
chunk_fill(struct chunk *chunk, size_t len)
{
    assert(len <= chunk_room(chunk));
    chunk->end += len;
}

/* len bytes were taken from the head. */
static inline void
chunk_drain(struct chunk *chunk, size_t len)
{
    assert(len <= chunk_waiting(chunk));
    chunk->start += len;
    if (chunk->start == chunk->end)
        chunk->start = chunk->end = 0;
}

#endif
