/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of the process: signals, timers, and what start and reload share. */
#include "proxy/server.h"

#include <sys/resource.h>

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/dates.h"
#include "certs/status.h"
#include "proxy/admin.h"
#include "proxy/clock.h"
#include "proxy/cpus.h"
#include "proxy/log.h"
#include "proxy/options.h"
#include "proxy/server_state.h"
#include "proxy/watch.h"

enum {
    /* Descriptors that are no connection: log, pipes, epoll, listeners. */
    RESERVED_DESCRIPTORS = 64,
    CONNECTIONS_MAX = 10 * 1000 * 1000,
    DAY_SECONDS = 24 * 60 * 60,
};

/* --- what both start and reload need ------------------------------------ */

struct view **
server_build_views(struct server *server, struct snapshot *snapshot,
    const struct listen_set *listens, struct report *report)
{
    struct view **views = calloc(server->worker_count, sizeof(struct view *));

    if (views == NULL) {
        report_error(
            report, SL_MEMORY, "out of memory while preparing the workers");
        return NULL;
    }
    for (size_t i = 0; i < server->worker_count; i++) {
        views[i] = view_new(
            snapshot, worker_ring(server->workers[i]), listens->count, report);
        if (views[i] == NULL
            || census_set_fill_view(&server->census, views[i], report) != 0)
            goto free_views;
        listen_set_fill_view(listens, i, views[i]);
    }
    return views;

free_views:
    for (size_t i = 0; i < server->worker_count; i++)
        view_unref(views[i]);
    free(views);
    return NULL;
}

int
server_max_connections(const struct config *config, struct report *report)
{
    struct rlimit limit = {0};
    long long possible = CONNECTIONS_MAX;

    (void)getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur != RLIM_INFINITY)
        possible = ((long long)limit.rlim_cur - RESERVED_DESCRIPTORS) / 2;
    if (possible < 1)
        possible = 1;
    if (possible > CONNECTIONS_MAX)
        possible = CONNECTIONS_MAX;
    if (config->process.max_connections == 0)
        return (int)possible;
    if (config->process.max_connections > possible)
        report_warning(report, SL_DESCRIPTORS,
            "limits.max_connections = %lld is more than the descriptor limit "
            "allows (two per connection: %lld); raise it with `ulimit -n` or "
            "LimitNOFILE=",
            (long long)config->process.max_connections, possible);
    return (int)config->process.max_connections;
}

