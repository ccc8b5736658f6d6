/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small HTTP server that has openssl answer. */
#include "tests/unit/ocsp_fixture.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs/secret.h"

/* Binds to a free port. */
static int
bind_any(char url[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(
        bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(
        url, 64, "http://127.0.0.1:%d/ocsp", ntohs(address.sin_port));
    return fd;
}

static void
send_all(int fd, const void *data, size_t len)
{
    assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void
answer(struct visit *visit, const char *body, size_t len)
{
    struct staple_spec spec = visit->responder->spec;
    struct blob request = {NULL, 0};
    struct blob response;
    char head[128];

    assert_int_equal(blob_copy(&request, (const uint8_t *)body, len), 0);
    write_blob("asked.der", &request);
    blob_free(&request);
    spec.request = visit->responder->replays ? NULL : "asked.der";
    make_staple("answer.der", &spec);
    response = read_file("answer.der");
    (void)snprintf(head, sizeof(head),
        "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", response.len);
    send_all(visit->fd, head, strlen(head));
    send_all(visit->fd, response.data, response.len);
    blob_free(&response);
}

/* The request's body, when it is there as a whole. */
static const char *
find_body(const struct visit *visit, size_t *len)
{
    const char *length = strstr(visit->data, "Content-Length: ");
    const char *body = strstr(visit->data, "\r\n\r\n");

    if (body == NULL)
        return NULL;
    assert_non_null(length);
    body += 4;
    *len = strtoul(length + strlen("Content-Length: "), NULL, 10);
    return visit->len - (size_t)(body - visit->data) >= *len ? body : NULL;
}

static void
end_visit(struct visit *visit)
{
    if (visit->fd < 0)
        return;
    assert_int_equal(event_del(&visit->event), 0);
    close(visit->fd);
    visit->fd = -1;
}

static void
on_readable(evutil_socket_t fd, short events, void *arg)
{
    struct visit *visit = arg;
    const char *body;
    size_t len;
    ssize_t got;

    (void)events;
    got = recv(
        fd, visit->data + visit->len, sizeof(visit->data) - 1 - visit->len, 0);
    if (got <= 0) {
        end_visit(visit);
        return;
    }
    visit->len += (size_t)got;
    body = find_body(visit, &len);
    if (body == NULL || visit->responder->hangs)
        return;
    assert_int_equal(strncmp(visit->data, "POST /ocsp HTTP/1.1\r\n", 21), 0);
    if (visit->responder->text != NULL)
        send_all(fd, visit->responder->text, strlen(visit->responder->text));
    else
        answer(visit, body, len);
    end_visit(visit);
}

static void
on_connection(evutil_socket_t fd, short events, void *arg)
{
    struct responder *responder = arg;
    struct visit *visit = &responder->visits[responder->visit_count++];

    (void)events;
    assert_true(responder->visit_count <= RESPONDER_REQUESTS_MAX);
    visit->responder = responder;
    visit->fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(visit->fd >= 0);
    event_assign(&visit->event, responder->base, visit->fd,
        EV_READ | EV_PERSIST, on_readable, visit);
    assert_int_equal(event_add(&visit->event, NULL), 0);
}

void
responder_start(struct responder *responder, struct event_base *base)
{
    memset(responder, 0, sizeof(*responder));
    responder->base = base;
    responder->fd = bind_any(responder->url);
    assert_int_equal(listen(responder->fd, SOMAXCONN), 0);
    event_assign(&responder->event, base, responder->fd, EV_READ | EV_PERSIST,
        on_connection, responder);
    assert_int_equal(event_add(&responder->event, NULL), 0);
}

void
responder_stop(struct responder *responder)
{
    for (size_t i = 0; i < responder->visit_count; i++)
        end_visit(&responder->visits[i]);
    assert_int_equal(event_del(&responder->event), 0);
    close(responder->fd);
}

size_t
responder_open_count(const struct responder *responder)
{
    size_t count = 0;

    for (size_t i = 0; i < responder->visit_count; i++)
        count += responder->visits[i].fd >= 0;
    return count;
}

int
nobodys_url(char url[64])
{
    return bind_any(url);
}
