/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of the client that is shaking hands, and what was decided of
 * it: filled by the verify callback, or from the ticket by which a session is
 * resumed. A connection embeds one and hands it to the TLS object before the
 * handshake.
 */
#ifndef SIDELOCK_CERTS_PEER_H
#define SIDELOCK_CERTS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "certs/admission.h"
#include "certs/client.h"
#include "certs/path.h"
#include "certs/tickets.h"

struct WOLFSSL;

struct peer {
    /* Given before the handshake. NULL: clients are not asked. */
    const struct admission *admission;
    bool keeps_chain;    /* leaf and issuer are wanted after the handshake */
    struct WOLFSSL *ssl; /* set by context_connection_new */

    bool is_verified; /* it proved who it is on this very connection */
    enum admitted_by by;
    struct client *client; /* NULL: none, or none that can be read */
    struct path *path;     /* to its CA; NULL: trusted as it is */
    time_t proven_at;      /* when it showed its certificate */
    char *identity;        /* heap; its subject, escaped; NULL: none */
    char *admitted_by;     /* heap; rule or entry that let it in */
    char *warning;         /* heap; let in although...; NULL: none */
    char *rejected;        /* heap; why it was refused, and who it said it is,
                              escaped; NULL: not refused */
    enum guide_code code;  /* of the refusal */
    bool is_pending;       /* it may be approved: enroll */
    struct blob leaf;      /* with keeps_chain: DER, heap */
    struct blob issuer;    /* the same; empty when it is not known */
    int chain_error;       /* of the library, about a CA on the way */
    /* Out of a ticket. It counts only once the handshake has used that. */
    struct peer *resumed;
    /* The ticket that was taken: of several in one hello no other is, for the
     * library does not tell which of them it uses in the end. */
    struct ticket_envelope ticket;
    bool has_ticket;
};

void peer_init(struct peer *peer);
void peer_deinit(struct peer *peer);

/*
 * After a handshake that succeeded: who it was. `is_resumed` as the library
 * says. False: the service demands a certificate and none was judged, which
 * must not happen and ends the connection.
 */
bool peer_settle(struct peer *peer, bool is_resumed) MUST_CHECK;

/* Refuses after the handshake, with the alert; the reason as in the verify
 * callback's refusals. */
void peer_refuse(struct peer *peer, const struct ruling *ruling);

/* How the log calls it. Heap; NULL: no memory. */
char *peer_identity(const struct client *client, enum admitted_by by);

/*
 * The identity as it is sealed into a ticket: at most `cap` bytes. 0: there is
 * none; SIZE_MAX: it does not fit.
 */
size_t peer_seal(
    const struct peer *peer, bool is_resumed, uint8_t *out, size_t cap);
/* Out of a ticket: judged again. False: it must show its certificate. */
bool peer_resume(struct peer *peer, const uint8_t *data, size_t len);

#endif
