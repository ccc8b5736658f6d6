/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An identity is what a server shows and proves: a certificate chain and the
 * private key of its leaf, loaded from files and proven before use.
 *
 * identity_load runs every proof that needs no network, in this order, and
 * names the first that fails: files readable; PEM understood; the key signs
 * and the leaf's public key verifies (so the pair really matches); chain in
 * order and complete; server_name covered; EKU serverAuth. Dates are judged
 * apart (dates.h) and only warn: a server with an expired certificate still
 * encrypts, and the status says so. Whether a reload may install it is
 * snapshot.h's decision.
 *
 * Immutable once loaded, and counted: a reload shares with the snapshot before
 * it what did not change. The key's bytes are wiped with the last reference
 * and never appear in a report.
 */
#ifndef SIDELOCK_CERTS_IDENTITY_H
#define SIDELOCK_CERTS_IDENTITY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "config/config.h"
#include "config/report.h"

enum {
    IDENTITY_CHAIN_MAX = 9, /* certificates; what the TLS library can send */
    IDENTITY_NAME_BYTES = 256,
    IDENTITY_SERIAL_BYTES = 64,      /* hex digits and NUL */
    IDENTITY_FINGERPRINT_BYTES = 65, /* SHA-256 of the DER, hex, and NUL */
};

enum key_type {
    KEY_ECDSA,
    KEY_RSA,
    KEY_ED25519
};

struct blob {
    uint8_t *data;
    size_t len;
};

/* One certificate of the chain, as people speak of it (escaped text). */
struct certificate_info {
    char subject[IDENTITY_NAME_BYTES]; /* "CN=...,O=..." or similar */
    char issuer[IDENTITY_NAME_BYTES];
    char serial[IDENTITY_SERIAL_BYTES]; /* upper-case hex, no separators */
    char fingerprint[IDENTITY_FINGERPRINT_BYTES];
    time_t not_before;
    time_t not_after;
};

struct identity {
    atomic_uint refs;
    char name[IDENTITY_NAME_BYTES]; /* what the status calls it: server_name,
                                       else the first DNS name, else CN */
    enum key_type key_type;
    struct blob *chain;            /* chain_count of them: DER, leaf first */
    struct certificate_info *info; /* of the same */
    size_t chain_count;
    bool ends_unknown; /* at an issuer that this system does not know */
    char **names;      /* DNS names of the leaf (x509_dns_names) */
    size_t name_count;
    struct blob key;    /* DER, secret */
    struct blob staple; /* OCSP response to send along (DER), or empty */
    time_t staple_since;
    time_t staple_until;
    /* What it was made of and what was found then; whoever shares it tells it
     * again. */
    struct sources *sources;
    bool is_settled; /* the files were not being written when they were read */
    struct report findings;
};

/* "certificate.cert PATH" or "certificate.keystore PATH", to begin a line. */
void identity_where(
    const struct config_certificate *certificate, char *out, size_t cap);

struct roots; /* of this load (roots.h) */

/* Returns a proven identity, or NULL with an error in the report. Dates are
 * not judged here: see dates.h. */
struct identity *identity_load(const struct config_certificate *certificate,
    struct roots *roots, struct report *report) MUST_CHECK;
struct identity *identity_ref(struct identity *identity);
void identity_unref(struct identity *identity);

/* The earliest end among leaf and intermediates, and whose it is. */
time_t identity_not_after(const struct identity *identity);

/* True while every certificate of the chain is within its dates. */
bool identity_is_current(const struct identity *identity, time_t now);

#endif
