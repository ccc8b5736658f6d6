/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The record of a client, written by client_read.c and read by client.c. All
 * numbers are big-endian:
 *
 *   1   CLIENT_RECORD_VERSION
 *   1   enum client_usage bits; 0: no extended key usage
 *   32  SHA-256 of the certificate
 *   32  SHA-256 of the SubjectPublicKeyInfo
 *   8   not before, 8 not after: seconds since 1970
 *   1+n serial number without leading zero bytes
 *   2+n subject as text, 2+n issuer as text
 *   then for each fact but issuer and serial number:
 *   1   enum rule_kind, 2+n its bytes
 */
#ifndef SIDELOCK_CERTS_CLIENT_INTERNAL_H
#define SIDELOCK_CERTS_CLIENT_INTERNAL_H

#include "certs/client.h"

enum {
    CLIENT_RECORD_VERSION = 1,
    CLIENT_DIGEST_BYTES = 32,
    CLIENT_SERIAL_BYTES_MAX = 32,
    /* Longer than any rule, so that one that was cut equals none. */
    CLIENT_ISSUER_BYTES = 1200,
};

enum client_usage {
    CLIENT_USAGE_ANY = 1 << 0,
    CLIENT_USAGE_SERVER = 1 << 1,
    CLIENT_USAGE_CLIENT = 1 << 2,
    CLIENT_USAGE_CODE = 1 << 3,
    CLIENT_USAGE_EMAIL = 1 << 4,
    CLIENT_USAGE_TIME = 1 << 5,
    CLIENT_USAGE_OCSP = 1 << 6,
    CLIENT_USAGE_OTHER = 1 << 7,
};

/* The record of a certificate, on the heap. -1: as of client_new. */
int client_read(struct blob *record, const struct blob *leaf) MUST_CHECK;

#endif
