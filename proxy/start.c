/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting up, step by step; what a failed start leaves behind is released
 * with the server. */
#include <sys/resource.h>

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/secret.h"
#include "proxy/admin.h"
#include "proxy/cpus.h"
#include "proxy/load.h"
#include "proxy/log.h"
#include "proxy/server_state.h"

static int
load(struct server *server, struct report *report)
{
    server->snapshot = load_all(server->source, NULL, report);
    server->sources = report->sources;
    report->sources = NULL;
    if (server->snapshot == NULL)
        return -1;
    server->started = config_keep_restart_keys(server->snapshot->config);
    if (server->started == NULL) {
        report_error(report, SL_MEMORY, "out of memory while starting");
        return -1;
    }
    return log_open(&server->snapshot->config->log, report);
}

static void
raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int
make_workers(struct server *server, struct report *report)
{
    int64_t asked = server->snapshot->config->process.workers;
    size_t count = asked > 0 ? (size_t)asked : cpus_usable();

    server->workers = calloc(count, sizeof(struct worker *));
    if (server->workers == NULL || pipe2(server->answer_pipe, O_CLOEXEC) != 0) {
        report_error(
            report, SL_START, "cannot make workers: %s", strerror(errno));
        return -1;
    }
    (void)mallopt(M_ARENA_MAX, (int)count + 1);
    for (size_t i = 0; i < count; i++) {
        struct worker_settings settings = {
            .index = i,
            .count = count,
            .counters = &server->counters,
            .pending = server->pending,
            .answer_fd = server->answer_pipe[1],
        };

        server->workers[i] = worker_new(&settings, report);
        if (server->workers[i] == NULL)
            return -1;
        server->worker_count++;
    }
    return 0;
}

/* Hands each worker its view and ring. A worker that cannot start is told to
 * stop, so that it can be freed like the others. */
static int
start_workers(struct server *server, struct view **views, struct report *report)
{
    int failed = 0;

    for (size_t i = 0; i < server->worker_count; i++)
        if (worker_start(server->workers[i], views[i],
                ticket_ring_ref(server->ring), report)
            != 0)
            failed = -1;
    free(views);
    return failed;
}

static int
start_serving(struct server *server, struct report *report)
{
    struct listen_set next;
    struct view **views;

    server->ring = ticket_ring_rotate(NULL);
    if (server->ring == NULL) {
        report_error(
            report, SL_START, "cannot make ticket keys: no random numbers");
        return -1;
    }
    server->listens.worker_count = server->worker_count;
    if (listen_set_prepare(&next, &server->listens, server->snapshot, report)
        != 0)
        return -1;
    views = server_build_views(server, server->snapshot, &next, report);
    if (views == NULL) {
        listen_set_roll_back(&next);
        return -1;
    }
    server->listens = next;
    census_set_begin(&server->census, server->snapshot->config);
    return start_workers(server, views, report);
}

static int
write_pid_file(const char *path, struct report *report)
{
    FILE *file;

    if (path[0] == '\0')
        return 0;
    file = fopen(path, "we");
    if (file == NULL || fprintf(file, "%d\n", (int)getpid()) < 0
        || fclose(file) != 0) {
        report_error(report, SL_PID_FILE,
            "cannot write process.pid_file %s: %s", path, strerror(errno));
        return -1;
    }
    return 0;
}

/*
 * Reading thousands of certificates takes seconds. A HUP that comes meanwhile
 * would end the process; it waits until somebody can answer it. TERM and INT
 * do end it.
 */
static void
hold_signals(int how)
{
    sigset_t held;

    sigemptyset(&held);
    sigaddset(&held, SIGHUP);
    sigaddset(&held, SIGUSR1);
    sigaddset(&held, SIGUSR2);
    (void)pthread_sigmask(how, &held, NULL);
}

int
server_start(struct server *server, struct report *report)
{
    hold_signals(SIG_BLOCK);
    (void)signal(SIGPIPE, SIG_IGN);
    secret_close_process();
    raise_descriptor_limit();
    if (certs_init() != 0) {
        report_error(report, SL_START, "the TLS library does not start");
        return -1;
    }
    if (load(server, report) != 0)
        return -1;
    server->pending = pending_new();
    if (server->pending == NULL) {
        report_error(report, SL_MEMORY, "out of memory while starting");
        return -1;
    }
    server->base = event_base_new();
    if (server->base == NULL || make_workers(server, report) != 0)
        return -1;
    atomic_init(&server->counters.max,
        server_max_connections(server->snapshot->config, report));
    if (server_add_events(server) != 0) {
        report_error(
            report, SL_START, "cannot watch signals: %s", strerror(errno));
        return -1;
    }
    hold_signals(SIG_UNBLOCK);
    if (admin_start(server, report) != 0 || start_serving(server, report) != 0)
        return -1;
    return write_pid_file(server->snapshot->config->process.pid_file, report);
}
