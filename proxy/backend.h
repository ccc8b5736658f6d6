/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The backends of one service as one worker sees them: an ordered list, the
 * first being preferred. One that fails is passed over for a while that
 * doubles with each failure; when all are down they are tried all the same,
 * in order, because a refusal costs nothing. A switch is logged once, and one
 * that goes up and down all the time not each time.
 */
#ifndef SIDELOCK_PROXY_BACKEND_H
#define SIDELOCK_PROXY_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

enum {
    BACKEND_PAUSE_MIN_MS = 1000,
    BACKEND_PAUSE_MAX_MS = 30 * 1000,
    /* Between two tries while its queue is full. */
    BACKEND_RETRY_MIN_MS = 10,
    BACKEND_RETRY_MAX_MS = 500,
    BACKEND_TELL_MS = 10 * 1000, /* between two lines that it is down */
};

struct backend {
    const struct address *address; /* the configuration's */
    int64_t pause_ms;              /* 0: it is up */
    int64_t paused_until_ms;
    int64_t told_ms;   /* when the log was last told that it is down */
    bool is_told_down; /* and has not been told better since */
};

struct backend_set {
    size_t count;
    struct backend backends[CONFIG_BACKEND_MAX];
};

/* A bit per backend that this connection has tried. */
typedef uint32_t backend_mask;

/* The list must outlive the set. */
void backend_set_init(struct backend_set *set, const struct address_list *list);

/* The best backend that was not tried yet, or -1 when all were. */
int backend_set_next(
    const struct backend_set *set, backend_mask tried, int64_t now_ms);

void backend_set_note_failure(
    struct backend_set *set, size_t index, const char *why, int64_t now_ms);
void backend_set_note_success(struct backend_set *set, size_t index);

/*
 * Starts to connect. The descriptor, or -1 with errno; EAGAIN: a UNIX socket
 * has no room in its queue at the moment. The socket becomes
 * writable when the connection stands or has failed: ask
 * backend_connect_error then.
 */
int backend_connect(const struct address *address) MUST_CHECK;

/* 0 when the connection stands, else the errno of its failure. */
int backend_connect_error(int fd);

#endif
