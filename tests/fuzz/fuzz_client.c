/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes what is read of a client's certificate, and of the record in its TLS
 * ticket. The input is a certificate in DER, and a record as well.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "certs/client.h"
#include "certs/rules.h"
#include "certs/secret.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

/* Nothing in it does anything to a terminal or a log. */
static void
check_text(const char *text, size_t len_max)
{
    size_t len = strlen(text);

    require(len > 0 && len <= len_max);
    for (size_t i = 0; i < len; i++)
        require(text[i] >= 0x20 && text[i] <= 0x7e && text[i] != '"');
}

static void
check_fact(struct client_fact fact)
{
    volatile uint8_t last;

    require(fact.kind <= RULE_SERIAL && fact.len > 0);
    last = fact.data[fact.len - 1];
    (void)last;
    if (fact.kind == RULE_IP)
        require(fact.len == 4 || fact.len == 16);
}

static void
check_client(const struct client *client)
{
    size_t count = client_fact_count(client);
    struct client_fact serial;

    check_text(client_subject(client), IDENTITY_NAME_BYTES - 1);
    check_text(client_issuer(client), IDENTITY_NAME_BYTES - 1);
    check_text(client_serial(client), 64);
    check_text(client_usages(client), 127);
    require(strlen(client_fingerprint(client)) == 64);
    require(strlen(client_key_hash(client)) == 64);
    require(client_has_usages(client) || !client_is_for_clients(client));
    require(count >= 2);
    for (size_t i = 0; i < count; i++)
        check_fact(client_fact_at(client, i));
    require(client_fact_at(client, count - 2).kind == RULE_ISSUER);
    serial = client_fact_at(client, count - 1);
    require(serial.kind == RULE_SERIAL);
    require(serial.len == strlen(client_serial(client)));
}

/* The record makes the same client again. */
static void
check_record(const struct client *client)
{
    struct blob record = client_record(client);
    struct client *again = client_from_record(record.data, record.len);
    struct blob second;

    require(record.len <= CLIENT_RECORD_BYTES_MAX);
    require(again != NULL);
    check_client(again);
    require(client_fact_count(again) == client_fact_count(client));
    require(strcmp(client_subject(again), client_subject(client)) == 0);
    require(client_not_after(again) == client_not_after(client));
    second = client_record(again);
    require(second.len == record.len
            && memcmp(second.data, record.data, record.len) == 0);
    client_free(again);
}

static void
check(struct client *client)
{
    if (client == NULL)
        return;
    check_client(client);
    check_record(client);
    client_free(client);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct blob exact;

    require(blob_copy(&exact, data, size) == 0);
    check(client_new(&exact));
    check(client_from_record(exact.data, exact.len));
    blob_free(&exact);
    return 0;
}
