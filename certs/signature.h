/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A signature over data that is no certificate: ECDSA and RSA (PKCS #1) with
 * SHA-256 or longer, and Ed25519. */
#ifndef SIDELOCK_CERTS_SIGNATURE_H
#define SIDELOCK_CERTS_SIGNATURE_H

#include <stdbool.h>

#include "certs/der.h"
#include "certs/x509.h"

/* False also for an algorithm that is not one of these. */
bool signature_holds(const struct x509_public_key *key, struct der algorithm,
    struct der data, struct der signature);

#endif
