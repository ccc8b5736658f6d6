/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rings of secrets, and the keys that contexts derive from them. */
#include "certs/tickets.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "certs/random.h"
#include "certs/tickets_internal.h"

enum {
    SECRET_BYTES = 32,
    KEY_BYTES = 32, /* AES-256 */
    NONCE_BYTES = 12,
    TAG_BYTES = 16,
};

struct ticket_secret {
    uint64_t id; /* random; tells whether a derived key is of this secret */
    uint8_t bytes[SECRET_BYTES];
};

struct ticket_ring {
    atomic_uint refs;
    size_t count;
    struct ticket_secret secrets[]; /* the first one seals */
};

/* What HKDF makes of a secret and a binding. */
struct derived_key {
    uint64_t secret_id;
    uint8_t name[TICKET_NAME_BYTES];
    Aes aes;
};

struct ticket_keys {
    uint8_t binding[TICKET_BINDING_BYTES];
    struct derived_key *keys[TICKET_SECRETS_MAX]; /* NULL: free */
    size_t oldest; /* slot to fill next, when none is free */
};

struct ticket_ring *
ticket_ring_make(size_t count)
{
    struct ticket_ring *ring =
        calloc(1, sizeof(*ring) + count * sizeof(struct ticket_secret));

    if (ring == NULL)
        return NULL;
    atomic_init(&ring->refs, 1);
    ring->count = count;
    return ring;
}

/* What a file's line holds becomes a secret and its id by hashing, so that
 * every machine with the file has the same. */
int
ticket_ring_fill(
    struct ticket_ring *ring, size_t index, const uint8_t *data, size_t len)
{
    struct ticket_secret *secret = &ring->secrets[index];
    uint8_t digest[SECRET_BYTES];

    if (wc_Sha256Hash(data, (word32)len, secret->bytes) != 0
        || wc_Sha256Hash(secret->bytes, SECRET_BYTES, digest) != 0)
        return -1;
    memcpy(&secret->id, digest, sizeof(secret->id));
    return 0;
}

struct ticket_ring *
ticket_ring_rotate(const struct ticket_ring *old)
{
    struct ticket_ring *ring = ticket_ring_make(old != NULL ? 2 : 1);
    struct ticket_secret *current;

    if (ring == NULL)
        return NULL;
    current = &ring->secrets[0];
    if (sidelock_random_block(current->bytes, SECRET_BYTES) != 0
        || sidelock_random_block(
               (unsigned char *)&current->id, sizeof(current->id))
               != 0) {
        ticket_ring_unref(ring);
        return NULL;
    }
    if (old != NULL)
        ring->secrets[1] = old->secrets[0];
    return ring;
}

struct ticket_ring *
ticket_ring_ref(struct ticket_ring *ring)
{
    atomic_fetch_add(&ring->refs, 1);
    return ring;
}

void
ticket_ring_unref(struct ticket_ring *ring)
{
    if (ring == NULL || atomic_fetch_sub(&ring->refs, 1) != 1)
        return;
    explicit_bzero(
        ring, sizeof(*ring) + ring->count * sizeof(struct ticket_secret));
    free(ring);
}

/* --- derived keys ------------------------------------------------------- */

struct ticket_keys *
ticket_keys_new(const uint8_t binding[TICKET_BINDING_BYTES])
{
    struct ticket_keys *keys = calloc(1, sizeof(*keys));

    if (keys != NULL)
        memcpy(keys->binding, binding, TICKET_BINDING_BYTES);
    return keys;
}

static void
drop_key(struct derived_key *key)
{
    if (key == NULL)
        return;
    wc_AesFree(&key->aes);
    explicit_bzero(key, sizeof(*key));
    free(key);
}

void
ticket_keys_free(struct ticket_keys *keys)
{
    if (keys == NULL)
        return;
    for (size_t i = 0; i < TICKET_SECRETS_MAX; i++)
        drop_key(keys->keys[i]);
    explicit_bzero(keys, sizeof(*keys));
    free(keys);
}

