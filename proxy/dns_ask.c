/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets and retries of one question. */
#include "proxy/dns_ask.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "certs/random.h"

enum {
    TCP_HEAD_BYTES = 2,      /* the message's length */
    UDP_ANSWER_BYTES = 4096, /* we ask for no more than 512 */
    UDP_ROUNDS = 16,         /* datagrams in one go */
};

struct dns_ask {
    struct event_base *base;
    struct name_servers servers;
    struct dns_question question;
    dns_asked *asked;
    void *arg;
    struct event timer;
    struct event event; /* valid while fd >= 0 */
    int fd;
    size_t server;       /* the one that is being asked */
    size_t failed_count; /* servers that cannot tell */
    uint8_t *received;   /* heap: over TCP; NULL: over UDP */
    size_t received_len;
    char error[160]; /* why the last server has failed */
};

static void ask_server(struct dns_ask *ask);

static void
close_socket(struct dns_ask *ask)
{
    if (ask->fd < 0)
        return;
    event_del(&ask->event);
    close(ask->fd);
    ask->fd = -1;
    free(ask->received);
    ask->received = NULL;
    ask->received_len = 0;
}

void
dns_ask_cancel(struct dns_ask *ask)
{
    if (ask == NULL)
        return;
    close_socket(ask);
    evtimer_del(&ask->timer);
    free(ask);
}

/* The ask is gone afterwards. */
static void
finish(struct dns_ask *ask, const struct dns_answer *answer)
{
    dns_asked *asked = ask->asked;
    void *arg = ask->arg;
    char error[sizeof(ask->error)];

    memcpy(error, ask->error, sizeof(error));
    dns_ask_cancel(ask);
    asked(answer, answer == NULL ? error : NULL, arg);
}

static void
arm_timer(struct dns_ask *ask, long wait_ms)
{
    const struct timeval wait = {
        .tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};

    (void)evtimer_add(&ask->timer, &wait);
}

/* This server cannot tell: the next one, if there is one that was not asked
 * yet. The ask may be gone afterwards. */
static void
fail_server(struct dns_ask *ask, const char *why)
{
    char server[ADDRESS_TEXT_BYTES];

    address_format(&ask->servers.items[ask->server], server, sizeof(server));
    (void)snprintf(
        ask->error, sizeof(ask->error), "name server %s: %s", server, why);
    close_socket(ask);
    if (++ask->failed_count >= ask->servers.count) {
        finish(ask, NULL);
        return;
    }
    ask->server = (ask->server + 1) % ask->servers.count;
    ask_server(ask);
}

static void
fail_by_code(struct dns_ask *ask, unsigned code)
{
    static const char *const words[] = {
        [0] = "its answer is broken",
        [1] = "it does not understand the question",
        [2] = "it cannot find out (SERVFAIL)",
        [4] = "it does not answer such questions",
        [5] = "it refuses to answer",
    };

    if (code < sizeof(words) / sizeof(words[0]) && words[code] != NULL)
        fail_server(ask, words[code]);
    else
        fail_server(ask, "it says that it has failed");
}

