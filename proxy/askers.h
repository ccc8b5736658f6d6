/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whom a worker asks about clients: OCSP responders and name servers. Each is
 * made when the first client needs it; a worker that never asks has none.
 */
#ifndef SIDELOCK_PROXY_ASKERS_H
#define SIDELOCK_PROXY_ASKERS_H

#include "proxy/ocsp_ask.h"
#include "proxy/resolver.h"

struct askers {
    struct event_base *base;
    struct askers_ocsp *ocsp;          /* one per way of asking */
    struct askers_resolver *resolvers; /* one per name server in use */
};

void askers_init(struct askers *askers, struct event_base *base);
void askers_deinit(struct askers *askers);

/* Who asks responders with that patience, and name servers as in [clients].
 * That one of them gave up says nothing to another. NULL: no memory. */
struct ocsp_asker *askers_ocsp(
    struct askers *askers, int64_t timeout_ms, const char *name_server);
/* `name_server` as in [clients]. NULL: it cannot be made. */
struct resolver *askers_resolver(
    struct askers *askers, const char *name_server);

#endif
