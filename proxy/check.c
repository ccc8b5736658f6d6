/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a load finds, what the environment adds, and the verdict. */
#include "proxy/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/sources.h"
#include "proxy/check_state.h"
#include "proxy/load.h"
#include "proxy/options.h"

/* --- collecting ---------------------------------------------------------- */

void
check_add_row(
    struct check *check, const struct check_row *row, const char *fmt, ...)
{
    struct check_row *added;
    va_list args;

    /* Room doubles whenever the count reaches a power of two. */
    if ((check->row_count & (check->row_count - 1)) == 0) {
        size_t room = check->row_count == 0 ? 1 : 2 * check->row_count;

        added = realloc(check->rows, room * sizeof(*added));
        if (added == NULL) {
            report_error(&check->report, SL_MEMORY, "out of memory");
            return;
        }
        check->rows = added;
    }
    added = &check->rows[check->row_count++];
    *added = *row;
    va_start(args, fmt);
    (void)vsnprintf(added->text, sizeof(added->text), fmt, args);
    va_end(args);
}

static bool
has_text(const struct report *report, const char *text)
{
    for (size_t i = 0; i < report->count; i++)
        if (strcmp(report->items[i].text, text) == 0)
            return true;
    return false;
}

void
check_merge(struct check *check, const struct report *found)
{
    struct report *report = &check->report;

    for (size_t i = 0; i < found->count; i++) {
        const struct finding *finding = &found->items[i];

        if (has_text(report, finding->text))
            continue;
        if (finding->severity == SEVERITY_ERROR)
            report_error(report, finding->code, "%s", finding->text);
        else if (finding->severity == SEVERITY_WARNING)
            report_warning(report, finding->code, "%s", finding->text);
        else
            report_note(report, "%s", finding->text);
    }
}

/* --- the process --------------------------------------------------------- */

/* A bad setting, or one that the TLS library refuses. */
static bool
is_about_settings(enum guide_code code)
{
    return (code >= SL_CONFIG_FILE && code <= SL_CONFIG_RESTART)
           || (code >= SL_CIPHER_UNKNOWN && code <= SL_TICKET_FILE);
}

static void
add_settings_row(struct check *check)
{
    const struct report *report = &check->report;
    struct check_row row = {
        CHECK_PROCESS, "", "settings", CHECK_OK, SL_NONE, ""};

    for (size_t i = 0; i < report->count; i++) {
        const struct finding *finding = &report->items[i];
        enum check_outcome outcome =
            finding->severity == SEVERITY_ERROR ? CHECK_ERROR : CHECK_WARNING;

        if (!is_about_settings(finding->code) || outcome <= row.outcome)
            continue;
        row.outcome = outcome;
        row.code = finding->code;
    }
    if (check->config == NULL && row.outcome != CHECK_ERROR)
        row.outcome = CHECK_SKIPPED;
    check_add_row(check, &row, "%s",
        check->source->path != NULL ? check->source->path : "no file");
}

/* Root reads what the service's user may not. */
static void
add_user_row(struct check *check)
{
    struct check_row row = {CHECK_PROCESS, "", "user", CHECK_OK, SL_NONE, ""};

    check_add_row(check, &row, "uid %u, gid %u%s", (unsigned)geteuid(),
        (unsigned)getegid(), geteuid() == 0 ? " (root)" : "");
    if (geteuid() != 0)
        return;
    report_note(&check->report,
        "root can read every file and use every port: run the check as the "
        "service's user, too: setpriv --reuid=USER --regid=GROUP "
        "--clear-groups sidelock check ...");
}

/* --- the verdict --------------------------------------------------------- */

static const char *
plural(size_t count)
{
    return count == 1 ? "" : "s";
}

void
check_verdict(const struct check *check, char out[CHECK_VERDICT_BYTES])
{
    const struct report *report = &check->report;

    if (report->error_count > 0)
        (void)snprintf(out, CHECK_VERDICT_BYTES, "not usable: %zu error%s",
            report->error_count, plural(report->error_count));
    else if (report->warning_count > 0)
        (void)snprintf(out, CHECK_VERDICT_BYTES, "usable, with %zu warning%s",
            report->warning_count, plural(report->warning_count));
    else
        (void)snprintf(out, CHECK_VERDICT_BYTES, "good");
}

int
check_exit_code(const struct check *check)
{
    if (check->report.error_count > 0)
        return EXIT_ERROR;
    return check->report.warning_count > 0 ? EXIT_WARNINGS : EXIT_GOOD;
}

const char *
check_outcome_name(enum check_outcome outcome)
{
    switch (outcome) {
    case CHECK_OK:
        return "ok";
    case CHECK_SKIPPED:
        return "-";
    case CHECK_WARNING:
        return "warning";
    case CHECK_ERROR:
        return "error";
    }
    return "error";
}

const char *
check_about_name(enum check_about about)
{
    switch (about) {
    case CHECK_PROCESS:
        return "process";
    case CHECK_CERTIFICATE:
        return "certificate";
    case CHECK_SERVICE:
        return "service";
    }
    return "process";
}

/* --- the command --------------------------------------------------------- */

/* Also where a start fails, the settings are wanted if they are good. */
static void
load(struct check *check)
{
    struct report known;

    check->snapshot = load_all(check->source, NULL, &check->report);
    if (check->snapshot != NULL) {
        check->config = check->snapshot->config;
        return;
    }
    report_init(&known);
    check->config = config_load(check->source, &known);
    check->owns_config = true;
    report_deinit(&known);
}

static int
collect(struct check *check)
{
    load(check);
    add_settings_row(check);
    add_user_row(check);
    if (check->config == NULL)
        return 0;
    check_files(check);
    if (check_certificates(check) != 0)
        return -1;
    check_services(check);
    return 0;
}

static void
check_deinit(struct check *check)
{
    for (size_t i = 0; i < check->certificate_count; i++)
        identity_unref(check->certificates[i].identity);
    free(check->certificates);
    free(check->rows);
    snapshot_unref(check->snapshot);
    if (check->owns_config)
        config_free(check->config);
    sources_free(check->report.sources);
    report_deinit(&check->report);
}

int
check_run(const struct config_source *source, bool as_json)
{
    struct check check = {.source = source, .now = time(NULL)};
    int exit_code;

    if (certs_init() != 0) {
        (void)fprintf(
            stderr, "sidelock: error: the TLS library does not start\n");
        return EXIT_ERROR;
    }
    report_init(&check.report);
    check.report.is_strict = true;
    if (collect(&check) != 0)
        report_error(&check.report, SL_MEMORY, "out of memory");
    exit_code = check_exit_code(&check);
    if (!as_json)
        check_print_table(&check);
    else if (check_print_json(&check) != 0)
        exit_code = EXIT_ERROR;
    check_deinit(&check);
    certs_deinit();
    return exit_code;
}
