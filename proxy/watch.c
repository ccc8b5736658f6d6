/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The watch's timer: looks, and does what the plan says. */
#include "proxy/watch.h"

#include "proxy/clock.h"
#include "proxy/server_state.h"

static void
arm(struct server *server)
{
    int64_t wait_ms = server->watch.look_ms - clock_now_ms();
    struct timeval wait;

    if (wait_ms < 0)
        wait_ms = 0;
    wait.tv_sec = (time_t)(wait_ms / 1000);
    wait.tv_usec = (suseconds_t)(wait_ms % 1000 * 1000);
    /* A reload may have taken long since the loop looked at the clock. */
    (void)event_base_update_cache_time(server->base);
    (void)evtimer_add(server->look, &wait);
}

static void
on_look(evutil_socket_t fd, short events, void *arg)
{
    struct server *server = arg;
    int64_t start_us = clock_now_us();
    struct sources_sight sight;
    int64_t cost_us;

    (void)fd;
    (void)events;
    if (server->state != SERVER_RUNNING)
        return;
    /* Before the look: who comes after it has begun makes another one. */
    counters_ask_news(&server->counters);
    sight = sources_look(server->sources);
    cost_us = clock_now_us() - start_us;
    if (watch_plan_decide(
            &server->watch, &sight, clock_now_ms(), cost_us / 1000))
        server_reload(server, "watch");
    else
        arm(server);
}

int
watch_add(struct server *server)
{
    server->look = evtimer_new(server->base, on_look, server);
    return server->look == NULL ? -1 : 0;
}

/*
 * These need not show in any file: the clock makes a certificate valid that
 * was not yet, memory and descriptors come free, a network file system comes
 * back.
 */
static bool
may_heal(const struct reload_outcome *outcome)
{
    static const enum guide_code codes[] = {SL_RELOAD_WORSE, SL_NOT_YET_VALID,
        SL_FILE_READ, SL_MEMORY, SL_START, SL_LISTEN};

    if (outcome->is_success || outcome->at == 0)
        return false;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (outcome->code == codes[i])
            return true;
    return false;
}

void
watch_begin(struct server *server)
{
    int64_t period_ms = server->snapshot->config->reload.watch_ms;

    watch_plan_begin(
        &server->watch, period_ms, may_heal(&server->outcome), clock_now_ms());
    if (period_ms == 0) {
        (void)evtimer_del(server->look);
        return;
    }
    counters_ask_news(&server->counters);
    arm(server);
}

void
watch_note_accept(struct server *server)
{
    if (server->state == SERVER_RUNNING
        && watch_plan_note_accept(&server->watch, clock_now_ms()))
        arm(server);
}
