/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of the server, for server.c (life), start.c, drain.c and
 * reload.c. Everything here
 * belongs to the main thread. */
#ifndef SIDELOCK_PROXY_SERVER_STATE_H
#define SIDELOCK_PROXY_SERVER_STATE_H

#include <event2/event.h>

#include "certs/snapshot.h"
#include "certs/sources.h"
#include "certs/tickets.h"
#include "proxy/census_set.h"
#include "proxy/counters.h"
#include "proxy/listen_set.h"
#include "proxy/pending.h"
#include "proxy/watch_plan.h"
#include "proxy/worker.h"

enum {
    SERVER_SIGNALS = 5
};

enum server_state {
    SERVER_RUNNING,
    SERVER_DELAYING, /* told to stop; still accepts for drain_delay */
    SERVER_DRAINING, /* accepts no more */
    SERVER_ENDING,
};

enum {
    OUTCOME_TEXT_BYTES = 1024
};

/* The last reload, for whoever asks. */
struct reload_outcome {
    bool is_success; /* false and at_ms 0: there was none yet */
    time_t at;
    unsigned generation;  /* that serves since then */
    const char *trigger;  /* "signal", "command" or "watch" */
    enum guide_code code; /* of the first error */
    char error[OUTCOME_TEXT_BYTES];
    int64_t duration_ms;
    unsigned success_count;
    unsigned failure_count;
};

struct server {
    const struct config_source *source;
    struct event_base *base;
    struct event *signals[SERVER_SIGNALS];
    struct event *answers;  /* workers' end of the pipe speaks */
    struct event *rotate;   /* ticket keys */
    struct event *daily;    /* status words */
    struct event *patience; /* drain_delay, then drain */
    struct event *look;     /* at the files (watch.c) */
    struct watch_plan watch;
    int answer_pipe[2];

    struct snapshot *snapshot;
    struct sources *sources; /* of the last attempt to load, good or not */
    struct reload_outcome outcome;
    struct report findings; /* of the last load that was taken */
    struct report refusal;  /* of the last reload, unless it was taken */
    struct config *started; /* keys that need a restart, as at the start */
    struct admin *admin;    /* NULL: admin.listen is off */
    time_t started_at;
    int64_t started_ms;
    struct listen_set listens;
    struct census_set census;
    struct pending *pending; /* workers write it */
    struct ticket_ring *ring;
    struct counters counters;
    struct worker **workers;
    size_t worker_count;
    size_t unanswered_count; /* views that workers have not yet taken */
    size_t drained_count;
    enum server_state state;
    int exit_code;
};

/* One view per worker for the snapshot; frees them again on failure. */
struct view **server_build_views(struct server *server,
    struct snapshot *snapshot, const struct listen_set *listens,
    struct report *report) MUST_CHECK;

/* How many connections the settings and the descriptor limit allow. */
int server_max_connections(const struct config *config, struct report *report);

/* event=status for each service. */
void server_log_status(const struct server *server);

/* From settings to workers that serve (start.c). -1 with an error. */
int server_start(struct server *server, struct report *report) MUST_CHECK;
/* Signals and timers (server.c). -1: no memory. */
int server_add_events(struct server *server) MUST_CHECK;

/* A signal to stop: begins the drain, or ends it at once (drain.c). */
void server_stop(struct server *server);
/* libevent's callbacks of the drain: its timer, a worker that has drained. */
void server_on_patience(evutil_socket_t fd, short events, void *arg);
void server_on_answer(evutil_socket_t fd, short events, void *arg);

/* Reads everything anew; installs it whole, or logs why not. The outcome is
 * in server->outcome (reload.c). */
void server_reload(struct server *server, const char *trigger);

#endif
