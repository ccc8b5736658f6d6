/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The reload transaction. Everything that can fail is done first and beside
 * what runs: settings are read, certificates proven, addresses opened,
 * contexts built. Only then is anything handed out, and that cannot fail. A
 * reload that fails leaves no trace but its log line.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/admin_status.h"
#include "proxy/clock.h"
#include "proxy/load.h"
#include "proxy/log.h"
#include "proxy/server_state.h"
#include "proxy/watch.h"

enum {
    WORKER_ANSWER_MS = 10 * 1000 /* of a machine that is busy, too */
};

/* All that a reload has prepared and not yet handed out. */
struct change {
    struct snapshot *snapshot;
    struct listen_set listens;
    struct view **views;
};

static bool
is_by_watch(const char *trigger)
{
    return strcmp(trigger, "watch") == 0;
}

static int
prepare(struct server *server, struct change *change, struct report *report)
{
    change->snapshot = load_all(server->source, server->snapshot, report);
    if (change->snapshot == NULL)
        return -1;
    if (listen_set_prepare(
            &change->listens, &server->listens, change->snapshot, report)
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
    census_set_begin(&server->census, change->snapshot->config);
    for (size_t i = 0; i < server->worker_count; i++)
        worker_set_view(server->workers[i], change->views[i]);
    server->unanswered_count += server->worker_count;
    free(change->views);
    listen_set_forget(&server->listens);
    server->listens = change->listens;
    census_set_forget_others(&server->census, change->snapshot->config);
    snapshot_unref(server->snapshot);
    server->snapshot = change->snapshot;
}

static void
log_late_workers(const struct server *server)
{
    struct log_line line;

    log_begin(&line, LOG_LEVEL_WARN, "finding");
    log_put_string(&line, "text",
        "workers are busy: they take the new settings over later");
    log_put_int(&line, "count", (int64_t)server->unanswered_count);
    log_end(&line);
}

/*
 * The outcome is told when it is true: once every worker uses the new view. A
 * worker answers between two events; one that does not within the bound is
 * waited for no longer, and its late answer is not taken for one to the next
 * reload.
 */
static void
wait_for_workers(struct server *server)
{
    struct pollfd answers = {.fd = server->answer_pipe[0], .events = POLLIN};
    int64_t until_ms = clock_now_ms() + WORKER_ANSWER_MS;
    char answer;

    while (server->unanswered_count > 0) {
        int64_t left_ms = until_ms - clock_now_ms();
        int ready = poll(&answers, 1, left_ms > 0 ? (int)left_ms : 0);

        if (ready < 0 && errno == EINTR)
            continue;
        if (ready != 1 || read(answers.fd, &answer, 1) != 1) {
            log_late_workers(server);
            return;
        }
        if (answer == WORKER_HAS_VIEW)
            server->unanswered_count--;
    }
}

static void
note_restart_keys(const struct server *server, const struct change *change,
    struct report *report)
{
    char keys[256];

    config_restart_keys(
        server->started, change->snapshot->config, keys, sizeof(keys));
    if (keys[0] != '\0')
        report_warning(report, SL_CONFIG_RESTART,
            "changed, but this needs a restart to take effect: %s", keys);
}

/* The watch may have met files that are only half replaced yet. Nobody asked
 * for that reload, so its failure is one line and no alarm. */
static enum log_level
outcome_level(const struct reload_outcome *outcome)
{
    if (outcome->is_success)
        return LOG_LEVEL_INFO;
    return is_by_watch(outcome->trigger) ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR;
}

static void
log_outcome(
    const struct reload_outcome *outcome, const struct snapshot *snapshot)
{
    bool is_success = outcome->is_success;
    struct log_line line;

    log_begin(&line, outcome_level(outcome), "reload");
    log_put_string(&line, "outcome", is_success ? "success" : "failure");
    log_put_string(&line, "trigger", outcome->trigger);
    log_put_int(&line, "generation", outcome->generation);
    log_put_int(&line, "certificates", (int64_t)snapshot->identity_count);
    if (is_success)
        log_put_int(&line, "shared", (int64_t)snapshot->shared_count);
    log_put_string(&line, "code", guide_text(outcome->code));
    log_put_string(&line, "error", is_success ? NULL : outcome->error);
    if (!is_success && is_by_watch(outcome->trigger))
        log_put_string(&line, "next", "tried again when a file changes");
    log_put_int(&line, "duration_ms", outcome->duration_ms);
    log_end(&line);
}

static void
note_outcome(struct server *server, const struct report *report,
    const char *trigger, int64_t start_ms)
{
    struct reload_outcome *outcome = &server->outcome;

    outcome->is_success = report->error_count == 0;
    outcome->at = time(NULL);
    outcome->generation = server->snapshot->generation;
    outcome->trigger = trigger;
    outcome->code = report_first_code(report);
    (void)snprintf(outcome->error, sizeof(outcome->error), "%s",
        report_first_error(report));
    outcome->duration_ms = clock_now_ms() - start_ms;
    if (outcome->is_success)
        outcome->success_count++;
    else
        outcome->failure_count++;
    log_outcome(outcome, server->snapshot);
}

static void
finish_success(
    struct server *server, struct change *change, struct report *report)
{
    note_restart_keys(server, change, report);
    atomic_store(&server->counters.max,
        server_max_connections(change->snapshot->config, report));
    commit(server, change);
    wait_for_workers(server);
    admin_sweep_clients(server);
    log_report(report);
    listen_set_log(&server->listens, server->snapshot->config, true);
    server_log_status(server);
}

/* What was read stays known, also of an attempt that failed: a change to it
 * is what makes the next one worth while. */
static void
keep_sources(struct server *server, struct report *report)
{
    sources_free(server->sources);
    server->sources = report->sources;
    report->sources = NULL;
}

void
server_reload(struct server *server, const char *trigger)
{
    int64_t start_ms = clock_now_ms();
    struct change change = {0};
    struct report report;

    report_init(&report);
    if (prepare(server, &change, &report) == 0)
        finish_success(server, &change, &report);
    else if (!is_by_watch(trigger))
        log_report(&report);
    keep_sources(server, &report);
    note_outcome(server, &report, trigger, start_ms);
    watch_begin(server);
    report_deinit(&server->refusal);
    report_init(&server->refusal);
    if (!server->outcome.is_success) {
        server->refusal = report;
        return;
    }
    report_deinit(&server->findings);
    server->findings = report;
}
