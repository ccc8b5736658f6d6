/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of trust.h share. */
#ifndef SIDELOCK_CERTS_TRUST_INTERNAL_H
#define SIDELOCK_CERTS_TRUST_INTERNAL_H

#include "certs/trust.h"

enum trust_added {
    TRUST_ADDED,
    TRUST_KNOWN, /* it is there already */
    TRUST_NO_CA, /* it may not sign certificates */
    TRUST_UNREADABLE,
    TRUST_FULL,
    TRUST_NO_MEMORY,
};

/* Adds a copy of the certificate, if it is a CA. `info` is filled when it can
 * be read. */
enum trust_added trust_add(struct trust *trust, const struct blob *der,
    struct certificate_info *info) MUST_CHECK;

/* Adds all CAs of clients->ca. -1 with an error in the report. */
int trust_read_sources(struct trust *trust,
    const struct config_clients *clients, struct report *report) MUST_CHECK;

#endif
