/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a client connection. It is freed in one place (conn_settle),
 * after the state machine has said that it is over.
 */
#include "tests/bench/conn.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/common.h"

/* What is sent is the same everywhere and read by nobody: zeros. */
static const unsigned char payload[CONN_PAYLOAD_BYTES];
static unsigned char scratch[CONN_PAYLOAD_BYTES];

static enum conn_next
note_failure(struct conn *conn, const char *what, const char *cause)
{
    struct conn_pool *pool = conn->pool;

    if (pool->failure[0] == '\0') {
        snprintf(
            pool->failure, sizeof(pool->failure), "%s: %.200s", what, cause);
    }
    return CONN_FAILED;
}

/* xorshift64: the same names in the same order in each run. */
static uint64_t
next_random(struct conn_pool *pool)
{
    uint64_t value = pool->random != 0 ? pool->random : 0x51de10c4;

    value ^= value << 13;
    value ^= value >> 7;
    value ^= value << 17;
    pool->random = value;
    return value;
}

/* Each name once, in order; then any of them. NULL when there are none. */
static const char *
choose_name(struct conn_pool *pool)
{
    static char name[32];
    uint64_t number = pool->asked_count++;

    if (pool->name_count == 0) {
        return NULL;
    }
    if (number >= pool->name_count) {
        number = next_random(pool) % pool->name_count;
    }
    snprintf(
        name, sizeof(name), "n%05llu.many.test", (unsigned long long)number);
    return name;
}

static enum conn_next
finish_connect(struct conn *conn)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        error = errno;
    }
    if (error != 0) {
        return note_failure(conn, "connect", strerror(error));
    }
    conn->tls =
        tls_new(conn->pool->tls_context, conn->fd, choose_name(conn->pool));
    if (conn->tls == NULL) {
        return note_failure(conn, "connect", "no memory for TLS");
    }
    conn->state = CONN_HANDSHAKING;
    return CONN_STAYS;
}

static enum conn_next
finish_handshake(struct conn *conn)
{
    struct conn_pool *pool = conn->pool;

    switch (tls_handshake(conn->tls)) {
    case TLS_AGAIN:
        return CONN_STAYS;
    case TLS_OK:
        break;
    case TLS_END:
        return note_failure(conn, "handshake", "closed by the proxy");
    case TLS_FAILED:
        return note_failure(conn, "handshake", tls_last_error());
    }
    if (pool->opened_count == 0 || tls_is_resumed(conn->tls)) {
        tls_describe(conn->tls, pool->negotiated, sizeof(pool->negotiated));
    }
    if (tls_is_resumed(conn->tls)) {
        pool->resumed_count++;
    }
    if (tls_has_certified(conn->tls)) {
        pool->certified_count++;
    }
    pool->opened_count++;
    conn->state = CONN_OPEN;
    return pool->callbacks->step(conn);
}

/* TLS_END becomes the good end; everything is read away until then. */
static enum conn_next
hang_up(struct conn *conn)
{
    if (conn->state != CONN_HANGING_UP) {
        conn->state = CONN_HANGING_UP;
        tls_send_close(conn->tls);
        shutdown(conn->fd, SHUT_WR);
    }
    switch (conn_await_end(conn)) {
    case TLS_END:
        return CONN_ENDED;
    case TLS_OK:
    case TLS_AGAIN:
        return CONN_STAYS;
    case TLS_FAILED:
        break;
    }
    return note_failure(conn, "closing", tls_last_error());
}

static enum conn_next
advance(struct conn *conn)
{
    enum conn_next next = CONN_STAYS;

    if (conn->state == CONN_CONNECTING) {
        next = finish_connect(conn);
    }
    if (next == CONN_STAYS && conn->state == CONN_HANDSHAKING) {
        next = finish_handshake(conn);
    } else if (next == CONN_STAYS && conn->state == CONN_OPEN) {
        next = conn->pool->callbacks->step(conn);
    }
    if (next == CONN_HANGS_UP
        || (next == CONN_STAYS && conn->state == CONN_HANGING_UP)) {
        next = hang_up(conn);
    }
    return next;
}

