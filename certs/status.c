/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The four status words. */
#include "certs/status.h"

#include <stdio.h>

#include "certs/dates.h"

void
status_words(const struct identity *identity, time_t now, int64_t warn_days,
    char out[STATUS_BYTES])
{
    if (identity == NULL)
        (void)snprintf(out, STATUS_BYTES, "Unsecured");
    else
        status_words_until(
            identity->name, identity_not_after(identity), now, warn_days, out);
}

void
status_words_until(const char *name, time_t not_after, time_t now,
    int64_t warn_days, char out[STATUS_BYTES])
{
    int64_t days = days_until(not_after, now);

    if (days < 0)
        (void)snprintf(out, STATUS_BYTES, "Secure to %s (expired)", name);
    else if (is_within_days(not_after, now, warn_days))
        (void)snprintf(out, STATUS_BYTES, "Secure to %s (expires in %lld days)",
            name, (long long)days);
    else
        (void)snprintf(out, STATUS_BYTES, "Secure to %s", name);
}
