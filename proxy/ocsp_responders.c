/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small table; who is asked at all is few. */
#include "proxy/ocsp_responders.h"

#include <string.h>
#include <strings.h>

static bool
is_at(const struct ocsp_responder *responder, const struct http_url *url)
{
    return responder->port == url->port
           && strcasecmp(responder->host, url->host) == 0;
}

/* Is `a` the better one to give up? Free places were never used. */
static bool
goes_before(const struct ocsp_responder *a, const struct ocsp_responder *b)
{
    if (a->active_count > 0 || b->active_count > 0)
        return a->active_count < b->active_count;
    return a->used_ms < b->used_ms;
}

struct ocsp_responder *
ocsp_responders_find(
    struct ocsp_responders *all, const struct http_url *url, int64_t now_ms)
{
    struct ocsp_responder *place = &all->items[0];

    for (size_t i = 0; i < OCSP_RESPONDERS_MAX; i++) {
        struct ocsp_responder *responder = &all->items[i];

        if (is_at(responder, url)) {
            responder->used_ms = now_ms;
            return responder;
        }
        if (goes_before(responder, place))
            place = responder;
    }
    *place = (struct ocsp_responder){.port = url->port, .used_ms = now_ms};
    memcpy(place->host, url->host, sizeof(place->host));
    return place;
}

bool
ocsp_responder_is_silent(const struct ocsp_responder *responder, int64_t now_ms)
{
    if (responder->failures < OCSP_SILENT_FAILURES)
        return false;
    return now_ms < responder->paused_until_ms || responder->active_count > 0;
}

bool
ocsp_responder_has_room(const struct ocsp_responder *responder)
{
    return responder->active_count < OCSP_PER_RESPONDER_MAX;
}

void
ocsp_responder_begin(struct ocsp_responder *responder)
{
    responder->active_count++;
}

void
ocsp_responder_end(
    struct ocsp_responder *responder, bool has_replied, int64_t now_ms)
{
    responder->active_count--;
    if (has_replied) {
        responder->failures = 0;
        responder->pause_ms = 0;
        return;
    }
    if (responder->failures < OCSP_SILENT_FAILURES)
        responder->failures++;
    /* Questions that fail together are one reason to wait, not many. */
    if (responder->failures < OCSP_SILENT_FAILURES
        || now_ms < responder->paused_until_ms)
        return;
    responder->pause_ms *= 2;
    if (responder->pause_ms < OCSP_PAUSE_MIN_MS)
        responder->pause_ms = OCSP_PAUSE_MIN_MS;
    if (responder->pause_ms > OCSP_PAUSE_MAX_MS)
        responder->pause_ms = OCSP_PAUSE_MAX_MS;
    responder->paused_until_ms = now_ms + responder->pause_ms;
}
