/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trust: the CA certificates that vouch for the clients of one service, out of
 * files (PEM, DER, PKCS#12), folders and the system's own. Every certificate
 * of every file is loaded, counted and named; one that is there twice counts
 * once. Immutable; owned by one snapshot.
 */
#ifndef SIDELOCK_CERTS_TRUST_H
#define SIDELOCK_CERTS_TRUST_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "certs/identity.h"
#include "config/config.h"
#include "config/report.h"

enum {
    TRUST_FINGERPRINT_BYTES = 32,
    TRUST_CA_MAX = 4096,
};

struct trust {
    struct blob *ca; /* DER */
    struct certificate_info *info;
    size_t ca_count; /* 0: nobody vouches, clients are known by themselves */
    /* SHA-256 over the sorted SHA-256s of the CAs and over the rules of
     * [clients]: another value means another set of acceptable clients. */
    uint8_t fingerprint[TRUST_FINGERPRINT_BYTES];
};

/*
 * An item of clients->ca that is "system" means the CAs that this machine
 * believes, which is warned of. A file that is named must hold CAs and nothing
 * that is none; in a folder what is no CA is passed over and told. Each item
 * must bring one. NULL with an error in the report.
 */
struct trust *trust_load(
    const struct config_clients *clients, struct report *report) MUST_CHECK;
void trust_free(struct trust *trust);

#endif
