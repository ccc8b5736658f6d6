/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS between the library's two callbacks and the socket. Invariants:
 *
 * - Bytes that the library has decrypted but not handed out count as
 *   readable: read always asks the library, whatever the socket says.
 * - The send callback takes everything or ends the connection.
 * - After our FIN nothing is sent; what the library still wants to say then
 *   (an answer to a key update) is dropped.
 */
#include "proxy/tls_stream.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

#include "proxy/clock.h"

enum {
    RECORD_BYTES = 16384,
    /* A record that fits into a few packets can be opened by the client
     * before the rest has arrived: used until a burst has proven long. */
    RECORD_EARLY_BYTES = 4096,
    BURST_EARLY_BYTES = 64 * 1024,
    BURST_PAUSE_MS = 1000,
    /* What a record adds at most: header 5, TLS 1.2 nonce 8, tag 16, TLS 1.3
     * content type 1. */
    RECORD_OVERHEAD_BYTES = 32,
    /* Kept free behind the records, for what the library says by itself: the
     * goodbye, and answers to new keys. */
    OUT_RESERVE_BYTES = 1024,
    /* What the library may read before others have their turn; it reads twice
     * per record. The relay counts bytes, and these bound what has none, or
     * few: new keys, tiny records. */
    READS_PER_TURN = 2048,
    /* Sent at once when this much waits; less waits for the flush. */
    OUT_HIGH_BYTES = 16 * 1024,
};

static struct tls_stream *
side_of(struct stream *stream)
{
    return (struct tls_stream *)(void *)stream;
}

/* Makes `in` hold received bytes. */
static enum io_result
fill_in(struct tls_stream *side)
{
    enum io_result result;
    size_t count;

    if (chunk_waiting(side->in) > 0)
        return IO_OK;
    if (!side->sock.is_readable)
        return IO_AGAIN;
    if (side->in == NULL)
        side->in = pool_take(side->pool);
    if (side->in == NULL) {
        side->sock.error = ENOMEM;
        return IO_ERROR;
    }
    result = socket_receive(
        &side->sock, chunk_tail(side->in), chunk_room(side->in), &count);
    chunk_fill(side->in, count);
    side->received_bytes = count;
    if (result == IO_EOF)
        side->saw_fin = true;
    return result;
}

static void
release_empty(struct tls_stream *side)
{
    if (side->in != NULL && chunk_waiting(side->in) == 0) {
        pool_give(side->pool, side->in);
        side->in = NULL;
    }
    if (side->out != NULL && chunk_waiting(side->out) == 0) {
        pool_give(side->pool, side->out);
        side->out = NULL;
    }
}

static int
on_library_read(WOLFSSL *ssl, char *buf, int len, void *arg)
{
    struct tls_stream *side = arg;
    enum io_result result;
    size_t count;

    (void)ssl;
    if (side->reads_left == 0)
        return WOLFSSL_CBIO_ERR_WANT_READ;
    side->reads_left--;
    result = fill_in(side);
    /* Told of a FIN, the library would refuse to write from then on, and the
     * client may have ended only its own side. take_failure knows. */
    if (result == IO_AGAIN || result == IO_EOF)
        return WOLFSSL_CBIO_ERR_WANT_READ;
    if (result != IO_OK)
        return WOLFSSL_CBIO_ERR_GENERAL;
    count = chunk_waiting(side->in);
    if (count > (size_t)len)
        count = (size_t)len;
    memcpy(buf, chunk_head(side->in), count);
    chunk_drain(side->in, count);
    return (int)count;
}

/* Sends what waits in `out`. IO_OK: all of it. */
static enum io_result
send_out(struct tls_stream *side)
{
    while (chunk_waiting(side->out) > 0) {
        size_t count;
        enum io_result result = socket_send(&side->sock, chunk_head(side->out),
            chunk_waiting(side->out), &count);

        if (result != IO_OK)
            return result;
        chunk_drain(side->out, count);
    }
    return IO_OK;
}

/* Moves what waits to the front, so that all the room is at the tail. */
static void
compact_out(struct chunk *out)
{
    size_t waiting = chunk_waiting(out);

    memmove(out->data, chunk_head(out), waiting);
    out->start = 0;
    out->end = waiting;
}

/* Room for len bytes in `out`, sending first if need be. */
static bool
make_room(struct tls_stream *side, size_t len)
{
    if (side->out == NULL)
        side->out = pool_take(side->pool);
    if (side->out == NULL) {
        side->sock.error = ENOMEM;
        return false;
    }
    if (chunk_room(side->out) >= len)
        return true;
    (void)send_out(side);
    if (side->out->start > 0)
        compact_out(side->out);
    return chunk_room(side->out) >= len;
}

