/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The drain: told to stop, the process goes on accepting for drain_delay
 * (whoever sends it clients may not know yet), then stops accepting and waits
 * for the connections to end, for drain at most. A second signal ends it.
 */
#include <unistd.h>

#include "proxy/log.h"
#include "proxy/options.h"
#include "proxy/server_state.h"
#include "proxy/watch.h"

static void
log_drain(const char *state, const struct server *server)
{
    struct log_line line;

    log_begin(&line, LOG_LEVEL_INFO, "drain");
    log_put_string(&line, "state", state);
    log_put_int(&line, "connections", atomic_load(&server->counters.open));
    log_end(&line);
}

static void
end(struct server *server, int exit_code, bool drain_expired)
{
    if (server->state == SERVER_ENDING)
        return;
    server->state = SERVER_ENDING;
    server->exit_code = exit_code;
    for (size_t i = 0; i < server->worker_count; i++)
        worker_stop(server->workers[i], drain_expired);
    (void)event_base_loopbreak(server->base);
}

static void
set_patience(struct server *server, int64_t wait_ms)
{
    struct timeval wait = {
        .tv_sec = (time_t)(wait_ms / 1000),
        .tv_usec = (suseconds_t)(wait_ms % 1000 * 1000),
    };

    (void)event_add(server->patience, &wait);
}

static void
start_drain(struct server *server)
{
    int64_t drain_ms = server->snapshot->config->process.drain_ms;

    server->state = SERVER_DRAINING;
    log_drain("waiting", server);
    for (size_t i = 0; i < server->worker_count; i++)
        worker_drain(server->workers[i]);
    if (drain_ms > 0)
        set_patience(server, drain_ms);
}

void
server_on_patience(evutil_socket_t fd, short events, void *arg)
{
    struct server *server = arg;

    (void)fd;
    (void)events;
    if (server->state == SERVER_DELAYING) {
        start_drain(server);
        return;
    }
    log_drain("expired", server);
    end(server, EXIT_ERROR, true);
}

void
server_on_answer(evutil_socket_t fd, short events, void *arg)
{
    struct server *server = arg;
    char answer;

    (void)events;
    if (read(fd, &answer, 1) != 1)
        return;
    if (answer == WORKER_HAS_VIEW)
        server->unanswered_count--; /* late: see reload.c */
    if (answer == WORKER_ACCEPTED)
        watch_note_accept(server);
    if (answer != WORKER_DRAINED)
        return;
    server->drained_count++;
    if (server->drained_count < server->worker_count)
        return;
    log_drain("finished", server);
    end(server, EXIT_GOOD, false);
}

void
server_stop(struct server *server)
{
    int64_t delay_ms = server->snapshot->config->process.drain_delay_ms;

    if (server->state != SERVER_RUNNING) {
        log_drain("cut_short", server);
        end(server, EXIT_ERROR, false);
        return;
    }
    log_drain("started", server);
    server->state = SERVER_DELAYING;
    if (delay_ms > 0)
        set_patience(server, delay_ms);
    else
        start_drain(server);
}
