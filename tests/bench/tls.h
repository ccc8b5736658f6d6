/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The client side of TLS over a connected, non-blocking socket. One program is
 * built per library behind this header (tls_openssl.c, tls_wolfssl.c).
 *
 * Only TLS 1.3 with TLS_AES_128_GCM_SHA256 and one named group is offered, so
 * that every proxy does the same work. The server's certificate is not checked
 * against a CA; its signature over the handshake always is.
 */
#ifndef BENCH_TLS_H
#define BENCH_TLS_H

#include <stdbool.h>
#include <stddef.h>

enum tls_result {
    TLS_OK,    /* done, or some bytes moved */
    TLS_AGAIN, /* blocked on the socket */
    TLS_END,   /* the peer ended its side, with or without close_notify */
    TLS_FAILED /* anything else; see tls_last_error */
};

struct tls_context; /* shared by all connections of the run */
struct tls;         /* one connection */

/*
 * `group` is the library's name of the key exchange group ("X25519"). With
 * `resumes`, each connection offers the newest ticket that any earlier one
 * received. Ends the program when the library cannot do it.
 */
struct tls_context *tls_context_new(const char *group, bool resumes);
void tls_context_free(struct tls_context *context);

/* Connections show this certificate to a proxy that asks for one. Both are PEM
 * files. Ends the program when they cannot be used. */
void tls_context_show(
    struct tls_context *context, const char *cert, const char *key);

/* Asks for the server name unless it is NULL. Does not own `fd`; the caller
 * closes it after tls_free. NULL: no memory. */
struct tls *tls_new(struct tls_context *context, int fd, const char *name);
void tls_free(struct tls *tls);

enum tls_result tls_handshake(struct tls *tls);

/* Both return TLS_OK with at least one byte moved and counted in `*moved`. */
enum tls_result tls_read(
    struct tls *tls, void *buffer, size_t size, size_t *moved);
enum tls_result tls_write(
    struct tls *tls, const void *data, size_t size, size_t *moved);

/* Sends close_notify; what the peer still sends can be read afterwards. */
void tls_send_close(struct tls *tls);

bool tls_is_resumed(struct tls *tls);

/* Did this connection prove in its handshake that it has the key of the
 * certificate it showed? Never in a resumed one. */
bool tls_has_certified(struct tls *tls);

/* Version, suite, group and kind of signature that were negotiated. */
void tls_describe(struct tls *tls, char *text, size_t size);

/* The cause of the latest TLS_FAILED, in static storage. */
const char *tls_last_error(void);

#endif
