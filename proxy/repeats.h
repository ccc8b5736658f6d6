/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keeps one misbehaving host from filling the log: of failures with the same
 * reason and detail from the same host, one line in REPEAT_MS is written and
 * the others are counted; of refused clients one in REPEAT_REFUSED_MS.
 * Whatever the differences, REPEAT_LINES_MAX lines in REPEAT_MS are enough.
 * The table is small and belongs to one worker; when it is full the oldest
 * entry makes room, and what it had counted is told without a name.
 */
#ifndef SIDELOCK_PROXY_REPEATS_H
#define SIDELOCK_PROXY_REPEATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/address.h"
#include "proxy/close_reason.h"

enum {
    REPEAT_MS = 10 * 1000,
    REPEAT_REFUSED_MS = 60 * 1000, /* the same of refused clients */
    REPEAT_ENTRIES = 64,
    REPEAT_LINES_MAX = 1000,
};

/* A host without its port, or all UNIX peers. */
struct repeat_host {
    uint8_t bytes[16];
};

/* What makes two failures the same. */
struct repeat_key {
    struct repeat_host host;
    enum close_reason reason; /* CLOSE_NONE: the entry is free */
    uint32_t detail_hash;
};

struct repeat {
    struct repeat_key key;
    int64_t logged_ms;
    unsigned left_out; /* since then */
};

struct repeats {
    struct repeat entries[REPEAT_ENTRIES];
    int64_t window_ms; /* start of the time over which lines are counted */
    unsigned lines;
    unsigned lost; /* left out without an entry, since that was told */
};

/* detail may be NULL. */
struct repeat_key repeat_key_of(const struct address *address,
    enum close_reason reason, const char *detail);

/*
 * Should this failure be logged? If so, *left_out is how many were not since
 * the last one.
 */
bool repeats_admit(struct repeats *repeats, const struct repeat_key *key,
    int64_t now_ms, unsigned *left_out);

/* Takes out one entry whose time is over and that left something out. False
 * when there is none. */
bool repeats_take_due(
    struct repeats *repeats, int64_t now_ms, struct repeat *due);

struct repeat_host repeat_host_of(const struct address *address);
void repeat_host_format(const struct repeat_host *host, char *out, size_t cap);

#endif
