/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reload transaction. Everything that can fail is done first and beside
 * what runs: settings are read, certificates proven, addresses opened,
 * contexts built. Only then is anything handed out, and that cannot fail. A
 * reload that fails leaves no trace but its log line.
 */
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/clock.h"
#include "proxy/log.h"
#include "proxy/server_state.h"

enum {
    WORKER_ANSWER_MS = 2000
};

/* All that a reload has prepared and not yet handed out. */
struct change {
    struct snapshot *snapshot;
    struct listen_set listens;
    struct view **views;
};

static struct snapshot *
load_snapshot(const struct server *server, struct report *report)
{
    struct config *config = config_load(server->source, report);
    struct snapshot *snapshot;

    if (config == NULL)
        return NULL;
    snapshot = snapshot_load(config, server->snapshot, time(NULL), report);
    if (snapshot == NULL)
        config_free(config);
    return snapshot;
}

static int
prepare(struct server *server, struct change *change, struct report *report)
{
    change->snapshot = load_snapshot(server, report);
    if (change->snapshot == NULL)
        return -1;
    if (listen_set_prepare(&change->listens, &server->listens,
            change->snapshot->config, report)
        != 0)
        goto drop_snapshot;
    change->views =
        server_build_views(server, change->snapshot, &change->listens, report);
    if (change->views == NULL)
        goto close_listens;
    if (log_reconfigure(&change->snapshot->config->log, report) != 0)
        goto drop_views;
    return 0;

drop_views:
    for (size_t i = 0; i < server->worker_count; i++)
        view_unref(change->views[i]);
    free(change->views);
close_listens:
    listen_set_roll_back(&change->listens);
drop_snapshot:
    snapshot_unref(change->snapshot);
    return -1;
}

static void
commit(struct server *server, struct change *change)
{
    for (size_t i = 0; i < server->worker_count; i++)
        worker_set_view(server->workers[i], change->views[i]);
    free(change->views);
    listen_set_forget(&server->listens);
    server->listens = change->listens;
    snapshot_unref(server->snapshot);
    server->snapshot = change->snapshot;
}

/*
 * The outcome is told when it is true: once every worker uses the new view. A
 * worker answers between two events; one that does not within the bound is
 * waited for no longer.
 */
static void
wait_for_workers(const struct server *server)
{
    struct pollfd answers = {.fd = server->answer_pipe[0], .events = POLLIN};
    char answer;

    for (size_t i = 0; i < server->worker_count; i++)
        if (poll(&answers, 1, WORKER_ANSWER_MS) != 1
            || read(answers.fd, &answer, 1) != 1)
            return;
}

static void
note_restart_keys(const struct server *server, const struct change *change,
    struct report *report)
{
    char keys[256];

    config_restart_keys(
        server->snapshot->config, change->snapshot->config, keys, sizeof(keys));
    if (keys[0] != '\0')
        report_warning(report,
            "changed, but this needs a restart to take effect: %s", keys);
}

static void
log_outcome(const struct server *server, const char *error, int64_t start_ms)
{
    struct log_line line;

    log_begin(
        &line, error == NULL ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "reload");
    log_put_string(&line, "outcome", error == NULL ? "success" : "failure");
    log_put_int(&line, "generation", server->snapshot->generation);
    log_put_string(&line, "error", error);
    log_put_int(&line, "duration_ms", clock_now_ms() - start_ms);
    log_end(&line);
}

static void
finish_success(struct server *server, struct change *change,
    struct report *report, int64_t start_ms)
{
    note_restart_keys(server, change, report);
    atomic_store(&server->counters.max,
        server_max_connections(change->snapshot->config, report));
    commit(server, change);
    wait_for_workers(server);
    log_report(report);
    listen_set_log(&server->listens, server->snapshot->config, true);
    server_log_status(server->snapshot);
    log_outcome(server, NULL, start_ms);
}

void
server_reload(struct server *server)
{
    int64_t start_ms = clock_now_ms();
    struct change change = {0};
    struct report report;

    report_init(&report);
    if (prepare(server, &change, &report) == 0) {
        finish_success(server, &change, &report, start_ms);
    } else {
        log_report(&report);
        log_outcome(server, report_first_error(&report), start_ms);
    }
    report_deinit(&report);
}
