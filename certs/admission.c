/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judging clients. Each test either passes or writes the ruling. */
#include "certs/admission.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "certs/dates.h"

/* One judgement under way. */
struct judge {
    const struct admission *admission;
    const struct admission_case *client;
    struct ruling *ruling;
    enum rules_verdict verdict; /* of the rules */
    char rule[RULES_WHY_BYTES];
    bool counts_hits;
};

static bool refuse(struct judge *judge, enum guide_code code, uint8_t alert,
    const char *fmt, ...) PRINTF_LIKE(4, 5);

/* False, for the caller to return. */
static bool
refuse(struct judge *judge, enum guide_code code, uint8_t alert,
    const char *fmt, ...)
{
    struct ruling *ruling = judge->ruling;
    va_list args;

    ruling->by = ADMITTED_BY_NOBODY;
    ruling->code = code;
    ruling->alert = alert;
    va_start(args, fmt);
    (void)vsnprintf(ruling->words, sizeof(ruling->words), fmt, args);
    va_end(args);
    return false;
}

static bool
admit(struct judge *judge, enum admitted_by by, const char *words)
{
    judge->ruling->by = by;
    (void)snprintf(
        judge->ruling->words, sizeof(judge->ruling->words), "%s", words);
    return true;
}

/* --- what no entry and no CA can mend ------------------------------------ */

static bool
pass_denials(struct judge *judge)
{
    if (judge->verdict != RULES_DENIED)
        return true;
    return refuse(judge, SL_CLIENT_DENIED, ALERT_ACCESS_DENIED, "denied by %s",
        judge->rule);
}

static bool
pass_dates(struct judge *judge)
{
    const struct client *client = judge->client->client;
    char text[DATE_TEXT_BYTES];

    if (judge->client->now > client_not_after(client)) {
        date_format(client_not_after(client), text);
        return refuse(judge, SL_CLIENT_EXPIRED, ALERT_CERTIFICATE_EXPIRED,
            "expired on %s", text);
    }
    if (judge->client->now >= client_not_before(client))
        return true;
    date_format(client_not_before(client), text);
    return refuse(judge, SL_CLIENT_EXPIRED, ALERT_CERTIFICATE_EXPIRED,
        "not valid before %s; compare both clocks", text);
}

static bool
pass_usage(struct judge *judge)
{
    const struct client *client = judge->client->client;

    if (client_is_for_clients(client)
        || (!client_has_usages(client)
            && judge->admission->clients->eku == EKU_IF_PRESENT))
        return true;
    return refuse(judge, SL_CLIENT_PURPOSE, ALERT_UNSUPPORTED_CERTIFICATE,
        "not for clients: its extended key usage is %s, clientAuth is missing",
        client_usages(client));
}

/* --- revocation ---------------------------------------------------------- */

static bool
refuse_revoked(struct judge *judge, const struct crl_answer *answer, bool is_ca)
{
    char text[DATE_TEXT_BYTES];

    date_format(answer->when, text);
    return refuse(judge, SL_CLIENT_REVOKED, ALERT_CERTIFICATE_REVOKED,
        "%s revoked on %s (%s)", is_ca ? "an intermediate CA of it was" : "was",
        text, answer->reason);
}

static bool
miss_list(struct judge *judge, const struct crl_answer *answer, bool is_ca)
{
    const char *whose =
        is_ca ? "of an intermediate CA's issuer" : "of its issuer";
    struct ruling *ruling = judge->ruling;
    char until[DATE_TEXT_BYTES];
    char why[128];

    date_format(answer->when, until);
    if (answer->verdict == CRL_ABSENT)
        (void)snprintf(why, sizeof(why), "clients.crl has no list %s", whose);
    else
        (void)snprintf(why, sizeof(why), "the revocation list %s %s %s", whose,
            answer->when > judge->client->now ? "is not valid before"
                                              : "has run out on",
            until);
    if (judge->admission->clients->crl_policy == CRL_HARD)
        return refuse(judge, SL_CLIENT_CRL, ALERT_CERTIFICATE_UNKNOWN,
            "%s (crl_policy = hard)", why);
    (void)snprintf(ruling->warning, sizeof(ruling->warning),
        "let in although %s (crl_policy = soft)", why);
    return true;
}

/* Every certificate on the way is looked up. Of one that is trusted as it is
 * no list needs to be at hand. */
static bool
pass_lists(struct judge *judge, bool must_have_lists)
{
    const struct path *path = judge->client->path;
    struct path_link link;
    size_t at = 0;

    if (judge->admission->crls == NULL || path == NULL)
        return true;
    for (bool is_ca = false; path_next(path, &at, &link); is_ca = true) {
        struct crl_answer answer = crls_ask(judge->admission->crls, link.issuer,
            link.serial, judge->client->now);

        if (answer.verdict == CRL_REVOKED)
            return refuse_revoked(judge, &answer, is_ca);
        if (answer.verdict != CRL_GOOD && must_have_lists && !link.is_trusted
            && !miss_list(judge, &answer, is_ca))
            return false;
    }
    return true;
}

