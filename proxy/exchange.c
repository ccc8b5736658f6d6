/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client of the admin socket: one request, one answer. */
#include "proxy/exchange.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/admin_answer.h"
#include "proxy/admin_socket.h"
#include "proxy/clock.h"

enum {
    ANSWER_MAX = ADMIN_BODY_MAX + ADMIN_ANSWER_HEAD_BYTES,
    READ_BYTES = 64 * 1024,
    PATIENCE_MS = 60 * 1000, /* files may be on a slow disk */
};

/* --- reaching the process ------------------------------------------------ */

static void
report_off(const struct config *config, struct report *report)
{
    const char *pid_file = config->process.pid_file;
    char pid[300] = "PID";

    if (pid_file != NULL && pid_file[0] != '\0')
        (void)snprintf(pid, sizeof(pid), "$(cat %.250s)", pid_file);
    report_error(report, SL_ADMIN,
        "admin.listen is off, so the process cannot be asked; write [admin] "
        "listen = unix:/run/sidelock/admin.sock and restart it; until then "
        "`kill -HUP %s` reloads, and the log tells the outcome",
        pid);
}

/* Nobody is there, or we were not let in. */
static enum exchange_result
report_unreachable(const char *listen_text, const struct address *address,
    int error, struct report *report)
{
    const char *path = address->sock.local.sun_path;
    char access[128];

    admin_socket_access(path, access, sizeof(access));
    if (error == ENOENT)
        report_error(report, SL_ADMIN,
            "admin.listen %s: there is no such socket: sidelock is not "
            "running, or was started before that was written; (re)start it",
            listen_text);
    else if (error == ECONNREFUSED)
        report_error(report, SL_ADMIN,
            "admin.listen %s: nobody answers: sidelock is not running; start "
            "it",
            listen_text);
    else if (error == EACCES)
        report_error(report, SL_ADMIN,
            "admin.listen %s: we may not connect: %s; run as that user or as "
            "root, or join the group",
            listen_text,
            access[0] != '\0' ? access : "a folder of the path is closed");
    else if (error == EAGAIN)
        report_error(report, SL_ADMIN,
            "admin.listen %s: %d s were not enough to be let in: the process "
            "is stopped, or others ask it all the time",
            listen_text, PATIENCE_MS / 1000);
    else
        report_error(report, SL_ADMIN, "admin.listen %s: cannot connect: %s",
            listen_text, strerror(error));
    return error == ENOENT || error == ECONNREFUSED ? EXCHANGE_NOBODY
                                                    : EXCHANGE_FAILED;
}

/* Waits for its turn when others are before it. 0, or -1 with errno. */
static int
connect_patiently(int fd, const struct address *address)
{
    const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (connect(fd, &address->sock.any, address->len) != 0)
        return -1;
    return fcntl(fd, F_SETFL, O_NONBLOCK);
}

/* *fd is a connected socket afterwards, if it can be. */
static enum exchange_result
reach(const struct config *config, struct report *report, int *fd)
{
    const char *listen_text = config->admin.listen;
    enum exchange_result result;
    struct address address;
    char why[256];

    if (listen_text == NULL || strcmp(listen_text, "off") == 0) {
        report_off(config, report);
        return EXCHANGE_NOBODY;
    }
    if (address_parse(&address, listen_text, why, sizeof(why)) != 0) {
        report_error(report, SL_ADMIN, "admin.listen %s: %s", listen_text, why);
        return EXCHANGE_FAILED;
    }
    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect_patiently(*fd, &address) == 0)
        return EXCHANGE_ANSWERED;
    result = report_unreachable(listen_text, &address, errno, report);
    if (*fd >= 0)
        close(*fd);
    return result;
}

/* --- the exchange -------------------------------------------------------- */

/* Waits until the socket is ready; -1 with an error when the time is over. */
static int
wait_for(struct exchange *exchange, int fd, short events)
{
    struct pollfd ready = {.fd = fd, .events = events};
    int64_t left_ms = exchange->deadline_ms - clock_now_ms();
    int result = 0;

    if (left_ms > 0)
        result = poll(&ready, 1, (int)left_ms);
    if (result > 0 || (result < 0 && errno == EINTR))
        return 0;
    report_error(exchange->report, SL_ADMIN,
        "no answer within %d s: the process is busy or stopped; the log tells "
        "what became of it",
        PATIENCE_MS / 1000);
    return -1;
}