/* The one place where a connection ends. */
static void
conn_settle(struct conn *conn, enum conn_next next)
{
    struct conn_pool *pool = conn->pool;
    bool is_good = next == CONN_ENDED;

    if (next == CONN_STAYS || next == CONN_HANGS_UP) {
        return;
    }
    if (!is_good) {
        note_failure(conn, "connection", tls_last_error());
        pool->failed_count++;
    }
    tls_free(conn->tls);
    conn->tls = NULL;
    close(conn->fd);
    pool->live_count--;
    pool->callbacks->over(conn, is_good);
    free(conn);
}

static void
on_conn_event(struct loop_source *source)
{
    /* `source` is the first member. */
    conn_run((struct conn *)(void *)source);
}

void
conn_run(struct conn *conn)
{
    conn_settle(conn, advance(conn));
}

struct conn *
conn_start(struct conn_pool *pool)
{
    struct conn *conn = allocate(sizeof(*conn));
    int one = 1;

    conn->source.on_event = on_conn_event;
    conn->pool = pool;
    conn->state = CONN_CONNECTING;
    conn->started_ns = clock_now_ns();
    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0) {
        die("socket: %s", strerror(errno));
    }
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (pool->is_corked) {
        setsockopt(conn->fd, IPPROTO_TCP, TCP_CORK, &one, sizeof(one));
    }
    if (connect(conn->fd, (const struct sockaddr *)&pool->target,
            sizeof(pool->target))
            != 0
        && errno != EINPROGRESS) {
        die("connect: %s", strerror(errno));
    }
    pool->live_count++;
    loop_add(pool->loop, conn->fd, &conn->source);
    return conn;
}

void
conn_uncork(struct conn *conn)
{
    int zero = 0;

    setsockopt(conn->fd, IPPROTO_TCP, TCP_CORK, &zero, sizeof(zero));
}

static enum tls_result
push(struct conn *conn)
{
    while (conn->send_bytes > 0) {
        size_t size = conn->send_bytes < sizeof(payload)
                          ? (size_t)conn->send_bytes
                          : sizeof(payload);
        size_t moved = 0;
        enum tls_result result = tls_write(conn->tls, payload, size, &moved);

        if (result != TLS_OK) {
            return result;
        }
        conn->send_bytes -= moved;
    }
    return TLS_OK;
}

static enum tls_result
pull(struct conn *conn)
{
    while (conn->receive_bytes > 0) {
        size_t size = conn->receive_bytes < sizeof(scratch)
                          ? (size_t)conn->receive_bytes
                          : sizeof(scratch);
        size_t moved = 0;
        enum tls_result result = tls_read(conn->tls, scratch, size, &moved);

        if (result != TLS_OK) {
            return result;
        }
        conn->receive_bytes -= moved;
    }
    return TLS_OK;
}

enum tls_result
conn_transfer(struct conn *conn)
{
    enum tls_result sent = push(conn);
    enum tls_result received;

    if (sent != TLS_OK && sent != TLS_AGAIN) {
        return TLS_FAILED;
    }
    received = pull(conn);
    if (received == TLS_END) {
        note_failure(conn, "transfer", "ended early by the proxy");
        return TLS_FAILED;
    }
    return received == TLS_OK ? sent : received;
}

enum tls_result
conn_send_now(struct conn *conn, const void *data, size_t size)
{
    size_t moved = 0;
    enum tls_result result = tls_write(conn->tls, data, size, &moved);

    return result == TLS_OK && moved == size ? TLS_OK : TLS_FAILED;
}

enum tls_result
conn_await_end(struct conn *conn)
{
    enum tls_result result;
    size_t moved;

    do {
        result = tls_read(conn->tls, scratch, sizeof(scratch), &moved);
    } while (result == TLS_OK);
    return result;
}
