/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS messages (RFC 1035, AAAA: RFC 3596): one question out, its answer in.
 * Pure: bytes and nothing else.
 *
 * What is no answer to the very question is told from an answer: id, name,
 * type and class must come back as they were sent, the name also in its
 * letters' case, which is random (that makes forging as hard as guessing all
 * of it). In the answer only records count whose owner is the name asked for,
 * or what CNAMEs lead to from there.
 */
#ifndef SIDELOCK_PROXY_DNS_H
#define SIDELOCK_PROXY_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/address.h"

enum {
    DNS_NAME_BYTES = 254, /* of a name in text, with its final NUL */
    DNS_WIRE_NAME_BYTES = 255,
    DNS_QUERY_BYTES = 12 + DNS_WIRE_NAME_BYTES + 4,
    DNS_RANDOM_BYTES = 2 + DNS_WIRE_NAME_BYTES,
    DNS_NAMES_MAX = 8, /* more in an answer are left out */
    DNS_ADDRESSES_MAX = 32,
};

enum dns_type {
    DNS_A = 1,
    DNS_CNAME = 5,
    DNS_PTR = 12,
    DNS_AAAA = 28,
};

struct dns_question {
    uint16_t id;
    enum dns_type type;
    uint8_t name[DNS_WIRE_NAME_BYTES];
    size_t name_len;
};

/* Letters, digits, "-" and "_" in labels of 1 to 63, at most 253 in all; a
 * final dot makes no difference. */
bool dns_is_host_name(const char *name);

/* DNS_A or DNS_AAAA of a host name. False: it is none. */
bool dns_ask_for_addresses(struct dns_question *question, const char *name,
    enum dns_type type) MUST_CHECK;
/* The PTR of an IPv4 or IPv6 address. */
void dns_ask_for_names(
    struct dns_question *question, const struct address *address);
/* Gives it an id, and its letters a case. */
void dns_randomize(
    struct dns_question *question, const uint8_t random[DNS_RANDOM_BYTES]);

size_t dns_query_write(
    const struct dns_question *question, uint8_t out[DNS_QUERY_BYTES]);

enum dns_verdict {
    DNS_FOREIGN,   /* not about this question */
    DNS_ANSWERED,  /* it may hold nothing */
    DNS_TRUNCATED, /* the whole of it is to be had over TCP */
    DNS_FAILED,    /* broken, or the server says that it cannot tell */
};

struct dns_answer {
    unsigned code; /* of DNS_FAILED; 0: it is broken */
    /* PTR: host names without a final dot; others are left out. */
    size_t name_count;
    char names[DNS_NAMES_MAX][DNS_NAME_BYTES];
    /* A: 4 bytes of each, AAAA: 16. */
    size_t address_count;
    uint8_t addresses[DNS_ADDRESSES_MAX][16];
};

enum dns_verdict dns_answer_read(const struct dns_question *question,
    const uint8_t *data, size_t len, struct dns_answer *answer);

#endif
