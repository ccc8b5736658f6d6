/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The client's side: TLS over a socket, and the only place of the data path
 * that names the TLS library.
 *
 * The library never touches the socket. Its reads are served from `in`, which
 * one recv fills with many records; what it writes gathers in `out`, which
 * one send empties. The library's writes are therefore never refused and
 * never have to be tried again; back-pressure is can_write, which looks at
 * `out`. Both chunks go back to the pool when empty.
 *
 * Ends: close_notify reads as IO_EOF; a FIN without it as IO_TRUNCATED; a
 * reset, a bad record or a fatal alert as IO_ERROR. tls_stream_fault tells
 * which.
 */
#ifndef SIDELOCK_PROXY_TLS_STREAM_H
#define SIDELOCK_PROXY_TLS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proxy/close_reason.h"
#include "proxy/pool.h"
#include "proxy/socket.h"
#include "proxy/stream.h"

struct WOLFSSL;

enum {
    TLS_DETAIL_BYTES = 256,
};

struct tls_stream {
    struct stream stream; /* first: the relay's view */
    struct socket sock;
    struct pool *pool;
    struct WOLFSSL *ssl;  /* NULL until tls_stream_start */
    struct chunk *in;     /* received, not yet read by the library */
    struct chunk *out;    /* sealed, not yet sent */
    uint64_t burst_bytes; /* written since the last pause */
    int64_t last_write_ms;
    size_t goodbye_bytes; /* of close_notify, at the end of `out` */
    int tls_error;        /* the library's code for what broke, or 0 */
    int plain_alert; /* an alert that the client sent in the clear, or -1 */
    size_t received_bytes; /* by the last recv, at the start of `in` */
    unsigned reads_left;   /* that the library may make until others' turn */
    bool saw_fin;
    bool saw_close_notify;
    bool sent_close_notify;
    bool has_ended; /* our FIN is out */
};

/* Takes over fd. */
void tls_stream_init(struct tls_stream *side, int fd, struct pool *pool);

/* From here on there is no TLS: bytes pass as they are. Before any was read. */
void tls_stream_set_plain(struct tls_stream *side);

/*
 * Attaches a connection object of a context (taken over in any case) and the
 * bytes that were received before it existed. 0, or -1: no memory.
 */
int tls_stream_start(struct tls_stream *side, struct WOLFSSL *ssl,
    const uint8_t *received, size_t len) MUST_CHECK;

/* One step of the handshake: IO_OK when it is done. What it has to say to the
 * client, an alert too, is sent before this returns. */
enum io_result tls_stream_handshake(struct tls_stream *side);

/* Frees the TLS state and chunks; the socket is closed in order or reset. */
void tls_stream_close(struct tls_stream *side);
void tls_stream_abort(struct tls_stream *side);

/* "TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519"; static strings, NULL before
 * the handshake is done. */
const char *tls_stream_version(const struct tls_stream *side);
const char *tls_stream_cipher(const struct tls_stream *side);
const char *tls_stream_group(const struct tls_stream *side);
bool tls_stream_is_resumed(const struct tls_stream *side);

/* Why a stream broke. */
struct tls_fault {
    enum close_reason reason;
    enum guide_code code;          /* SL_NONE: the reason's */
    char detail[TLS_DETAIL_BYTES]; /* "" when the reason says it all */
};

/* From the socket's and the library's errors. */
void tls_stream_fault(const struct tls_stream *side, struct tls_fault *fault);

#endif
