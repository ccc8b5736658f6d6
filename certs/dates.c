/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dates in words. */
#include "certs/dates.h"

enum {
    DAY_SECONDS = 24 * 60 * 60
};

void
date_format(time_t at, char out[DATE_TEXT_BYTES])
{
    struct tm utc;

    gmtime_r(&at, &utc);
    (void)strftime(out, DATE_TEXT_BYTES, "%Y-%m-%d %H:%M UTC", &utc);
}

int64_t
days_until(time_t then, time_t now)
{
    int64_t seconds = (int64_t)then - (int64_t)now;

    return seconds < 0 ? -1 : seconds / DAY_SECONDS;
}

bool
is_within_days(time_t then, time_t now, int64_t days)
{
    int64_t seconds = (int64_t)then - (int64_t)now;

    return seconds >= 0 && seconds <= days * DAY_SECONDS;
}

void
dates_judge(const struct date_judge *judge, const struct certificate_info *info,
    const char *where, const char *what)
{
    int64_t days = days_until(info->not_after, judge->now);
    char date[DATE_TEXT_BYTES];

    if (judge->now < info->not_before) {
        date_format(info->not_before, date);
        report_warning(judge->report, SL_NOT_YET_VALID,
            "%s: %s (%s) is not valid before %s; %s until then; is this "
            "machine's clock right?",
            where, what, info->subject, date,
            judge->is_of_clients ? "clients that need it are refused"
                                 : "clients refuse it");
        return;
    }
    date_format(info->not_after, date);
    if (days < 0)
        report_warning(judge->report, SL_EXPIRED,
            "%s: %s (%s) has expired on %s; %s; renew it now", where, what,
            info->subject, date,
            judge->is_of_clients ? "clients that need it are refused"
                                 : "who checks refuses it");
    else if (is_within_days(info->not_after, judge->now, judge->warn_days))
        report_warning(judge->report, SL_EXPIRES_SOON,
            "%s: %s (%s) expires in %lld days, on %s; renew it", where, what,
            info->subject, (long long)days, date);
}
