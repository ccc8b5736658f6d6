/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session's patience: one timer, and one place that computes from the state
 * when it ends. What it ends with is in session.c and session_end.c.
 */
#include <errno.h>

#include "proxy/clock.h"
#include "proxy/session_state.h"

/* Whoever is asked has a time-out of its own; this is beyond all of them. */
enum {
    ASK_MS_MAX = 30 * 1000
};

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

/*
 * A process that was stopped or held up may learn of the time first, and then
 * of what had come in time. So a deadline holds when it is found to be over
 * twice: the loop has looked at the sockets in between.
 */
static bool
is_over(struct session *session, int64_t at_ms)
{
    bool was_found = session->due_ms == at_ms;

    if (at_ms == 0 || at_ms > clock_now_ms())
        return false;
    session->due_ms = at_ms;
    return was_found;
}

void
session_on_timer(evutil_socket_t fd, short events, void *arg)
{
    struct session *session = arg;
    enum close_reason reason;

    (void)fd;
    (void)events;
    session->timer_ms = 0;
    if (session->state == SESSION_LINGER) {
        if (!session_end_linger(session))
            session_arm_timer(session);
        return;
    }
    note_kernel_traffic(session);
    if (is_over(session, deadline(session, &reason)))
        take_timeout(session, reason);
    session_go_on(session);
}
