/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A peer's life, its refusal in words, and its identity in a ticket. */
#include "certs/peer.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/alert.h"
#include "certs/dates.h"

enum {
    /* After a day a client proves anew that it has its key. */
    RESUMED_SECONDS_MAX = 24 * 60 * 60,
    SEAL_HEAD_BYTES = 8 + 1 + 2 /* proven_at, by, length of the client */
};

void
peer_init(struct peer *peer)
{
    *peer = (struct peer){0};
}

static void
forget(struct peer *peer)
{
    client_free(peer->client);
    path_free(peer->path);
    free(peer->identity);
    free(peer->admitted_by);
    free(peer->warning);
    free(peer->rejected);
    free(peer->leaf.data);
    free(peer->issuer.data);
}

static void
drop_resumed(struct peer *peer)
{
    if (peer->resumed != NULL)
        forget(peer->resumed);
    free(peer->resumed);
    peer->resumed = NULL;
}

void
peer_deinit(struct peer *peer)
{
    drop_resumed(peer);
    forget(peer);
    *peer = (struct peer){0};
}

/* --- refusing ------------------------------------------------------------ */

/* As openssl and our status write it. */
static void
write_serial(char out[IDENTITY_SERIAL_BYTES], const struct client *client)
{
    const char *serial = client_serial(client);
    size_t len = strnlen(serial, IDENTITY_SERIAL_BYTES - 1);

    for (size_t i = 0; i < len; i++)
        out[i] = (char)toupper((unsigned char)serial[i]);
    out[len] = '\0';
}

static char *
refusal_words(const struct peer *peer, const struct ruling *ruling)
{
    const struct client *client = peer->client;
    char from[DATE_TEXT_BYTES];
    char until[DATE_TEXT_BYTES];
    char serial[IDENTITY_SERIAL_BYTES];
    char *words;

    if (client == NULL)
        return strdup(ruling->words);
    write_serial(serial, client);
    date_format(client_not_before(client), from);
    date_format(client_not_after(client), until);
    if (asprintf(&words,
            "certificate refused: %s; subject \"%s\", issuer \"%s\", serial "
            "%s, valid %s to %s, extended key usage %s, sha256 %s",
            ruling->words, client_subject(client), client_issuer(client),
            serial, from, until, client_usages(client),
            client_fingerprint(client))
        < 0)
        return NULL;
    return words;
}

void
peer_refuse(struct peer *peer, const struct ruling *ruling)
{
    peer->is_verified = false;
    peer->by = ADMITTED_BY_NOBODY;
    free(peer->admitted_by);
    peer->admitted_by = NULL;
    peer->code = ruling->code;
    peer->is_pending = ruling->is_pending;
    free(peer->rejected);
    peer->rejected = refusal_words(peer, ruling);
    alert_send(peer->ssl, ruling->alert);
}

/* --- after the handshake ------------------------------------------------- */

bool
peer_settle(struct peer *peer, bool is_resumed)
{
    struct peer *resumed = peer->resumed;

    peer->resumed = NULL;
    if (is_resumed && resumed != NULL) {
        forget(peer);
        peer->client = resumed->client;
        peer->path = resumed->path;
        peer->by = resumed->by;
        peer->proven_at = resumed->proven_at;
        peer->identity = resumed->identity;
        peer->admitted_by = resumed->admitted_by;
        peer->warning = resumed->warning;
        peer->rejected = NULL;
        peer->leaf = resumed->leaf; /* of a resumed one there is none */
        peer->issuer = resumed->issuer;
        free(resumed);
    } else if (resumed != NULL) {
        forget(resumed);
        free(resumed);
    }
    return peer->admission == NULL || !peer->admission->is_required
           || peer->by != ADMITTED_BY_NOBODY;
}

/* --- tickets ------------------------------------------------------------- */

size_t
peer_seal(const struct peer *peer, bool is_resumed, uint8_t *out, size_t cap)
{
    /* The ticket is renewed before that it was used is settled. One that was
     * only shown says nothing of who shows it. */
    const struct peer *from = is_resumed ? peer->resumed : peer;
    struct blob client;
    struct der path = {0};
    uint64_t at;

    if (from == NULL || from->client == NULL)
        return 0;
    client = client_record(from->client);
    if (from->path != NULL)
        path = path_record(from->path);
    if (client.len > UINT16_MAX || cap < SEAL_HEAD_BYTES
        || cap - SEAL_HEAD_BYTES < client.len
        || cap - SEAL_HEAD_BYTES - client.len < path.len)
        return SIZE_MAX;
    at = (uint64_t)from->proven_at;
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(at >> (8 * (7 - i)));
    out[8] = (uint8_t)from->by;
    out[9] = (uint8_t)(client.len >> 8);
    out[10] = (uint8_t)client.len;
    memcpy(out + SEAL_HEAD_BYTES, client.data, client.len);
    if (path.len > 0)
        memcpy(out + SEAL_HEAD_BYTES + client.len, path.data, path.len);
    return SEAL_HEAD_BYTES + client.len + path.len;
}

static struct peer *
unseal(const uint8_t *data, size_t len)
{
    struct peer *peer = calloc(1, sizeof(*peer));
    size_t client_len = (size_t)data[9] << 8 | data[10];
    size_t left = len - SEAL_HEAD_BYTES;
    uint64_t at = 0;

    if (peer == NULL || client_len > left)
        goto free_peer;
    for (size_t i = 0; i < 8; i++)
        at = at << 8 | data[i];
    peer->proven_at = (time_t)at;
    peer->client = client_from_record(data + SEAL_HEAD_BYTES, client_len);
    left -= client_len;
    if (peer->client == NULL)
        goto free_peer;
    if (left == 0)
        return peer;
    peer->path = path_from_record(data + SEAL_HEAD_BYTES + client_len, left);
    if (peer->path != NULL)
        return peer;

free_peer:
    if (peer != NULL)
        forget(peer);
    free(peer);
    return NULL;
}

/* The words that the log will have; false: no memory. */
static bool
describe(struct peer *peer, const struct ruling *ruling)
{
    peer->by = ruling->by;
    peer->admitted_by = strdup(ruling->words);
    peer->identity = peer_identity(peer->client, ruling->by);
    if (ruling->warning[0] != '\0')
        peer->warning = strdup(ruling->warning);
    return peer->admitted_by != NULL && peer->identity != NULL;
}

bool
peer_resume(struct peer *peer, const uint8_t *data, size_t len)
{
    struct admission_case client = {.now = time(NULL)};
    struct ruling ruling;
    struct peer *resumed;

    drop_resumed(peer);
    if (len == 0) /* it had no certificate */
        return peer->admission == NULL || !peer->admission->is_required;
    if (peer->admission == NULL || len < SEAL_HEAD_BYTES)
        return false;
    resumed = unseal(data, len);
    if (resumed == NULL)
        return false;
    peer->resumed = resumed;
    client.client = resumed->client;
    client.path = resumed->path;
    admission_judge_again(peer->admission, &client, &ruling);
    if (ruling.by != ADMITTED_BY_NOBODY && ruling.by == data[8]
        && client.now - resumed->proven_at <= RESUMED_SECONDS_MAX
        && client.now >= resumed->proven_at && describe(resumed, &ruling))
        return true;
    drop_resumed(peer);
    return false;
}

char *
peer_identity(const struct client *client, enum admitted_by by)
{
    char *identity;

    /* Of a trusted key its holder may write any name into a certificate. */
    if (by != ADMITTED_BY_KEY)
        return strdup(client_subject(client));
    if (asprintf(&identity, "key sha256 %s", client_key_hash(client)) < 0)
        return NULL;
    return identity;
}
