/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accepting connections, and the sockets to accept them on. */
#include "proxy/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/clock.h"
#include "proxy/log.h"
#include "proxy/session.h"
#include "proxy/socket.h"

enum {
    ACCEPT_BATCH = 16,
    BACKLOG = 4096, /* the kernel cuts it to net.core.somaxconn */
    /* A client that has said nothing for this long is handed to us all the
     * same, so that its silence is counted and logged. */
    DEFER_SECONDS = 1,
};

/* --- sockets ------------------------------------------------------------ */

static int
set_flag(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof(value));
}

static int
open_socket(const struct address *address, bool shares_port)
{
    int family = address->sock.any.sa_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0
        || (shares_port && set_flag(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0)
        || (family == AF_INET6
            && set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0)
        || bind(fd, &address->sock.any, address->len) != 0) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

void
listener_set_defer(int fd, bool client_speaks_first)
{
    (void)set_flag(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT,
        client_speaks_first ? DEFER_SECONDS : 0);
}

int
listener_open(const struct address *address)
{
    int fd = open_socket(address, true);

    if (fd < 0)
        return -1;
    socket_tune(fd); /* accepted sockets inherit it */
    if (listen(fd, BACKLOG) != 0) {
        int error = errno;

        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int
listener_probe(const struct address *address)
{
    int fd = open_socket(address, false);

    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

/* --- accepting ---------------------------------------------------------- */

static void
tell_pause(struct listener *listener, const char *reason)
{
    int64_t now_ms = clock_now_ms();
    struct log_line line;

    if (listener->is_told_paused
        || now_ms - listener->told_ms < LISTENER_TELL_MS)
        return;
    listener->is_told_paused = true;
    listener->told_ms = now_ms;
    log_begin(&line, LOG_LEVEL_WARN, "accept_paused");
    log_put_string(&line, "service",
        listener->host->view->services[listener->service_index].config->name);
    log_put_string(&line, "reason", reason);
    log_end(&line);
}

static void
pause_accepting(struct listener *listener, const char *reason)
{
    static const struct timeval later = {0, 100000};

    event_del(&listener->event);
    (void)evtimer_add(&listener->retry, &later);
    listener->is_paused = true;
    tell_pause(listener, reason);
}

static void
note_resumed(struct listener *listener)
{
    struct log_line line;

    listener->is_paused = false;
    if (!listener->is_told_paused)
        return;
    listener->is_told_paused = false;
    log_begin(&line, LOG_LEVEL_INFO, "accept_resumed");
    log_end(&line);
}

static bool
is_out_of_resources(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS
           || error == ENOMEM;
}

enum accept_result {
    ACCEPT_TOOK,
    ACCEPT_EMPTY,
    ACCEPT_SKIPPED,
    ACCEPT_PAUSED
};

/* Accepts one connection and starts its session. */
static enum accept_result
accept_one(struct listener *listener)
{
    struct sockaddr_storage from;
    socklen_t from_len = sizeof(from);
    struct address peer;
    int error;
    int fd;

    if (!counters_take(listener->host->counters)) {
        pause_accepting(listener, "limit");
        return ACCEPT_PAUSED;
    }
    fd = accept4(listener->fd, (struct sockaddr *)&from, &from_len,
        SOCK_NONBLOCK | SOCK_CLOEXEC);
    error = errno;
    if (fd >= 0) {
        note_resumed(listener);
        if (counters_take_question(listener->host->counters))
            listener->host->on_news(listener->host);
        address_from_sockaddr(&peer, (struct sockaddr *)&from, from_len);
        if (session_new(listener->host, listener->service_index, fd, &peer)
            != 0)
            pause_accepting(listener, "memory");
        return listener->is_paused ? ACCEPT_PAUSED : ACCEPT_TOOK;
    }
    counters_give(listener->host->counters);
    if (error == EAGAIN || error == EWOULDBLOCK)
        return ACCEPT_EMPTY;
    if (is_out_of_resources(error)) {
        pause_accepting(listener, "descriptors");
        return ACCEPT_PAUSED;
    }
    return ACCEPT_SKIPPED; /* that one connection is gone already */
}

static enum accept_result
accept_batch(struct listener *listener)
{
    enum accept_result result = ACCEPT_TOOK;

    for (int i = 0; i < ACCEPT_BATCH; i++) {
        result = accept_one(listener);
        if (result == ACCEPT_EMPTY || result == ACCEPT_PAUSED)
            break;
    }
    return result;
}

static void
on_readable(evutil_socket_t fd, short events, void *arg)
{
    (void)fd;
    (void)events;
    (void)accept_batch(arg);
}

static void
on_retry(evutil_socket_t fd, short events, void *arg)
{
    struct listener *listener = arg;

    (void)fd;
    (void)events;
    (void)event_add(&listener->event, NULL);
}

struct listener *
listener_new(struct session_host *host, int fd, size_t service_index)
{
    struct listener *listener = calloc(1, sizeof(*listener));

    if (listener == NULL)
        return NULL;
    listener->host = host;
    listener->fd = fd;
    listener->service_index = service_index;
    listener->told_ms = -LISTENER_TELL_MS;
    event_assign(&listener->event, host->loop.base, fd, EV_READ | EV_PERSIST,
        on_readable, listener);
    evtimer_assign(&listener->retry, host->loop.base, on_retry, listener);
    if (event_add(&listener->event, NULL) != 0) {
        free(listener);
        return NULL;
    }
    return listener;
}

void
listener_take_queue(struct listener *listener)
{
    int batches = BACKLOG / ACCEPT_BATCH; /* what the queue can hold */

    while (batches-- > 0 && accept_batch(listener) == ACCEPT_TOOK)
        continue;
}

void
listener_free(struct listener *listener)
{
    event_del(&listener->event);
    evtimer_del(&listener->retry);
    close(listener->fd);
    free(listener);
}

void
listener_wake(struct listener *listener)
{
    if (!listener->is_paused)
        return;
    evtimer_del(&listener->retry);
    (void)event_add(&listener->event, NULL);
}
