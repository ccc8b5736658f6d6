/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers of a name server, put together record by record. */
#ifndef SIDELOCK_TESTS_DNS_FIXTURE_H
#define SIDELOCK_TESTS_DNS_FIXTURE_H

#include "proxy/dns.h"

struct dns_reply {
    uint8_t data[8 * 1024];
    size_t len;
};

/* Without records yet. */
void reply_to(struct dns_reply *reply, const struct dns_question *question);
void reply_append(struct dns_reply *reply, const void *data, size_t len);
/* A further record of the answer, and one whose data is a name. */
void reply_add(struct dns_reply *reply, const char *owner, unsigned type,
    const void *data, size_t len);
void reply_add_name(struct dns_reply *reply, const char *owner, unsigned type,
    const char *name);

#endif
