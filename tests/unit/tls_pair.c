/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both ends of a TLS connection, driven in turns. */
#include "tests/unit/tls_pair.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <event2/event.h>

#include <cmocka.h>

#include "tests/unit/certs_fixture.h"
#include "tests/unit/socket_fixture.h"

enum {
    TURNS_MAX = 100 * 1000
};

void
tls_pair_connect(
    struct tls_pair *pair, enum tls_version version, const char *settings)
{
    int fds[2];

    *pair = (struct tls_pair){.client_fd = -1};
    service_start(&pair->service, settings);
    pool_init(&pair->pool, PAIR_FILL_BYTES);
    peer_init(&pair->peer);
    tcp_pair(fds);
    tls_stream_init(&pair->side, fds[0], &pair->pool);
    pair->stream = &pair->side.stream;
    pair->client_fd = fds[1];
    pair->client_ctx = wolfSSL_CTX_new(version == TLS_VERSION_1_2
                                           ? wolfTLSv1_2_client_method()
                                           : wolfTLSv1_3_client_method());
    assert_non_null(pair->client_ctx);
    assert_int_equal(wolfSSL_CTX_load_verify_locations_ex(
                         pair->client_ctx, "ca.pem", NULL, 0),
        WOLFSSL_SUCCESS);
    pair->client = wolfSSL_new(pair->client_ctx);
    assert_non_null(pair->client);
    assert_int_equal(
        wolfSSL_set_fd(pair->client, pair->client_fd), WOLFSSL_SUCCESS);
}

int
tls_pair_attach(struct tls_pair *pair)
{
    struct WOLFSSL *ssl =
        context_connection_new(pair->service.context, &pair->peer, &no_wishes);

    assert_non_null(ssl);
    return tls_stream_start(&pair->side, ssl, (const uint8_t *)"", 0);
}

int
tls_pair_step_client(struct tls_pair *pair)
{
    int returned = wolfSSL_connect(pair->client);
    int error;

    if (returned == WOLFSSL_SUCCESS)
        return 0;
    error = wolfSSL_get_error(pair->client, returned);
    return error == WOLFSSL_ERROR_WANT_READ ? 0 : error;
}

enum io_result
tls_pair_shake(struct tls_pair *pair)
{
    enum io_result result = IO_AGAIN;

    for (int i = 0; result == IO_AGAIN; i++) {
        assert_true(i < TURNS_MAX);
        (void)tls_pair_step_client(pair);
        notice(&pair->side.sock);
        context_step_begin(pair->service.context, &pair->peer);
        result = tls_stream_handshake(&pair->side);
        context_step_end(pair->service.context);
    }
    return result;
}

void
tls_pair_start(struct tls_pair *pair, enum tls_version version)
{
    tls_pair_connect(pair, version, GOOD_CERTIFICATE);
    assert_int_equal(tls_pair_attach(pair), 0);
    assert_int_equal(tls_pair_shake(pair), IO_OK);
    while (!wolfSSL_is_init_finished(pair->client)) {
        assert_int_equal(tls_pair_step_client(pair), 0);
        assert_int_equal(pair->stream->ops->flush(pair->stream), IO_OK);
    }
}

void
tls_pair_stop(struct tls_pair *pair)
{
    tls_stream_close(&pair->side);
    assert_int_equal(pair->side.sock.fd, -1);
    assert_int_equal(pair->pool.taken_count, 0);
    pool_deinit(&pair->pool);
    client_close(pair);
    wolfSSL_free(pair->client);
    wolfSSL_CTX_free(pair->client_ctx);
    peer_deinit(&pair->peer);
    service_stop(&pair->service);
}

/* --- the client ---------------------------------------------------------- */

void
client_say(struct tls_pair *pair, const void *data, size_t len)
{
    assert_int_equal(wolfSSL_write(pair->client, data, (int)len), len);
}

/* One read; 0 when it has to wait, after waiting a little. */
static int
client_read(struct tls_pair *pair, void *data, size_t len, int *error)
{
    struct pollfd poller = {.fd = pair->client_fd, .events = POLLIN};
    int got = wolfSSL_read(pair->client, data, (int)len);

    *error = 0;
    if (got > 0)
        return got;
    *error = wolfSSL_get_error(pair->client, got);
    if (*error != WOLFSSL_ERROR_WANT_READ)
        return -1;
    notice(&pair->side.sock);
    (void)pair->stream->ops->flush(pair->stream);
    (void)poll(&poller, 1, 1);
    return 0;
}

void
client_hear(struct tls_pair *pair, void *data, size_t len)
{
    uint8_t *at = data;

    for (int i = 0; len > 0; i++) {
        int error;
        int got = client_read(pair, at, len, &error);

        assert_true(got >= 0 && i < TURNS_MAX);
        at += got;
        len -= (size_t)got;
    }
}

int
client_hear_end(struct tls_pair *pair)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        uint8_t byte;
        int error;
        int got = client_read(pair, &byte, 1, &error);

        assert_true(got <= 0);
        if (got < 0)
            return error;
    }
    fail_msg("the client hears no end");
    return 0;
}

void
client_close(struct tls_pair *pair)
{
    if (pair->client_fd >= 0)
        close(pair->client_fd);
    pair->client_fd = -1;
}

void
client_reset(struct tls_pair *pair)
{
    peer_reset(pair->client_fd);
    pair->client_fd = -1;
}

/* --- the stream ---------------------------------------------------------- */

enum io_result
side_read(struct tls_pair *pair, uint8_t *buf, size_t cap, size_t *count)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        enum io_result result;

        notice(&pair->side.sock);
        result = pair->stream->ops->read(pair->stream, buf, cap, count);
        if (result != IO_AGAIN)
            return result;
        peer_wait(pair->side.sock.fd, POLLIN);
    }
    fail_msg("the stream has nothing to say");
    return IO_AGAIN;
}

void
side_hear(struct tls_pair *pair, void *data, size_t len)
{
    uint8_t *at = data;

    while (len > 0) {
        size_t count = 0;

        assert_int_equal(side_read(pair, at, len, &count), IO_OK);
        at += count;
        len -= count;
    }
}

void
side_say(struct tls_pair *pair, const void *data, size_t len)
{
    const uint8_t *at = data;

    notice_until(&pair->side.sock, EV_WRITE);
    while (len > 0) {
        size_t count = 0;

        assert_int_equal(
            pair->stream->ops->write(pair->stream, at, len, &count), IO_OK);
        at += count;
        len -= count;
    }
    assert_int_equal(pair->stream->ops->flush(pair->stream), IO_OK);
}
