/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a client's certificate says of its holder: names, issuer, dates, key.
 * Made from the leaf's DER when a client shows it, and from a record when a
 * client resumes a session: the record is the same as bytes without pointers,
 * to be sealed into a TLS ticket.
 *
 * Nothing here says that any of it is true; that is for who verifies the
 * chain. Names are bytes with a length and may hold anything, zero bytes too,
 * so that nothing is mistaken for its own beginning. Immutable, one heap block.
 */
#ifndef SIDELOCK_CERTS_CLIENT_H
#define SIDELOCK_CERTS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "certs/identity.h"
#include "config/config.h"

enum {
    /* A client with more to say is refused; a usual one needs 300. */
    CLIENT_RECORD_BYTES_MAX = 16 * 1024,
};

struct client;

/* From the leaf's DER. NULL: it cannot be read, there is no memory, or its
 * record would be longer than CLIENT_RECORD_BYTES_MAX. */
struct client *client_new(const struct blob *leaf) MUST_CHECK;
void client_free(struct client *client);

/* Inside the object. */
struct blob client_record(const struct client *client);
/* Believes no size in the record. NULL: it is broken, of another version, or
 * there is no memory. */
struct client *client_from_record(const uint8_t *data, size_t len) MUST_CHECK;

/* Something that rules look at. Inside the object. */
struct client_fact {
    enum rule_kind kind;
    /* RULE_CN, RULE_OU: the bytes of the attribute, in UTF-8 if it is written
     * with wide characters. RULE_IP: 4 or 16 bytes. RULE_ISSUER: the whole
     * name as dn.h writes it. RULE_SERIAL: as client_serial. Others: as in
     * the SAN. Never empty. */
    const uint8_t *data;
    size_t len;
};

/* CNs and OUs first, then the SAN, each in the certificate's order, then one
 * issuer and one serial number. */
size_t client_fact_count(const struct client *client);
struct client_fact client_fact_at(const struct client *client, size_t i);

/* Escaped text, as in struct certificate_info: a long name ends in "...". */
const char *client_subject(const struct client *client);
const char *client_issuer(const struct client *client);
/* Lower-case hex without leading zero bytes. */
const char *client_serial(const struct client *client);
/* SHA-256 of the certificate, 64 digits of lower-case hex. */
const char *client_fingerprint(const struct client *client);
/* SHA-256 of the SubjectPublicKeyInfo, 64 digits of lower-case hex. */
const char *client_key_hash(const struct client *client);

time_t client_not_before(const struct client *client);
time_t client_not_after(const struct client *client);

/* Has it an extended key usage, and is clientAuth or any among them? */
bool client_is_for_clients(const struct client *client);
/* Has it any extended key usage? */
bool client_has_usages(const struct client *client);
/* The extended key usages in words: "clientAuth, serverAuth", or "none". */
const char *client_usages(const struct client *client);

#endif
