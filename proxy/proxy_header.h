/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The header that tells a backend on whose behalf a connection is made: the
 * PROXY protocol of haproxy, versions 1 and 2 (docs/proxy-protocol.md). Pure:
 * facts in, bytes out.
 *
 * What does not fit is left out as a whole: a name that is cut is another
 * name. The client's identity goes first. A text with a control character in
 * it is left out as well: who reads it up to the first zero byte, or line by
 * line, would see another name.
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
struct proxy_text {
    const void *data;
    size_t len;
};

struct proxy_facts {
    enum proxy_protocol version; /* not PROXY_OFF */
    /* With NULL or a UNIX socket for either, the header says that the
     * addresses are not known. */
    const struct address *client;
    const struct address *local; /* where the client has connected to */

    /* All of this only in version 2. */
    bool is_tls;
    bool has_certificate; /* the client showed one on this connection */
    bool has_identity;    /* it showed one, now or when the session began that
                             it resumes */
    bool is_verified;     /* and that was verified, or authorized again */
    struct proxy_text server_name; /* as the client sent it */
    struct proxy_text alpn;        /* as agreed */
    struct proxy_text tls_version;
    struct proxy_text cipher;
    struct proxy_text common_name; /* of the verified certificate */
};

/* Writes the header and returns its length, which is not 0. */
size_t proxy_header_build(
    const struct proxy_facts *facts, uint8_t out[PROXY_HEADER_BYTES_MAX]);

#endif
