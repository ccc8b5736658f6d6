/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a context, for context.c and proof.c. */
#ifndef SIDELOCK_CERTS_CONTEXT_INTERNAL_H
#define SIDELOCK_CERTS_CONTEXT_INTERNAL_H

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include "certs/context.h"

enum {
    CONTEXT_GROUPS_MAX = 8
};

struct context {
    WOLFSSL_CTX *ctx;
    const struct admission *admission; /* NULL: clients are not asked */
    struct peer *peer;                 /* whose handshake takes a step now */
    char *chacha_ciphers;              /* the cipher list with ChaCha20 first */
    int groups[CONTEXT_GROUPS_MAX];
    size_t group_count;
    struct ticket_keys *tickets;     /* NULL: none are issued */
    struct ticket_ring *const *ring; /* the worker's */
};

struct context_spec {
    const struct snapshot *snapshot;
    size_t service_index;
    uint32_t identity_index;
    struct ticket_ring *const *ring; /* NULL: no tickets */
    bool is_for_proof; /* clients need no certificate: the proof has none */
};

/* Makes the context send the identity's staple, if there is one, to clients
 * that ask for it (context_staple.c). The identity must outlive the context
 * and its connections. -1: no memory. */
int context_set_staple(
    struct context *context, const struct identity *identity) MUST_CHECK;

struct context *context_build(
    const struct context_spec *spec, struct report *report) MUST_CHECK;

/* The identity that a spec is about. */
const struct identity *context_identity(const struct context_spec *spec);

/* Both from settings that context_check_names has passed (context_ciphers.c).
 * -1 with an error in the report. */
int context_set_ciphers(struct context *context,
    const struct string_list *names, struct report *report) MUST_CHECK;
int context_set_groups(struct context *context, const struct string_list *names,
    struct report *report) MUST_CHECK;

/* Makes the context issue tickets, or none (context_tickets.c). -1: no
 * memory. */
int context_set_tickets(
    struct context *context, const struct context_spec *spec) MUST_CHECK;

#endif
