/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One question over one connection: connects, sends, reads the reply to its
 * end. It never waits and has no clock: who starts it ends it when it takes
 * too long.
 */
#ifndef SIDELOCK_PROXY_OCSP_EXCHANGE_H
#define SIDELOCK_PROXY_OCSP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/address.h"
#include "proxy/ocsp_http.h"

struct event_base;
struct ocsp_exchange;

/* The reply is DONE or BAD; also a broken connection is a BAD reply. The
 * exchange may be freed from inside. */
typedef void ocsp_exchange_done(const struct ocsp_http *reply, void *arg);

struct ocsp_exchange_plan {
    struct event_base *base;
    const struct address *address;
    const struct http_url *url;
    const uint8_t *body; /* at most OCSP_EXCHANGE_BODY_MAX */
    size_t body_len;
    ocsp_exchange_done *done;
    void *arg;
};

enum {
    OCSP_EXCHANGE_BODY_MAX = 256
};

/* `done` is called later, once. NULL with errno: it cannot even begin. */
struct ocsp_exchange *ocsp_exchange_start(
    const struct ocsp_exchange_plan *plan) MUST_CHECK;
/* Did it get through to the other side? Also after its end. */
bool ocsp_exchange_has_connected(const struct ocsp_exchange *exchange);
/* Ends it, whatever it is doing; NULL is fine. */
void ocsp_exchange_free(struct ocsp_exchange *exchange);

#endif
