/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads, writes and ends of a non-blocking socket, and the stream over it. */
#include "proxy/socket.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <unistd.h>

#include <event2/event.h>

#include "proxy/clock.h"

void
socket_init(struct socket *sock, int fd)
{
    *sock = (struct socket){.fd = fd};
}

void
socket_note_events(struct socket *sock, short events)
{
    if (events & EV_CLOSED)
        sock->saw_hangup = true;
    if (events & (EV_READ | EV_CLOSED))
        sock->is_readable = true;
    if (events & EV_WRITE)
        sock->is_writable = true;
}

static bool
is_again(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK;
}

/*
 * The kernel reports a reset once, to whichever call comes first; later reads
 * then return 0 as if the peer had ended in order. EPIPE is no reset: it
 * means that the peer's FIN had arrived before.
 */
static bool
was_reset(const struct socket *sock)
{
    return sock->error != 0 && sock->error != EPIPE;
}

bool
socket_is_broken(struct socket *sock)
{
    int error = 0;
    socklen_t len = sizeof(error);

    if (sock->error == 0
        && getsockopt(sock->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0)
        sock->error = error;
    return sock->error != 0;
}

enum io_result
socket_receive(struct socket *sock, uint8_t *buf, size_t cap, size_t *count)
{
    ssize_t got;

    *count = 0;
    if (!sock->is_readable)
        return IO_AGAIN;
    do {
        got = recv(sock->fd, buf, cap, 0);
    } while (got < 0 && errno == EINTR);
    if (got == 0)
        return was_reset(sock) ? IO_ERROR : IO_EOF;
    if (got < 0 && is_again(errno)) {
        sock->is_readable = false;
        return IO_AGAIN;
    }
    if (got < 0) {
        sock->error = errno;
        return IO_ERROR;
    }
    *count = (size_t)got;
    if (*count < cap && !sock->saw_hangup && !socket_is_broken(sock))
        sock->is_readable = false;
    return IO_OK;
}

enum io_result
socket_peek(struct socket *sock, uint8_t *byte)
{
    ssize_t got;

    if (!sock->is_readable)
        return IO_AGAIN;
    do {
        got = recv(sock->fd, byte, 1, MSG_PEEK);
    } while (got < 0 && errno == EINTR);
    if (got > 0)
        return IO_OK;
    if (got == 0)
        return was_reset(sock) ? IO_ERROR : IO_EOF;
    if (is_again(errno)) {
        sock->is_readable = false;
        return IO_AGAIN;
    }
    sock->error = errno;
    return IO_ERROR;
}

enum io_result
socket_send(struct socket *sock, const uint8_t *buf, size_t len, size_t *count)
{
    ssize_t put;

    *count = 0;
    if (!sock->is_writable)
        return sock->error != 0 ? IO_ERROR : IO_AGAIN;
    do {
        put = send(sock->fd, buf, len, MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    if (put < 0 && is_again(errno)) {
        sock->is_writable = false;
        return IO_AGAIN;
    }
    if (put < 0) {
        sock->error = errno;
        sock->is_readable = true; /* what came before is still to be read */
        return IO_ERROR;
    }
    *count = (size_t)put;
    if (*count < len)
        sock->is_writable = false;
    return IO_OK;
}

enum io_result
socket_end(struct socket *sock)
{
    if (shutdown(sock->fd, SHUT_WR) == 0)
        return IO_OK;
    sock->error = errno;
    return IO_ERROR;
}

bool
socket_discard_input(struct socket *sock)
{
    uint8_t scratch[4096];
    int rounds = 16; /* one that keeps sending must not keep us busy */
    ssize_t got;

    (void)shutdown(sock->fd, SHUT_WR);
    do {
        got = recv(sock->fd, scratch, sizeof(scratch), MSG_DONTWAIT);
    } while (got > 0 && --rounds > 0);
    return got == 0
           || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK
               && errno != EINTR);
}

/* A connection that the peer has reset keeps what it never took. */
static bool
is_dead(const struct socket *sock)
{
    struct tcp_info info;
    socklen_t len = sizeof(info);

    return sock->error != 0
           || (getsockopt(sock->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0
               && info.tcpi_state == TCP_CLOSE);
}

size_t
socket_unsent_bytes(const struct socket *sock)
{
    int bytes = 0;

    if (sock->fd < 0 || is_dead(sock) || ioctl(sock->fd, SIOCOUTQ, &bytes) != 0
        || bytes < 0)
        return 0;
    return (size_t)bytes;
}

int64_t
socket_last_sent_ms(const struct socket *sock)
{
    struct tcp_info info;
    socklen_t len = sizeof(info);
    uint32_t ago_ms;

    if (socket_unsent_bytes(sock) == 0
        || getsockopt(sock->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
        return 0;
    /* One who is gone is sent the same again, and answers nothing; one who
     * reads nothing answers, and is sent nothing. */
    ago_ms = info.tcpi_last_data_sent;
    if (info.tcpi_last_ack_recv > ago_ms)
        ago_ms = info.tcpi_last_ack_recv;
    return clock_now_ms() - ago_ms;
}

void
socket_close(struct socket *sock)
{
    if (sock->fd >= 0)
        close(sock->fd);
    sock->fd = -1;
}

void
socket_abort(struct socket *sock)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};

    if (sock->fd >= 0)
        (void)setsockopt(
            sock->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    socket_close(sock);
}

static void
set_option(int fd, int level, int option, int value)
{
    /* Best effort: a UNIX socket has none of these, and a connection without
     * them still works. */
    (void)setsockopt(fd, level, option, &value, sizeof(value));
}

void
socket_set_nodelay(int fd)
{
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

void
socket_tune(int fd)
{
    socket_set_nodelay(fd);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

static struct socket *
socket_of(struct stream *stream)
{
    return &((struct socket_stream *)(void *)stream)->sock;
}

static enum io_result
stream_read(struct stream *stream, uint8_t *buf, size_t cap, size_t *count)
{
    return socket_receive(socket_of(stream), buf, cap, count);
}

static bool
stream_can_write(const struct stream *stream)
{
    const struct socket *sock =
        &((const struct socket_stream *)(const void *)stream)->sock;

    return sock->is_writable || sock->error != 0;
}

static enum io_result
stream_write(
    struct stream *stream, const uint8_t *buf, size_t len, size_t *count)
{
    return socket_send(socket_of(stream), buf, len, count);
}

static enum io_result
stream_flush(struct stream *stream)
{
    (void)stream; /* nothing is ever kept */
    return IO_OK;
}

static enum io_result
stream_end(struct stream *stream)
{
    (void)socket_end(socket_of(stream)); /* fails when the peer has left */
    return IO_OK;
}

const struct stream_ops *
socket_stream_ops(void)
{
    static const struct stream_ops ops = {
        .read = stream_read,
        .can_write = stream_can_write,
        .write = stream_write,
        .flush = stream_flush,
        .end = stream_end,
    };

    return &ops;
}

void
socket_stream_init(struct socket_stream *side, int fd)
{
    side->stream.ops = socket_stream_ops();
    socket_init(&side->sock, fd);
}
