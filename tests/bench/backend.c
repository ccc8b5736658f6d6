/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench-backend: the plaintext server behind every proxy that is measured.
 * One thread, four ports on 127.0.0.1, chosen by the kernel and printed as one
 * line of JSON:
 *
 *   echo    sends back what it gets
 *   source  reads 64-bit counts (big endian), answers each with as many bytes
 *   sink    reads a 64-bit count, then as many bytes, then sends 8 bytes back
 *   close   closes at once
 *
 * Bulk data is neither copied in nor out (sendfile from memory, MSG_TRUNC), so
 * that the backend is never what limits a proxy. It ends with its parent.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/common.h"

#define BATCH_SIZE   128
#define CHUNK_BYTES  (256UL * 1024)
#define SOURCE_BYTES (1024UL * 1024)
#define COUNT_BYTES  8
#define LISTEN_QUEUE 4096

enum service {
    SERVICE_ECHO,
    SERVICE_SOURCE,
    SERVICE_SINK,
    SERVICE_CLOSE
};

#define SERVICE_COUNT 4

static const char *const service_names[SERVICE_COUNT] = {
    "echo", "source", "sink", "close"};

/* A listener or a connection; a connection is freed when its peer ends. */
struct endpoint {
    int fd;
    enum service service;
    bool is_listener;
    unsigned char count[COUNT_BYTES]; /* source, sink: the count being read */
    size_t count_bytes;               /* how much of it has come */
    uint64_t to_move;                 /* bytes left of the current count */
    unsigned char *unsent;            /* echo: what the socket did not take */
    size_t unsent_bytes;
    size_t unsent_start;
};

enum progress {
    PROGRESS_MADE,    /* call again: there may be more */
    PROGRESS_BLOCKED, /* wait for the next event */
    PROGRESS_OVER     /* the peer is gone */
};

static unsigned char chunk[CHUNK_BYTES];
static int epoll_fd;
static int source_fd; /* memory that the source sends from */

static enum progress
progress_of(ssize_t moved)
{
    if (moved > 0) {
        return PROGRESS_MADE;
    }
    if (moved < 0 && (errno == EAGAIN || errno == EINTR)) {
        return PROGRESS_BLOCKED;
    }
    return PROGRESS_OVER;
}

static void
watch_endpoint(struct endpoint *endpoint)
{
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
        .data.ptr = endpoint,
    };

    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, endpoint->fd, &event) != 0) {
        die("epoll_ctl: %s", strerror(errno));
    }
}

static void
accept_all(const struct endpoint *listener)
{
    int one = 1;
    int fd;

    while (
        (fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC))
        >= 0) {
        struct endpoint *endpoint;

        if (listener->service == SERVICE_CLOSE) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        endpoint = allocate(sizeof(*endpoint));
        endpoint->fd = fd;
        endpoint->service = listener->service;
        watch_endpoint(endpoint);
    }
    if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
        die("accept: %s", strerror(errno));
    }
}

static enum progress
flush_unsent(struct endpoint *endpoint)
{
    ssize_t sent = send(endpoint->fd, endpoint->unsent + endpoint->unsent_start,
        endpoint->unsent_bytes, MSG_NOSIGNAL);

    if (sent <= 0) {
        return progress_of(sent);
    }
    endpoint->unsent_start += (size_t)sent;
    endpoint->unsent_bytes -= (size_t)sent;
    if (endpoint->unsent_bytes == 0) {
        free(endpoint->unsent);
        endpoint->unsent = NULL;
    }
    return PROGRESS_MADE;
}

static enum progress
serve_echo(struct endpoint *endpoint)
{
    ssize_t received;
    ssize_t sent;

    if (endpoint->unsent != NULL) {
        return flush_unsent(endpoint);
    }
    received = recv(endpoint->fd, chunk, sizeof(chunk), 0);
    if (received <= 0) {
        return progress_of(received);
    }
    sent = send(endpoint->fd, chunk, (size_t)received, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        return PROGRESS_OVER;
    }
    if (sent < received) {
        size_t taken = sent > 0 ? (size_t)sent : 0;

        endpoint->unsent_bytes = (size_t)received - taken;
        endpoint->unsent_start = 0;
        endpoint->unsent = allocate(endpoint->unsent_bytes);
        memcpy(endpoint->unsent, chunk + taken, endpoint->unsent_bytes);
    }
    return PROGRESS_MADE;
}

