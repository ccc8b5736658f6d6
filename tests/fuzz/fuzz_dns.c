/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes dns_answer_read() (proxy/dns.c): with the input as a whole message,
 * and as what follows the question of an answer to ours (its first two bytes
 * count the records). Names are host names that can be asked for again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/dns.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

static void
check(const struct dns_question *question, const uint8_t *data, size_t len)
{
    struct dns_question again;
    struct dns_answer answer;
    enum dns_verdict verdict = dns_answer_read(question, data, len, &answer);

    require(answer.name_count <= DNS_NAMES_MAX);
    require(answer.address_count <= DNS_ADDRESSES_MAX);
    require(answer.name_count == 0 || question->type == DNS_PTR);
    require(answer.address_count == 0 || question->type != DNS_PTR);
    require(verdict == DNS_FAILED || answer.code == 0);
    for (size_t i = 0; i < answer.name_count; i++) {
        require(memchr(answer.names[i], '\0', DNS_NAME_BYTES) != NULL);
        require(dns_is_host_name(answer.names[i]));
        require(dns_ask_for_addresses(&again, answer.names[i], DNS_A));
    }
}

static void
check_behind(
    const struct dns_question *question, const uint8_t *data, size_t size)
{
    uint8_t *reply = malloc(DNS_QUERY_BYTES + size);
    uint8_t *whole;
    size_t len;

    require(reply != NULL);
    len = dns_query_write(question, reply);
    reply[2] |= 0x80;
    memcpy(reply + 6, data, 2);
    memcpy(reply + len, data + 2, size - 2);
    len += size - 2;
    whole = realloc(reply, len); /* reading beyond it is seen */
    require(whole != NULL);
    check(question, whole, len);
    free(whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum dns_type types[] = {DNS_A, DNS_AAAA};
    struct address address = {.len = sizeof(address.sock.v4)};
    struct dns_question question;

    if (size < 2 || size > 4096)
        return 0;
    address.sock.v4.sin_family = AF_INET;
    dns_ask_for_names(&question, &address);
    check(&question, data, size);
    check_behind(&question, data, size);
    for (size_t i = 0; i < 2; i++) {
        require(dns_ask_for_addresses(&question, "web.example.org", types[i]));
        check(&question, data, size);
        check_behind(&question, data, size);
    }
    return 0;
}
