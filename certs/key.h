/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The private key, proven by signing something that the
 * certificate's public key then verifies. Comparing numbers is not enough:
 * libraries have passed pairs that did not belong together.
 */
#ifndef SIDELOCK_CERTS_KEY_H
#define SIDELOCK_CERTS_KEY_H

#include "certs/material.h"

/* Does key sign what the certificate's public key verifies? */
bool key_fits(const struct blob *key, const struct x509 *leaf);

/* Is the certificate's key of a kind and strength that is served? -1 with an
 * error in the report. */
int key_check_kind(const struct material *material, const struct x509 *leaf,
    struct report *report) MUST_CHECK;

/* Is it an RSA key under 2048 bits? */
bool key_is_short(const struct x509 *x509);

/* Reports why none of the keys is that of the certificate. */
void key_refuse(const struct material *material, const struct x509 *leaf,
    struct report *report);

#endif
