/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One DNS question on its way: asked over UDP, of one name server after the
 * other, again while none answers; over TCP when the answer is too long for
 * UDP (RFC 7766). There is no end to waiting here: whoever asks has a
 * deadline, and cancels.
 *
 * Each attempt has a socket of its own, connected: the kernel gives it a
 * random port, and keeps away what others send to it.
 */
#ifndef SIDELOCK_PROXY_DNS_ASK_H
#define SIDELOCK_PROXY_DNS_ASK_H

#include "config/report.h"
#include "proxy/dns.h"
#include "proxy/name_servers.h"

enum {
    DNS_RETRY_MS = 1500,
    DNS_TCP_BYTES_MAX = 16 * 1024, /* longer answers are not taken */
};

struct event_base;
struct dns_ask;

/* NULL and a phrase, printable, when every server has failed. Both are gone
 * when it returns; the dns_ask is gone already. */
typedef void dns_asked(
    const struct dns_answer *answer, const char *error, void *arg);

/*
 * Asks, once the loop has a turn: `asked` is never called from in here. The
 * question gets its id and case here; it and the servers need not outlive the
 * call. NULL: no memory, or no random numbers.
 */
struct dns_ask *dns_ask_start(struct event_base *base,
    const struct name_servers *servers, const struct dns_question *question,
    dns_asked *asked, void *arg) MUST_CHECK;

/* NULL does nothing. */
void dns_ask_cancel(struct dns_ask *ask);

#endif
