/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Validity dates of certificates, judged and put into words. */
#ifndef SIDELOCK_CERTS_DATES_H
#define SIDELOCK_CERTS_DATES_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "certs/identity.h"

enum {
    DATE_TEXT_BYTES = 32
};

/* "2026-11-21 05:04 UTC" */
void date_format(time_t at, char out[DATE_TEXT_BYTES]);

/* Whole days from now until then; -1 when it is past. */
int64_t days_until(time_t then, time_t now);

/* Is it not past yet, but no more than `days` days away? */
bool is_within_days(time_t then, time_t now, int64_t days);

/* Against which the dates of one load are judged, and where it is said. */
struct date_judge {
    time_t now;
    int64_t warn_days;
    struct report *report;
    bool is_of_clients; /* what clients show and their CAs: we refuse it */
};

/*
 * Warns when the certificate is expired, not yet valid, or ends within
 * warn_days. `where` and `what` begin the line: "certificate.cert x.pem",
 * "the leaf".
 */
void dates_judge(const struct date_judge *judge,
    const struct certificate_info *info, const char *where, const char *what);

#endif
