/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing what name servers answer. */
#include "tests/unit/dns_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void
reply_append(struct dns_reply *reply, const void *data, size_t len)
{
    assert_true(len <= sizeof(reply->data) - reply->len);
    memcpy(reply->data + reply->len, data, len);
    reply->len += len;
}

void
reply_to(struct dns_reply *reply, const struct dns_question *question)
{
    reply->len = dns_query_write(question, reply->data);
    reply->data[2] |= 0x80; /* an answer */
}

/* A name on the wire. */
static size_t
name_of(const char *text, uint8_t out[DNS_WIRE_NAME_BYTES])
{
    struct dns_question question;

    assert_true(dns_ask_for_addresses(&question, text, DNS_A));
    memcpy(out, question.name, question.name_len);
    return question.name_len;
}

void
reply_add(struct dns_reply *reply, const char *owner, unsigned type,
    const void *data, size_t len)
{
    const uint8_t head[] = {(uint8_t)(type >> 8), (uint8_t)type, 0, 1, 0, 0, 0,
        60, (uint8_t)(len >> 8), (uint8_t)len};
    uint8_t name[DNS_WIRE_NAME_BYTES];
    size_t name_len = name_of(owner, name);

    reply_append(reply, name, name_len);
    reply_append(reply, head, sizeof(head));
    reply_append(reply, data, len);
    if (++reply->data[7] == 0)
        reply->data[6]++;
}

void
reply_add_name(
    struct dns_reply *reply, const char *owner, unsigned type, const char *name)
{
    uint8_t data[DNS_WIRE_NAME_BYTES];
    size_t len = name_of(name, data);

    reply_add(reply, owner, type, data, len);
}
