/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pairs of sockets, and waiting with a deadline. */
#include "tests/unit/socket_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <event2/event.h>

#include <cmocka.h>

#include "proxy/clock.h"

enum {
    PATIENCE_MS = 20 * 1000
};

static void
set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    assert_true(flags >= 0);
    assert_int_equal(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
}

void
tcp_pair(int fds[2])
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
    } address = {.v4 = {.sin_family = AF_INET,
                     .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}}};
    socklen_t len = sizeof(address.v4);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0 && fds[1] >= 0);
    assert_int_equal(bind(listener, &address.any, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, &address.any, &len), 0);
    assert_int_equal(connect(fds[1], &address.any, len), 0);
    fds[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fds[0] >= 0);
    close(listener);
    socket_set_nodelay(fds[1]);
    set_nonblocking(fds[0]);
    set_nonblocking(fds[1]);
}

void
unix_pair(int fds[2])
{
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
        0);
}

static void
wait_for(int fd, short events, short *found)
{
    struct pollfd poller = {.fd = fd, .events = events};

    assert_int_equal(poll(&poller, 1, PATIENCE_MS), 1);
    *found = poller.revents;
}

/* As libevent's epoll backend translates them. */
static short
events_of(short polled)
{
    short events = 0;

    if ((polled & POLLERR) != 0
        || ((polled & POLLHUP) != 0 && (polled & POLLRDHUP) == 0))
        return EV_READ | EV_WRITE;
    if ((polled & POLLIN) != 0)
        events |= EV_READ;
    if ((polled & POLLOUT) != 0)
        events |= EV_WRITE;
    if ((polled & POLLRDHUP) != 0)
        events |= EV_CLOSED;
    return events;
}

void
notice(struct socket *sock)
{
    struct pollfd poller = {
        .fd = sock->fd, .events = POLLIN | POLLOUT | POLLRDHUP};

    assert_true(poll(&poller, 1, 0) >= 0);
    socket_note_events(sock, events_of(poller.revents));
}

void
notice_until(struct socket *sock, short events)
{
    short wanted = 0;
    short found;

    if ((events & EV_READ) != 0)
        wanted |= POLLIN;
    if ((events & EV_WRITE) != 0)
        wanted |= POLLOUT;
    if ((events & EV_CLOSED) != 0)
        wanted |= POLLRDHUP;
    wait_for(sock->fd, wanted, &found);
    notice(sock);
}

void
wait_for_bytes(int fd, size_t len)
{
    int64_t start_ms = clock_now_ms();
    int ready = 0;

    while ((size_t)ready < len) {
        assert_true(clock_now_ms() - start_ms < PATIENCE_MS);
        (void)sched_yield();
        assert_int_equal(ioctl(fd, FIONREAD, &ready), 0);
    }
}

void
peer_wait(int fd, short events)
{
    short found;

    wait_for(fd, events, &found);
}

void
peer_send(int fd, const void *data, size_t len)
{
    const uint8_t *at = data;

    while (len > 0) {
        ssize_t put = send(fd, at, len, MSG_NOSIGNAL);

        if (put < 0 && errno == EAGAIN) {
            peer_wait(fd, POLLOUT);
            continue;
        }
        assert_true(put > 0);
        at += put;
        len -= (size_t)put;
    }
}

void
peer_receive(int fd, void *data, size_t len)
{
    uint8_t *at = data;

    while (len > 0) {
        ssize_t got = recv(fd, at, len, 0);

        if (got < 0 && errno == EAGAIN) {
            peer_wait(fd, POLLIN);
            continue;
        }
        assert_true(got > 0);
        at += got;
        len -= (size_t)got;
    }
}

int
peer_receive_end(int fd)
{
    uint8_t scratch[4096];

    for (;;) {
        ssize_t got = recv(fd, scratch, sizeof(scratch), 0);

        if (got == 0)
            return 0;
        if (got > 0)
            continue;
        if (errno != EAGAIN)
            return errno;
        peer_wait(fd, POLLIN);
    }
}

void
peer_reset(int fd)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};

    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    assert_int_equal(close(fd), 0);
}

void
fill_pattern(uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 131 + i / 251);
}
