/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Trust: the CA certificates that vouch for the clients of one service.
 * Every certificate of every file is loaded and counted; a file without one
 * is an error. Immutable; owned by one snapshot.
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
    TRUST_FINGERPRINT_BYTES = 32
};

struct trust {
    struct blob *ca; /* DER */
    struct certificate_info *info;
    size_t ca_count;
    /* SHA-256 over the sorted SHA-256s of the CAs and over the rules of
     * [clients]: another value means another set of acceptable clients. */
    uint8_t fingerprint[TRUST_FINGERPRINT_BYTES];
};

/* NULL with an error in the report. */
struct trust *trust_load(
    const struct config_clients *clients, struct report *report) MUST_CHECK;
void trust_free(struct trust *trust);

#endif