/* The request is short: the socket takes it at once. */
static int
send_request(struct exchange *exchange, int fd)
{
    char request[256];
    int len = snprintf(request, sizeof(request),
        "%s HTTP/1.1\r\nHost: sidelock\r\nAccept: %s\r\n\r\n",
        exchange->request,
        exchange->is_json ? "application/json" : "text/plain");

    if (send(fd, request, (size_t)len, MSG_NOSIGNAL) == len)
        return 0;
    report_error(exchange->report, SL_ADMIN, "cannot ask the process: %s",
        strerror(errno));
    return -1;
}

static int
make_room(struct exchange *exchange)
{
    size_t cap = exchange->cap + READ_BYTES;
    char *text;

    if (exchange->cap - exchange->len > 1)
        return 0;
    text = cap <= ANSWER_MAX + READ_BYTES ? realloc(exchange->text, cap) : NULL;
    if (text == NULL) {
        report_error(exchange->report, SL_MEMORY,
            "out of memory, or the answer is too long");
        return -1;
    }
    exchange->text = text;
    exchange->cap = cap;
    return 0;
}

/* 1: there may be more; 0: that was all; -1: an error. */
static int
read_some(struct exchange *exchange, int fd)
{
    ssize_t got;

    if (make_room(exchange) != 0)
        return -1;
    got = recv(fd, exchange->text + exchange->len,
        exchange->cap - exchange->len - 1, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return wait_for(exchange, fd, POLLIN) == 0 ? 1 : -1;
    if (got < 0) {
        report_error(exchange->report, SL_ADMIN, "the answer was cut off: %s",
            strerror(errno));
        return -1;
    }
    exchange->len += (size_t)got;
    exchange->text[exchange->len] = '\0';
    return got > 0 ? 1 : 0;
}

/* The value of a header of ours, which stands in one way only. */
static const char *
find_header(const char *head, const char *name)
{
    const char *at = strstr(head, name);

    return at != NULL ? at + strlen(name) : "";
}

static int
take_apart(struct exchange *exchange)
{
    char *end = strstr(exchange->text, "\r\n\r\n");
    size_t wanted;

    if (strncmp(exchange->text, "HTTP/1.1 ", 9) != 0 || end == NULL)
        goto no_answer;
    *end = '\0';
    exchange->body = end + 4;
    exchange->status = (int)strtol(exchange->text + 9, NULL, 10);
    exchange->has_warnings =
        strncmp(
            find_header(exchange->text, "\r\nSidelock-Warnings: "), "yes", 3)
        == 0;
    wanted =
        strtoul(find_header(exchange->text, "\r\nContent-Length: "), NULL, 10);
    if (exchange->len - (size_t)(exchange->body - exchange->text) != wanted)
        goto no_answer;
    if (wanted > 0)
        return 0;
    report_error(exchange->report, SL_MEMORY,
        "the process had no memory for its answer; the log tells what became "
        "of it");
    return -1;

no_answer:
    report_error(exchange->report, SL_ADMIN,
        "the answer was cut off or is none of sidelock's; the log tells what "
        "became of it");
    return -1;
}

enum exchange_result
exchange_ask(struct exchange *exchange, const struct config *config)
{
    int fd;
    enum exchange_result result = reach(config, exchange->report, &fd);
    int more;

    if (result != EXCHANGE_ANSWERED)
        return result;
    exchange->deadline_ms = clock_now_ms() + PATIENCE_MS;
    more = send_request(exchange, fd) == 0 ? 1 : -1;
    while (more > 0)
        more = read_some(exchange, fd);
    close(fd);
    return more == 0 && take_apart(exchange) == 0 ? EXCHANGE_ANSWERED
                                                  : EXCHANGE_FAILED;
}

void
exchange_deinit(struct exchange *exchange)
{
    free(exchange->text);
    exchange->text = NULL;
    exchange->body = NULL;
}

void
exchange_print(const struct exchange *exchange)
{
    const char *body = exchange->body;

    for (const char *at = body; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;

        (void)putchar((c < 0x20 && c != '\n') || c == 0x7f ? '?' : c);
    }
    if (body[0] != '\0' && body[strlen(body) - 1] != '\n')
        (void)putchar('\n');
}
