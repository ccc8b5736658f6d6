/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections to the admin socket: one request, one answer, closed. */
#include "proxy/admin.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/admin_answer.h"
#include "proxy/admin_socket.h"
#include "proxy/log.h"

struct admin_client {
    struct admin *admin;
    int fd; /* -1: this place is free */
    uid_t uid;
    struct event *ready;    /* to be read from, or later written to */
    struct event *deadline; /* of the request, then of the answer */
    bool is_due;            /* it is over, but for one more look */
    uint64_t number;        /* the least is the one that came first */
    char head[ADMIN_HEAD_MAX];
    size_t len; /* of head */
    struct admin_answer answer;
    size_t sent; /* of the answer */
};

struct admin {
    struct server *server;
    struct admin_socket sock;
    struct event *acceptable;
    struct event *retry; /* accepting, after it failed for want of something */
    uint64_t count;      /* clients so far */
    struct admin_client clients[ADMIN_CLIENTS_MAX];
};

static void
free_event(struct event **event)
{
    if (*event != NULL)
        event_free(*event);
    *event = NULL;
}

static void
close_client(struct admin_client *client)
{
    free_event(&client->ready);
    free_event(&client->deadline);
    close(client->fd);
    client->fd = -1;
    admin_answer_deinit(&client->answer);
}

/* A process that was stopped or busy learns of the time first, and then of
 * what had come in time: the loop looks once more. */
static void
on_deadline(evutil_socket_t fd, short events, void *arg)
{
    static const struct timeval at_once = {0};
    struct admin_client *client = arg;
    bool is_over = client->is_due;

    (void)fd;
    (void)events;
    client->is_due = true;
    if (is_over || event_add(client->deadline, &at_once) != 0)
        close_client(client);
}

/* Calls `on_ready` when the client is, for as long as the deadline allows,
 * which begins anew. */
static int
wait_for(struct admin_client *client, short events, event_callback_fn on_ready)
{
    static const struct timeval patience = {.tv_sec = ADMIN_DEADLINE_S};
    struct event_base *base = client->admin->server->base;

    client->is_due = false;
    free_event(&client->ready);
    client->ready = event_new(
        base, client->fd, (short)(events | EV_PERSIST), on_ready, client);
    if (client->deadline == NULL)
        client->deadline = evtimer_new(base, on_deadline, client);
    if (client->ready == NULL || client->deadline == NULL
        || event_add(client->ready, NULL) != 0)
        return -1;
    return event_add(client->deadline, &patience);
}

/* --- the answer ---------------------------------------------------------- */

/* What is left of head and body, as one message. */
static size_t
fill_message(struct admin_client *client, struct iovec parts[2])
{
    const struct admin_answer *answer = &client->answer;
    size_t of_head =
        client->sent < answer->head_len ? client->sent : answer->head_len;
    size_t of_body = client->sent - of_head;

    parts[0] = (struct iovec){
        .iov_base = client->answer.head + of_head,
        .iov_len = answer->head_len - of_head,
    };
    parts[1] = (struct iovec){
        .iov_base = answer->body != NULL ? answer->body + of_body : NULL,
        .iov_len = answer->body_len - of_body,
    };
    return parts[0].iov_len + parts[1].iov_len;
}

/* Sends what the socket takes; the last byte closes the connection. */
static void
send_answer(struct admin_client *client)
{
    struct iovec parts[2];
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    while (fill_message(client, parts) > 0) {
        ssize_t put = sendmsg(client->fd, &message, MSG_NOSIGNAL);

        if (put >= 0)
            client->sent += (size_t)put;
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR)
            break;
    }
    close_client(client);
}

static void
on_writable(evutil_socket_t fd, short events, void *arg)
{
    (void)fd;
    (void)events;
    send_answer(arg);
}

/* A reload may have taken long, and the loop's clock stood still: deadlines
 * count from now. */
static void
start_answer(struct admin_client *client)
{
    (void)event_base_update_cache_time(client->admin->server->base);
    if (wait_for(client, EV_WRITE, on_writable) != 0)
        close_client(client);
    else
        send_answer(client);
}

/* --- the request --------------------------------------------------------- */

static void
handle_head(struct admin_client *client)
{
    struct admin_request request;
    enum admin_parse result =
        admin_request_parse(&request, client->head, client->len);

    if (result == ADMIN_MORE)
        return;
    if (result == ADMIN_COMPLETE)
        admin_answer_request(
            &client->answer, client->admin->server, &request, client->uid);
    else
        admin_answer_garbage(&client->answer, result);
    start_answer(client);
}

