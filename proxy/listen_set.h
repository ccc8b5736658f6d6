/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The main thread's record of what is listened on: for each address one
 * socket per worker, sharing the port. The sockets belong to the workers from
 * the moment a view has named them; this set only remembers their numbers, so
 * that a reload keeps the sockets of addresses that stay.
 *
 * A change is prepared first (new addresses are opened beside the old ones),
 * then committed or rolled back.
 */
#ifndef SIDELOCK_PROXY_LISTEN_SET_H
#define SIDELOCK_PROXY_LISTEN_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "config/report.h"
#include "proxy/view.h"

struct listen_entry {
    struct address address; /* as configured; port 0 stays 0 here */
    struct address bound;   /* as bound: what is logged */
    size_t service_index;
    int *fds;    /* one per worker */
    bool is_new; /* opened by the change under way */
};

struct listen_set {
    struct listen_entry *entries;
    size_t count;
    size_t worker_count;
};

/*
 * Builds in `next` the set for the snapshot's services, but for those that
 * wait for their certificate, taking over what `current` (may be
 * empty) has open. 0, or -1 with an error in the report and nothing left
 * open. `current` is untouched either way.
 */
int listen_set_prepare(struct listen_set *next,
    const struct listen_set *current, const struct snapshot *snapshot,
    struct report *report) MUST_CHECK;

/* The view's list of listening sockets for one worker. */
void listen_set_fill_view(
    const struct listen_set *set, size_t worker_index, struct view *view);

/* Closes what prepare opened, and forgets the rest. */
void listen_set_roll_back(struct listen_set *next);
/* The sockets are the workers' now; frees the record only. */
void listen_set_forget(struct listen_set *set);

/* event=listening for each entry, or for the new ones only. */
void listen_set_log(
    const struct listen_set *set, const struct config *config, bool only_new);

#endif
