/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The status words, the same everywhere they appear:
 *
 *   Unsecured
 *   Secure to NAME
 *   Secure to NAME (expires in N days)     within warn_days of the end
 *   Secure to NAME (expired)
 *
 * The end is the earliest one of the chain: a client that refuses an expired
 * intermediate does not care that the leaf is fresh. N counts whole days that
 * are left; on the last day it is 0.
 */
#ifndef SIDELOCK_CERTS_STATUS_H
#define SIDELOCK_CERTS_STATUS_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "certs/identity.h"

enum {
    STATUS_BYTES = IDENTITY_NAME_BYTES + 64
};

/* identity may be NULL: Unsecured. */
void status_words(const struct identity *identity, time_t now,
    int64_t warn_days, char out[STATUS_BYTES]);

/* The same for a name and an end that are known from elsewhere. */
void status_words_until(const char *name, time_t not_after, time_t now,
    int64_t warn_days, char out[STATUS_BYTES]);

#endif
