/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a ClientHello decides before the TLS library sees it: the certificate,
 * the application protocol, and whether there is any common ground. A refusal
 * here carries the alert that says why (RFC 8446, section 6.2).
 */
#include <stdlib.h>
#include <string.h>

#include "proxy/session_state.h"

enum {
    ALERT_HANDSHAKE_FAILURE = 40,
    ALERT_UNRECOGNIZED_NAME = 112,
    ALERT_NO_APPLICATION_PROTOCOL = 120,
};

/* The library has no object yet that could send the alert. */
static void
send_alert(struct session *session, uint8_t alert)
{
    const uint8_t record[] = {21, 3, 3, 0, 2, 2, alert};
    size_t count;

    (void)socket_send(&session->client.sock, record, sizeof(record), &count);
}

/* Is there a group that both sides speak? The TLS library would choose one
 * that the client has not offered, or that we do not want. */
static bool
shares_group(const struct context *context, const struct hello *hello)
{
    if (hello->group_count == 0 || hello->group_count == HELLO_GROUPS_MAX)
        return true; /* not said, or not all of it read */
    for (size_t i = 0; i < hello->group_count; i++)
        if (context_has_group(context, hello->groups[i]))
            return true;
    return false;
}

static const struct sni_choice *
find_choice(const struct view_service *service, const struct hello *hello)
{
    const struct sni_choice *choice;

    if (hello->server_name[0] == '\0')
        return &service->snapshot->first_choice;
    choice = sni_find(service->snapshot->names, hello->server_name);
    if (choice == NULL
        && service->config->tls.unknown_sni == UNKNOWN_SNI_DEFAULT)
        return &service->snapshot->first_choice;
    return choice;
}

/* HELLO_USES_* of all that the client can verify. */
static unsigned
usable_keys(const struct hello *hello, const struct config_tls *tls)
{
    unsigned keys = hello->signature_keys != 0 ? hello->signature_keys : ~0U;

    if (hello->max_version >= TLS_VERSION_1_3
        && tls->max_version >= TLS_VERSION_1_3)
        return keys;
    return keys & hello->suite_keys;
}

/* The cheapest kind of key that the client can use; when there is none, any:
 * the handshake then fails and says why. */
static uint32_t
pick_identity(const struct sni_choice *choice, unsigned usable)
{
    static const struct {
        enum key_type type;
        unsigned bit;
    } preferred[] = {
        {KEY_ECDSA, HELLO_USES_ECDSA},
        {KEY_ED25519, HELLO_USES_ED25519},
        {KEY_RSA, HELLO_USES_RSA},
    };
    uint32_t any = SNI_NONE;

    for (size_t i = 0; i < sizeof(preferred) / sizeof(preferred[0]); i++) {
        uint32_t index = choice->by_type[preferred[i].type];

        if (index != SNI_NONE && (usable & preferred[i].bit) != 0)
            return index;
        if (index != SNI_NONE)
            any = index;
    }
    return any;
}

static void
refuse_name(struct session *session, const struct hello *hello)
{
    char name[HELLO_NAME_BYTES];

    text_escape(
        name, sizeof(name), hello->server_name, strlen(hello->server_name));
    send_alert(session, ALERT_UNRECOGNIZED_NAME);
    session->code = SL_CLIENT_SNI;
    session_fail(session, CLOSE_HANDSHAKE_FAILED,
        "no certificate covers the name \"%s\" that the client asks for", name);
}

static bool
choose_context(struct session *session, const struct hello *hello)
{
    struct view *view = session->view;
    const struct sni_choice *choice = find_choice(session->service, hello);
    uint32_t index;

    if (choice == NULL) {
        refuse_name(session, hello);
        return false;
    }
    index = pick_identity(
        choice, usable_keys(hello, &session->service->config->tls));
    session->context =
        view_context(view, (size_t)(session->service - view->services), index);
    if (session->context == NULL)
        session_fail(session, CLOSE_NO_MEMORY, NULL);
    return session->context != NULL;
}

static bool
choose_group(struct session *session, const struct hello *hello)
{
    if (shares_group(session->context, hello))
        return true;
    send_alert(session, ALERT_HANDSHAKE_FAILURE);
    session->code = SL_CLIENT_GROUP;
    session_fail(session, CLOSE_HANDSHAKE_FAILED,
        "no group (elliptic curve) in common with the client; see tls.groups");
    return false;
}

static bool
choose_protocol(struct session *session, const struct hello *hello)
{
    const struct config_tls *tls = &session->service->config->tls;

    if (tls->alpn.count == 0 || hello->alpn_len == 0)
        return true;
    session->wishes.protocol =
        hello_choose_alpn(hello, tls->alpn.items, tls->alpn.count);
    if (session->wishes.protocol != NULL || tls->alpn_mismatch == ALPN_IGNORE)
        return true;
    send_alert(session, ALERT_NO_APPLICATION_PROTOCOL);
    session->code = SL_CLIENT_ALPN;
    session_fail(session, CLOSE_HANDSHAKE_FAILED,
        "no application protocol (ALPN) in common with the client; see "
        "tls.alpn");
    return false;
}

bool
session_choose(struct session *session, const struct hello *hello)
{
    session->wishes.prefers_chacha = hello->prefers_chacha;
    return choose_context(session, hello) && choose_group(session, hello)
           && choose_protocol(session, hello);
}
