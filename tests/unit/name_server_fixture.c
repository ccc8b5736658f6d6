/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Receiving questions, and sending what the test wants. */
#include "tests/unit/name_server_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    HEADER_BYTES = 12
};

static void
read_question(struct asked *asked, const uint8_t *data, size_t len)
{
    struct dns_question *question = &asked->question;
    size_t at = 0;

    assert_in_range(len, HEADER_BYTES + 5, DNS_QUERY_BYTES);
    question->id = (uint16_t)(data[0] << 8 | data[1]);
    question->name_len = len - HEADER_BYTES - 4;
    question->type = (enum dns_type)data[len - 3];
    memcpy(question->name, data + HEADER_BYTES, question->name_len);
    for (size_t end; question->name[at] != 0; at = end) {
        end = at + 1 + question->name[at];
        for (size_t i = at + 1; i < end; i++) {
            asked->name[i - 1] = (char)tolower(question->name[i]);
        }
        asked->name[end - 1] = '.';
    }
    asked->name[at > 0 ? at - 1 : 0] = '\0';
}

static bool
hear(struct name_server *server, const uint8_t *data, size_t len,
    struct asked *asked, struct dns_reply *reply)
{
    asked->number = ++server->asked_count;
    read_question(asked, data, len);
    reply_to(reply, &asked->question);
    return server->answer(asked, reply);
}

/* An empty answer whose number is wrong. */
static void
send_forgery(
    int fd, const struct dns_question *question, const struct sockaddr_in *to)
{
    struct dns_reply reply;

    reply_to(&reply, question);
    reply.data[0] ^= 1;
    assert_int_equal(sendto(fd, reply.data, reply.len, 0,
                         (const struct sockaddr *)to, sizeof(*to)),
        reply.len);
}

static void
on_udp(evutil_socket_t fd, short events, void *arg)
{
    struct name_server *server = arg;
    struct asked asked = {.is_tcp = false};
    struct sockaddr_in from;
    socklen_t from_len = sizeof(from);
    struct dns_reply reply;
    uint8_t data[DNS_QUERY_BYTES];
    ssize_t len = recvfrom(
        fd, data, sizeof(data), 0, (struct sockaddr *)&from, &from_len);

    (void)events;
    assert_true(len > 0);
    if (!hear(server, data, (size_t)len, &asked, &reply))
        return;
    if (server->is_forged)
        send_forgery(fd, &asked.question, &from);
    assert_int_equal(sendto(fd, reply.data, reply.len, 0,
                         (struct sockaddr *)&from, from_len),
        reply.len);
}

static void
on_tcp_question(evutil_socket_t fd, short events, void *arg)
{
    struct name_server *server = arg;
    struct asked asked = {.is_tcp = true};
    struct dns_reply reply;
    uint8_t data[2 + DNS_QUERY_BYTES];
    uint8_t head[2];
    ssize_t len = recv(fd, data, sizeof(data), 0);

    (void)events;
    assert_true(len > 2);
    assert_int_equal(data[0] << 8 | data[1], len - 2);
    server->asked_by_tcp_count++;
    if (hear(server, data + 2, (size_t)len - 2, &asked, &reply)) {
        head[0] = (uint8_t)(reply.len >> 8);
        head[1] = (uint8_t)reply.len;
        assert_int_equal(send(fd, head, 1, MSG_NOSIGNAL), 1);
        assert_int_equal(send(fd, head + 1, 1, MSG_NOSIGNAL), 1);
        assert_int_equal(
            send(fd, reply.data, reply.len, MSG_NOSIGNAL), reply.len);
    }
    close(fd);
}

/* The client is in this thread: it sends when the loop has its turn. */
static void
on_tcp(evutil_socket_t fd, short events, void *arg)
{
    struct name_server *server = arg;
    int client = accept(fd, NULL, NULL);

    (void)events;
    assert_true(client >= 0);
    assert_int_equal(event_base_once(server->base, client, EV_READ,
                         on_tcp_question, server, NULL),
        0);
}

static int
open_at(struct sockaddr_in *address, int type)
{
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(*address);

    assert_true(fd >= 0);
    if (bind(fd, (struct sockaddr *)address, len) != 0) {
        close(fd);
        return -1;
    }
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
    return fd;
}

void
name_server_start(
    struct name_server *server, struct event_base *base, answer_fn *answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    *server = (struct name_server){
        .base = base, .answer = answer, .udp = -1, .tcp = -1};
    while (server->tcp < 0) { /* the same port may be taken for TCP */
        if (server->udp >= 0)
            close(server->udp);
        address = (struct sockaddr_in){.sin_family = AF_INET};
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        server->udp = open_at(&address, SOCK_DGRAM);
        server->tcp = open_at(&address, SOCK_STREAM);
    }
    assert_int_equal(listen(server->tcp, 8), 0);
    (void)snprintf(server->address, sizeof(server->address), "127.0.0.1:%u",
        ntohs(address.sin_port));
    event_assign(&server->udp_event, base, server->udp, EV_READ | EV_PERSIST,
        on_udp, server);
    event_assign(&server->tcp_event, base, server->tcp, EV_READ | EV_PERSIST,
        on_tcp, server);
    assert_int_equal(event_add(&server->udp_event, NULL), 0);
    assert_int_equal(event_add(&server->tcp_event, NULL), 0);
}

void
name_server_stop(struct name_server *server)
{
    event_del(&server->udp_event);
    event_del(&server->tcp_event);
    close(server->udp);
    close(server->tcp);
}
