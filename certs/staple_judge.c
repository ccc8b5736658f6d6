/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of a staple while the process runs. */
#include "certs/dates.h"
#include "certs/ocsp_judge.h"
#include "certs/staple.h"
#include "certs/x509_parts.h"

enum {
    WHERE_BYTES = 512
};

static bool
has_begun(const struct identity *identity, time_t now)
{
    return now >= identity->staple_since - OCSP_CLOCK_SECONDS;
}

bool
staple_is_current(const struct identity *identity, time_t now)
{
    return identity->staple.len > 0 && has_begun(identity, now)
           && now <= identity->staple_until;
}

static void
judge_time(const struct identity *identity, const char *where, time_t now,
    struct report *report)
{
    time_t life = identity->staple_until - identity->staple_since;
    char since[DATE_TEXT_BYTES];
    char until[DATE_TEXT_BYTES];

    date_format(identity->staple_since, since);
    date_format(identity->staple_until, until);
    if (now > identity->staple_until)
        report_warning(report, SL_STAPLE_EXPIRED,
            "%s: its staple has expired on %s and is not sent; the timer that "
            "refreshes it did not run; run scripts/refresh-staple.sh and "
            "reload",
            where, until);
    else if (!has_begun(identity, now))
        report_warning(report, SL_STAPLE_EXPIRED,
            "%s: its staple begins only on %s and is not sent until then; is "
            "this machine's clock right?",
            where, since);
    else if (identity->staple_until - now < life / 4)
        report_warning(report, SL_STAPLE_EXPIRED,
            "%s: its staple expires on %s, less than a quarter of its time is "
            "left; the timer that refreshes it did not run; run "
            "scripts/refresh-staple.sh and reload",
            where, until);
}

static void
report_missing(const char *where, struct report *report)
{
    static const char format[] =
        "%s: demands a staple (must-staple), and there is none to send: "
        "clients that heed it refuse the connection; fetch one: "
        "scripts/refresh-staple.sh";

    if (report->is_strict)
        report_error(report, SL_STAPLE_MISSING, format, where);
    else
        report_warning(report, SL_STAPLE_MISSING, format, where);
}

void
staple_judge(const struct identity *identity,
    const struct config_certificate *settings, time_t now,
    struct report *report)
{
    char where[WHERE_BYTES];
    struct x509_parts leaf;

    identity_where(settings, where, sizeof(where));
    if (identity->staple.len > 0)
        judge_time(identity, where, now, report);
    if (!staple_is_current(identity, now)
        && x509_parts_read(&leaf, &identity->chain[0])
        && x509_parts_demand_staple(&leaf))
        report_missing(where, report);
}
