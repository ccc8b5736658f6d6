/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Clients that are in and may not be any more: after a reload that no longer
 * accepts them, or when their certificate runs out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/clock.h"
#include "proxy/session_state.h"

/* What the snapshot that is current now has for the session's service; NULL:
 * nothing, it is gone. */
static const struct view_service *
find_current(const struct session *session)
{
    const struct view *view = session->host->view;

    for (size_t i = 0; i < view->service_count; i++)
        if (strcmp(
                view->services[i].config->name, session->service->config->name)
            == 0)
            return &view->services[i];
    return NULL;
}

static bool
is_same_policy(const struct view_service *a, const struct view_service *b)
{
    const struct admission *left = a->snapshot->admission;
    const struct admission *right = b->snapshot->admission;

    if (a->config->required_level != b->config->required_level
        || a->snapshot->mode != b->snapshot->mode
        || (left == NULL) != (right == NULL))
        return false;
    return left == NULL
           || memcmp(left->hash, right->hash, sizeof(left->hash)) == 0;
}

static bool
serves_plaintext(const struct view_service *service)
{
    return service->config->required_level == LEVEL_NONE
           || service->snapshot->mode == SERVICE_PLAINTEXT;
}

/* Would it be let in by that service? If not, the ruling says why. */
static bool
is_acceptable(const struct session *session, const struct view_service *service,
    struct ruling *ruling)
{
    const struct admission *admission = service->snapshot->admission;
    const struct admission_case client = {.client = session->peer.client,
        .path = session->peer.path,
        .now = time(NULL)};

    *ruling = (struct ruling){
        .code = SL_CLIENT_NO_LONGER, .alert = ALERT_ACCESS_DENIED};
    if (session->is_plain) {
        (void)snprintf(ruling->words, sizeof(ruling->words),
            "plaintext is no longer served");
        return serves_plaintext(service);
    }
    if (admission == NULL)
        return true;
    if (client.client == NULL) {
        (void)snprintf(ruling->words, sizeof(ruling->words),
            "clients must show a certificate now");
        return !admission->is_required;
    }
    admission_judge_again(admission, &client, ruling);
    return ruling->by != ADMITTED_BY_NOBODY;
}

bool
session_is_still_welcome(const struct session *session, struct ruling *ruling)
{
    const struct view_service *current;

    if (session->view == session->host->view)
        return true;
    current = find_current(session);
    return current == NULL || is_same_policy(session->service, current)
           || is_acceptable(session, current, ruling);
}

/* --- the end of those who are in ----------------------------------------- */

static void
end_at(struct session *session, int64_t at_ms, enum close_reason reason)
{
    if (session->end_ms != 0 && session->end_ms <= at_ms)
        return;
    session->end_ms = at_ms;
    session->end_reason = reason;
    session_arm_timer(session);
}

/* Each at its own moment, so that they do not all come again at once. The
 * numbers of sessions are consecutive: multiplied, they are all over. */
static int64_t
moment(const struct session *session, int64_t spread_ms)
{
    uint32_t scattered = (uint32_t)session->id * UINT32_C(2654435761);

    return spread_ms * (int64_t)(scattered >> 8) >> 24;
}

/* A reload took back what the one before it had changed. */
static void
let_stay(struct session *session)
{
    session->end_ms = 0;
    session->end_reason = CLOSE_NONE;
    session_end_with_certificate(session);
    session_arm_timer(session);
}

bool
session_trust_changed(struct session *session, int64_t spread_ms)
{
    bool is_ending = session->end_reason == CLOSE_TRUST;
    struct ruling ruling;

    if (session->state != SESSION_RELAY)
        return false;
    if (session_is_still_welcome(session, &ruling)) {
        if (is_ending)
            let_stay(session);
        return false;
    }
    if (is_ending)
        return false;
    free(session->end_words);
    session->end_words = strdup(ruling.words);
    end_at(session, clock_now_ms() + moment(session, spread_ms), CLOSE_TRUST);
    return true;
}

void
session_end_with_certificate(struct session *session)
{
    time_t now = time(NULL);
    time_t until;

    if (session->peer.client == NULL
        || !session->service->config->clients.end_on_expiry)
        return;
    until = client_not_after(session->peer.client);
    end_at(session,
        clock_now_ms() + (until > now ? (int64_t)(until - now + 1) * 1000 : 0),
        CLOSE_CLIENT_EXPIRED);
}
