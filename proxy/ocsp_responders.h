/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the OCSP responders behave that were asked lately, so that one that
 * hangs or is down neither takes all places nor makes every client wait.
 *
 * After OCSP_SILENT_FAILURES questions in a row without any reply it is left
 * alone: for a second, then two, up to ten while that goes on. When a pause is
 * over, one question goes out; its reply ends the matter. Pure: the caller
 * tells the time.
 */
#ifndef SIDELOCK_PROXY_OCSP_RESPONDERS_H
#define SIDELOCK_PROXY_OCSP_RESPONDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/http_url.h"
#include "proxy/ocsp_ask.h"

enum {
    OCSP_SILENT_FAILURES = 3,
    OCSP_PAUSE_MIN_MS = 1000,
    OCSP_PAUSE_MAX_MS = 10000,
    OCSP_RESPONDERS_MAX = 2 * OCSP_ACTIVE_MAX,
};

struct ocsp_responder {
    char host[HTTP_HOST_BYTES]; /* "": a free place */
    uint16_t port;
    unsigned active_count; /* questions that are under way */
    unsigned failures;     /* in a row */
    int64_t pause_ms;
    int64_t paused_until_ms;
    int64_t used_ms;
};

/* All zero: none is known. */
struct ocsp_responders {
    struct ocsp_responder items[OCSP_RESPONDERS_MAX];
};

/* Never NULL: a new one takes the place of who has no question under way and
 * was not used for longest. Stays until the next call, and while a question to
 * it is under way. */
struct ocsp_responder *ocsp_responders_find(
    struct ocsp_responders *all, const struct http_url *url, int64_t now_ms);

/* Is it left alone? */
bool ocsp_responder_is_silent(
    const struct ocsp_responder *responder, int64_t now_ms);
/* Has it a place for one more question? */
bool ocsp_responder_has_room(const struct ocsp_responder *responder);

/* Around each question; no more than OCSP_ACTIVE_MAX at once. */
void ocsp_responder_begin(struct ocsp_responder *responder);
void ocsp_responder_end(
    struct ocsp_responder *responder, bool has_replied, int64_t now_ms);

#endif
