/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long the lists last, in words. */
#include <string.h>

#include "certs/crl_internal.h"
#include "certs/dates.h"

enum {
    DAY_SECONDS = 24 * 60 * 60,
    /* Of a list's life: lists are replaced with little time to spare, and a
     * warning each week would be read by nobody. */
    LAST_PART = 10,
};

static bool
is_of_same_issuer(const struct crl *a, const struct crl *b)
{
    return a->issuer.len == b->issuer.len
           && memcmp(a->issuer.data, b->issuer.data, a->issuer.len) == 0;
}

static bool
lasts_longer(const struct crl *a, const struct crl *b)
{
    return b->next_update != 0
           && (a->next_update == 0 || a->next_update > b->next_update);
}

/* Takes the lists of the next issuer, and returns the one that lasts longest of
 * those that have begun, else of all. */
static const struct crl *
take_issuer(const struct crls *crls, size_t *at, time_t now)
{
    const struct crl *best = crls->items[*at];

    for ((*at)++; *at < crls->count; (*at)++) {
        const struct crl *crl = crls->items[*at];
        bool is_early = crl_is_early(crl, now);

        if (!is_of_same_issuer(crl, best))
            break;
        if (is_early != crl_is_early(best, now) ? !is_early
                                                : lasts_longer(crl, best))
            best = crl;
    }
    return best;
}

time_t
crls_next_update(const struct crls *crls)
{
    time_t earliest = 0;

    for (size_t i = 0; i < crls->count;) {
        time_t next = crls->items[i++]->next_update;

        for (; i < crls->count
               && is_of_same_issuer(crls->items[i - 1], crls->items[i]);
             i++)
            if (next != 0
                && (crls->items[i]->next_update == 0
                    || crls->items[i]->next_update > next))
                next = crls->items[i]->next_update;
        if (next != 0 && (earliest == 0 || next < earliest))
            earliest = next;
    }
    return earliest;
}

static bool
is_nearly_late(const struct crl *crl, time_t now, int64_t warn_days)
{
    int64_t life = (int64_t)crl->next_update - (int64_t)crl->this_update;
    int64_t left = (int64_t)crl->next_update - (int64_t)now;

    return crl->next_update != 0 && left <= warn_days * DAY_SECONDS
           && left <= life / LAST_PART;
}

static void
warn_stale(const struct crls *crls, const struct crl *crl, time_t now,
    struct report *report)
{
    char date[DATE_TEXT_BYTES];
    bool is_early = crl_is_early(crl, now);

    date_format(is_early ? crl->this_update : crl->next_update, date);
    report_warning(report, SL_CRL_STALE,
        "clients.crl %s: the revocation list of \"%s\" %s %s; clients of this "
        "CA %s; %s",
        crl->path, crl->issuer_text,
        is_early ? "does not begin before" : "has been out of date since", date,
        crls->policy == CRL_HARD
            ? "are refused (crl_policy = hard)"
            : "come in although they may be revoked (crl_policy = soft)",
        is_early ? "is this machine's clock right?" : "fetch it anew");
}

void
crls_judge(const struct crls *crls, time_t now, int64_t warn_days,
    struct report *report)
{
    char date[DATE_TEXT_BYTES];

    for (size_t i = 0; i < crls->count;) {
        const struct crl *crl = take_issuer(crls, &i, now);

        if (crl_is_early(crl, now) || crl_is_late(crl, now)) {
            warn_stale(crls, crl, now, report);
        } else if (is_nearly_late(crl, now, warn_days)) {
            date_format(crl->next_update, date);
            report_warning(report, SL_CRL_SOON,
                "clients.crl %s: the revocation list of \"%s\" runs out on %s; "
                "fetch the next one",
                crl->path, crl->issuer_text, date);
        }
    }
}
