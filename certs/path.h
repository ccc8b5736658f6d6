/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The way from a client's certificate to the CA that vouches for it: which CA
 * that is, and by which issuer and serial number each certificate on the way
 * is known to revocation lists. Bytes without pointers, so that they can be
 * sealed into a ticket and judged again after a reload.
 */
#ifndef SIDELOCK_CERTS_PATH_H
#define SIDELOCK_CERTS_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "certs/der.h"
#include "certs/identity.h"
#include "certs/trust.h"

enum {
    PATH_ANCHOR_BYTES = 16, /* of the CA's SHA-256 */
    PATH_BYTES_MAX = 8 * 1024,
};

struct path;

/* One certificate, as its issuer lists it. */
struct path_link {
    struct der issuer; /* its name, with tag and length */
    struct der serial; /* the integer's content */
    /* It is a CA of the trust, which would do alone, or one above it. */
    bool is_trusted;
};

/*
 * The chain as the client showed it, leaf first, which the TLS library has
 * verified. Where several CAs have the same name, the signature tells which
 * one it is. NULL: no CA of the trust is at its end, an intermediate is not for
 * clients, or no memory.
 */
struct path *path_new(const struct blob *chain, size_t count,
    const struct trust *trust) MUST_CHECK;
/* The leaf alone, of a chain that the library has not verified: it leads to no
 * CA, and only tells under what lists may know the leaf. NULL: unreadable, or
 * no memory. */
struct path *path_new_unproven(const struct blob *leaf) MUST_CHECK;
void path_free(struct path *path);

/* Inside the object. */
struct der path_record(const struct path *path);
/* Believes no size in it. NULL: broken, or no memory. */
struct path *path_from_record(const uint8_t *data, size_t len) MUST_CHECK;

/* The first end among the certificates on the way, without the leaf and with
 * the CA. 0: there is no CA. */
time_t path_not_after(const struct path *path);

/* The link `*at` bytes into the path, 0 for the leaf's; moves *at on. False:
 * there is none. */
bool path_next(const struct path *path, size_t *at, struct path_link *link);

/* Has a certificate on the way names that a CA above it may not vouch for? A
 * way out of a record has none. */
bool path_breaks_constraints(const struct path *path);

/* Is the CA at the end one of these? */
bool path_is_trusted(const struct path *path, const struct trust *trust);

/* The certificate that issued the leaf: of the chain, or the CA. Borrowed;
 * NULL when there is none. */
const struct blob *path_find_issuer(
    const struct blob *chain, size_t count, const struct trust *trust);

#endif