static void
format_time(time_t at, char out[32])
{
    struct tm utc;

    gmtime_r(&at, &utc);
    (void)strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* An end that is near, or past, is worth more than a note, and so is no TLS at
 * all. */
static enum log_level
status_level(
    const struct identity *identity, time_t now, const struct config *config)
{
    if (identity == NULL || !identity_is_current(identity, now)
        || is_within_days(
            identity_not_after(identity), now, config->reload.warn_days))
        return LOG_LEVEL_WARN;
    return LOG_LEVEL_INFO;
}

/* What the status says of one certificate of a service. */
struct status_visit {
    const struct snapshot *snapshot;
    const struct config_service *service;
    uint32_t first;
    time_t now;
};

static void
log_identity_status(
    const struct snapshot_identity *entry, uint32_t index, void *arg)
{
    const struct status_visit *visit = arg;
    const struct config *config = visit->snapshot->config;
    const struct identity *identity = entry->identity;
    enum log_level level = status_level(identity, visit->now, config);
    char words[STATUS_BYTES];
    char not_after[32];
    struct log_line line;

    /* Of many certificates only those that need somebody are listed. */
    if (index != visit->first && level == LOG_LEVEL_INFO)
        return;
    status_words(identity, visit->now, config->reload.warn_days, words);
    format_time(identity_not_after(identity), not_after);
    log_begin(&line, level, "status");
    log_put_string(&line, "service", visit->service->name);
    log_put_string(&line, "certificate", entry->settings->name);
    log_put_string(&line, "status", words);
    log_put_string(&line, "serial", identity->info[0].serial);
    log_put_string(&line, "not_after", not_after);
    log_put_string(&line, "fingerprint", identity->info[0].fingerprint);
    log_end(&line);
}

static void
log_unsecured(const struct config_service *config,
    const struct snapshot_service *service, unsigned long long plaintext)
{
    bool is_plain = service->mode == SERVICE_PLAINTEXT;
    char words[STATUS_BYTES];
    struct log_line line;

    status_words(NULL, 0, 0, words);
    log_begin(&line, LOG_LEVEL_WARN, "status");
    log_put_string(&line, "service", config->name);
    log_put_string(&line, "status", words);
    log_put_string(
        &line, "code", guide_text(is_plain ? SL_PLAINTEXT : SL_CERT_WAITING));
    log_put_string(&line, "mode", is_plain ? "plaintext" : "waiting");
    log_put_string(&line, "why", service->reason);
    if (is_plain)
        log_put_int(&line, "plaintext_connections", (int64_t)plaintext);
    log_end(&line);
}

static void
log_service_status(const struct server *server, size_t service_index)
{
    const struct snapshot *snapshot = server->snapshot;
    const struct snapshot_service *service = &snapshot->services[service_index];
    struct status_visit visit = {
        .snapshot = snapshot,
        .service = &snapshot->config->services[service_index],
        .first = service->first,
        .now = time(NULL),
    };

    if (service->mode == SERVICE_TLS)
        snapshot_each_identity(
            snapshot, service_index, log_identity_status, &visit);
    else
        log_unsecured(
            visit.service, service, atomic_load(&server->counters.plaintext));
}

void
server_log_status(const struct server *server)
{
    for (size_t i = 0; i < server->snapshot->config->service_count; i++)
        log_service_status(server, i);
}

/* --- signals and timers ------------------------------------------------- */

static void
take_reload_signal(struct server *server)
{
    struct log_line line;

    if (server->state == SERVER_RUNNING) {
        server_reload(server, "signal");
        return;
    }
    log_begin(&line, LOG_LEVEL_INFO, "reload");
    log_put_string(&line, "outcome", "ignored");
    log_put_string(&line, "error", "the process is draining");
    log_end(&line);
}

static void
reopen_log(void)
{
    struct report report;
    struct log_line line;

    report_init(&report);
    if (log_reopen(&report) == 0) {
        log_begin(&line, LOG_LEVEL_INFO, "log_reopened");
        log_end(&line);
    }
    log_report(&report);
    report_deinit(&report);
}

static void
on_signal(evutil_socket_t number, short events, void *arg)
{
    struct server *server = arg;

    (void)events;
    switch (number) {
    case SIGHUP:
        take_reload_signal(server);
        break;
    case SIGUSR1:
        reopen_log();
        break;
    case SIGUSR2:
        for (size_t i = 0; i < server->worker_count; i++)
            worker_dump(server->workers[i]);
        break;
    default:
        server_stop(server);
        break;
    }
}

static void
on_rotate(evutil_socket_t fd, short events, void *arg)
{
    struct server *server = arg;
    struct ticket_ring *ring = ticket_ring_rotate(server->ring);

    (void)fd;
    (void)events;
    if (ring == NULL)
        return; /* the old keys serve on; the next hour tries again */
    ticket_ring_unref(server->ring);
    server->ring = ring;
    for (size_t i = 0; i < server->worker_count; i++)
        worker_set_ring(server->workers[i], ticket_ring_ref(ring));
}

static void
on_daily(evutil_socket_t fd, short events, void *arg)
{
    struct server *server = arg;
    struct report report;

    (void)fd;
    (void)events;
    server_log_status(server);
    census_set_log(&server->census, server->snapshot->config);
    report_init(&report);
    snapshot_judge(server->snapshot, time(NULL), &report);
    log_report(&report);
    report_deinit(&report);
}

static int
add_timer(struct server *server, struct event **event, event_callback_fn on,
    time_t seconds)
{
    struct timeval period = {.tv_sec = seconds, .tv_usec = 0};

    *event = event_new(server->base, -1, EV_PERSIST, on, server);
    return *event == NULL ? -1 : event_add(*event, &period);
}

int
server_add_events(struct server *server)
{
    static const int numbers[SERVER_SIGNALS] = {
        SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGUSR2};

    for (size_t i = 0; i < SERVER_SIGNALS; i++) {
        server->signals[i] =
            evsignal_new(server->base, numbers[i], on_signal, server);
        if (server->signals[i] == NULL
            || event_add(server->signals[i], NULL) != 0)
            return -1;
    }
    server->answers = event_new(server->base, server->answer_pipe[0],
        EV_READ | EV_PERSIST, server_on_answer, server);
    server->patience = evtimer_new(server->base, server_on_patience, server);
    if (server->answers == NULL || server->patience == NULL
        || watch_add(server) != 0 || event_add(server->answers, NULL) != 0
        || add_timer(server, &server->rotate, on_rotate, TICKET_ROTATE_SECONDS)
               != 0)
        return -1;
    return add_timer(server, &server->daily, on_daily, DAY_SECONDS);
}

/* Start-up findings go to stderr, wherever the log goes. */
static void
print_report(const struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        report_print_finding(stderr, "sidelock: ", &report->items[i]);
}

static void
log_starting(const struct server *server)
{
    struct log_line line;

    log_begin(&line, LOG_LEVEL_INFO, "starting");
    log_put_string(&line, "version", SIDELOCK_VERSION);
    log_put_string(&line, "wolfssl", certs_library_version());
    log_put_string(&line, "libevent", event_get_version());
    log_put_int(&line, "workers", (int64_t)server->worker_count);
    log_put_int(&line, "max_connections", atomic_load(&server->counters.max));
    log_put_string(&line, "config",
        server->source->path != NULL ? server->source->path : "none");
    log_end(&line);
}

static void
log_ready(const struct server *server)
{
    struct log_line line;

    log_begin(&line, LOG_LEVEL_INFO, "ready");
    log_put_int(&line, "generation", server->snapshot->generation);
    log_put_int(
        &line, "certificates", (int64_t)server->snapshot->identity_count);
    log_put_int(&line, "pid", getpid());
    log_end(&line);
}

/* --- life --------------------------------------------------------------- */

static void
free_event(struct event *event)
{
    if (event != NULL)
        event_free(event);
}

static void
free_events(struct server *server)
{
    for (size_t i = 0; i < SERVER_SIGNALS; i++)
        free_event(server->signals[i]);
    free_event(server->answers);
    free_event(server->rotate);
    free_event(server->daily);
    free_event(server->patience);
    free_event(server->look);
    if (server->base != NULL)
        event_base_free(server->base);
}

static void
server_deinit(struct server *server)
{
    struct log_line line;

    /* A start that failed half way has workers that nobody stopped. */
    if (server->state != SERVER_ENDING)
        for (size_t i = 0; i < server->worker_count; i++)
            worker_stop(server->workers[i], false);
    for (size_t i = 0; i < server->worker_count; i++)
        worker_free(server->workers[i]);
    admin_stop(server->admin);
    free(server->workers);
    listen_set_forget(&server->listens);
    census_set_deinit(&server->census);
    pending_free(server->pending);
    ticket_ring_unref(server->ring);
    sources_free(server->sources);
    report_deinit(&server->findings);
    report_deinit(&server->refusal);
    free_events(server);
    if (server->answer_pipe[0] >= 0) {
        close(server->answer_pipe[0]);
        close(server->answer_pipe[1]);
    }
    if (server->state == SERVER_ENDING) {
        log_begin(&line, LOG_LEVEL_INFO, "stopped");
        log_put_int(&line, "connections", atomic_load(&server->counters.open));
        log_end(&line);
        /* Ours is the one of the start, whatever a reload has read since. */
        if (server->started->process.pid_file[0] != '\0')
            (void)unlink(server->started->process.pid_file);
    }
    config_free(server->started);
    if (server->snapshot != NULL)
        snapshot_unref(server->snapshot);
    certs_deinit();
    log_close();
}

int
server_run(const struct config_source *source)
{
    struct server server = {
        .source = source,
        .answer_pipe = {-1, -1},
        .exit_code = EXIT_ERROR,
        .started_at = time(NULL),
        .started_ms = clock_now_ms(),
    };
    struct report report;
    int started;

    report_init(&report);
    report_init(&server.findings);
    report_init(&server.refusal);
    started = server_start(&server, &report);
    if (started != 0)
        print_report(&report);
    if (started == 0) {
        log_starting(&server);
        log_report(&report);
        report_add_all(&server.findings, &report);
        listen_set_log(&server.listens, server.snapshot->config, false);
        admin_log(server.admin);
        server_log_status(&server);
        watch_begin(&server);
        log_ready(&server);
        (void)event_base_dispatch(server.base);
    }
    report_deinit(&report);
    server_deinit(&server);
    return server.exit_code;
}
