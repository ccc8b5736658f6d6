/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the process says before, the edit, and what it says after: only that
 * tells whether the edit is in effect. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/enroll_internal.h"
#include "proxy/options.h"

/* --- asking the process -------------------------------------------------- */

/* "pending", "approved" with its columns, or the last line. */
static void
take_line(struct enroll_answer *answer, char *line)
{
    const char *word = strsep(&line, "\t");
    struct enroll_known known = {.is_pending = strcmp(word, "pending") == 0};

    if (strcmp(word, "whole") == 0)
        answer->is_whole = true;
    if (!known.is_pending && strcmp(word, "approved") != 0)
        return;
    known.service = strsep(&line, "\t");
    known.fingerprint = strsep(&line, "\t");
    known.subject = line;
    if (known.service != NULL && known.fingerprint != NULL
        && known.subject != NULL)
        answer->known[answer->count++] = known;
}

static size_t
count_lines(const char *text)
{
    size_t count = 1;

    while ((text = strchr(text, '\n')) != NULL) {
        count++;
        text++;
    }
    return count;
}

/* Cuts the answer's lines in place. */
static enum exchange_result
take_answer(struct enroll_answer *answer)
{
    char *rest = answer->exchange.body;
    char *line;

    if (answer->exchange.status != 200) {
        report_error(answer->exchange.report, SL_ADMIN,
            "the process does not know of /clients: it is another version; "
            "restart it");
        return EXCHANGE_FAILED;
    }
    answer->known = calloc(count_lines(rest) + 1, sizeof(*answer->known));
    if (answer->known == NULL) {
        report_error(answer->exchange.report, SL_MEMORY, "out of memory");
        return EXCHANGE_FAILED;
    }
    while ((line = strsep(&rest, "\n")) != NULL)
        take_line(answer, line);
    return EXCHANGE_ANSWERED;
}

/* Why there is no answer is in the report. */
static void
ask_clients(const struct enroll *enroll, struct enroll_answer *answer,
    struct report *report)
{
    *answer = (struct enroll_answer){
        .exchange = {.request = "GET /clients.tsv", .report = report}};
    answer->result = exchange_ask(&answer->exchange, enroll->config);
    if (answer->result == EXCHANGE_ANSWERED)
        answer->result = take_answer(answer);
}

static void
answer_deinit(struct enroll_answer *answer)
{
    exchange_deinit(&answer->exchange);
    free(answer->known);
    answer->known = NULL;
}

/* --- is it in effect? ---------------------------------------------------- */

static bool
is_approved_by(const struct enroll *enroll, const struct enroll_answer *answer,
    const struct enroll_change *change)
{
    const struct enroll_known *known = answer->known;

    for (; known != NULL && known->fingerprint != NULL; known++)
        if (!known->is_pending
            && strcmp(known->fingerprint, change->fingerprint) == 0
            && enroll_list_of(enroll, known->service) == change->list)
            return true;
    return false;
}

/* Are all changes as the process has it? */
static bool
has_taken_effect(
    const struct enroll *enroll, const struct enroll_answer *answer)
{
    if (answer->result != EXCHANGE_ANSWERED || !answer->is_whole)
        return false;
    for (size_t i = 0; i < enroll->request->count; i++)
        if (is_approved_by(enroll, answer, &enroll->changes[i])
            == enroll->request->is_revoke)
            return false;
    return true;
}

/* Reads everything anew. The process says itself why not. */
static enum exchange_result
reload(const struct enroll *enroll, struct report *report)
{
    struct exchange exchange = {.request = "POST /reload", .report = report};
    enum exchange_result result = exchange_ask(&exchange, enroll->config);

    if (result == EXCHANGE_ANSWERED && exchange.status != 200) {
        exchange_print(&exchange);
        result = EXCHANGE_FAILED;
    }
    exchange_deinit(&exchange);
    return result;
}

static bool
has_written(const struct enroll *enroll)
{
    for (size_t i = 0; i < enroll->request->count; i++)
        if (!enroll->changes[i].was_so)
            return true;
    return false;
}

/* The process has taken up the files, or the report says why not. What it said
 * before counts only if no file was changed: it may have read one since, as it
 * was before the edit. */
static enum exchange_result
bring_into_effect(const struct enroll *enroll, struct report *report)
{
    enum exchange_result result = enroll->before.result;
    struct enroll_answer after;

    if (!has_written(enroll) && has_taken_effect(enroll, &enroll->before))
        return EXCHANGE_ANSWERED;
    if (result == EXCHANGE_ANSWERED)
        result = reload(enroll, report);
    if (result != EXCHANGE_ANSWERED)
        return result;
    ask_clients(enroll, &after, report);
    result = after.result;
    if (result == EXCHANGE_ANSWERED && !has_taken_effect(enroll, &after)) {
        report_error(report, SL_ENROLL_FILE,
            "the process was reloaded, but has not this file: it runs with "
            "another configuration, or sees another folder at that path, or "
            "somebody has changed it again");
        result = EXCHANGE_FAILED;
    }
    answer_deinit(&after);
    return result;
}

