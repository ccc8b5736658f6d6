/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revocation lists for tests, byte for byte as they are asked for, signed by
 * the openssl program in the folder of certs_fixture.h. */
#ifndef SIDELOCK_TESTS_CRL_FIXTURE_H
#define SIDELOCK_TESTS_CRL_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "certs/identity.h"
#include "tests/unit/certs_fixture.h"

/* What NULL or 0 leaves open is said behind it. */
struct crl_spec {
    const char *issuer; /* intermediate: of NAME.pem */
    const char *key;    /* the issuer's NAME.key */
    time_t this_update; /* an hour before now */
    time_t next_update; /* in 30 days */
    bool has_no_end;    /* without a nextUpdate */
    bool is_v1;         /* without version and extensions */
    bool is_sha1;       /* else signed with SHA-256 */
    bool is_pem;
    unsigned number;         /* 1 */
    const char *extensions;  /* further ones, as hex digits: none */
    const unsigned *serials; /* revoked_count of them, not 0 */
    size_t revoked_count;
    time_t revoked_at;            /* two hours before now */
    const char *entry_extensions; /* of each entry, as hex digits: none */
};

/* Writes the list to the path. */
void make_crl(const char *path, const struct crl_spec *spec);

#endif
