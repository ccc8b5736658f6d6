/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All listeners of one worker. A view says which descriptors it listens on;
 * adopting a view keeps those that stay, begins the new ones and retires the
 * others.
 */
#ifndef SIDELOCK_PROXY_LISTENERS_H
#define SIDELOCK_PROXY_LISTENERS_H

#include <sys/queue.h>

#include "proxy/listener.h"
#include "proxy/view.h"

TAILQ_HEAD(listener_list, listener);

struct listeners {
    struct session_host *host;
    struct listener_list list;
};

void listeners_init(struct listeners *listeners, struct session_host *host);

/*
 * Takes over the view and makes it the host's. A listener that stays learns
 * its service's place in the new view before it can accept again; one that
 * goes accepts its queue with the old view first.
 */
void listeners_adopt(struct listeners *listeners, struct view *view);

/* Takes what still waits in the kernel's queues, then closes all. */
void listeners_retire(struct listeners *listeners);
/* Closes all at once. */
void listeners_close(struct listeners *listeners);

/* A place or a descriptor may have come free. */
void listeners_wake(struct listeners *listeners);

#endif