static int
on_library_write(WOLFSSL *ssl, char *buf, int len, void *arg)
{
    struct tls_stream *side = arg;

    (void)ssl;
    if (side->has_ended)
        return len;
    if (!make_room(side, (size_t)len))
        return WOLFSSL_CBIO_ERR_GENERAL;
    memcpy(chunk_tail(side->out), buf, (size_t)len);
    chunk_fill(side->out, (size_t)len);
    return len;
}

/* Translates the library's answer to a call that did not succeed. */
static enum io_result
take_failure(struct tls_stream *side, int returned)
{
    int error = wolfSSL_get_error(side->ssl, returned);

    if (error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE)
        return side->saw_fin ? IO_TRUNCATED : IO_AGAIN;
    if (error == WOLFSSL_ERROR_ZERO_RETURN) {
        side->saw_close_notify = true;
        return IO_EOF;
    }
    side->tls_error = error;
    return IO_ERROR;
}

static bool
has_more_to_read(const struct tls_stream *side)
{
    return chunk_waiting(side->in) > 0 || side->sock.is_readable
           || wolfSSL_pending(side->ssl) > 0;
}

static enum io_result
stream_read(struct stream *stream, uint8_t *buf, size_t cap, size_t *count)
{
    struct tls_stream *side = side_of(stream);
    enum io_result result = IO_AGAIN;
    size_t total = 0;

    while (total < cap && !side->saw_close_notify) {
        size_t room = cap - total < RECORD_BYTES ? cap - total : RECORD_BYTES;
        int got = wolfSSL_read(side->ssl, buf + total, (int)room);

        if (got <= 0) {
            result = take_failure(side, got);
            break;
        }
        total += (size_t)got;
        if (!has_more_to_read(side))
            break;
    }
    release_empty(side);
    *count = total;
    if (total > 0)
        return IO_OK; /* an end or error is told by the next call */
    if (result == IO_AGAIN && side->reads_left == 0)
        result = IO_OK; /* no turn is left to read in */
    side->reads_left = READS_PER_TURN;
    return side->saw_close_notify ? IO_EOF : result;
}

static bool
stream_can_write(const struct stream *stream)
{
    const struct tls_stream *side =
        (const struct tls_stream *)(const void *)stream;

    return side->sock.error != 0 || chunk_waiting(side->out) < OUT_HIGH_BYTES;
}

/* How much to put into the next record. */
static size_t
record_len(const struct tls_stream *side, size_t len)
{
    size_t most = side->burst_bytes < BURST_EARLY_BYTES ? RECORD_EARLY_BYTES
                                                        : RECORD_BYTES;

    return len < most ? len : most;
}

static void
note_burst(struct tls_stream *side)
{
    int64_t now_ms = clock_now_ms();

    if (now_ms - side->last_write_ms > BURST_PAUSE_MS)
        side->burst_bytes = 0;
    side->last_write_ms = now_ms;
}

static enum io_result
stream_write(
    struct stream *stream, const uint8_t *buf, size_t len, size_t *count)
{
    struct tls_stream *side = side_of(stream);
    size_t total = 0;

    note_burst(side);
    while (total < len) {
        size_t take = record_len(side, len - total);
        int put;

        if (!make_room(side, take + RECORD_OVERHEAD_BYTES + OUT_RESERVE_BYTES))
            break;
        put = wolfSSL_write(side->ssl, buf + total, (int)take);
        if (put <= 0) {
            *count = total;
            return take_failure(side, put);
        }
        total += (size_t)put;
        side->burst_bytes += (size_t)put;
    }
    *count = total;
    if (chunk_waiting(side->out) >= OUT_HIGH_BYTES
        && send_out(side) == IO_ERROR)
        return IO_ERROR;
    if (side->sock.error != 0)
        return IO_ERROR;
    return total > 0 ? IO_OK : IO_AGAIN;
}

static enum io_result
stream_flush(struct stream *stream)
{
    struct tls_stream *side = side_of(stream);
    enum io_result result = send_out(side);

    release_empty(side);
    return result;
}

/* Queues close_notify behind what waits; false: no memory for it. */
static bool
say_goodbye(struct tls_stream *side)
{
    size_t before = chunk_waiting(side->out);
    int returned = wolfSSL_shutdown(side->ssl);
    size_t after = chunk_waiting(side->out);

    /* Making room for it may have sent all that waited. */
    side->goodbye_bytes = after > before ? after - before : after;
    side->sent_close_notify = returned > 0 && side->goodbye_bytes > 0;
    if (!side->sent_close_notify)
        side->tls_error = wolfSSL_get_error(side->ssl, returned);
    return side->sent_close_notify;
}

