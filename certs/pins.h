/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Clients that are believed as they are, whoever signed their certificates:
 * exact certificates (clients.trusted_certs) and public keys, by the SHA-256
 * of their SubjectPublicKeyInfo (clients.trusted_keys). Immutable but for the
 * counts of use, which are atomic; a pin that a reload takes over goes on
 * counting where it was. Owned by one snapshot, used by all threads.
 */
#ifndef SIDELOCK_CERTS_PINS_H
#define SIDELOCK_CERTS_PINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "certs/identity.h"
#include "config/config.h"
#include "config/report.h"

enum {
    PINS_HASH_BYTES = 32
};

struct pin_use; /* shared by the pins of the same certificate or key */

struct pin {
    const char *name; /* the file's path, or the pin as it is written */
    bool is_key;
    /* Of a certificate; of a key only the fingerprint, which is then the
     * key's hash. Upper-case hex. */
    struct certificate_info info;
    struct pin_use *use;
};

struct pins;

/* `previous` may be NULL. NULL with an error in the report. */
struct pins *pins_load(const struct config_clients *clients,
    const struct pins *previous, struct report *report) MUST_CHECK;
void pins_free(struct pins *pins);

/*
 * The pin of a client, by the SHA-256 of its certificate and that of its
 * SubjectPublicKeyInfo as 64 hex digits of either case; the certificate's own
 * pin before its key's. NULL: none, or `pins` is NULL. Two binary searches;
 * any thread.
 */
struct pin *pins_find(const struct pins *pins, const char *fingerprint_hex,
    const char *key_hash_hex);

/* One more client came in by it. Any thread. */
void pin_note_use(const struct pin *pin, time_t now);
unsigned long long pin_hits(const struct pin *pin);
time_t pin_last_used(const struct pin *pin); /* 0: never */

/* In the order of the configuration; what is there twice, once. */
size_t pins_count(const struct pins *pins);
struct pin *pins_at(const struct pins *pins, size_t index);

/* SHA-256 over all pins, whatever their order. -1: the library failed. */
int pins_hash(const struct pins *pins, uint8_t out[PINS_HASH_BYTES]) MUST_CHECK;

/* Warns of pinned certificates that are expired, not yet valid, or end within
 * warn_days. */
void pins_judge(const struct pins *pins, time_t now, int64_t warn_days,
    struct report *report);

#endif
