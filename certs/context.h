/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A TLS context: everything that a handshake needs of one service with one of
 * its identities, ready for one worker thread. Contexts are not shared between
 * threads (the library's certificate manager is not safe for what we do to it)
 * and never changed once made; building one costs tens of microseconds.
 */
#ifndef SIDELOCK_CERTS_CONTEXT_H
#define SIDELOCK_CERTS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "certs/peer.h"
#include "certs/snapshot.h"
#include "certs/tickets.h"
#include "config/report.h"

struct WOLFSSL; /* as the library names its connection object */

struct context;

enum {
    CONTEXT_PROTOCOL_BYTES = 256 /* an ALPN name and NUL */
};

/* Are all names in tls.ciphers and tls.groups known, also of services that do
 * not serve TLS yet? The library passes over others silently. 0, or -1 with an
 * error in the report. */
int context_check_names(
    const struct config *config, struct report *report) MUST_CHECK;

/*
 * Builds the context of service `service_index` of the snapshot with the
 * identity `identity_index`, which must not be missing. The ring is read
 * through `ring` at each ticket: the caller (a worker) may point it to another
 * ring at any time between handshakes. `ring` may be NULL: no tickets. A
 * service with keys of its own (ticket_key_file) uses those. The context does
 * not keep a reference on the snapshot: the caller does, for as long as the
 * context or one of its connections lives.
 */
struct context *context_new(const struct snapshot *snapshot,
    size_t service_index, uint32_t identity_index,
    struct ticket_ring *const *ring, struct report *report) MUST_CHECK;
/* Connections made from it may live on (the library counts references). */
void context_free(struct context *context);

/* What a client's hello asks for. */
struct context_wishes {
    const char *protocol; /* ALPN: the one to agree on, or NULL */
    bool prefers_chacha;  /* it has no help from its processor for AES */
};

/* A server-side connection object, without I/O set; its verify callback
 * fills `peer`, which must outlive the handshake. NULL: out of memory. */
struct WOLFSSL *context_connection_new(struct context *context,
    struct peer *peer, const struct context_wishes *wishes) MUST_CHECK;

/* Is the group (its number on the wire, RFC 8446, section 4.2.7) one of the
 * service's? */
bool context_has_group(const struct context *context, uint16_t group);

/*
 * To be called before and after each step of a handshake of this context. The
 * library keeps intermediates that a client sent in the context, where they
 * would help other clients; the end of the step in which they came forgets
 * them.
 */
void context_step_begin(struct context *context, struct peer *peer);
void context_step_end(struct context *context);

/* Proves the snapshot's service with the identity by a handshake in memory:
 * the service's first one with each TLS version it allows, the others with the
 * newest. 0, or -1 with an error in the report. */
int context_prove(const struct snapshot *snapshot, size_t service_index,
    uint32_t identity_index, struct report *report) MUST_CHECK;

#endif
