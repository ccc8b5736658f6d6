/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A worker is one thread with its own loop, listeners and sessions. It shares
 * nothing that changes with the others but the count of open connections; the
 * main thread talks to it by messages through a pipe, and it answers the same
 * way when it has drained.
 */
#ifndef SIDELOCK_PROXY_WORKER_H
#define SIDELOCK_PROXY_WORKER_H

#include <stdbool.h>
#include <stddef.h>

#include "certs/tickets.h"
#include "config/report.h"
#include "proxy/counters.h"
#include "proxy/pending.h"
#include "proxy/view.h"

struct worker;

/* A byte on the answer pipe. */
enum worker_answer {
    WORKER_DRAINED = 'd',  /* after worker_drain: no connection is left */
    WORKER_HAS_VIEW = 'v', /* after worker_set_view: it is in use */
    WORKER_ACCEPTED = 'a', /* a client has come (counters_ask_news) */
};

struct worker_settings {
    size_t index;
    size_t count; /* of all workers */
    struct counters *counters;
    struct pending *pending;
    int answer_fd; /* where the worker writes its answers */
};

/*
 * Makes a worker and its loop; the thread starts with worker_start. NULL with
 * an error in the report.
 */
struct worker *worker_new(
    const struct worker_settings *settings, struct report *report) MUST_CHECK;

/* For view_new: where this worker keeps its ticket ring. */
struct ticket_ring *const *worker_ring(const struct worker *worker);

/* The first view and ring (both taken over) and the thread. 0 or -1. */
int worker_start(struct worker *worker, struct view *view,
    struct ticket_ring *ring, struct report *report) MUST_CHECK;

/*
 * Messages; each takes over what it carries. They never fail: the pipe holds
 * more than the main thread ever has under way, and blocks if not.
 *
 * worker_set_view: new connections use it. Listening descriptors that the
 * view names are kept or begun; the others are closed.
 */
void worker_set_view(struct worker *worker, struct view *view);
void worker_set_ring(struct worker *worker, struct ticket_ring *ring);
void worker_dump(struct worker *worker);
/* Stop accepting; answer when the last connection has ended. */
void worker_drain(struct worker *worker);
/* End all connections now (CLOSE_DRAIN_EXPIRED or CLOSE_STOPPED), then the
 * thread. */
void worker_stop(struct worker *worker, bool drain_expired);

/* Waits for the thread and frees everything. Only after worker_stop, or for a
 * worker that was never started. */
void worker_free(struct worker *worker);

#endif