/* Reads on in the count; when it is complete, `to_move` holds it. */
static enum progress
read_count(struct endpoint *endpoint)
{
    ssize_t received =
        recv(endpoint->fd, endpoint->count + endpoint->count_bytes,
            COUNT_BYTES - endpoint->count_bytes, 0);

    if (received <= 0) {
        return progress_of(received);
    }
    endpoint->count_bytes += (size_t)received;
    if (endpoint->count_bytes < COUNT_BYTES) {
        return PROGRESS_MADE;
    }
    endpoint->to_move = 0;
    for (int i = 0; i < COUNT_BYTES; i++) {
        endpoint->to_move = endpoint->to_move << 8 | endpoint->count[i];
    }
    return PROGRESS_MADE;
}

static enum progress
serve_source(struct endpoint *endpoint)
{
    off_t start = 0;
    size_t size = SOURCE_BYTES;
    ssize_t sent;

    if (endpoint->to_move == 0) {
        endpoint->count_bytes %= COUNT_BYTES;
        return read_count(endpoint);
    }
    if (endpoint->to_move < size) {
        size = (size_t)endpoint->to_move;
    }
    sent = sendfile(endpoint->fd, source_fd, &start, size);
    if (sent > 0) {
        endpoint->to_move -= (uint64_t)sent;
    }
    return progress_of(sent);
}

static enum progress
serve_sink(struct endpoint *endpoint)
{
    size_t size = SOURCE_BYTES;
    ssize_t received;

    if (endpoint->to_move == 0) {
        endpoint->count_bytes %= COUNT_BYTES;
        return read_count(endpoint);
    }
    if (endpoint->to_move < size) {
        size = (size_t)endpoint->to_move;
    }
    received = recv(endpoint->fd, NULL, size, MSG_TRUNC);
    if (received <= 0) {
        return progress_of(received);
    }
    endpoint->to_move -= (uint64_t)received;
    if (endpoint->to_move == 0
        && send(endpoint->fd, endpoint->count, COUNT_BYTES, MSG_NOSIGNAL)
               != COUNT_BYTES) {
        return PROGRESS_OVER;
    }
    return PROGRESS_MADE;
}

static enum progress
serve(struct endpoint *endpoint)
{
    switch (endpoint->service) {
    case SERVICE_ECHO:
        return serve_echo(endpoint);
    case SERVICE_SOURCE:
        return serve_source(endpoint);
    case SERVICE_SINK:
        return serve_sink(endpoint);
    case SERVICE_CLOSE:
        break;
    }
    return PROGRESS_OVER;
}

static void
on_event(struct endpoint *endpoint)
{
    enum progress progress;

    if (endpoint->is_listener) {
        accept_all(endpoint);
        return;
    }
    do {
        progress = serve(endpoint);
    } while (progress == PROGRESS_MADE);
    if (progress == PROGRESS_BLOCKED) {
        return;
    }
    close(endpoint->fd);
    free(endpoint->unsent);
    free(endpoint);
}

/* Listens on a port of the kernel's choice and returns it. */
static unsigned int
open_listener(struct endpoint *listener, enum service service)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof(address);

    listener->service = service;
    listener->is_listener = true;
    listener->fd =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->fd < 0
        || bind(listener->fd, (struct sockaddr *)&address, size) != 0
        || listen(listener->fd, LISTEN_QUEUE) != 0
        || getsockname(listener->fd, (struct sockaddr *)&address, &size) != 0) {
        die("cannot listen: %s", strerror(errno));
    }
    watch_endpoint(listener);
    return ntohs(address.sin_port);
}

static void
open_source(void)
{
    source_fd = memfd_create("source", MFD_CLOEXEC);
    if (source_fd < 0) {
        die("memfd_create: %s", strerror(errno));
    }
    for (size_t i = 0; i < SOURCE_BYTES / CHUNK_BYTES; i++) {
        if (write(source_fd, chunk, CHUNK_BYTES) != (ssize_t)CHUNK_BYTES) {
            die("memfd: %s", strerror(errno));
        }
    }
}

static void
open_services(struct endpoint *listeners)
{
    const char *separator = "{";

    for (unsigned int i = 0; i < SERVICE_COUNT; i++) {
        unsigned int port = open_listener(&listeners[i], (enum service)i);

        printf("%s\"%s\": %u", separator, service_names[i], port);
        separator = ", ";
    }
    puts("}");
    fflush(stdout);
}

int
main(void)
{
    static struct endpoint listeners[SERVICE_COUNT];
    struct epoll_event events[BATCH_SIZE];

    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0) {
        die("epoll_create1: %s", strerror(errno));
    }
    open_source();
    open_services(listeners);
    for (;;) {
        int count = epoll_wait(epoll_fd, events, BATCH_SIZE, -1);

        if (count < 0 && errno != EINTR) {
            die("epoll_wait: %s", strerror(errno));
        }
        for (int i = 0; i < count; i++) {
            on_event(events[i].data.ptr);
        }
    }
}
