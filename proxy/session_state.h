/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of a session, for the files that make it up: session.c (its
 * life), session_time.c (deadlines), session_first.c (TLS or not),
 * session_start.c (hello, handshake, connect), session_end.c, session_log.c
 * and what is named at the functions.
 */
#ifndef SIDELOCK_PROXY_SESSION_STATE_H
#define SIDELOCK_PROXY_SESSION_STATE_H

#include "certs/peer.h"
#include "proxy/census.h"
#include "proxy/hello.h"
#include "proxy/relay.h"
#include "proxy/session.h"
#include "proxy/tls_stream.h"

enum {
    SESSION_LINGER_LOOK_MS = 20 /* between the first looks at what lingers */
};

enum session_state {
    SESSION_HELLO,
    SESSION_HANDSHAKE,
    SESSION_ASK,
    SESSION_CONNECT,
    SESSION_RELAY,
    SESSION_LINGER,
};

/* What is asked of others about a client, in this order. */
enum session_question {
    QUESTION_OCSP,
    QUESTION_NAME,
    QUESTION_NONE,
};

struct session {
    struct task task; /* first: queued in the loop */
    TAILQ_ENTRY(session) entry;
    struct session_host *host;
    struct view *view;
    struct view_service *service; /* inside the view */
    uint64_t id;
    enum session_state state;
    enum close_reason reason; /* CLOSE_NONE while it lives */
    char *detail;             /* heap: more words on the reason, or NULL */

    struct tls_stream client;
    struct socket_stream backend; /* fd -1 until connecting */
    struct event client_event;
    struct event backend_event;
    struct relay relay; /* valid from SESSION_RELAY on */

    struct event timer;
    int64_t timer_ms; /* when the timer fires; 0: not armed */
    int64_t due_ms;   /* the last deadline that was found to be over */
    int64_t start_ms;
    int64_t connect_ms;  /* start of the current attempt */
    int64_t retry_ms;    /* the backend had no room: its next try; else 0 */
    int64_t activity_ms; /* last bytes moved */
    int64_t linger_ms;   /* start of SESSION_LINGER */

    struct address client_address;
    uint8_t *hello; /* heap: what of the hello has come; NULL once the TLS
                       object has it */
    size_t hello_len;
    char *server_name; /* heap, as sent; NULL when none */
    uint16_t hello_max_version;
    struct context *context;            /* of the view; NULL before the hello */
    struct context_wishes wishes;       /* protocol: of the settings */
    bool is_plain;                      /* no TLS: session_take_plain */
    bool is_counted[CENSUS_KIND_COUNT]; /* in the service's census */
    enum guide_code code; /* more exact than the reason's; or SL_NONE */
    struct peer peer;
    const char *version; /* set when the handshake is done */
    const char *cipher;
    const char *group;
    bool is_resumed;

    enum session_question question; /* the next one, in SESSION_ASK */
    struct ocsp_ticket *ocsp;       /* NULL: not waiting for it */
    struct resolver_query *names;   /* the same */
    int64_t ask_ms;                 /* start of SESSION_ASK */

    /* When it is to end although all is well; 0: never. */
    int64_t end_ms;
    enum close_reason end_reason;
    char *end_words; /* heap; more on that, or NULL */

    int backend_index;
    backend_mask tried;
};

/* Records why the session is to end; the first reason stays. The caller
 * returns to session_run, which closes. fmt may be NULL: no detail. */
void session_fail(struct session *session, enum close_reason reason,
    const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Chooses context, group and protocol by the hello; false: refused, with the
 * alert sent and the reason recorded (session_choose.c). */
bool session_choose(struct session *session, const struct hello *hello);

/*
 * Is it plaintext? By the service's mode, or by the first byte where
 * required_level = none leaves the choice to the client; then it is on its
 * way to the backend, with nothing read yet (session_first.c).
 */
bool session_take_plain(struct session *session);
/* Has the client, whose choice it is, not said anything yet? */
bool session_awaits_first_byte(const struct session *session);
/* Nothing was read: from here on bytes pass as they are. */
void session_start_plain(struct session *session);
/* The handshake is done, and who the client is is known: counts it, if its
 * service lets it choose. */
void session_note_tls(struct session *session);
/* It has ended: it stands in nobody's way any more. */
void session_leave_census(const struct session *session);

/* Steps of the states before the relay (session_start.c). */
void session_gather_hello(struct session *session);
void session_step_handshake(struct session *session);
void session_step_connect(struct session *session);
/* Tries a backend that had no room once more. */
void session_retry_backend(struct session *session);
/* The current attempt failed with this errno: tries the next backend. */
void session_next_backend(struct session *session, int error);

/* Says who is calling to the backend, if that is wanted, as the relay's first
 * bytes (session_header.c). -1: no memory. */
int session_begin_with_header(struct session *session) MUST_CHECK;
/* The relay can begin (session.c). */
void session_start_relay(struct session *session);
/* (Re-)registers the backend's descriptor with the loop (session.c). -1: no
 * memory. */
int session_watch_backend(struct session *session) MUST_CHECK;

/* Makes the timer fire no later than the state's deadline (session_time.c). */
void session_arm_timer(struct session *session);
/* The timer's callback; the session may be gone afterwards. */
void session_on_timer(evutil_socket_t fd, short events, void *arg);

/* Goes on by the state: for whoever has changed it from outside the events of
 * the two sockets (session.c). The session may be gone afterwards. */
void session_go_on(struct session *session);
/* The client is not let in after all, and told so (session_start.c). */
void session_refuse(struct session *session, const struct ruling *ruling);
/* A client that was refused may be approved by somebody; one that came in no
 * longer waits for that (session_pending.c). */
void session_note_pending(const struct session *session);
void session_forget_pending(const struct session *session);
/* Asks what is to be asked, then connects the backend (session_ask.c). */
void session_start_asking(struct session *session);
/* Whoever is still being asked need not answer. */
void session_stop_asking(struct session *session);

/* Would a client that was let in by the session's own rules be let in by those
 * that are current now? The ruling is set when not (session_trust.c). */
bool session_is_still_welcome(
    const struct session *session, struct ruling *ruling) MUST_CHECK;
/* Sets the end that goes with the client's certificate, if settings say so. */
void session_end_with_certificate(struct session *session);

/* The one way out, once a reason is recorded; the session may be gone
 * afterwards (session_end.c). */
void session_finish(struct session *session);
/* Looks whether a session in SESSION_LINGER can go; true: it is gone. */
bool session_end_linger(struct session *session);

/* One line for the log, when it ends (session_log.c). */
void session_log_end(struct session *session);

#endif
