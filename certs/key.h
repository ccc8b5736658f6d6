/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The private key: read from PEM, and proven by signing something that the
 * certificate's public key then verifies. Comparing numbers is not enough:
 * libraries have passed pairs that did not belong together.
 */
#ifndef SIDELOCK_CERTS_KEY_H
#define SIDELOCK_CERTS_KEY_H

#include "certs/identity.h"
#include "certs/x509.h"

/*
 * Reads the one private key of a PEM file into key (DER; PKCS#8, SEC1 or
 * PKCS#1). -1 with an error in the report.
 */
int key_load(
    struct blob *key, const char *path, struct report *report) MUST_CHECK;

/* Does key sign what the certificate's public key verifies? */
bool key_fits(const struct blob *key, const struct x509 *leaf);

/* Proves that key belongs to the certificate `leaf` of the file `cert_path`.
 * -1 with an error in the report. */
int key_prove(const struct blob *key, const char *path, const struct x509 *leaf,
    const char *cert_path, struct report *report) MUST_CHECK;

#endif
