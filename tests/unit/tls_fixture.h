/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Handshakes in memory between a context under test and a client of the TLS
 * library, both of whose ends are then there to be asked.
 */
#ifndef SIDELOCK_TESTS_TLS_FIXTURE_H
#define SIDELOCK_TESTS_TLS_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include "certs/context.h"
#include "certs/peer.h"
#include "certs/tickets.h"

/* A context, and what it is made from. */
struct service {
    struct snapshot *snapshot;
    struct context *context;
    struct ticket_ring *ring;
};

/* Serves a configuration as make_config() takes it; without tickets, or with
 * those of a ring of its own. */
/* A client that asks for nothing special. */
extern const struct context_wishes no_wishes;

void service_start(struct service *service, const char *text);
void service_start_with_tickets(struct service *service, const char *text);
/* Another with the same ring, as after a reload. */
void service_start_after(
    struct service *service, const struct service *before, const char *text);
void service_stop(struct service *service);

/* What the client is to be; NULL and 0 leave it at the library's default. */
struct client_spec {
    enum tls_version version;
    const char *cert; /* PEM files of its own certificate */
    const char *key;
    const char *ciphers;
    int group;                /* one of WOLFSSL_ECC_...: the only one */
    WOLFSSL_SESSION *session; /* to be resumed */
    struct blob *staple;      /* asks for a staple; becomes the one that came,
                             freed by the caller */
    bool has_broken_leaf;     /* damaged on the way; with TLS 1.2, where it is
                             not encrypted */
};

/* One connection. */
struct duo {
    WOLFSSL_CTX *client_ctx;
    WOLFSSL *client;
    WOLFSSL *server;
    struct peer peer;
    bool has_offered; /* the client has a session to resume with */
    bool is_done;     /* both ends are through the handshake */
    int client_error;
    int server_error;
    struct wire *to_server;
    struct wire *to_client;
};

/* Connects and shakes hands; tells the context that the handshake has ended.
 * The client verifies the server against ca.pem. */
void duo_start(
    struct duo *duo, struct context *context, const struct client_spec *spec);
void duo_stop(struct duo *duo);

/* Sends a few bytes from each end to the other; takes in the tickets that the
 * server has sent meanwhile. */
void duo_talk(struct duo *duo);
/* The session that the client may resume later; freed by the caller with
 * wolfSSL_SESSION_free. */
WOLFSSL_SESSION *duo_session(struct duo *duo);

/* Both start, judge and stop. */
void assert_connects(struct context *context, const struct client_spec *spec);
/* Refused by the server, with this part in what it says of the client. */
void assert_client_rejected(struct context *context,
    const struct client_spec *spec, const char *text_part);

/* Starts with a client that offers the session; was it resumed? */
bool is_resumed(struct context *context, enum tls_version version,
    WOLFSSL_SESSION *session);
/* A full handshake, some bytes, and the session that comes of it. */
WOLFSSL_SESSION *new_session(struct context *context, enum tls_version version);

#endif
