/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All dates of a snapshot, judged: at start, at a reload, and every day. */
#include "certs/dates.h"
#include "certs/snapshot.h"
#include "certs/staple.h"

static void
judge_identity(
    const struct date_judge *judge, const struct snapshot_identity *entry)
{
    const struct identity *identity = entry->identity;
    char where[512];

    identity_where(entry->settings, where, sizeof(where));
    for (size_t i = 0; i < identity->chain_count; i++)
        dates_judge(judge, &identity->info[i], where,
            i == 0 ? "the leaf" : "an intermediate");
    staple_judge(identity, entry->settings, judge->now, judge->report);
}

void
snapshot_judge(
    const struct snapshot *snapshot, time_t now, struct report *report)
{
    const struct config *config = snapshot->config;
    const struct date_judge judge = {
        .now = now, .warn_days = config->reload.warn_days, .report = report};

    for (size_t i = 0; i < snapshot->identity_count; i++)
        if (snapshot->identities[i].identity != NULL)
            judge_identity(&judge, &snapshot->identities[i]);
    for (size_t i = 0; i < config->service_count; i++)
        if (snapshot->services[i].admission != NULL)
            admission_judge_dates(snapshot->services[i].admission, now,
                config->reload.warn_days, report);
}
