/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the log says of a session. The fields are the same for a connection
 * that ended and for one that a dump shows, and the same in text and JSON.
 */
#include <stddef.h>
#include <stdio.h>

#include "proxy/clock.h"
#include "proxy/log.h"
#include "proxy/session_state.h"

static const char *
state_name(enum session_state state)
{
    static const char *const names[] = {
        [SESSION_HELLO] = "hello",
        [SESSION_HANDSHAKE] = "handshake",
        [SESSION_ASK] = "ask",
        [SESSION_CONNECT] = "connect",
        [SESSION_RELAY] = "relay",
        [SESSION_LINGER] = "linger",
    };

    return names[state];
}

/* "[TLSv1.3 VERIFIED]" only when the client's chain was verified on this very
 * connection; "[-]" when no handshake was finished,
 * "[PLAIN]" where there is none. */
static void
put_tls(struct log_line *line, const struct session *session)
{
    char text[48];

    if (session->is_plain)
        (void)snprintf(text, sizeof(text), "[PLAIN]");
    else if (session->version == NULL)
        (void)snprintf(text, sizeof(text), "[-]");
    else
        (void)snprintf(text, sizeof(text), "[%s%s]", session->version,
            session->peer.is_verified ? " VERIFIED" : "");
    log_put_string(line, "tls", text);
}

static void
put_handshake(struct log_line *line, const struct session *session)
{
    if (session->version == NULL)
        return;
    log_put_string(line, "version", session->version);
    log_put_string(line, "cipher", session->cipher);
    log_put_string(line, "group", session->group);
    log_put_string(line, "alpn", session->wishes.protocol);
    log_put_string(line, "resumed", session->is_resumed ? "yes" : "no");
    log_put_string(line, "identity", session->peer.identity);
    log_put_string(line, "admitted_by", session->peer.admitted_by);
    log_put_string(line, "warning", session->peer.warning);
}

static void
put_backend(struct log_line *line, const struct session *session)
{
    const struct backend_set *set = &session->service->backends;
    char text[ADDRESS_TEXT_BYTES];

    if (session->backend_index < 0)
        return;
    address_format(
        set->backends[session->backend_index].address, text, sizeof(text));
    log_put_string(line, "backend", text);
}

static void
put_fields(struct log_line *line, const struct session *session)
{
    char peer[ADDRESS_TEXT_BYTES];
    bool has_relay = session->state == SESSION_RELAY;

    address_format(&session->client_address, peer, sizeof(peer));
    log_put_int(line, "conn", (int64_t)session->id);
    log_put_string(line, "service", session->service->config->name);
    put_tls(line, session);
    log_put_string(line, "peer", peer);
    log_put_string(line, "sni", session->server_name);
    put_handshake(line, session);
    put_backend(line, session);
    log_put_int(line, "bytes_to_backend",
        has_relay ? (int64_t)session->relay.to_backend.bytes : 0);
    log_put_int(line, "bytes_to_client",
        has_relay ? (int64_t)session->relay.to_client.bytes : 0);
    log_put_int(line, "duration_ms", clock_now_ms() - session->start_ms);
}

static bool
is_truncated(const struct session *session)
{
    return session->reason == CLOSE_CLIENT_TRUNCATED
           || (session->state == SESSION_RELAY
               && session->relay.to_backend.was_truncated);
}

static enum guide_code
code_of(const struct session *session)
{
    return session->code != SL_NONE ? session->code
                                    : close_reason_code(session->reason);
}

/* Refusals of one kind count as one, whoever the client says it is and
 * whichever name it asks for: it could say something else each time. */
static bool
is_detail_of_client(const struct session *session)
{
    return session->reason == CLOSE_CLIENT_REFUSED
           || session->code == SL_CLIENT_SNI;
}

/* What is wrong at one service is another matter at the next. */
static struct repeat_key
repeat_key(const struct session *session)
{
    struct repeat_key key =
        repeat_key_of(&session->client_address, session->reason,
            is_detail_of_client(session) ? guide_text(code_of(session))
                                         : session->detail);
    ptrdiff_t index = session->service - session->view->services;

    key.detail_hash += (uint32_t)index * 2654435761U;
    return key;
}

/* Whether this end is to be logged at all, and how many like it were not. */
static bool
admit(const struct session *session, unsigned *left_out)
{
    struct session_host *host = session->host;
    struct repeat_key key = repeat_key(session);

    *left_out = 0;
    if (session->reason == CLOSE_DONE)
        return host->logs_connections;
    if (session->reason == CLOSE_TRUST
        || session->reason == CLOSE_CLIENT_EXPIRED)
        return true; /* each was let in, and each end is told */
    if (!log_is_wanted(close_reason_level(session->reason)))
        return false;
    return repeats_admit(&host->repeats, &key, clock_now_ms(), left_out);
}

/* Who refuses somebody says what would help; of other ends the code does. */
static void
put_cause(struct log_line *line, const struct session *session)
{
    enum guide_code code = code_of(session);

    log_put_string(line, "reason", close_reason_word(session->reason));
    log_put_string(line, "code", guide_text(code));
    if (session->detail != NULL && session->detail[0] != '\0')
        log_put_string(line, "detail", session->detail);
    if (session->reason == CLOSE_CLIENT_REFUSED && code != SL_NONE)
        log_put_string(line, "remedy", guide_entry(code)->remedy);
}

void
session_log_end(struct session *session)
{
    struct log_line line;
    unsigned left_out;

    if (!admit(session, &left_out))
        return;
    log_begin(&line, close_reason_level(session->reason), "connection");
    put_fields(&line, session);
    if (is_truncated(session))
        log_put_string(&line, "truncated", "yes");
    put_cause(&line, session);
    if (left_out > 0)
        log_put_int(&line, "repeated", left_out);
    log_put_int(&line, "gen", session->view->snapshot->generation);
    log_end(&line);
}

void
session_dump(const struct session *session)
{
    struct log_line line;

    log_begin(&line, LOG_LEVEL_INFO, "dump");
    put_fields(&line, session);
    log_put_string(&line, "state", state_name(session->state));
    log_put_int(&line, "gen", session->view->snapshot->generation);
    log_end(&line);
}
