/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between the handshake and the backend: what others have to say of the
 * client. One question after the other, each asked without waiting; a session
 * without questions passes through at once.
 */
#include <stdio.h>
#include <string.h>

#include "certs/peer_name.h"
#include "proxy/clock.h"
#include "proxy/session_state.h"

static void ask_next(struct session *session);

static void
refuse(struct session *session, enum guide_code code, uint8_t alert,
    const char *words)
{
    struct ruling ruling = {.code = code, .alert = alert};

    (void)snprintf(ruling.words, sizeof(ruling.words), "%s", words);
    session_refuse(session, &ruling);
}

/* The client's warning becomes these words, if it has none. */
static void
warn(struct session *session, const char *words)
{
    if (session->peer.warning == NULL)
        session->peer.warning = strdup(words);
}

/* --- revocation ---------------------------------------------------------- */

static void
judge_ocsp(struct session *session, const struct ocsp_result *result)
{
    enum ocsp_mode mode = session->service->config->clients.ocsp;
    char words[ADMISSION_WORDS_BYTES];

    switch (result->outcome) {
    case OCSP_OUT_GOOD:
        break;
    case OCSP_OUT_REVOKED:
        refuse(session, SL_CLIENT_REVOKED, ALERT_CERTIFICATE_REVOKED,
            result->words);
        return;
    case OCSP_OUT_UNKNOWN:
    case OCSP_OUT_NO_ANSWER:
        (void)snprintf(words, sizeof(words), "%s%s (ocsp = %s)",
            mode == OCSP_HARD ? "" : "let in although ", result->words,
            mode == OCSP_HARD ? "hard" : "soft");
        if (mode == OCSP_HARD) {
            refuse(session, SL_CLIENT_OCSP, ALERT_CERTIFICATE_UNKNOWN, words);
            return;
        }
        warn(session, words);
        break;
    }
    ask_next(session);
}

static void
on_ocsp(const struct ocsp_result *result, void *arg)
{
    struct session *session = arg;

    session->ocsp = NULL;
    judge_ocsp(session, result);
    session_go_on(session);
}

/* A certificate that is trusted as it is has no issuer whom to ask. */
static bool
needs_ocsp(const struct session *session)
{
    return session->service->config->clients.ocsp != OCSP_OFF
           && session->peer.leaf.len > 0
           && (session->peer.issuer.len > 0
               || session->peer.by == ADMITTED_BY_CA);
}

static void
ask_ocsp(struct session *session)
{
    const struct config_clients *clients = &session->service->config->clients;
    const struct ocsp_question question = {
        .leaf = &session->peer.leaf,
        .issuer = &session->peer.issuer,
        .url = clients->ocsp_url,
        .resolver =
            askers_resolver(&session->host->askers, clients->name_server),
        .timeout_ms = clients->ocsp_timeout_ms,
        .done = on_ocsp,
        .arg = session,
    };
    struct ocsp_asker *asker = askers_ocsp(
        &session->host->askers, clients->ocsp_timeout_ms, clients->name_server);
    struct ocsp_result result;

    if (asker == NULL) {
        session_fail(session, CLOSE_NO_MEMORY, NULL);
        return;
    }
    if (ocsp_ask(asker, &question, &session->ocsp, &result) == OCSP_ASK_DONE)
        judge_ocsp(session, &result);
}

/* --- the name of its host ------------------------------------------------ */

/* Not `names`, for the certificate names another host. */
static void
refuse_name(
    struct session *session, const char *const *names, const char *error)
{
    char words[ADMISSION_WORDS_BYTES];

    if (error != NULL)
        (void)snprintf(words, sizeof(words),
            "the name of the host that it comes from is not known: %s "
            "(peer_name = reverse-dns)",
            error);
    else
        (void)snprintf(words, sizeof(words),
            "it does not name the host that it comes from, %s (peer_name = "
            "reverse-dns)",
            names[0]);
    refuse(session, SL_CLIENT_NAME, ALERT_ACCESS_DENIED, words);
}

static void
on_names(const char *const *names, size_t count, const char *error, void *arg)
{
    struct session *session = arg;
    bool is_named = false;

    session->names = NULL;
    for (size_t i = 0; i < count && !is_named; i++)
        is_named = peer_name_matches(session->peer.client, names[i]);
    if (is_named)
        ask_next(session);
    else
        refuse_name(session, names,
            count == 0 && error == NULL ? "it has none" : error);
    session_go_on(session);
}

static bool
needs_name(const struct session *session)
{
    return session->service->config->clients.peer_name == PEER_NAME_REVERSE_DNS
           && session->peer.client != NULL
           && !address_is_unix(&session->client_address);
}

static void
ask_name(struct session *session)
{
    struct resolver *resolver = askers_resolver(
        &session->host->askers, session->service->config->clients.name_server);

    session->names = resolver == NULL
                         ? NULL
                         : resolver_names_of(resolver, &session->client_address,
                             on_names, session);
    if (session->names == NULL)
        session_fail(session, CLOSE_NO_MEMORY, NULL);
}

/* --- one after the other ------------------------------------------------- */

static void
ask_next(struct session *session)
{
    enum session_question question = session->question++;

    if (session->reason != CLOSE_NONE)
        return;
    if (question == QUESTION_OCSP && needs_ocsp(session)) {
        ask_ocsp(session);
    } else if (question == QUESTION_NAME && needs_name(session)) {
        ask_name(session);
    } else if (question < QUESTION_NONE) {
        ask_next(session);
    } else {
        session->state = SESSION_CONNECT;
        session_next_backend(session, 0);
    }
}

void
session_start_asking(struct session *session)
{
    session->state = SESSION_ASK;
    session->question = QUESTION_OCSP;
    session->ask_ms = clock_now_ms();
    ask_next(session);
}

void
session_stop_asking(struct session *session)
{
    if (session->ocsp != NULL)
        ocsp_cancel(session->ocsp);
    if (session->names != NULL)
        resolver_cancel(session->names);
    session->ocsp = NULL;
    session->names = NULL;
}
