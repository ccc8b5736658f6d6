/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The end of a session: one way out, one log line, one free. What a side has
 * to see of it (an orderly end or a reset) follows from the reason alone.
 */
#include <stdlib.h>

#include "proxy/clock.h"
#include "proxy/session_state.h"

enum {
    LINGER_MS = 5000, /* for a side to take what it is owed before a reset */
    /* For a client to read the alert that refuses it, behind all that it was
     * about to send: small ones compute for seconds in the middle of that. */
    ALERT_READ_MS = 10 * 1000
};

static void
session_free(struct session *session)
{
    struct session_host *host = session->host;

    TAILQ_REMOVE(&host->sessions, session, entry);
    host->session_count--;
    view_unref(session->view);
    peer_deinit(&session->peer);
    free(session->server_name);
    free(session->hello);
    free(session->detail);
    free(session->end_words);
    free(session);
    counters_give(host->counters);
    host->on_ended(host);
}

/* Must the side see that the other one did not end in order? */
static bool
resets_client(const struct session *session)
{
    switch (session->reason) {
    case CLOSE_BACKEND_RESET:
    case CLOSE_IDLE_TIMEOUT:
    case CLOSE_HALF_CLOSED_TIMEOUT:
    case CLOSE_LIFETIME:
    case CLOSE_TRUST:
    case CLOSE_CLIENT_EXPIRED:
    case CLOSE_DRAIN_EXPIRED:
    case CLOSE_STOPPED:
    case CLOSE_NO_MEMORY:
    case CLOSE_INTERNAL_ERROR:
        return true;
    case CLOSE_NONE:
    case CLOSE_DONE:
    case CLOSE_PROBE:
    case CLOSE_HANDSHAKE_TIMEOUT:
    case CLOSE_NOT_TLS:
    case CLOSE_HELLO_MALFORMED:
    case CLOSE_HELLO_TOO_LARGE:
    case CLOSE_HANDSHAKE_FAILED:
    case CLOSE_HANDSHAKE_ABORTED:
    case CLOSE_CLIENT_REFUSED:
    case CLOSE_CLIENT_TRUNCATED:
    case CLOSE_CLIENT_RESET:
    case CLOSE_CLIENT_TLS_ERROR:
    case CLOSE_BACKEND_UNREACHABLE:
    case CLOSE_BACKEND_TIMEOUT:
    case CLOSE_REASON_COUNT:
        return false;
    }
    return false;
}

/*
 * Might the client still miss the alert that tells it why? Closing over unread
 * bytes resets, and so does what a client sends on after that: it is in the
 * middle of its flight when it is refused. A reset lets it see no alert, so
 * all is taken from it until it ends, too.
 */
static bool
may_miss_alert(struct session *session)
{
    bool is_told = session->client.tls_error != 0
                   || session->reason == CLOSE_CLIENT_REFUSED;

    return is_told && !resets_client(session)
           && !socket_discard_input(&session->client.sock);
}

static void
close_sides(struct session *session)
{
    if (resets_client(session))
        tls_stream_abort(&session->client);
    else
        tls_stream_close(&session->client);
    if (session->reason == CLOSE_DONE)
        socket_close(&session->backend.sock);
    else
        socket_abort(&session->backend.sock);
}

/* Ends the linger when both sides have what they were owed, or had their
 * time. True when the session is gone. */
bool
session_end_linger(struct session *session)
{
    bool is_owed = socket_unsent_bytes(&session->client.sock) > 0
                   || socket_unsent_bytes(&session->backend.sock) > 0;
    int64_t spent_ms = clock_now_ms() - session->linger_ms;

    if (is_owed && spent_ms < LINGER_MS)
        return false;
    if (may_miss_alert(session) && spent_ms < ALERT_READ_MS)
        return false;
    evtimer_del(&session->timer);
    close_sides(session);
    session_free(session);
    return true;
}

/* Stops all that could still call the session, but for its timer. */
static void
unwatch(struct session *session)
{
    session_stop_asking(session);
    loop_unqueue(&session->host->loop, &session->task);
    event_del(&session->client_event);
    if (session->backend.sock.fd >= 0)
        event_del(&session->backend_event);
    if (session->state == SESSION_RELAY)
        relay_deinit(&session->relay);
}

/*
 * The one way out. Logs, then closes: at once when all went well, and when
 * not, after what was accepted from one side has reached the other, so that
 * the reset does not overtake it, and after the client could read its alert.
 */
void
session_finish(struct session *session)
{
    bool has_relayed = session->state == SESSION_RELAY;

    session_leave_census(session); /* first: the log is what others go by */
    session_log_end(session);
    unwatch(session);
    if (session->reason == CLOSE_DONE
        || (!has_relayed && !may_miss_alert(session))) {
        evtimer_del(&session->timer);
        close_sides(session);
        session_free(session);
        return;
    }
    session->state = SESSION_LINGER;
    session->linger_ms = clock_now_ms();
    if (session_end_linger(session))
        return;
    session->timer_ms = 0;
    session_arm_timer(session);
}

void
session_stop(struct session *session, enum close_reason reason)
{
    if (session->state == SESSION_LINGER) {
        evtimer_del(&session->timer);
        close_sides(session);
        session_free(session);
        return;
    }
    session_fail(session, reason, NULL);
    session_finish(session);
}
