/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a session: events come in, session_run decides from the state
 * alone what happens next, and session_finish (session_end.c) is the one way
 * out. Nothing here frees the session; a step that fails records a reason and
 * returns.
 */
#include "proxy/session.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/clock.h"
#include "proxy/session_state.h"

/* Whoever is asked has a time-out of its own; this is beyond all of them. */
enum {
    ASK_MS_MAX = 30 * 1000
};

static void session_run(struct session *session);

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

/* --- deadlines ---------------------------------------------------------- */

static int64_t
earlier(int64_t a_ms, int64_t b_ms)
{
    if (a_ms == 0)
        return b_ms;
    return b_ms == 0 || a_ms < b_ms ? a_ms : b_ms;
}

/* start + length, or 0 (never) when the length is 0. */
static int64_t
after(int64_t start_ms, int64_t length_ms)
{
    return length_ms == 0 ? 0 : start_ms + length_ms;
}

/* Until then a client may choose by its first byte; the handshake's deadline
 * may be earlier. CLOSE_NONE: the choice then falls on plaintext. */
static int64_t
hello_deadline(const struct session *session, enum close_reason *reason)
{
    const struct config_timeouts *timeouts =
        &session->service->config->timeouts;
    int64_t handshake_ms = after(session->start_ms, timeouts->handshake_ms);
    int64_t byte_ms = after(session->start_ms, timeouts->first_byte_ms);

    *reason = CLOSE_HANDSHAKE_TIMEOUT;
    if (byte_ms == 0 || !session_awaits_first_byte(session)
        || earlier(byte_ms, handshake_ms) != byte_ms)
        return handshake_ms;
    *reason = CLOSE_NONE;
    return byte_ms;
}

/* Until then the backend may answer. CLOSE_NONE: it is tried again. */
static int64_t
connect_deadline(const struct session *session, enum close_reason *reason)
{
    int64_t end_ms = after(
        session->connect_ms, session->service->config->timeouts.connect_ms);

    *reason = CLOSE_BACKEND_TIMEOUT;
    if (earlier(end_ms, session->retry_ms) != session->retry_ms)
        return end_ms;
    *reason = CLOSE_NONE;
    return session->retry_ms;
}

/* Who has lingered for long is looked at seldom: there may be many. */
static int64_t
next_look(const struct session *session)
{
    int64_t now_ms = clock_now_ms();

    return now_ms + SESSION_LINGER_LOOK_MS + (now_ms - session->linger_ms) / 8;
}

/* When the session's patience ends, in its present state; 0: never. */
static int64_t
deadline(const struct session *session, enum close_reason *reason)
{
    const struct config_timeouts *timeouts =
        &session->service->config->timeouts;
    int64_t life_ms = after(session->start_ms, timeouts->lifetime_ms);
    int64_t quiet_ms;

    switch (session->state) {
    case SESSION_HELLO:
        return hello_deadline(session, reason);
    case SESSION_HANDSHAKE:
        *reason = CLOSE_HANDSHAKE_TIMEOUT;
        return after(session->start_ms, timeouts->handshake_ms);
    case SESSION_ASK:
        *reason = CLOSE_HANDSHAKE_TIMEOUT;
        return session->ask_ms + ASK_MS_MAX
               + session->service->config->clients.ocsp_timeout_ms;
    case SESSION_CONNECT:
        return connect_deadline(session, reason);
    case SESSION_RELAY:
        break;
    case SESSION_LINGER:
        *reason = session->reason;
        return next_look(session);
    }
    *reason = CLOSE_IDLE_TIMEOUT;
    quiet_ms = after(session->activity_ms, timeouts->idle_ms);
    if (relay_is_half_closed(&session->relay)) {
        *reason = CLOSE_HALF_CLOSED_TIMEOUT;
        quiet_ms = after(session->activity_ms, timeouts->half_closed_ms);
    }
    if (life_ms != 0 && earlier(quiet_ms, life_ms) == life_ms)
        *reason = CLOSE_LIFETIME;
    quiet_ms = earlier(quiet_ms, life_ms);
    if (session->end_ms != 0 && earlier(quiet_ms, session->end_ms) != quiet_ms)
        *reason = session->end_reason;
    return earlier(quiet_ms, session->end_ms);
}

/*
 * Makes the timer fire no later than the deadline. It may fire earlier:
 * pushing it back with every byte would cost more than looking again then.
 */
void
session_arm_timer(struct session *session)
{
    enum close_reason reason;
    int64_t at_ms = deadline(session, &reason);
    int64_t wait_ms;
    struct timeval wait;

    if (at_ms == 0 || (session->timer_ms != 0 && session->timer_ms <= at_ms))
        return;
    wait_ms = at_ms - clock_now_ms();
    if (wait_ms < 1)
        wait_ms = 1;
    wait.tv_sec = (time_t)(wait_ms / 1000);
    wait.tv_usec = (suseconds_t)(wait_ms % 1000 * 1000);
    if (evtimer_add(&session->timer, &wait) == 0)
        session->timer_ms = at_ms;
}

/* What the kernel still sends is traffic, too: a slow reader's megabytes. */
static void
note_kernel_traffic(struct session *session)
{
    int64_t client_ms = socket_last_sent_ms(&session->client.sock);
    int64_t backend_ms = socket_last_sent_ms(&session->backend.sock);

    if (client_ms > session->activity_ms)
        session->activity_ms = client_ms;
    if (backend_ms > session->activity_ms)
        session->activity_ms = backend_ms;
}

/* A backend that does not answer is not the end while there is another. */
static void
take_timeout(struct session *session, enum close_reason reason)
{
    if (reason == CLOSE_NONE) {
        if (session->state == SESSION_CONNECT)
            session_retry_backend(session);
        else
            session_start_plain(session);
        return;
    }
    if (session->state != SESSION_CONNECT && reason == CLOSE_TRUST) {
        session_fail(session, reason, "%s",
            session->end_words != NULL ? session->end_words : "");
        return;
    }
    if (session->state != SESSION_CONNECT) {
        session_fail(session, reason, NULL);
        return;
    }
    if (session->backend.sock.fd >= 0)
        event_del(&session->backend_event);
    socket_close(&session->backend.sock);
    session_next_backend(session, ETIMEDOUT);
}

static void
on_timer(evutil_socket_t fd, short events, void *arg)
{
    struct session *session = arg;
    int64_t now_ms = clock_now_ms();
    enum close_reason reason;
    int64_t at_ms;

    (void)fd;
    (void)events;
    session->timer_ms = 0;
    if (session->state == SESSION_LINGER) {
        if (!session_end_linger(session))
            session_arm_timer(session);
        return;
    }
    note_kernel_traffic(session);
    at_ms = deadline(session, &reason);
    if (at_ms != 0 && at_ms <= now_ms)
        take_timeout(session, reason);
    session_run(session);
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
    evtimer_assign(&session->timer, host->loop.base, on_timer, session);
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
