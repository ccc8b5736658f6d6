/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A TLS stream under test and a client of the TLS library, over a TCP
 * connection of this machine, both in one thread.
 */
#ifndef SIDELOCK_TESTS_TLS_PAIR_H
#define SIDELOCK_TESTS_TLS_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proxy/tls_stream.h"
#include "tests/unit/tls_fixture.h"

enum {
    PAIR_FILL_BYTES = 64 * 1024
};

struct tls_pair {
    struct service service;
    struct pool pool;
    struct peer peer;
    struct tls_stream side; /* under test */
    struct stream *stream;  /* the relay's view of it */
    int client_fd;          /* -1: closed */
    WOLFSSL_CTX *client_ctx;
    WOLFSSL *client;
};

/* Connected; nothing was said yet. `settings` as make_config takes it. */
void tls_pair_connect(
    struct tls_pair *pair, enum tls_version version, const char *settings);
/* The server's TLS object begins without bytes; as tls_stream_start. */
int tls_pair_attach(struct tls_pair *pair);
/* Connected, and through the handshake. */
void tls_pair_start(struct tls_pair *pair, enum tls_version version);
/* Closes what is open, and sees that no chunk is left behind. */
void tls_pair_stop(struct tls_pair *pair);

/* Handshake steps on both ends until the server's is not IO_AGAIN. */
enum io_result tls_pair_shake(struct tls_pair *pair);
/* One step of the client's handshake; its error, or 0. */
int tls_pair_step_client(struct tls_pair *pair);

/* The client writes len bytes. */
void client_say(struct tls_pair *pair, const void *data, size_t len);
/* The client reads exactly len bytes; the stream flushes meanwhile. */
void client_hear(struct tls_pair *pair, void *data, size_t len);
/* What the client's next read says instead of bytes: WOLFSSL_ERROR_ZERO_RETURN
 * for close_notify, or another error. */
int client_hear_end(struct tls_pair *pair);
void client_close(struct tls_pair *pair);
void client_reset(struct tls_pair *pair);

/* The stream's read, once it has something else to say than IO_AGAIN. */
enum io_result side_read(
    struct tls_pair *pair, uint8_t *buf, size_t cap, size_t *count);
/* Reads exactly len bytes. */
void side_hear(struct tls_pair *pair, void *data, size_t len);
/* Writes and flushes all of it, while the client does not read; so not more
 * than the sockets hold. */
void side_say(struct tls_pair *pair, const void *data, size_t len);

#endif
