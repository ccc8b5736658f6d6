/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The worker's thread: messages in, listeners and sessions inside. */
#include "proxy/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/clock.h"
#include "proxy/listeners.h"
#include "proxy/log.h"
#include "proxy/session.h"

enum message_kind {
    MESSAGE_VIEW,
    MESSAGE_RING,
    MESSAGE_DUMP,
    MESSAGE_DRAIN,
    MESSAGE_STOP,
};

/* Smaller than PIPE_BUF: a pipe carries it whole. */
struct message {
    enum message_kind kind;
    bool drain_expired;
    void *object;
};

struct worker {
    struct session_host host; /* first: sessions know the worker by it */
    struct listeners listeners;
    struct ticket_ring *ring;
    struct event inbox_event;
    struct event housekeeping;
    int inbox[2]; /* pipe: the main thread writes [1] */
    int answer_fd;
    bool is_draining;
    bool has_thread;
    pthread_t thread;
};

enum {
    HOUSEKEEPING_SECONDS = 2
};

/* --- what the main thread says ------------------------------------------ */

static void
post(struct worker *worker, enum message_kind kind, void *object,
    bool drain_expired)
{
    struct message message;
    ssize_t written;

    memset(&message, 0, sizeof(message)); /* the padding travels too */
    message.kind = kind;
    message.object = object;
    message.drain_expired = drain_expired;
    do {
        written = write(worker->inbox[1], &message, sizeof(message));
    } while (written < 0 && errno == EINTR);
    assert(written == (ssize_t)sizeof(message));
}

void
worker_set_view(struct worker *worker, struct view *view)
{
    post(worker, MESSAGE_VIEW, view, false);
}

void
worker_set_ring(struct worker *worker, struct ticket_ring *ring)
{
    post(worker, MESSAGE_RING, ring, false);
}

void
worker_dump(struct worker *worker)
{
    post(worker, MESSAGE_DUMP, NULL, false);
}

void
worker_drain(struct worker *worker)
{
    post(worker, MESSAGE_DRAIN, NULL, false);
}

void
worker_stop(struct worker *worker, bool drain_expired)
{
    post(worker, MESSAGE_STOP, NULL, drain_expired);
}

/* --- settings ----------------------------------------------------------- */

static void
apply_settings(struct worker *worker, const struct view *view)
{
    const struct config *config = view->snapshot->config;
    int64_t bytes = 0;

    for (size_t i = 0; i < config->service_count; i++)
        if (config->services[i].limits.buffer_bytes > bytes)
            bytes = config->services[i].limits.buffer_bytes;
    pool_resize(&worker->host.loop.pool, (size_t)bytes);
    worker->host.logs_connections = config->log.connections;
}

/* --- messages ----------------------------------------------------------- */

static void
answer(struct worker *worker, enum worker_answer what)
{
    char byte = (char)what;
    ssize_t written;

    do {
        written = write(worker->answer_fd, &byte, 1);
    } while (written < 0 && errno == EINTR);
}

static void
answer_if_drained(struct worker *worker)
{
    if (!worker->is_draining || worker->host.session_count > 0)
        return;
    worker->is_draining = false; /* one answer */
    answer(worker, WORKER_DRAINED);
}

/* Ends the sessions whose client the new view does not accept, by and by. */
static void
judge_sessions(struct worker *worker, const struct config_reload *reload)
{
    struct session *session = TAILQ_FIRST(&worker->host.sessions);
    struct log_line line;
    int64_t count = 0;

    if (reload->on_trust_change != TRUST_CHANGE_CLOSE)
        return;
    for (; session != NULL; session = session_next(session))
        if (session_trust_changed(session, reload->trust_change_spread_ms))
            count++;
    if (count == 0)
        return;
    log_begin(&line, LOG_LEVEL_WARN, "trust_changed");
    log_put_int(&line, "closing", count);
    log_put_int(&line, "within_ms", reload->trust_change_spread_ms);
    log_end(&line);
}

static void
take_view(struct worker *worker, struct view *view)
{
    apply_settings(worker, view);
    listeners_adopt(&worker->listeners, view);
    judge_sessions(worker, &view->snapshot->config->reload);
}

static void
take_ring(struct worker *worker, struct ticket_ring *ring)
{
    ticket_ring_unref(worker->ring);
    worker->ring = ring;
}

static void
dump_sessions(struct worker *worker)
{
    struct session *session = TAILQ_FIRST(&worker->host.sessions);

    for (; session != NULL; session = session_next(session))
        session_dump(session);
}

static void
stop(struct worker *worker, bool drain_expired)
{
    enum close_reason reason =
        drain_expired ? CLOSE_DRAIN_EXPIRED : CLOSE_STOPPED;
    struct session *session;

    worker->is_draining = false;
    listeners_close(&worker->listeners);
    /* The first call may leave a session lingering; the second ends it. */
    while ((session = TAILQ_FIRST(&worker->host.sessions)) != NULL)
        session_stop(session, reason);
    (void)event_base_loopbreak(worker->host.loop.base);
}

static void
take_message(struct worker *worker, const struct message *message)
{
    switch (message->kind) {
    case MESSAGE_VIEW:
        take_view(worker, message->object);
        answer(worker, WORKER_HAS_VIEW);
        break;
    case MESSAGE_RING:
        take_ring(worker, message->object);
        break;
    case MESSAGE_DUMP:
        dump_sessions(worker);
        break;
    case MESSAGE_DRAIN:
        worker->is_draining = true;
        listeners_retire(&worker->listeners);
        answer_if_drained(worker);
        break;
    case MESSAGE_STOP:
        stop(worker, message->drain_expired);
        break;
    }
}

