/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of the client that is shaking hands: filled by the verify
 * callback, once, from the certificate that was verified on this connection.
 * A session embeds one and hands it to the TLS object before the handshake.
 */
#ifndef SIDELOCK_CERTS_PEER_H
#define SIDELOCK_CERTS_PEER_H

#include <stdbool.h>
#include <stddef.h>

#include "config/report.h"

enum {
    PEER_REASON_BYTES = 640
};

struct peer {
    bool is_verified; /* the chain was verified on this very connection */
    char *identity;   /* heap; "CN=..." subject, escaped; NULL: none */
    char *rejected;   /* heap; why, and subject, issuer, serial, dates of the
                          refused certificate, escaped; NULL: not refused */
    int error;        /* the library's code for the refusal, or 0 */
};

void peer_init(struct peer *peer);
void peer_deinit(struct peer *peer);

#endif