/* name and key out of secret and binding (HKDF, RFC 5869). NULL: no memory. */
static struct derived_key *
derive(const struct ticket_secret *secret,
    const uint8_t binding[TICKET_BINDING_BYTES])
{
    struct derived_key *key = calloc(1, sizeof(*key));
    uint8_t material[TICKET_NAME_BYTES + KEY_BYTES];
    int error;

    if (key == NULL)
        return NULL;
    error = wc_HKDF(WC_SHA256, secret->bytes, SECRET_BYTES, NULL, 0, binding,
        TICKET_BINDING_BYTES, material, sizeof(material));
    if (error == 0)
        error = wc_AesInit(&key->aes, NULL, INVALID_DEVID);
    if (error == 0) {
        key->secret_id = secret->id;
        memcpy(key->name, material, TICKET_NAME_BYTES);
        error =
            wc_AesGcmSetKey(&key->aes, material + TICKET_NAME_BYTES, KEY_BYTES);
    }
    explicit_bzero(material, sizeof(material));
    if (error == 0)
        return key;
    drop_key(key);
    return NULL;
}

/*
 * The derived key of a ring's secret, made on first use. When no slot is free,
 * the one that was filled longest ago makes room. NULL: derivation failed.
 */
static struct derived_key *
key_for(struct ticket_keys *keys, const struct ticket_secret *secret)
{
    struct derived_key **slot = NULL;

    for (size_t i = 0; i < TICKET_SECRETS_MAX; i++) {
        struct derived_key *key = keys->keys[i];

        if (key != NULL && key->secret_id == secret->id)
            return key;
        if (key == NULL && slot == NULL)
            slot = &keys->keys[i];
    }
    if (slot == NULL) {
        slot = &keys->keys[keys->oldest];
        keys->oldest = (keys->oldest + 1) % TICKET_SECRETS_MAX;
    }
    drop_key(*slot);
    *slot = derive(secret, keys->binding);
    return *slot;
}

enum ticket_result
ticket_seal(struct ticket_keys *keys, const struct ticket_ring *ring,
    struct ticket_envelope *envelope, uint8_t *content, size_t len)
{
    struct derived_key *key = key_for(keys, &ring->secrets[0]);

    memset(envelope, 0, sizeof(*envelope));
    if (key == NULL || sidelock_random_block(envelope->iv, NONCE_BYTES) != 0)
        return TICKET_REJECT;
    memcpy(envelope->name, key->name, TICKET_NAME_BYTES);
    if (wc_AesGcmEncrypt(&key->aes, content, content, (word32)len, envelope->iv,
            NONCE_BYTES, envelope->mac, TAG_BYTES, envelope->name,
            TICKET_NAME_BYTES)
        != 0)
        return TICKET_REJECT;
    return TICKET_OK;
}

/* What sealing leaves zero must be zero: nothing of a ticket is unproven. */
static bool
has_clean_padding(const struct ticket_envelope *envelope)
{
    static const uint8_t zero[TICKET_MAC_BYTES];

    return memcmp(
               envelope->iv + NONCE_BYTES, zero, TICKET_IV_BYTES - NONCE_BYTES)
               == 0
           && memcmp(
                  envelope->mac + TAG_BYTES, zero, TICKET_MAC_BYTES - TAG_BYTES)
                  == 0;
}

enum ticket_result
ticket_open(struct ticket_keys *keys, const struct ticket_ring *ring,
    const struct ticket_envelope *envelope, uint8_t *content, size_t len)
{
    for (size_t i = 0; i < ring->count; i++) {
        struct derived_key *key = key_for(keys, &ring->secrets[i]);

        if (key == NULL
            || memcmp(key->name, envelope->name, TICKET_NAME_BYTES) != 0)
            continue;
        if (!has_clean_padding(envelope)
            || wc_AesGcmDecrypt(&key->aes, content, content, (word32)len,
                   envelope->iv, NONCE_BYTES, envelope->mac, TAG_BYTES,
                   envelope->name, TICKET_NAME_BYTES)
                   != 0)
            return TICKET_REJECT;
        return i == 0 ? TICKET_OK : TICKET_RENEW;
    }
    return TICKET_REJECT;
}
