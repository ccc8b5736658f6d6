/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a session: events come in, session_run decides from the state
 * alone what happens next, and session_finish (session_end.c) is the one way
 * out. Nothing here frees the session; a step that fails records a reason and
 * returns.
 */
#include "proxy/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/clock.h"
#include "proxy/session_state.h"

void
session_fail(
    struct session *session, enum close_reason reason, const char *fmt, ...)
{
    char *detail = NULL;
    va_list args;

    if (session->reason != CLOSE_NONE)
        return;
    session->reason = reason;
    if (fmt == NULL)
        return;
    va_start(args, fmt);
    if (vasprintf(&detail, fmt, args) < 0)
        detail = NULL;
    va_end(args);
    free(session->detail);
    session->detail = detail;
}

/* --- the relay ---------------------------------------------------------- */

/* Finds the reason in how the two halves ended. */
static void
take_relay_end(struct session *session)
{
    const struct relay_half *up = &session->relay.to_backend;
    const struct relay_half *down = &session->relay.to_client;
    struct tls_fault fault;

    tls_stream_fault(&session->client, &fault);
    if (up->state == HALF_CUT) {
        session->code = fault.code;
        session_fail(session, fault.reason, "%s", fault.detail);
    } else if (down->state == HALF_CUT) {
        session_fail(session, CLOSE_BACKEND_RESET, "%s",
            strerror(session->backend.sock.error));
    } else if (down->state != HALF_ENDED && fault.reason == CLOSE_NO_MEMORY) {
        session_fail(session, CLOSE_NO_MEMORY, NULL);
    } else if (down->state != HALF_ENDED) {
        session_fail(session, CLOSE_CLIENT_RESET,
            "the client left before it had the whole answer");
    } else if (up->state != HALF_ENDED) {
        session_fail(session, CLOSE_DONE,
            "the backend ended before it had read everything");
    } else {
        session_fail(session, CLOSE_DONE, NULL);
    }
}

static void
step_relay(struct session *session)
{
    enum relay_result result = relay_run(&session->relay);

    if (relay_moved(&session->relay))
        session->activity_ms = clock_now_ms();
    if (result == RELAY_DONE)
        take_relay_end(session);
    else if (result == RELAY_NO_MEMORY)
        session_fail(session, CLOSE_NO_MEMORY, NULL);
    else if (result == RELAY_MORE)
        loop_queue(&session->host->loop, &session->task, QUEUE_READY);
}

void
session_start_relay(struct session *session)
{
    bool passes = session->service->config->truncation == TRUNCATION_PASS;
    struct ruling ruling;

    /* There may have been a reload since the handshake. */
    if (!session_is_still_welcome(session, &ruling)) {
        session_refuse(session, &ruling);
        return;
    }
    relay_init(&session->relay, &session->host->loop.pool,
        &session->client.stream, &session->backend.stream, passes);
    session->state = SESSION_RELAY;
    if (session_begin_with_header(session) != 0) {
        session_fail(session, CLOSE_NO_MEMORY, NULL);
        return;
    }
    session->activity_ms = clock_now_ms();
    session_end_with_certificate(session);
    step_relay(session);
}

/* --- events ------------------------------------------------------------- */

/* A client that waits for others may leave meanwhile. */
static bool
fail_if_gone(struct session *session)
{
    if (!session->client.sock.is_readable
        || !socket_is_broken(&session->client.sock))
        return false;
    session_fail(session, CLOSE_CLIENT_RESET, NULL);
    return true;
}

/* What the state does next; then the only place that ends or re-arms. The
 * session may be gone afterwards. */
static void
session_run(struct session *session)
{
    if (session->reason == CLOSE_NONE) {
        switch (session->state) {
        case SESSION_HELLO:
            session_gather_hello(session);
            break;
        case SESSION_HANDSHAKE:
            /* The client may wait for the rest of what we said. */
            (void)session->client.stream.ops->flush(&session->client.stream);
            if (session->client.sock.is_readable)
                loop_queue(
                    &session->host->loop, &session->task, QUEUE_HANDSHAKES);
            break;
        case SESSION_ASK:
            (void)fail_if_gone(session);
            break;
        case SESSION_CONNECT:
            if (!fail_if_gone(session))
                session_step_connect(session);
            break;
        case SESSION_RELAY:
            step_relay(session);
            break;
        case SESSION_LINGER:
            return;
        }
    }
    if (session->reason != CLOSE_NONE) {
        session_finish(session);
        return;
    }
    session_arm_timer(session);
}

void
session_go_on(struct session *session)
{
    session_run(session);
}

/* A turn in the loop's queues. */
static void
on_task(struct task *task)
{
    struct session *session = (struct session *)(void *)task;

    if (session->state == SESSION_HANDSHAKE) {
        session_step_handshake(session);
        if (session->state == SESSION_HANDSHAKE
            && session->reason == CLOSE_NONE) {
            session_arm_timer(session);
            return; /* waits for the client */
        }
    }
    session_run(session);
}

static void
on_client_event(evutil_socket_t fd, short events, void *arg)
{
    struct session *session = arg;

    (void)fd;
    socket_note_events(&session->client.sock, events);
    session_run(session);
}

static void
on_backend_event(evutil_socket_t fd, short events, void *arg)
{
    struct session *session = arg;

    (void)fd;
    socket_note_events(&session->backend.sock, events);
    session_run(session);
}

/* One persistent, edge-triggered event per descriptor, added once. */
static int
watch(struct session *session, struct event *event, int fd,
    event_callback_fn callback)
{
    event_assign(event, session->host->loop.base, fd,
        EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, callback, session);
    return event_add(event, NULL);
}

int
session_watch_backend(struct session *session)
{
    return watch(session, &session->backend_event, session->backend.sock.fd,
        on_backend_event);
}

static void
fill_session(struct session *session, struct session_host *host,
    size_t service_index, int fd, const struct address *peer)
{
    task_init(&session->task, on_task);
    session->host = host;
    session->view = view_ref(host->view);
    session->service = &session->view->services[service_index];
    session->id = host->next_id;
    host->next_id += host->id_step;
    session->state = SESSION_HELLO;
    session->start_ms = clock_now_ms();
    session->client_address = *peer;
    session->backend_index = -1;
    peer_init(&session->peer);
    tls_stream_init(&session->client, fd, &host->loop.pool);
    socket_stream_init(&session->backend, -1);
    evtimer_assign(&session->timer, host->loop.base, session_on_timer, session);
    TAILQ_INSERT_TAIL(&host->sessions, session, entry);
    host->session_count++;
}

int
session_new(struct session_host *host, size_t service_index, int fd,
    const struct address *peer)
{
    struct session *session = calloc(1, sizeof(*session));

    if (session == NULL) {
        close(fd);
        counters_give(host->counters);
        return -1;
    }
    fill_session(session, host, service_index, fd, peer);
    if (watch(session, &session->client_event, fd, on_client_event) != 0)
        session_fail(session, CLOSE_NO_MEMORY, NULL);
    /* The listener defers until the client has spoken, so bytes are likely
     * here already; if not, reading says so. */
    session->client.sock.is_readable = true;
    session->client.sock.is_writable = true;
    session_run(session);
    return 0;
}

struct session *
session_next(struct session *session)
{
    return TAILQ_NEXT(session, entry);
}
