/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which identity for which server name: a hash table from names to identities,
 * one per kind of key, so that a look-up costs the same for one certificate
 * and for ten thousand. Exact names win over wildcards; a wildcard stands for
 * one label (names.h).
 *
 * Identities are numbers here, the indexes of snapshot.h.
 */
#ifndef SIDELOCK_CERTS_SNI_H
#define SIDELOCK_CERTS_SNI_H

#include <stddef.h>
#include <stdint.h>

#include "certs/identity.h"

enum {
    KEY_TYPE_COUNT = KEY_ED25519 + 1
};

#define SNI_NONE UINT32_MAX

/* The identities that cover one name, by enum key_type. */
struct sni_choice {
    uint32_t by_type[KEY_TYPE_COUNT]; /* SNI_NONE: none with such a key */
};

struct sni;

enum sni_result {
    SNI_ADDED,
    SNI_TAKEN,    /* an identity with this kind of key has the name; it stays */
    SNI_UNUSABLE, /* no host name could ever match it */
    SNI_NO_MEMORY,
};

struct sni *sni_new(void) MUST_CHECK;
void sni_free(struct sni *sni);

/* `name` in lower case, "*.example.com" for a wildcard. */
enum sni_result sni_add(struct sni *sni, const char *name, enum key_type type,
    uint32_t identity) MUST_CHECK;

/* Gives the name, which is taken, to another identity with this kind of key. */
void sni_replace(
    struct sni *sni, const char *name, enum key_type type, uint32_t identity);

/* For a name as a client sent it: any case, perhaps with a final dot. NULL
 * when nothing covers it. */
const struct sni_choice *sni_find(const struct sni *sni, const char *host);

size_t sni_name_count(const struct sni *sni);

#endif
