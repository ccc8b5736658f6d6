/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a session adds to the table of clients that wait for approval, and
 * takes out of it: once per handshake, never per byte. */
#include <time.h>

#include "proxy/session_state.h"

void
session_note_pending(const struct session *session)
{
    const struct client *client = session->peer.client;
    struct pending_client pending;

    if (!session->peer.is_pending || client == NULL)
        return;
    pending = (struct pending_client){
        .fingerprint = client_fingerprint(client),
        .subject = client_subject(client),
        .issuer = client_issuer(client),
        .serial = client_serial(client),
        .not_after = client_not_after(client),
        .address = &session->client_address,
        .service = session->service->config->name,
    };
    pending_note(session->host->pending, &pending, time(NULL));
}

void
session_forget_pending(const struct session *session)
{
    if (session->peer.client != NULL)
        pending_forget(session->host->pending, session->service->config->name,
            client_fingerprint(session->peer.client));
}
