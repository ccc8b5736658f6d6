/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connected, non-blocking socket with its readiness. The event loop reports
 * edges, once; this keeps them as flags until a call proves them spent, so no
 * event is ever armed or disarmed.
 *
 * A read that returns less than was asked for has emptied the socket: the
 * next edge will say when there is more, which saves the call that would only
 * have said EAGAIN. The exceptions are a hang-up already seen, whose
 * end-of-file is still to be read, and a reset: libevent reports it like
 * readiness, and its edge may be spent, so the socket is asked.
 */
#ifndef SIDELOCK_PROXY_SOCKET_H
#define SIDELOCK_PROXY_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proxy/stream.h"

struct socket {
    int fd;    /* -1: closed */
    int error; /* errno of what broke it, or 0 */
    bool is_readable;
    bool is_writable;
    bool saw_hangup; /* the peer's FIN or RST has arrived */
};

/* Takes over fd. */
void socket_init(struct socket *sock, int fd);

/* Notes what libevent reported (EV_READ, EV_WRITE, EV_CLOSED). */
void socket_note_events(struct socket *sock, short events);

enum io_result socket_receive(
    struct socket *sock, uint8_t *buf, size_t cap, size_t *count);
/* The next byte, which stays to be received. IO_EOF and IO_ERROR are told
 * again by socket_receive. */
enum io_result socket_peek(struct socket *sock, uint8_t *byte);
enum io_result socket_send(
    struct socket *sock, const uint8_t *buf, size_t len, size_t *count);
/* Sends a FIN. */
enum io_result socket_end(struct socket *sock);

/* Has the peer reset the connection? Notes it in sock->error; what came
 * before can still be read. */
bool socket_is_broken(struct socket *sock);

/* Sends a FIN and throws away what has arrived. True when nothing more will
 * come, since the peer has ended its side, too, or is gone. */
bool socket_discard_input(struct socket *sock);

/* Bytes the kernel still holds for the peer. */
size_t socket_unsent_bytes(const struct socket *sock);

/* When (clock.h) the kernel last sent some of what it holds for a peer who was
 * still there; 0: it holds nothing, or is no TCP socket. Asking a peer that
 * reads nothing for room does not count, nor does sending again what nobody
 * acknowledges. */
int64_t socket_last_sent_ms(const struct socket *sock);

void socket_close(struct socket *sock);
/* Closes with an RST where the protocol has one. */
void socket_abort(struct socket *sock);

/* Small writes leave at once. Does nothing on UNIX sockets. */
void socket_set_nodelay(int fd);
/* The same, and keepalive probes that find a vanished peer in about a minute
 * and a half. Accepted sockets inherit it from their listener. */
void socket_tune(int fd);

/* The plain stream over a socket: the backend's side. */
struct socket_stream {
    struct stream stream; /* first: the relay's view */
    struct socket sock;
};

void socket_stream_init(struct socket_stream *side, int fd);
/* For a stream that only begins like a socket_stream. */
const struct stream_ops *socket_stream_ops(void);

#endif
