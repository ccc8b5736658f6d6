/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The admin socket: a few requests a day about the process, over HTTP on a
 * UNIX socket (proxy/admin_answer.h says which), served on the main thread.
 *
 * Nobody who connects can hold up the process or others: nothing blocks, each
 * request and each answer has ADMIN_DEADLINE_S seconds, and when
 * ADMIN_CLIENTS_MAX are connected the one that came first makes room.
 */
#ifndef SIDELOCK_PROXY_ADMIN_H
#define SIDELOCK_PROXY_ADMIN_H

#include "proxy/server_state.h"

enum {
    ADMIN_CLIENTS_MAX = 16,
    ADMIN_DEADLINE_S = 5,
};

struct admin;

/* Listens as admin.listen of the snapshot says, and sets server->admin; with
 * "off" that stays NULL. -1 with an error. Before the workers start. */
int admin_start(struct server *server, struct report *report) MUST_CHECK;
/* event=admin_listening, if it does. */
void admin_log(const struct admin *admin);
/* Closes everything and removes the socket's file. NULL is allowed. */
void admin_stop(struct admin *admin);

#endif
