/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A listener accepts on one descriptor of one worker, a bounded number of
 * connections per wake-up. When no more can be taken (the limit, or no
 * descriptors) it stops looking and tries again a little later, or as soon as
 * its worker says that a connection has ended; it never spins. At the limit
 * each connection that ends lets one in: the log is told every LISTENER_TELL_MS
 * at most.
 */
#ifndef SIDELOCK_PROXY_LISTENER_H
#define SIDELOCK_PROXY_LISTENER_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "config/address.h"

struct session_host;

enum {
    LISTENER_TELL_MS = 10 * 1000 /* between two lines that it pauses */
};

struct listener {
    TAILQ_ENTRY(listener) entry;
    struct session_host *host;
    int fd;               /* owned */
    size_t service_index; /* in the host's current view */
    bool is_paused;
    int64_t told_ms;     /* when the log was last told of a pause */
    bool is_told_paused; /* and has not been told better since */
    struct event event;
    struct event retry;
};

/* Starts to accept. Takes over fd on success; NULL: no memory. */
struct listener *listener_new(
    struct session_host *host, int fd, size_t service_index);
/* Takes what still waits in the kernel's queue; for the last moment of a
 * listener that is to go. */
void listener_take_queue(struct listener *listener);
void listener_free(struct listener *listener);

/* A place or a descriptor may have come free. */
void listener_wake(struct listener *listener);

/* Has the kernel hold back connections until the client has spoken, as TLS
 * clients do at once; not where the server may speak first. */
void listener_set_defer(int fd, bool client_speaks_first);

/*
 * Opens a listening socket for the address, to be shared by port with other
 * workers' sockets. The descriptor or -1 with errno.
 */
int listener_open(const struct address *address);

/*
 * 0 when nobody else listens on the address. Sockets that share a port would
 * let a second process start unnoticed and take half of the clients.
 */
int listener_probe(const struct address *address);

#endif
