/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tickets of a context: which it issues, and what they are bound to. */
#include <stdio.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "certs/context_internal.h"

/* The ticket is good, and another is to follow. TLS 1.3 sends one after every
 * handshake, and the library takes "create" for a refusal there. */
static int
renew(WOLFSSL *ssl)
{
    return wolfSSL_GetVersion(ssl) == WOLFSSL_TLSV1_3
               ? WOLFSSL_TICKET_RET_OK
               : WOLFSSL_TICKET_RET_CREATE;
}

/* --- identities ----------------------------------------------------------
 *
 * Where clients are asked for a certificate, the ticket's content is followed
 * by who the client was and the length of that in two bytes.
 */

enum {
    LENGTH_BYTES = 2,
    /* Instead of a length: the identity had no room, and without it the
     * ticket is good for nothing. */
    LENGTH_NO_ROOM = 0xffff,
};

/* The new length of the content, which has room for `cap` bytes. */
static int
append_identity(const struct context *context, WOLFSSL *ssl, uint8_t *content,
    int len, int cap)
{
    size_t identity_len = SIZE_MAX;
    uint8_t *at = content + len;

    if (cap - len < LENGTH_BYTES)
        return len;
    if (context->peer != NULL)
        identity_len =
            peer_seal(context->peer, wolfSSL_session_reused(ssl) != 0, at,
                (size_t)(cap - len - LENGTH_BYTES));
    if (identity_len == SIZE_MAX) {
        at[0] = LENGTH_NO_ROOM >> 8;
        at[1] = LENGTH_NO_ROOM & 0xff;
        return len + LENGTH_BYTES;
    }
    at[identity_len] = (uint8_t)(identity_len >> 8);
    at[identity_len + 1] = (uint8_t)identity_len;
    return len + (int)identity_len + LENGTH_BYTES;
}

/* The length of what is the library's; -1: the client is to show its
 * certificate. */
static int
take_identity(const struct context *context, const uint8_t *content, int len)
{
    int identity_len;

    if (len < LENGTH_BYTES || context->peer == NULL)
        return -1;
    len -= LENGTH_BYTES;
    identity_len = content[len] << 8 | content[len + 1];
    if (identity_len > len)
        return -1;
    len -= identity_len;
    return peer_resume(context->peer, content + len, (size_t)identity_len) ? len
                                                                           : -1;
}

/* --- the library's side -------------------------------------------------- */

static int
seal(struct context *context, struct ticket_envelope *envelope,
    unsigned char *ticket, int *len)
{
    return ticket_seal(
               context->tickets, *context->ring, envelope, ticket, (size_t)*len)
                   == TICKET_OK
               ? WOLFSSL_TICKET_RET_OK
               : WOLFSSL_TICKET_RET_REJECT;
}

/* A TLS 1.3 client may show several tickets, and the library opens them all
 * before it says which one it uses: the identity of one must not come with the
 * secret of another. After a HelloRetryRequest the same one comes again. */
static bool
is_first(const struct context *context, const struct ticket_envelope *envelope)
{
    return context->admission == NULL || context->peer == NULL
           || !context->peer->has_ticket
           || memcmp(&context->peer->ticket, envelope, sizeof(*envelope)) == 0;
}

static int
open_sealed(struct context *context, WOLFSSL *ssl,
    const struct ticket_envelope *envelope, unsigned char *ticket, int *len)
{
    enum ticket_result result = ticket_open(
        context->tickets, *context->ring, envelope, ticket, (size_t)*len);

    if (result == TICKET_REJECT || !is_first(context, envelope))
        return WOLFSSL_TICKET_RET_REJECT;
    if (context->admission != NULL)
        *len = take_identity(context, ticket, *len);
    if (*len < 0)
        return WOLFSSL_TICKET_RET_REJECT;
    if (context->admission != NULL) {
        context->peer->ticket = *envelope;
        context->peer->has_ticket = true;
    }
    return result == TICKET_OK ? WOLFSSL_TICKET_RET_OK : renew(ssl);
}

