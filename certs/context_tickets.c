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

/* NOLINTBEGIN(readability-function-size): the library's signature */
static int
on_ticket(WOLFSSL *ssl, unsigned char key_name[WOLFSSL_TICKET_NAME_SZ],
    unsigned char iv[WOLFSSL_TICKET_IV_SZ],
    unsigned char mac[WOLFSSL_TICKET_MAC_SZ], int enc, unsigned char *ticket,
    int in_len, int *out_len, void *arg)
{
    struct context *context = arg;
    struct ticket_envelope envelope;
    enum ticket_result result;

    if (in_len < 0 || *context->ring == NULL)
        return WOLFSSL_TICKET_RET_REJECT;
    *out_len = in_len;
    if (enc) {
        result = ticket_seal(context->tickets, *context->ring, &envelope,
            ticket, (size_t)in_len);
        memcpy(key_name, envelope.name, TICKET_NAME_BYTES);
        memcpy(iv, envelope.iv, TICKET_IV_BYTES);
        memcpy(mac, envelope.mac, TICKET_MAC_BYTES);
    } else {
        memcpy(envelope.name, key_name, TICKET_NAME_BYTES);
        memcpy(envelope.iv, iv, TICKET_IV_BYTES);
        memcpy(envelope.mac, mac, TICKET_MAC_BYTES);
        result = ticket_open(context->tickets, *context->ring, &envelope,
            ticket, (size_t)in_len);
    }
    if (result == TICKET_OK)
        return WOLFSSL_TICKET_RET_OK;
    return result == TICKET_RENEW ? renew(ssl) : WOLFSSL_TICKET_RET_REJECT;
}
/* NOLINTEND(readability-function-size) */

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
    char numbers[64];

    (void)snprintf(numbers, sizeof(numbers), "level=%d versions=%x-%x",
        (int)service->required_level, (unsigned)service->tls.min_version,
        (unsigned)service->tls.max_version);
    if (hash_text(sha, service->name) != 0
        || hash_text(sha, entry->settings->name) != 0
        || hash_text(sha, entry->identity->name) != 0
        || hash_text(sha, numbers) != 0
        || hash_list(sha, &service->tls.ciphers) != 0
        || hash_list(sha, &service->tls.groups) != 0)
        return -1;
    return 0;
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

/* A ticket says nothing of who its client was, and resuming skips the
 * verification: a service that asks for certificates issues none. */
static bool
wants_tickets(const struct config_service *service)
{
    return service->tls.resumption != RESUMPTION_NO
           && service->client_certificate == CLIENT_CERT_IGNORE;
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