static enum io_result
stream_end(struct stream *stream)
{
    struct tls_stream *side = side_of(stream);
    enum io_result result;

    if (!side->sent_close_notify && !say_goodbye(side))
        return IO_ERROR;
    result = send_out(side);
    if (result == IO_ERROR && chunk_waiting(side->out) <= side->goodbye_bytes)
        result = IO_OK; /* the client has all but our goodbye */
    release_empty(side);
    if (result != IO_OK)
        return result;
    side->has_ended = true;
    (void)socket_end(&side->sock); /* fails when the client has left */
    return IO_OK;
}

void
tls_stream_init(struct tls_stream *side, int fd, struct pool *pool)
{
    static const struct stream_ops ops = {
        .read = stream_read,
        .can_write = stream_can_write,
        .write = stream_write,
        .flush = stream_flush,
        .end = stream_end,
    };

    *side = (struct tls_stream){.stream = {.ops = &ops},
        .pool = pool,
        .plain_alert = -1,
        .reads_left = UINT_MAX}; /* handshakes have turns of their own */
    socket_init(&side->sock, fd);
}

/* The plain stream finds its socket where ours is. */
_Static_assert(
    offsetof(struct tls_stream, sock) == offsetof(struct socket_stream, sock),
    "a tls_stream begins like a socket_stream");

void
tls_stream_set_plain(struct tls_stream *side)
{
    side->stream.ops = socket_stream_ops();
}

int
tls_stream_start(struct tls_stream *side, struct WOLFSSL *ssl,
    const uint8_t *received, size_t len)
{
    side->ssl = ssl; /* freed with the stream, whatever comes */
    side->in = pool_take(side->pool);
    if (side->in == NULL)
        return -1;
    assert(len <= chunk_room(side->in));
    memcpy(side->in->data, received, len);
    chunk_fill(side->in, len);
    wolfSSL_SSLSetIORecv(ssl, on_library_read);
    wolfSSL_SSLSetIOSend(ssl, on_library_write);
    wolfSSL_SetIOReadCtx(ssl, side);
    wolfSSL_SetIOWriteCtx(ssl, side);
    return 0;
}

/*
 * A TLS 1.3 client that refuses our certificate may say so before it has
 * switched to its keys, and the library then takes the plain alert for a
 * broken record. The alert is at the start of what was last received, behind
 * at most one change_cipher_spec (RFC 8446, appendix D.4).
 */
static int
find_plain_alert(const struct tls_stream *side)
{
    static const uint8_t change_cipher_spec[] = {20, 3, 3, 0, 1, 1};
    static const uint8_t fatal_alert[] = {21, 3, 3, 0, 2, 2};
    const uint8_t *at;
    size_t len = side->received_bytes;

    if (side->in == NULL)
        return -1;
    at = side->in->data;
    if (len > sizeof(change_cipher_spec)
        && memcmp(at, change_cipher_spec, sizeof(change_cipher_spec)) == 0) {
        at += sizeof(change_cipher_spec);
        len -= sizeof(change_cipher_spec);
    }
    if (len != sizeof(fatal_alert) + 1
        || memcmp(at, fatal_alert, sizeof(fatal_alert)) != 0)
        return -1;
    return at[sizeof(fatal_alert)];
}

enum io_result
tls_stream_handshake(struct tls_stream *side)
{
    enum io_result result = IO_OK;
    int returned = wolfSSL_accept(side->ssl);

    if (returned != WOLFSSL_SUCCESS)
        result = take_failure(side, returned);
    if (result == IO_OK)
        side->reads_left = READS_PER_TURN;
    if (result == IO_ERROR)
        side->plain_alert = find_plain_alert(side);
    (void)send_out(side); /* what does not leave now leaves with the relay */
    release_empty(side);
    return result;
}

static void
free_state(struct tls_stream *side)
{
    if (side->ssl != NULL)
        wolfSSL_free(side->ssl);
    side->ssl = NULL;
    pool_give(side->pool, side->in);
    pool_give(side->pool, side->out);
    side->in = side->out = NULL;
}

void
tls_stream_close(struct tls_stream *side)
{
    free_state(side);
    socket_close(&side->sock);
}

void
tls_stream_abort(struct tls_stream *side)
{
    free_state(side);
    socket_abort(&side->sock);
}
