/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proxy_protocol: the first bytes that a backend gets say who is calling. The
 * identity is the one that was verified on this connection, or authorized
 * again when its session was resumed.
 */
#include <sys/socket.h>

#include <string.h>

#include "proxy/proxy_header.h"
#include "proxy/session_state.h"

static struct proxy_text
text_of(const char *text)
{
    return (struct proxy_text){text, text == NULL ? 0 : strlen(text)};
}

/* The first CN, as other senders of the header do. */
static struct proxy_text
common_name_of(const struct client *client)
{
    size_t count = client_fact_count(client);

    for (size_t i = 0; i < count; i++) {
        struct client_fact fact = client_fact_at(client, i);

        if (fact.kind == RULE_CN)
            return (struct proxy_text){fact.data, fact.len};
    }
    return (struct proxy_text){NULL, 0};
}

static void
fill_tls(struct proxy_facts *facts, const struct session *session)
{
    const struct peer *peer = &session->peer;

    facts->is_tls = true;
    facts->has_identity = peer->client != NULL;
    facts->has_certificate = facts->has_identity && !session->is_resumed;
    facts->is_verified = peer->by != ADMITTED_BY_NOBODY;
    facts->server_name = text_of(session->server_name);
    facts->alpn = text_of(session->wishes.protocol);
    facts->tls_version = text_of(session->version);
    facts->cipher = text_of(session->cipher);
    /* Of a trusted key its holder may write any name into a certificate. */
    if (facts->has_identity && peer->by != ADMITTED_BY_KEY)
        facts->common_name = common_name_of(peer->client);
}

/* Where the client has connected to; false: that cannot be said. */
static bool
find_local(const struct session *session, struct address *local)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof(name);

    if (getsockname(
            session->client.sock.fd, (struct sockaddr *)(void *)&name, &len)
        != 0)
        return false;
    address_from_sockaddr(local, (struct sockaddr *)(void *)&name, len);
    return true;
}

int
session_begin_with_header(struct session *session)
{
    struct proxy_facts facts = {
        .version = session->service->config->proxy_protocol,
        .client = &session->client_address,
    };
    uint8_t header[PROXY_HEADER_BYTES_MAX];
    struct address local;

    if (facts.version == PROXY_OFF)
        return 0;
    if (find_local(session, &local))
        facts.local = &local;
    if (!session->is_plain)
        fill_tls(&facts, session);
    return relay_begin_with(
        &session->relay, header, proxy_header_build(&facts, header));
}