/* NOLINTBEGIN(readability-function-size): the library's signature */
static int
on_ticket(WOLFSSL *ssl, unsigned char key_name[WOLFSSL_TICKET_NAME_SZ],
    unsigned char iv[WOLFSSL_TICKET_IV_SZ],
    unsigned char mac[WOLFSSL_TICKET_MAC_SZ], int enc, unsigned char *ticket,
    int in_len, int *out_len, void *arg)
{
    struct context *context = arg;
    struct ticket_envelope envelope;
    int cap = *out_len;
    int result;

    if (in_len < 0 || *context->ring == NULL)
        return WOLFSSL_TICKET_RET_REJECT;
    *out_len = in_len;
    if (enc == 0) {
        memcpy(envelope.name, key_name, TICKET_NAME_BYTES);
        memcpy(envelope.iv, iv, TICKET_IV_BYTES);
        memcpy(envelope.mac, mac, TICKET_MAC_BYTES);
        return open_sealed(context, ssl, &envelope, ticket, out_len);
    }
    if (context->admission != NULL)
        *out_len = append_identity(context, ssl, ticket, in_len, cap);
    result = seal(context, &envelope, ticket, out_len);
    memcpy(key_name, envelope.name, TICKET_NAME_BYTES);
    memcpy(iv, envelope.iv, TICKET_IV_BYTES);
    memcpy(mac, envelope.mac, TICKET_MAC_BYTES);
    return result;
}
/* NOLINTEND(readability-function-size) */

/* --- what they are bound to ---------------------------------------------- */

static int
hash_text(wc_Sha256 *sha, const char *text)
{
    /* With its NUL, so that no part can run into the next. */
    return wc_Sha256Update(sha, (const byte *)text, (word32)strlen(text) + 1);
}

static int
hash_list(wc_Sha256 *sha, const struct string_list *list)
{
    int error = hash_text(sha, "list");

    for (size_t i = 0; i < list->count && error == 0; i++)
        error = hash_text(sha, list->items[i]);
    return error;
}

/* Everything that must be the same for a ticket to be good again. */
static int
hash_policy(wc_Sha256 *sha, const struct context_spec *spec)
{
    const struct config_service *service =
        &spec->snapshot->config->services[spec->service_index];
    const struct snapshot_identity *entry =
        &spec->snapshot->identities[spec->identity_index];
    const struct admission *admission =
        spec->snapshot->services[spec->service_index].admission;
    char numbers[64];

    (void)snprintf(numbers, sizeof(numbers), "level=%d,%d versions=%x-%x",
        (int)service->required_level, (int)service->client_certificate,
        (unsigned)service->tls.min_version, (unsigned)service->tls.max_version);
    if (hash_text(sha, service->name) != 0
        || hash_text(sha, entry->settings->name) != 0
        || hash_text(sha, entry->identity->name) != 0
        || hash_text(sha, numbers) != 0
        || hash_list(sha, &service->tls.ciphers) != 0
        || hash_list(sha, &service->tls.groups) != 0)
        return -1;
    if (admission == NULL)
        return 0;
    return wc_Sha256Update(sha, admission->hash, sizeof(admission->hash));
}

static int
make_binding(
    const struct context_spec *spec, uint8_t binding[TICKET_BINDING_BYTES])
{
    wc_Sha256 sha;
    int failed;

    if (wc_InitSha256(&sha) != 0)
        return -1;
    failed = hash_policy(&sha, spec);
    if (failed == 0 && wc_Sha256Final(&sha, binding) != 0)
        failed = -1;
    wc_Sha256Free(&sha);
    return failed;
}

static void
disable_tickets(WOLFSSL_CTX *ctx)
{
    (void)wolfSSL_CTX_no_ticket_TLSv13(ctx);
    (void)wolfSSL_CTX_NoTicketTLSv12(ctx);
}

/* Where clients prove who they are, resuming would skip that: it is done only
 * where it is asked for. */
static bool
wants_tickets(const struct config_service *service)
{
    if (service->tls.resumption == RESUMPTION_AUTO)
        return service->client_certificate == CLIENT_CERT_IGNORE;
    return service->tls.resumption == RESUMPTION_YES;
}

int
context_set_tickets(struct context *context, const struct context_spec *spec)
{
    const struct config_service *service =
        &spec->snapshot->config->services[spec->service_index];
    uint8_t binding[TICKET_BINDING_BYTES];

    if (spec->ring == NULL || !wants_tickets(service)) {
        disable_tickets(context->ctx);
        return 0;
    }
    if (make_binding(spec, binding) != 0)
        return -1;
    context->ring = spec->ring;
    context->tickets = ticket_keys_new(binding);
    if (context->tickets == NULL)
        return -1;
    (void)wolfSSL_CTX_set_TicketEncCb(context->ctx, on_ticket);
    (void)wolfSSL_CTX_set_TicketEncCtx(context->ctx, context);
    (void)wolfSSL_CTX_set_TicketHint(context->ctx, TICKET_ROTATE_SECONDS);
    (void)wolfSSL_CTX_set_timeout(context->ctx, TICKET_ROTATE_SECONDS);
    return 0;
}