/* A connected socket that is watched. 0, or -1 with errno. */
static int
open_socket(
    struct dns_ask *ask, int type, short event, event_callback_fn callback)
{
    const struct address *server = &ask->servers.items[ask->server];
    int fd = socket(
        server->sock.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0)
        return -1;
    if (connect(fd, &server->sock.any, server->len) != 0
        && errno != EINPROGRESS)
        goto close_fd;
    event_assign(
        &ask->event, ask->base, fd, (short)(event | EV_PERSIST), callback, ask);
    if (event_add(&ask->event, NULL) != 0) {
        errno = ENOMEM;
        goto close_fd;
    }
    ask->fd = fd;
    return 0;

close_fd:
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* --- TCP ----------------------------------------------------------------- */

/* The whole answer, or the end of hope in this server. */
static void
take_tcp_answer(struct dns_ask *ask)
{
    struct dns_answer answer;

    if (dns_answer_read(&ask->question, ask->received + TCP_HEAD_BYTES,
            ask->received_len - TCP_HEAD_BYTES, &answer)
        == DNS_ANSWERED)
        finish(ask, &answer);
    else
        fail_by_code(ask, answer.code);
}

static void
on_tcp_readable(evutil_socket_t fd, short events, void *arg)
{
    struct dns_ask *ask = arg;
    size_t wanted = TCP_HEAD_BYTES;
    ssize_t got;

    (void)events;
    if (ask->received_len >= TCP_HEAD_BYTES)
        wanted += (size_t)ask->received[0] << 8 | ask->received[1];
    if (wanted > DNS_TCP_BYTES_MAX) {
        fail_server(ask, "its answer is too long");
        return;
    }
    got = recv(
        fd, ask->received + ask->received_len, wanted - ask->received_len, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        fail_server(ask, got == 0 ? "its answer is broken" : strerror(errno));
        return;
    }
    ask->received_len += (size_t)got;
    if (ask->received_len == wanted && wanted > TCP_HEAD_BYTES)
        take_tcp_answer(ask);
}

/* The connection stands or has failed: in its first window there is room for
 * the whole question. */
static void
on_tcp_connected(evutil_socket_t fd, short events, void *arg)
{
    struct dns_ask *ask = arg;
    uint8_t query[TCP_HEAD_BYTES + DNS_QUERY_BYTES];
    size_t len = dns_query_write(&ask->question, query + TCP_HEAD_BYTES);
    ssize_t put;

    (void)events;
    query[0] = (uint8_t)(len >> 8);
    query[1] = (uint8_t)len;
    put = send(fd, query, TCP_HEAD_BYTES + len, MSG_NOSIGNAL);
    if (put < 0) {
        fail_server(ask, strerror(errno));
        return;
    }
    event_del(&ask->event);
    event_assign(
        &ask->event, ask->base, fd, EV_READ | EV_PERSIST, on_tcp_readable, ask);
    if ((size_t)put != TCP_HEAD_BYTES + len
        || event_add(&ask->event, NULL) != 0)
        fail_server(ask, "it takes no question over TCP");
}

static void
ask_by_tcp(struct dns_ask *ask)
{
    close_socket(ask);
    if (open_socket(ask, SOCK_STREAM, EV_WRITE, on_tcp_connected) == 0)
        ask->received = malloc(DNS_TCP_BYTES_MAX);
    if (ask->received != NULL)
        arm_timer(ask, DNS_RETRY_MS);
    else
        fail_server(ask, strerror(errno));
}

/* --- UDP ----------------------------------------------------------------- */

/* True when the datagram was the answer, or an answer's end: the ask is gone
 * or has another socket. */
static bool
take_datagram(struct dns_ask *ask, const uint8_t *data, size_t len)
{
    struct dns_answer answer;

    switch (dns_answer_read(&ask->question, data, len, &answer)) {
    case DNS_FOREIGN:
        return false;
    case DNS_ANSWERED:
        finish(ask, &answer);
        break;
    case DNS_TRUNCATED:
        ask_by_tcp(ask);
        break;
    case DNS_FAILED:
        fail_by_code(ask, answer.code);
        break;
    }
    return true;
}

static void
on_datagram(evutil_socket_t fd, short events, void *arg)
{
    struct dns_ask *ask = arg;
    uint8_t data[UDP_ANSWER_BYTES];

    (void)events;
    for (int i = 0; i < UDP_ROUNDS; i++) {
        ssize_t len = recv(fd, data, sizeof(data), 0);

        if (len < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (len < 0) {
            fail_server(ask, strerror(errno));
            return;
        }
        if (take_datagram(ask, data, (size_t)len))
            return;
    }
}

static void
send_query(struct dns_ask *ask)
{
    uint8_t query[DNS_QUERY_BYTES];
    size_t len = dns_query_write(&ask->question, query);

    if (send(ask->fd, query, len, MSG_NOSIGNAL) >= 0)
        arm_timer(ask, DNS_RETRY_MS);
    else
        fail_server(ask, strerror(errno));
}

/* The ask may be gone afterwards. */
static void
ask_server(struct dns_ask *ask)
{
    if (open_socket(ask, SOCK_DGRAM, EV_READ, on_datagram) == 0)
        send_query(ask);
    else
        fail_server(ask, strerror(errno));
}

/* No answer yet. The only server is asked through the same socket, so that a
 * late answer to the first question is good, too. */
static void
on_timer(evutil_socket_t fd, short events, void *arg)
{
    struct dns_ask *ask = arg;

    (void)fd;
    (void)events;
    if (ask->fd >= 0 && ask->servers.count == 1 && ask->received == NULL) {
        send_query(ask);
        return;
    }
    if (ask->fd >= 0)
        ask->server = (ask->server + 1) % ask->servers.count;
    close_socket(ask);
    ask_server(ask);
}

struct dns_ask *
dns_ask_start(struct event_base *base, const struct name_servers *servers,
    const struct dns_question *question, dns_asked *asked, void *arg)
{
    struct dns_ask *ask = malloc(sizeof(*ask));
    uint8_t random[DNS_RANDOM_BYTES];

    if (ask == NULL || sidelock_random_block(random, sizeof(random)) != 0) {
        free(ask);
        return NULL;
    }
    *ask = (struct dns_ask){
        .base = base,
        .servers = *servers,
        .question = *question,
        .asked = asked,
        .arg = arg,
        .fd = -1,
    };
    dns_randomize(&ask->question, random);
    evtimer_assign(&ask->timer, base, on_timer, ask);
    arm_timer(ask, 0);
    return ask;
}
