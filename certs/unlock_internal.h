/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What decrypting and checking have in common. */
#ifndef SIDELOCK_CERTS_UNLOCK_INTERNAL_H
#define SIDELOCK_CERTS_UNLOCK_INTERNAL_H

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hash.h>

#include "certs/unlock.h"

bool unlock_is_oid(struct der oid, const char *text);

/* Takes an AlgorithmIdentifier's content apart. */
bool unlock_take_algorithm(
    struct der *in, struct der *oid, struct der *parameters);

/* names are those of SHA-1, SHA-256, SHA-384 and SHA-512. */
enum wc_HashType unlock_hash_of(struct der oid, const char *const names[4]);

/* Counts the rounds. False: many parts with many rounds each are as bad as
 * one with too many. */
bool unlock_is_affordable(struct password *password, uint32_t rounds);

#endif
