/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The header that tells a backend on whose behalf a connection is made: the
 * PROXY protocol of haproxy, versions 1 and 2 (docs/proxy-protocol.md). Pure:
 * facts in, bytes out.
 *
 * What does not fit is left out as a whole: a name that is cut is another
 * name. TLVs go in the order of their importance, the client's identity first.
 */
#ifndef SIDELOCK_PROXY_PROXY_HEADER_H
#define SIDELOCK_PROXY_PROXY_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

enum {
    PROXY_HEADER_BYTES_MAX = 4096,
};

/* Borrowed bytes; len 0: there are none. */
struct proxy_bytes {
    const void *data;
    size_t len;
};

struct proxy_facts {
    enum proxy_protocol protocol; /* not PROXY_OFF */
    /* NULL: not known. Without both, or with a UNIX socket among them, the
     * header says that the addresses are not known. */
    const struct address *client;
    const struct address *local; /* where the client connected to */

    /* All of this only in version 2. */
    bool is_tls;
    bool has_certificate; /* the client showed one on this connection */
    bool has_session;     /* it showed one, then or when the session began that
                             it has resumed */
    bool is_verified;     /* and that was verified, or authorized again */
    struct proxy_bytes server_name;   /* as the client sent it */
    struct proxy_bytes protocol_name; /* ALPN */
    struct proxy_bytes version;       /* "TLSv1.3" */
    struct proxy_bytes cipher;
    struct proxy_bytes common_name; /* of the verified certificate */
};

/* Writes the header and returns its length, at least 1. */
size_t proxy_header_build(
    const struct proxy_facts *facts, uint8_t out[PROXY_HEADER_BYTES_MAX]);

#endif
