/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Session ticket keys. A ring holds secrets: the first one seals, all open.
 * The process's own ring has two, the current and the one before, so a ticket
 * lives between one and two rotation periods; rotating makes a new ring, and
 * the main thread hands it out by message. A ring out of a file is shared with
 * other machines, changes with the file, and belongs to the snapshot. Either
 * is immutable and shared by all workers.
 *
 * No secret is used directly: each context derives its key from the secret
 * and from its binding (service, certificate name, versions, level, trust),
 * so that a ticket of one service or policy does not open under another and
 * simply leads to a full handshake. Own keys survive a reload because their
 * ring is not part of the snapshot; a changed trust changes the binding.
 *
 * Sealing is AES-256-GCM from wolfCrypt with a random nonce, the key's name
 * as associated data. Secrets are wiped when the last reference goes.
 */
#ifndef SIDELOCK_CERTS_TICKETS_H
#define SIDELOCK_CERTS_TICKETS_H

#include <stddef.h>
#include <stdint.h>

#include "config/report.h"

enum {
    TICKET_ROTATE_SECONDS = 3600,
    TICKET_BINDING_BYTES = 32,
    TICKET_SECRETS_MAX = 16, /* of a file */
    TICKET_NAME_BYTES = 16,
    TICKET_IV_BYTES = 16,  /* the first 12 are the nonce */
    TICKET_MAC_BYTES = 32, /* the first 16 are the tag */
};

struct ticket_ring;

/* A ring whose previous secret is the current one of `old` (may be NULL).
 * NULL when memory or random numbers fail. Reference count 1. */
struct ticket_ring *ticket_ring_rotate(
    const struct ticket_ring *old) MUST_CHECK;
/* The ring of a file: base64 of 32 to 128 bytes on each line, "#" begins a
 * comment. NULL with an error in the report. */
struct ticket_ring *ticket_ring_load(
    const char *path, struct report *report) MUST_CHECK;
/* Counting is atomic: main and workers hold references. */
struct ticket_ring *ticket_ring_ref(struct ticket_ring *ring);
void ticket_ring_unref(struct ticket_ring *ring);

/* What one context keeps: its binding and the keys derived so far. Used by
 * one thread only. */
struct ticket_keys;

struct ticket_keys *ticket_keys_new(
    const uint8_t binding[TICKET_BINDING_BYTES]) MUST_CHECK;
void ticket_keys_free(struct ticket_keys *keys);

enum ticket_result {
    TICKET_OK,
    TICKET_RENEW,  /* opened by an older secret: issue a new one */
    TICKET_REJECT, /* unknown key, tampered, or failure: full handshake */
};

/* Where sealing keeps what is not the ticket's content. */
struct ticket_envelope {
    uint8_t name[TICKET_NAME_BYTES];
    uint8_t iv[TICKET_IV_BYTES];
    uint8_t mac[TICKET_MAC_BYTES];
};

/* Both work in place on content[len]. */
enum ticket_result ticket_seal(struct ticket_keys *keys,
    const struct ticket_ring *ring, struct ticket_envelope *envelope,
    uint8_t *content, size_t len);
enum ticket_result ticket_open(struct ticket_keys *keys,
    const struct ticket_ring *ring, const struct ticket_envelope *envelope,
    uint8_t *content, size_t len);

#endif