/* --- trusted as it is ---------------------------------------------------- */

static bool
admit_pin(struct judge *judge, struct pin *pin)
{
    char words[ADMISSION_WORDS_BYTES];

    if (judge->counts_hits)
        pin_note_use(pin, judge->client->now);
    (void)snprintf(words, sizeof(words), "%s %s",
        pin->is_key ? "trusted_keys" : "trusted_certs", pin->name);
    return admit(
        judge, pin->is_key ? ADMITTED_BY_KEY : ADMITTED_BY_CERTIFICATE, words);
}

/* True: decided, one way or the other. */
static bool
try_entries(struct judge *judge)
{
    const struct admission *admission = judge->admission;
    const struct client *client = judge->client->client;
    const char *fingerprint = client_fingerprint(client);
    struct pin *pin =
        pins_find(admission->pins, fingerprint, client_key_hash(client));
    struct approved_entry *entry = admission->approved != NULL ? approved_find(
                                       admission->approved, fingerprint)
                                                               : NULL;

    if (pin == NULL && entry == NULL)
        return false;
    if (!pass_lists(judge, false))
        return true;
    if (entry == NULL || (pin != NULL && !pin->is_key))
        return admit_pin(judge, pin);
    if (judge->counts_hits)
        approved_note_use(entry, judge->client->now);
    return admit(judge, ADMITTED_BY_CERTIFICATE, "approved in clients.enroll");
}

bool
admission_knows(const struct admission *admission, const struct client *client)
{
    const char *fingerprint = client_fingerprint(client);

    return pins_find(admission->pins, fingerprint, client_key_hash(client))
               != NULL
           || (admission->approved != NULL
               && approved_find(admission->approved, fingerprint) != NULL);
}

/* --- vouched for by a CA ------------------------------------------------- */

/* Nobody said yes. With enroll somebody may yet. */
static bool
refuse_unknown(
    struct judge *judge, enum guide_code code, uint8_t alert, const char *words)
{
    if (judge->admission->approved == NULL)
        return refuse(judge, code, alert, "%s", words);
    judge->ruling->is_pending = true;
    return refuse(judge, SL_CLIENT_PENDING, ALERT_ACCESS_DENIED,
        "not approved yet (sidelock authorize %.16s); %s",
        client_fingerprint(judge->client->client), words);
}

/* The library asks a CA for its dates when it is loaded, and never again. */
static bool
pass_way(struct judge *judge)
{
    char text[DATE_TEXT_BYTES];
    time_t not_after = path_not_after(judge->client->path);

    if (judge->client->now <= not_after)
        return true;
    date_format(not_after, text);
    return refuse(judge, SL_CLIENT_EXPIRED, ALERT_CERTIFICATE_EXPIRED,
        "a CA on its way expired on %s", text);
}

static bool
pass_ca(struct judge *judge)
{
    const struct chain_fault *fault = judge->client->fault;

    if (fault == NULL && judge->client->path != NULL)
        return pass_way(judge);
    if (fault == NULL)
        return refuse_unknown(judge, SL_CLIENT_UNKNOWN_CA, ALERT_UNKNOWN_CA,
            "no CA of clients.ca vouches for it, or one on its way may not "
            "vouch for clients (its extended key usage)");
    if (fault->is_unknown)
        return refuse_unknown(judge, fault->code, fault->alert, fault->words);
    return refuse(judge, fault->code, fault->alert, "%s", fault->words);
}

static bool
pass_rules(struct judge *judge)
{
    if (judge->verdict == RULES_ALLOWED)
        return admit(judge, ADMITTED_BY_CA, judge->rule);
    return refuse_unknown(
        judge, SL_CLIENT_NOT_ALLOWED, ALERT_ACCESS_DENIED, judge->rule);
}

static void
decide(struct judge *judge)
{
    memset(judge->ruling, 0, sizeof(*judge->ruling));
    judge->verdict = rules_judge(judge->admission->rules, judge->client->client,
        judge->rule, sizeof(judge->rule));
    if (!pass_denials(judge) || !pass_dates(judge) || !pass_usage(judge)
        || try_entries(judge))
        return;
    if (pass_ca(judge) && pass_lists(judge, true))
        (void)pass_rules(judge);
}

void
admission_judge(const struct admission *admission,
    const struct admission_case *client, struct ruling *ruling)
{
    struct judge judge = {.admission = admission,
        .client = client,
        .ruling = ruling,
        .counts_hits = true};

    decide(&judge);
}

void
admission_judge_again(const struct admission *admission,
    const struct admission_case *client, struct ruling *ruling)
{
    static const struct chain_fault gone = {.code = SL_CLIENT_UNKNOWN_CA,
        .alert = ALERT_UNKNOWN_CA,
        .is_unknown = true,
        .words = "clients.ca has no CA (any more) that vouches for it"};
    struct admission_case again = *client;
    struct judge judge = {
        .admission = admission, .client = &again, .ruling = ruling};

    if (again.path != NULL && !path_is_trusted(again.path, admission->trust))
        again.fault = &gone;
    decide(&judge);
}
