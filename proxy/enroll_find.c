/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which certificate and which file somebody means. Nothing is guessed: what
 * fits several is refused, and they are named. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/enroll_internal.h"

enum {
    WORD_SHOWN = 80
};

/* --- lists --------------------------------------------------------------- */

static bool
has_list(const struct config_service *service)
{
    return service->clients.enroll != NULL && *service->clients.enroll != '\0';
}

/* Is the request about this service? */
static bool
is_meant(const struct enroll *enroll, const struct config_service *service)
{
    const char *name = enroll->request->service;

    return has_list(service)
           && (name == NULL || strcmp(name, service->name) == 0);
}

size_t
enroll_list_of(const struct enroll *enroll, const char *service)
{
    const struct config *config = enroll->config;
    size_t list = 0;
    size_t i = 0;

    while (i < config->service_count
           && strcmp(config->services[i].name, service) != 0)
        i++;
    if (i == config->service_count || !is_meant(enroll, &config->services[i]))
        return enroll->list_count;
    while (
        list < enroll->list_count
        && strcmp(enroll->lists[list].path, config->services[i].clients.enroll)
               != 0)
        list++;
    return list;
}

/* A relative path starts where the process was started, which need not be
 * here. */
static bool
is_elsewhere(const char *path, const struct approved *approved)
{
    FILE *file;

    if (path[0] == '/' || approved_count(approved) > 0)
        return false;
    file = fopen(path, "re");
    if (file != NULL)
        (void)fclose(file);
    return file == NULL;
}

static int
add_list(struct enroll *enroll, const struct config_service *service)
{
    struct enroll_list *list = &enroll->lists[enroll->list_count];

    if (enroll_list_of(enroll, service->name) < enroll->list_count)
        return 0;
    list->path = service->clients.enroll;
    list->approved = approved_load(list->path, NULL, enroll->report);
    if (list->approved == NULL)
        return -1;
    enroll->list_count++;
    if (!is_elsewhere(list->path, list->approved))
        return 0;
    report_error(enroll->report, SL_ENROLL_FILE,
        "clients.enroll %s: there is no such file here, and the path is "
        "relative: run the command in the folder in which sidelock was "
        "started, or write the whole path",
        list->path);
    return -1;
}

static void
report_no_list(struct enroll *enroll)
{
    if (enroll->request->service != NULL)
        report_error(enroll->report, SL_ENROLL_FILE,
            "--service %s: no service of that name has a file of approved "
            "certificates: write enroll = FILE in its [clients %s]",
            enroll->request->service, enroll->request->service);
    else
        report_error(enroll->report, SL_ENROLL_FILE,
            "no service has a file of approved certificates: write enroll = "
            "FILE in [clients]");
}

int
enroll_find_lists(struct enroll *enroll)
{
    const struct config *config = enroll->config;

    enroll->lists = calloc(config->service_count + 1, sizeof(*enroll->lists));
    if (enroll->lists == NULL) {
        report_error(enroll->report, SL_MEMORY, "out of memory");
        return -1;
    }
    for (size_t i = 0; i < config->service_count; i++)
        if (is_meant(enroll, &config->services[i])
            && add_list(enroll, &config->services[i]) != 0)
            return -1;
    if (enroll->list_count > 0)
        return 0;
    report_no_list(enroll);
    return -1;
}

/* --- what begins with the digits ----------------------------------------- */

struct match {
    const char *digits;
    size_t digit_count;
    size_t found_count; /* different certificates */
    size_t list;        /* of the first */
    bool is_in_lists;   /* that one is in more than one list */
    char fingerprint[APPROVED_DIGITS + 1];
    char another[APPROVED_DIGITS + 1];
    char subject[ENROLL_NAME_BYTES];
};

static void
offer(struct match *match, size_t list, const char *fingerprint,
    const char *subject)
{
    if (strncmp(fingerprint, match->digits, match->digit_count) != 0)
        return;
    if (match->found_count == 0) {
        match->list = list;
        (void)snprintf(
            match->fingerprint, sizeof(match->fingerprint), "%s", fingerprint);
        (void)snprintf(match->subject, sizeof(match->subject), "%s", subject);
        match->found_count = 1;
    } else if (strcmp(match->fingerprint, fingerprint) == 0) {
        match->is_in_lists |= match->list != list;
    } else {
        (void)snprintf(
            match->another, sizeof(match->another), "%s", fingerprint);
        match->found_count = 2;
    }
}