static void
on_inbox(evutil_socket_t fd, short events, void *arg)
{
    struct message message;

    (void)events;
    if (read(fd, &message, sizeof(message)) == (ssize_t)sizeof(message))
        take_message(arg, &message);
}

/* --- life --------------------------------------------------------------- */

/* A place and descriptors have come free. */
static void
on_session_ended(struct session_host *host)
{
    struct worker *worker = (struct worker *)(void *)host;

    listeners_wake(&worker->listeners);
    answer_if_drained(worker);
}

static void
on_news(struct session_host *host)
{
    answer((struct worker *)(void *)host, WORKER_ACCEPTED);
}

static void
log_due_repeat(const struct repeat *due)
{
    char host[ADDRESS_TEXT_BYTES];
    struct log_line line;

    repeat_host_format(&due->key.host, host, sizeof(host));
    log_begin(&line, close_reason_level(due->key.reason), "connection");
    log_put_string(&line, "peer", host);
    log_put_string(&line, "reason", close_reason_word(due->key.reason));
    log_put_int(&line, "repeated", due->left_out);
    log_end(&line);
}

static void
log_lost_lines(struct repeats *repeats)
{
    struct log_line line;

    if (repeats->lost == 0)
        return;
    log_begin(&line, LOG_LEVEL_WARN, "failures_not_logged");
    log_put_int(&line, "count", repeats->lost);
    log_end(&line);
    repeats->lost = 0;
}

/* Says what was left out of the log and is due by now_ms. */
static void
log_due_repeats(struct worker *worker, int64_t now_ms)
{
    struct repeat due;

    while (repeats_take_due(&worker->host.repeats, now_ms, &due))
        log_due_repeat(&due);
    log_lost_lines(&worker->host.repeats);
}

static void
on_housekeeping(evutil_socket_t fd, short events, void *arg)
{
    (void)fd;
    (void)events;
    log_due_repeats(arg, clock_now_ms());
}

static void *
run_thread(void *arg)
{
    struct worker *worker = arg;
    int failed =
        event_base_loop(worker->host.loop.base, EVLOOP_NO_EXIT_ON_EMPTY);
    struct log_line line;

    log_due_repeats(worker, INT64_MAX);
    if (failed == 0)
        return NULL;
    log_begin(&line, LOG_LEVEL_ERROR, "finding");
    log_put_string(&line, "text", "the event loop of a worker failed");
    log_end(&line);
    return NULL;
}

static int
watch_inbox(struct worker *worker)
{
    static const struct timeval often = {HOUSEKEEPING_SECONDS, 0};
    struct event_base *base = worker->host.loop.base;

    event_assign(&worker->inbox_event, base, worker->inbox[0],
        EV_READ | EV_PERSIST, on_inbox, worker);
    event_assign(
        &worker->housekeeping, base, -1, EV_PERSIST, on_housekeeping, worker);
    if (event_add(&worker->inbox_event, NULL) != 0
        || event_add(&worker->housekeeping, &often) != 0)
        return -1;
    return 0;
}

struct worker *
worker_new(const struct worker_settings *settings, struct report *report)
{
    struct worker *worker = calloc(1, sizeof(*worker));

    if (worker == NULL)
        goto failed;
    worker->inbox[0] = worker->inbox[1] = -1;
    worker->answer_fd = settings->answer_fd;
    worker->host.counters = settings->counters;
    worker->host.pending = settings->pending;
    worker->host.next_id = settings->index + 1;
    worker->host.id_step = settings->count;
    worker->host.on_news = on_news;
    worker->host.on_ended = on_session_ended;
    TAILQ_INIT(&worker->host.sessions);
    listeners_init(&worker->listeners, &worker->host);
    if (pipe2(worker->inbox, O_CLOEXEC) != 0
        || loop_init(&worker->host.loop, 0) != 0 || watch_inbox(worker) != 0)
        goto failed;
    askers_init(&worker->host.askers, worker->host.loop.base);
    return worker;

failed:
    report_error(report, SL_START, "cannot make a worker: %s", strerror(errno));
    if (worker != NULL)
        worker_free(worker);
    return NULL;
}

struct ticket_ring *const *
worker_ring(const struct worker *worker)
{
    return &worker->ring;
}

/* Signals belong to the main thread. */
static int
start_thread(struct worker *worker)
{
    sigset_t all;
    sigset_t before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&worker->thread, NULL, run_thread, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

int
worker_start(struct worker *worker, struct view *view, struct ticket_ring *ring,
    struct report *report)
{
    int error;

    worker->ring = ring;
    take_view(worker, view);
    error = start_thread(worker);
    if (error != 0) {
        report_error(
            report, SL_START, "cannot start a thread: %s", strerror(error));
        return -1;
    }
    worker->has_thread = true;
    return 0;
}

static void
close_pipe_end(int fd)
{
    if (fd >= 0)
        close(fd);
}

void
worker_free(struct worker *worker)
{
    if (worker->has_thread)
        pthread_join(worker->thread, NULL);
    listeners_close(&worker->listeners);
    if (worker->host.loop.base != NULL) {
        event_del(&worker->inbox_event);
        event_del(&worker->housekeeping);
    }
    askers_deinit(&worker->host.askers);
    loop_deinit(&worker->host.loop);
    view_unref(worker->host.view);
    ticket_ring_unref(worker->ring);
    close_pipe_end(worker->inbox[0]);
    close_pipe_end(worker->inbox[1]);
    free(worker);
}
