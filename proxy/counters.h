/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the workers share: the number of open connections, bounded by
 * max_connections, and whether the main thread wants to hear of the next one.
 * Both move when a connection is accepted and when it ends, never per byte.
 */
#ifndef SIDELOCK_PROXY_COUNTERS_H
#define SIDELOCK_PROXY_COUNTERS_H

#include <stdatomic.h>
#include <stdbool.h>

struct counters {
    atomic_int open;
    atomic_int max;          /* a reload may change it */
    atomic_ullong plaintext; /* connections that were served without TLS */
    atomic_bool is_news_asked;
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

/* The main thread wants to hear of one accepted connection. */
static inline void
counters_ask_news(struct counters *counters)
{
    atomic_store_explicit(&counters->is_news_asked, true, memory_order_relaxed);
}

/* For a worker that has accepted: true for one of them after each question.
 * Usually that is one read of memory that it has at hand anyway. */
static inline bool
counters_take_question(struct counters *counters)
{
    return atomic_load_explicit(&counters->is_news_asked, memory_order_relaxed)
           && atomic_exchange_explicit(
               &counters->is_news_asked, false, memory_order_relaxed);
}

#endif
