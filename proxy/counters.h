/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the workers share: the number of open connections, bounded by
 * max_connections. It moves when a connection is accepted and when it ends,
 * never per byte.
 */
#ifndef SIDELOCK_PROXY_COUNTERS_H
#define SIDELOCK_PROXY_COUNTERS_H

#include <stdatomic.h>
#include <stdbool.h>

struct counters {
    atomic_int open;
    atomic_int max;          /* a reload may change it */
    atomic_ullong plaintext; /* connections that were served without TLS */
};

/* Takes a place for one connection; false when all are taken. */
static inline bool
counters_take(struct counters *counters)
{
    int open =
        atomic_fetch_add_explicit(&counters->open, 1, memory_order_relaxed);

    if (open < atomic_load_explicit(&counters->max, memory_order_relaxed))
        return true;
    atomic_fetch_sub_explicit(&counters->open, 1, memory_order_relaxed);
    return false;
}

static inline void
counters_note_plaintext(struct counters *counters)
{
    atomic_fetch_add_explicit(&counters->plaintext, 1, memory_order_relaxed);
}

static inline void
counters_give(struct counters *counters)
{
    atomic_fetch_sub_explicit(&counters->open, 1, memory_order_relaxed);
}

#endif
