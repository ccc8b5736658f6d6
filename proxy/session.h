/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session is one client connection from accept to its log line:
 *
 *   SESSION_HELLO      gathers the ClientHello; no TLS state exists yet
 *   SESSION_HANDSHAKE  has a TLS object; may wait for its turn
 *   SESSION_ASK        the handshake is done; others are asked about the client
 *   SESSION_CONNECT    it may come in; a backend is being connected
 *   SESSION_RELAY      bytes flow
 *   SESSION_LINGER     is over; what was accepted still drains to a side that
 *                      will then see a reset, and a refused client reads why
 *
 * A session owns its two sockets, its TLS state, its timer, and a reference
 * to the view it started with. It frees itself: after session_new no caller
 * holds a pointer but the worker's list, from which it removes itself.
 */
#ifndef SIDELOCK_PROXY_SESSION_H
#define SIDELOCK_PROXY_SESSION_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proxy/askers.h"
#include "proxy/close_reason.h"
#include "proxy/counters.h"
#include "proxy/loop.h"
#include "proxy/pending.h"
#include "proxy/repeats.h"
#include "proxy/view.h"

struct session;

TAILQ_HEAD(session_list, session);

/* What the sessions of one worker stand on. */
struct session_host {
    struct loop loop;
    struct view *view; /* for new sessions */
    struct session_list sessions;
    size_t session_count;
    struct repeats repeats;
    struct askers askers;
    struct counters *counters; /* shared; a place per session */
    struct pending *pending;   /* shared */
    uint64_t next_id;
    uint64_t id_step; /* so that workers never give the same id */
    bool logs_connections;
    /* A connection was accepted, and the main thread has asked for news. */
    void (*on_news)(struct session_host *host);
    /* A session has ended and its descriptors are closed. */
    void (*on_ended)(struct session_host *host);
};

/*
 * Starts a session on an accepted descriptor. The caller has taken a place in
 * host->counters, which the session gives back when it ends. On failure (-1:
 * no memory) descriptor and place are given back at once, with a log line.
 */
int session_new(struct session_host *host, size_t service_index, int fd,
    const struct address *peer) MUST_CHECK;

/* Ends a session from outside: CLOSE_DRAIN_EXPIRED or CLOSE_STOPPED. */
void session_stop(struct session *session, enum close_reason reason);

/* The host's view is another one: a session whose client that no longer
 * accepts will end within the time. True: it will. */
bool session_trust_changed(struct session *session, int64_t spread_ms);

/* A log line with what is known of it now (event=dump). */
void session_dump(const struct session *session);

struct session *session_next(struct session *session);

#endif