static void
offer_pending(struct match *match, const struct enroll *enroll)
{
    for (size_t i = 0; i < enroll->before.count; i++) {
        const struct enroll_known *known = &enroll->before.known[i];
        size_t list = enroll_list_of(enroll, known->service);

        if (known->is_pending && list < enroll->list_count)
            offer(match, list, known->fingerprint, known->subject);
    }
}

static void
offer_approved(struct match *match, const struct enroll *enroll)
{
    for (size_t list = 0; list < enroll->list_count; list++) {
        const struct approved *approved = enroll->lists[list].approved;

        for (size_t i = 0; i < approved_count(approved); i++) {
            struct approved_facts facts =
                approved_facts(approved_at(approved, i));
            char comment[APPROVED_SHOWN_BYTES];

            approved_show_comment(comment, &facts);
            offer(match, list, facts.fingerprint, comment);
        }
    }
}

/* --- verdicts ------------------------------------------------------------ */

static int
fail_nothing(const struct enroll *enroll, const char *word)
{
    if (enroll->request->is_revoke)
        report_error(enroll->report, SL_ENROLL,
            "%.*s: no approved certificate begins with that; `sidelock "
            "clients` lists them",
            WORD_SHOWN, word);
    else if (enroll->before.result != EXCHANGE_ANSWERED)
        report_error(enroll->report, SL_ENROLL,
            "%.*s: who is pending only a running sidelock knows, and it did "
            "not answer: %s; or give all 64 digits",
            WORD_SHOWN, word,
            report_first_error(enroll->before.exchange.report));
    else
        report_error(enroll->report, SL_ENROLL,
            "%.*s: no pending client begins with that; `sidelock clients` "
            "lists them; of one that never came give all 64 digits",
            WORD_SHOWN, word);
    return -1;
}

static int
fail_lists(const struct enroll *enroll, const char *word)
{
    report_error(enroll->report, SL_ENROLL,
        "%.*s: services have files of their own, and it could be meant for "
        "more than one: choose with --service NAME",
        WORD_SHOWN, word);
    return -1;
}

/* The one that was found, if it is one. */
static int
take_match(const struct enroll *enroll, const char *word,
    const struct match *match, struct enroll_change *change)
{
    if (match->found_count > 1) {
        report_error(enroll->report, SL_ENROLL,
            "%.*s fits several, such as %s and %s: give more digits",
            WORD_SHOWN, word, match->fingerprint, match->another);
        return -1;
    }
    if (match->is_in_lists)
        return fail_lists(enroll, word);
    change->list = match->list;
    memcpy(
        change->fingerprint, match->fingerprint, sizeof(change->fingerprint));
    memcpy(change->subject, match->subject, sizeof(change->subject));
    return 0;
}

/* Listed nowhere, but whole: then it is meant for the only list. */
static int
take_digits(const struct enroll *enroll, const char *word,
    const struct match *match, struct enroll_change *change)
{
    if (match->digit_count < APPROVED_DIGITS)
        return fail_nothing(enroll, word);
    if (enroll->list_count > 1)
        return fail_lists(enroll, word);
    (void)snprintf(
        change->fingerprint, sizeof(change->fingerprint), "%s", match->digits);
    return 0;
}

int
enroll_find(
    struct enroll *enroll, const char *word, struct enroll_change *change)
{
    char digits[APPROVED_DIGITS + 1];
    struct match match = {.digits = digits};

    *change = (struct enroll_change){0};
    match.digit_count = approved_read_digits(word, strlen(word), digits);
    if (match.digit_count < ENROLL_DIGITS_MIN) {
        report_error(enroll->report, SL_ENROLL,
            "%.*s: no SHA-256 fingerprint: give at least %d of its 64 "
            "hexadecimal digits, as `sidelock clients` shows them",
            WORD_SHOWN, word, ENROLL_DIGITS_MIN);
        return -1;
    }
    if (!enroll->request->is_revoke)
        offer_pending(&match, enroll);
    if (match.found_count == 0)
        offer_approved(&match, enroll);
    if (match.found_count == 0)
        return take_digits(enroll, word, &match, change);
    return take_match(enroll, word, &match, change);
}
