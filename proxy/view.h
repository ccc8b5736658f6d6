/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A view is one worker's share of a snapshot: its own TLS contexts and its
 * own memory of the backends. The main thread builds one per worker and hands
 * it over by message; from then on only that worker touches it. Its reference
 * count is therefore plain: the worker holds one while the view is current,
 * each of its connections holds one until it ends.
 */
#ifndef SIDELOCK_PROXY_VIEW_H
#define SIDELOCK_PROXY_VIEW_H

#include <stddef.h>

#include "certs/context.h"
#include "certs/snapshot.h"
#include "proxy/backend.h"
#include "proxy/census.h"

/* A listening socket of this worker and the service it belongs to. */
struct view_listen {
    size_t service_index;
    struct address address;
    int fd;
};

struct view_service {
    const struct config_service *config;
    const struct snapshot_service *snapshot;
    /* By the identity's index; one is made when the first client asks for it,
     * the first identity's at once. */
    struct context **contexts;
    struct backend_set backends;
    struct census_table *census; /* one reference; NULL: not counted */
};

struct view {
    unsigned refs;
    struct ticket_ring *const *ring;
    struct snapshot *snapshot; /* one reference */
    struct view_service *services;
    size_t service_count;
    struct view_listen *listens; /* the descriptors belong to the worker */
    size_t listen_count;
};

/* Builds the contexts; `ring` as in context_new. Reference count 1. The
 * listen list starts empty and has room for listen_count entries. */
struct view *view_new(struct snapshot *snapshot,
    struct ticket_ring *const *ring, size_t listen_count,
    struct report *report) MUST_CHECK;

/* The context of a service with one of its identities. NULL: it could not be
 * made, which has been logged. */
struct context *view_context(struct view *view, size_t service_index,
    uint32_t identity_index) MUST_CHECK;

struct view *view_ref(struct view *view);
void view_unref(struct view *view);

#endif
