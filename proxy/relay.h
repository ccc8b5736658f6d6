/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relay moves bytes both ways between two streams, with back-pressure and
 * half-close. It knows no sockets, no TLS and no clock.
 *
 * Each direction is a half: it reads from one stream into a chunk and writes
 * the chunk to the other. A half never reads while its target cannot take
 * bytes, so at most one chunk per half waits here.
 *
 * How a half ends:
 *
 *   HALF_OPEN      bytes may still come
 *   HALF_ENDED     its source ended in order, all was delivered, and the
 *                  target was told so, if it was still there
 *   HALF_CUT       its source broke; what came before was delivered; the
 *                  target must not see an orderly end
 *   HALF_DEAF      its target no longer takes bytes; what still comes is
 *                  thrown away, within bounds, so that the source may go on
 *                  to read the answer
 *   HALF_DEAF_DONE the same, and the source is finished as well
 */
#ifndef SIDELOCK_PROXY_RELAY_H
#define SIDELOCK_PROXY_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proxy/pool.h"
#include "proxy/stream.h"

enum {
    /* Bytes per half and run: large enough to keep calls few, small enough
     * that a bulk stream does not delay the others of its worker. */
    RELAY_BUDGET_BYTES = 256 * 1024,
    /* What a half throws away once its target is deaf. */
    RELAY_DISCARD_BYTES = 1024 * 1024,
};

enum half_state {
    HALF_OPEN,
    HALF_ENDED,
    HALF_CUT,
    HALF_DEAF,
    HALF_DEAF_DONE,
};

struct relay_half {
    struct stream *from;
    struct stream *to;
    struct chunk *chunk; /* read, not yet written; NULL when empty */
    uint64_t bytes;      /* taken by the target */
    uint64_t discarded_bytes;
    enum half_state state;
    bool saw_eof;       /* the source ended; the rest is to be delivered */
    bool saw_cut;       /* the source broke; the same */
    bool was_truncated; /* an end without a word was taken for an end */
    bool moved;         /* bytes moved in the last run */
};

enum relay_result {
    RELAY_WAIT,      /* nothing more until a stream becomes ready */
    RELAY_MORE,      /* the budget is spent; run again soon */
    RELAY_DONE,      /* both directions are finished */
    RELAY_NO_MEMORY, /* no chunk to be had */
};

struct relay {
    struct pool *pool;
    struct relay_half to_backend;
    struct relay_half to_client;
    uint64_t to_backend_at_end; /* to_backend.bytes when to_client ended */
    bool passes_truncation;     /* an end without a word counts as an end */
};

void relay_init(struct relay *relay, struct pool *pool, struct stream *client,
    struct stream *backend, bool passes_truncation);
/*
 * The backend gets these bytes before any of the client's; they count as
 * to_backend.bytes. At most POOL_EXTRA_BYTES, before the first relay_run. -1:
 * no memory.
 */
int relay_begin_with(
    struct relay *relay, const uint8_t *data, size_t len) MUST_CHECK;
/* Gives chunks back. The streams are the caller's. */
void relay_deinit(struct relay *relay);

/* Moves what can be moved now. After RELAY_DONE the halves' states tell how
 * it ended. */
enum relay_result relay_run(struct relay *relay);

/* True once either direction is no longer open. */
bool relay_is_half_closed(const struct relay *relay);

/* True when the last run moved bytes. */
bool relay_moved(const struct relay *relay);

#endif