/* --- what is said -------------------------------------------------------- */

static const char *
effect_words(const struct enroll *enroll, enum exchange_result effect)
{
    if (effect != EXCHANGE_ANSWERED)
        return "NOT in effect yet";
    return enroll->request->is_revoke ? "in effect for new connections"
                                      : "in effect";
}

static void
print_change(const struct enroll *enroll, const struct enroll_change *change,
    enum exchange_result effect)
{
    const char *space = change->subject[0] != '\0' ? " " : "";
    bool is_revoke = enroll->request->is_revoke;

    if (change->was_so)
        (void)printf("sha256:%s%s%s was %s", change->fingerprint, space,
            change->subject, is_revoke ? "not approved" : "approved already");
    else
        (void)printf("%s sha256:%s%s%s", is_revoke ? "revoked" : "authorized",
            change->fingerprint, space, change->subject);
    if (effect != EXCHANGE_ANSWERED)
        (void)printf(" in %s", enroll->lists[change->list].path);
    (void)printf("; %s\n", effect_words(enroll, effect));
}

/* How it will come into effect, where no process could be asked. */
static void
print_next_step(const struct enroll *enroll, const struct report *report)
{
    (void)printf("no process could be asked: %s\n", report_first_error(report));
    if (enroll->config->reload.watch_ms > 0)
        (void)printf("one that runs takes the file up by itself\n");
}

static int
tell(const struct enroll *enroll, enum exchange_result effect,
    const struct report *report)
{
    for (size_t i = 0; i < enroll->request->count; i++)
        print_change(enroll, &enroll->changes[i], effect);
    if (effect == EXCHANGE_NOBODY)
        print_next_step(enroll, report);
    if (effect == EXCHANGE_ANSWERED && enroll->request->is_revoke
        && enroll->config->reload.on_trust_change == TRUST_CHANGE_KEEP)
        (void)printf("connections that are open stay: [reload] "
                     "on_trust_change = close ends them\n");
    if (effect != EXCHANGE_FAILED)
        return EXIT_GOOD;
    (void)fflush(stdout);
    for (size_t i = 0; i < report->count; i++)
        report_print_finding(stderr, "sidelock: ", &report->items[i]);
    return EXIT_ERROR;
}

/* --- the command --------------------------------------------------------- */

/* Every word is understood, or nothing is done. */
static int
find_all(struct enroll *enroll)
{
    size_t count = enroll->request->count;
    int failed = enroll_find_lists(enroll);

    enroll->changes = calloc(count, sizeof(*enroll->changes));
    if (enroll->changes == NULL) {
        report_error(enroll->report, SL_MEMORY, "out of memory");
        return -1;
    }
    for (size_t i = 0; i < count && enroll->list_count > 0; i++)
        if (enroll_find(enroll, enroll->request->words[i], &enroll->changes[i])
            != 0)
            failed = -1;
    return failed;
}

static int
edit_all(struct enroll *enroll)
{
    for (size_t i = 0; i < enroll->list_count; i++)
        if (enroll_edit(enroll, i) != 0)
            return -1;
    return 0;
}

/* `asking` is what there is to say of the process. */
static int
run(struct enroll *enroll, struct report *asking)
{
    ask_clients(enroll, &enroll->before, asking);
    if (find_all(enroll) != 0 || edit_all(enroll) != 0)
        return EXIT_ERROR;
    return tell(enroll, bring_into_effect(enroll, asking), asking);
}

static void
enroll_deinit(struct enroll *enroll)
{
    for (size_t i = 0; i < enroll->list_count; i++)
        approved_free(enroll->lists[i].approved);
    free(enroll->lists);
    free(enroll->changes);
    answer_deinit(&enroll->before);
}

/* Notes are for `check`. */
static void
print_findings(const struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->items[i].severity != SEVERITY_NOTE)
            report_print_finding(stderr, "sidelock: ", &report->items[i]);
}

int
enroll_run(const struct enroll_request *request)
{
    struct config *config = config_load_anyway(request->source);
    struct report report;
    struct report asking;
    struct enroll enroll = {
        .request = request, .config = config, .report = &report};
    int exit_code = EXIT_ERROR;

    report_init(&report);
    report_init(&asking);
    if (config == NULL)
        report_error(&report, SL_CONFIG_FILE,
            "%s cannot be read: correct the path after -c, or its mode",
            request->source->path != NULL ? request->source->path
                                          : "the configuration");
    else
        exit_code = run(&enroll, &asking);
    print_findings(&report);
    enroll_deinit(&enroll);
    report_deinit(&asking);
    report_deinit(&report);
    config_free(config);
    return exit_code;
}
