/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When to look at the files, and when what is seen is worth a reload. Times
 * and sights go in, the time of the next look comes out; no file, no clock
 * and no event is touched here (watch.c does).
 *
 *   at rest     a look every period, and sooner when clients come
 *   settling    something has changed: looks again soon, until two looks in a
 *               row see the same, so that files which are being written are
 *               left in peace; then a reload is due
 *
 * A load ends either by watch_plan_begin: what it has read is what later looks
 * are compared with, be it good or not. So a fault is met once, not every
 * period.
 */
#ifndef SIDELOCK_PROXY_WATCH_PLAN_H
#define SIDELOCK_PROXY_WATCH_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "certs/sources.h"

enum {
    WATCH_ACCEPT_MS = 1000, /* looks for the sake of clients: not oftener */
    WATCH_SETTLE_MS = 250,  /* between two looks while settling */
    WATCH_SETTLE_MAX_MS =
        5000, /* files that never rest are read all the same */
    WATCH_RETRY_MS = 60 * 60 * 1000,
    WATCH_COST_FACTOR = 50, /* looking takes at most one part in so many */
};

struct watch_plan {
    int64_t period_ms;   /* 0: never looks */
    int64_t look_ms;     /* when to look next */
    int64_t soonest_ms;  /* clients do not make it look before */
    int64_t retry_ms;    /* when to load although nothing changes; INT64_MAX:
                           never */
    int64_t settling_ms; /* since when; -1: at rest */
    uint64_t digest;     /* settling: what the last look saw */
};

/* A load has ended. may_heal: it failed by something that need not show in
 * any file's mark, so that it is tried again some day. */
void watch_plan_begin(
    struct watch_plan *plan, int64_t period_ms, bool may_heal, int64_t now_ms);

/* A client has come. true: look_ms has become sooner. */
bool watch_plan_note_accept(struct watch_plan *plan, int64_t now_ms);

/* A look was made, which took cost_ms. true: load now; else look_ms is when
 * to look next. */
bool watch_plan_decide(struct watch_plan *plan,
    const struct sources_sight *sight, int64_t now_ms, int64_t cost_ms);

#endif
