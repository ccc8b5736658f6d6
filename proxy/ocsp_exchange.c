/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client's side of HTTP over a non-blocking socket. */
#include "proxy/ocsp_exchange.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "proxy/backend.h"
#include "proxy/socket.h"

struct ocsp_exchange {
    struct socket sock;
    struct event event;
    struct ocsp_http reply;
    ocsp_exchange_done *done;
    void *arg;
    size_t out_len;
    size_t out_at; /* bytes of it that are sent */
    bool is_connected;
    uint8_t out[OCSP_HTTP_REQUEST_HEAD_BYTES + OCSP_EXCHANGE_BODY_MAX];
};

static void
fail(struct ocsp_exchange *exchange, const char *what, int error)
{
    char fault[OCSP_HTTP_FAULT_BYTES];

    (void)snprintf(fault, sizeof(fault), "%s: %s", what, strerror(error));
    ocsp_http_fail(&exchange->reply, fault);
}

static void
check_connected(struct ocsp_exchange *exchange)
{
    int error = backend_connect_error(exchange->sock.fd);

    if (error != 0)
        fail(exchange, "there is no connection to it", error);
    exchange->is_connected = error == 0;
}

static void
send_out(struct ocsp_exchange *exchange)
{
    enum io_result result = IO_OK;
    size_t count;

    while (exchange->out_at < exchange->out_len && result == IO_OK) {
        result = socket_send(&exchange->sock, exchange->out + exchange->out_at,
            exchange->out_len - exchange->out_at, &count);
        exchange->out_at += count;
    }
    /* An error is seen again by reading: a reply may have come before it. */
}

static void
read_reply(struct ocsp_exchange *exchange)
{
    enum ocsp_http_state state = exchange->reply.state;
    uint8_t data[4096];
    size_t count;

    /* Ends soon: a reply is bounded. */
    while (state != OCSP_HTTP_DONE && state != OCSP_HTTP_BAD) {
        switch (socket_receive(&exchange->sock, data, sizeof(data), &count)) {
        case IO_OK:
            state = ocsp_http_take(&exchange->reply, data, count);
            break;
        case IO_AGAIN:
            return;
        case IO_EOF:
            state = ocsp_http_end(&exchange->reply);
            break;
        case IO_ERROR:
        case IO_TRUNCATED:
            fail(exchange, "the connection to it broke", exchange->sock.error);
            return;
        }
    }
}

static void
on_event(evutil_socket_t fd, short events, void *arg)
{
    struct ocsp_exchange *exchange = arg;
    enum ocsp_http_state state;

    (void)fd;
    socket_note_events(&exchange->sock, events);
    if (!exchange->is_connected)
        check_connected(exchange);
    if (exchange->reply.state != OCSP_HTTP_BAD) {
        send_out(exchange);
        read_reply(exchange);
    }
    state = exchange->reply.state;
    if (state != OCSP_HTTP_DONE && state != OCSP_HTTP_BAD)
        return;
    (void)event_del(&exchange->event);
    socket_close(&exchange->sock);
    exchange->done(&exchange->reply, exchange->arg);
}

static int
watch(struct ocsp_exchange *exchange, struct event_base *base)
{
    return event_assign(&exchange->event, base, exchange->sock.fd,
               EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, on_event,
               exchange)
                   != 0
               ? -1
               : event_add(&exchange->event, NULL);
}

struct ocsp_exchange *
ocsp_exchange_start(const struct ocsp_exchange_plan *plan)
{
    struct ocsp_exchange *exchange = calloc(1, sizeof(*exchange));
    int error;

    if (exchange == NULL)
        return NULL;
    exchange->done = plan->done;
    exchange->arg = plan->arg;
    ocsp_http_init(&exchange->reply);
    exchange->out_len = ocsp_http_request_head(
        (char *)exchange->out, plan->url, plan->body_len);
    memcpy(exchange->out + exchange->out_len, plan->body, plan->body_len);
    exchange->out_len += plan->body_len;
    socket_init(&exchange->sock, backend_connect(plan->address));
    if (exchange->sock.fd >= 0 && watch(exchange, plan->base) == 0)
        return exchange;
    error = errno;
    socket_close(&exchange->sock);
    free(exchange);
    errno = error;
    return NULL;
}

bool
ocsp_exchange_has_connected(const struct ocsp_exchange *exchange)
{
    return exchange->is_connected;
}

void
ocsp_exchange_free(struct ocsp_exchange *exchange)
{
    if (exchange == NULL)
        return;
    if (exchange->sock.fd >= 0)
        (void)event_del(&exchange->event);
    socket_close(&exchange->sock);
    ocsp_http_deinit(&exchange->reply);
    free(exchange);
}