static void
read_head(struct admin_client *client)
{
    ssize_t got;

    do {
        got = recv(client->fd, client->head + client->len,
            sizeof(client->head) - client->len, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        close_client(client);
        return;
    }
    client->len += (size_t)got;
    handle_head(client);
}

static void
on_readable(evutil_socket_t fd, short events, void *arg)
{
    (void)fd;
    (void)events;
    read_head(arg);
}

/* --- accepting ----------------------------------------------------------- */

/* A free place, if need be that of who came first: a request takes no time,
 * so that one is slow or silent. */
static struct admin_client *
take_place(struct admin *admin)
{
    struct admin_client *oldest = &admin->clients[0];

    for (size_t i = 0; i < ADMIN_CLIENTS_MAX; i++) {
        struct admin_client *client = &admin->clients[i];

        if (client->fd < 0)
            return client;
        if (client->number < oldest->number)
            oldest = client;
    }
    close_client(oldest);
    return oldest;
}

static void
start_client(struct admin *admin, int fd)
{
    struct admin_client *client = take_place(admin);
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t len = sizeof(peer);

    (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
    *client = (struct admin_client){
        .admin = admin,
        .fd = fd,
        .uid = peer.uid,
        .number = admin->count++,
    };
    if (wait_for(client, EV_READ, on_readable) != 0)
        close_client(client);
}

static void
on_acceptable(evutil_socket_t fd, short events, void *arg)
{
    static const struct timeval later = {.tv_usec = 100000};
    struct admin *admin = arg;
    int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (accepted >= 0) {
        start_client(admin, accepted);
        return;
    }
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
        return;
    /* No descriptors, or no memory: they would not come by asking at once. */
    (void)event_del(admin->acceptable);
    (void)event_add(admin->retry, &later);
}

static void
on_retry(evutil_socket_t fd, short events, void *arg)
{
    struct admin *admin = arg;

    (void)fd;
    (void)events;
    (void)event_add(admin->acceptable, NULL);
}

/* --- life ---------------------------------------------------------------- */

static struct admin *
admin_new(struct server *server)
{
    struct admin *admin = calloc(1, sizeof(*admin));

    if (admin == NULL)
        return NULL;
    admin->server = server;
    admin->sock.fd = -1;
    for (size_t i = 0; i < ADMIN_CLIENTS_MAX; i++)
        admin->clients[i].fd = -1;
    return admin;
}

static int
add_events(struct admin *admin)
{
    struct event_base *base = admin->server->base;

    admin->acceptable = event_new(
        base, admin->sock.fd, EV_READ | EV_PERSIST, on_acceptable, admin);
    admin->retry = evtimer_new(base, on_retry, admin);
    if (admin->acceptable == NULL || admin->retry == NULL)
        return -1;
    return event_add(admin->acceptable, NULL);
}

int
admin_start(struct server *server, struct report *report)
{
    const char *where = server->snapshot->config->admin.listen;

    if (strcmp(where, "off") == 0)
        return 0;
    server->admin = admin_new(server);
    if (server->admin == NULL) {
        report_error(report, SL_MEMORY, "out of memory for the admin socket");
        return -1;
    }
    if (admin_socket_open(&server->admin->sock, where, report) != 0)
        return -1;
    if (add_events(server->admin) != 0) {
        report_error(
            report, SL_ADMIN, "admin.listen %s: cannot be watched", where);
        return -1;
    }
    return 0;
}

void
admin_log(const struct admin *admin)
{
    char address[ADDRESS_TEXT_BYTES];
    struct log_line line;

    if (admin == NULL)
        return;
    address_format(&admin->sock.address, address, sizeof(address));
    log_begin(&line, LOG_LEVEL_INFO, "admin_listening");
    log_put_string(&line, "address", address);
    log_end(&line);
}

void
admin_stop(struct admin *admin)
{
    if (admin == NULL)
        return;
    for (size_t i = 0; i < ADMIN_CLIENTS_MAX; i++)
        if (admin->clients[i].fd >= 0)
            close_client(&admin->clients[i]);
    free_event(&admin->acceptable);
    free_event(&admin->retry);
    admin_socket_close(&admin->sock);
    free(admin);
}
