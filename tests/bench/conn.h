/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One client connection: connect, TLS handshake, then whatever its user does
 * with it, then the end. The user (a mode of the generator) is told twice: when
 * something may be possible (`step`) and when the connection is over (`over`).
 */
#ifndef BENCH_CONN_H
#define BENCH_CONN_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/loop.h"
#include "tests/bench/tls.h"

/* Largest message, and the step in which bulk data is handed to TLS. */
#define CONN_PAYLOAD_BYTES (64UL * 1024)

struct conn;

/* What a step tells about the connection. */
enum conn_next {
    CONN_STAYS,    /* wait for the next event */
    CONN_HANGS_UP, /* close_notify and FIN, then wait for the peer's end */
    CONN_ENDED,    /* over, as it should be */
    CONN_FAILED    /* over, as it should not be */
};

/* The callbacks of one mode; `conn->user` leads to its state. */
struct conn_user {
    enum conn_next (*step)(struct conn *conn);
    /* The connection is freed right after; `is_good`: ended as it should. */
    void (*over)(struct conn *conn, bool is_good);
};

/* What all connections of a run share. */
struct conn_pool {
    struct loop *loop;
    struct tls_context *tls_context;
    struct sockaddr_in target;
    const struct conn_user *callbacks;
    void *user;           /* state of the mode */
    bool is_corked;       /* new connections keep back what they send */
    uint64_t name_count;  /* server names to ask for; 0: none */
    uint64_t asked_count; /* connections that have asked for one */
    uint64_t random;      /* state of the choice among them */
    uint64_t live_count;
    uint64_t failed_count;
    uint64_t resumed_count;   /* handshakes that used a ticket */
    uint64_t certified_count; /* handshakes that showed a certificate */
    uint64_t opened_count;    /* handshakes completed */
    char negotiated[96];      /* of the latest handshake */
    char failure[256];        /* cause of the first failure */
};

enum conn_state {
    CONN_CONNECTING,
    CONN_HANDSHAKING,
    CONN_OPEN,
    CONN_HANGING_UP
};

/* Owned by itself from conn_start on; freed when it is over. */
struct conn {
    struct loop_source source;
    struct conn_pool *pool;
    struct tls *tls;
    enum conn_state state;
    int fd;
    uint64_t started_ns;    /* connect() called */
    uint64_t send_bytes;    /* still to be written by conn_transfer */
    uint64_t receive_bytes; /* still to be read by conn_transfer */
    uint64_t mark_ns;       /* free for the mode */
    size_t index;           /* free for the mode */
    bool is_marked;         /* free for the mode */
};

/* Starts a connection; failures are counted and reported through `over`. */
struct conn *conn_start(struct conn_pool *pool);

/* Lets out at once what a corked connection has kept back. */
void conn_uncork(struct conn *conn);

/* Runs `step` outside an event, e.g. when a new phase gives it work. */
void conn_run(struct conn *conn);

/*
 * Writes and reads what `send_bytes` and `receive_bytes` ask for until both
 * are 0 (TLS_OK) or the socket blocks (TLS_AGAIN). The peer's end before that
 * is TLS_FAILED.
 */
enum tls_result conn_transfer(struct conn *conn);

/* Writes these few bytes at once; a socket that cannot take them is a fault. */
enum tls_result conn_send_now(struct conn *conn, const void *data, size_t size);

/* Reads and drops until the peer's end: TLS_END, TLS_AGAIN or TLS_FAILED. */
enum tls_result conn_await_end(struct conn *conn);

#endif
