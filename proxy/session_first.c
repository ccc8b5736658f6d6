/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * required_level = none: who speaks TLS and who does not, on one port. The
 * first byte decides, and is left in the socket: a record of a handshake
 * begins with 0x16, which no text does. A client that says nothing waits for
 * the server to speak first and gets it as plaintext after first_byte. Those
 * that a stricter setting would refuse are counted (census.h).
 */
#include <string.h>

#include "proxy/clock.h"
#include "proxy/session_state.h"

bool
session_awaits_first_byte(const struct session *session)
{
    return session->state == SESSION_HELLO && session->hello_len == 0
           && session->service->config->required_level == LEVEL_NONE;
}

static void
note(struct session *session, enum census_kind kind)
{
    if (!census_counts(session->service->config, kind))
        return;
    census_note(session->service->census, &session->client_address, kind,
        clock_now_ms());
    session->is_counted[kind] = true;
}

void
session_leave_census(const struct session *session)
{
    for (int kind = 0; kind < CENSUS_KIND_COUNT; kind++)
        if (session->is_counted[kind])
            census_note_end(session->service->census, &session->client_address,
                (enum census_kind)kind, clock_now_ms());
}

void
session_note_tls(struct session *session)
{
    if (session->service->census == NULL)
        return;
    if (session->peer.by == ADMITTED_BY_NOBODY)
        note(session, CENSUS_NO_CERTIFICATE);
    if (strcmp(session->version, "TLSv1.2") == 0)
        note(session, CENSUS_TLS_1_2);
}

void
session_start_plain(struct session *session)
{
    tls_stream_set_plain(&session->client);
    session->is_plain = true;
    counters_note_plaintext(session->host->counters);
    /* on_missing = plaintext where clients may show a certificate: it did
     * not. */
    note(session, session->service->config->required_level == LEVEL_NONE
                      ? CENSUS_PLAINTEXT
                      : CENSUS_NO_CERTIFICATE);
    session->state = SESSION_CONNECT;
    session_next_backend(session, 0);
}

bool
session_take_plain(struct session *session)
{
    uint8_t first;

    if (session->service->snapshot->mode == SERVICE_PLAINTEXT) {
        session_start_plain(session);
        return true;
    }
    /* An end without a byte is a probe: the hello's reader says so. */
    if (!session_awaits_first_byte(session)
        || socket_peek(&session->client.sock, &first) != IO_OK
        || hello_may_begin_with(first))
        return false;
    session_start_plain(session);
    return true;
}
