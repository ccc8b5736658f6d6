/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A client out of its record. One from a certificate is made through a record
 * as well, so that both kinds cannot differ.
 */
#include "certs/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/client_internal.h"
#include "certs/der.h"
#include "certs/secret.h"

enum {
    HEX_BYTES = 2 * CLIENT_DIGEST_BYTES + 1,
    SERIAL_HEX_BYTES = 2 * CLIENT_SERIAL_BYTES_MAX + 1,
    USAGES_BYTES = 128,
    MORE_BYTES = sizeof("..."),
};

static const int64_t time_max = (int64_t)1 << 38; /* beyond the year 9999 */

struct client {
    time_t not_before;
    time_t not_after;
    uint8_t usages;
    char fingerprint[HEX_BYTES];
    char key_hash[HEX_BYTES];
    char serial[SERIAL_HEX_BYTES];
    char usage_words[USAGES_BYTES];
    char *subject; /* both behind the record */
    char *issuer;
    uint8_t *record; /* behind the facts */
    size_t record_len;
    size_t fact_count;
    struct client_fact facts[];
};

/* A record taken apart; everything points into it. */
struct parts {
    uint8_t usages;
    const uint8_t *fingerprint;
    const uint8_t *key_hash;
    int64_t not_before;
    int64_t not_after;
    struct der serial;
    struct der subject;
    struct der issuer;
    struct der facts;
    size_t fact_count;
};

/* --- taking apart -------------------------------------------------------- */

static bool
take(struct der *in, size_t len, const uint8_t **out)
{
    if (in->len < len)
        return false;
    *out = in->data;
    in->data += len;
    in->len -= len;
    return true;
}

static bool
take_number(struct der *in, size_t len, uint64_t *number)
{
    const uint8_t *bytes;

    if (!take(in, len, &bytes))
        return false;
    *number = 0;
    for (size_t i = 0; i < len; i++)
        *number = (*number << 8) | bytes[i];
    return true;
}

static bool
take_date(struct der *in, int64_t *date)
{
    uint64_t number;

    if (!take_number(in, 8, &number))
        return false;
    *date = (int64_t)number;
    return *date > -time_max && *date < time_max;
}

/* Bytes behind their length, which takes length_len bytes. */
static bool
take_string(struct der *in, size_t length_len, struct der *out)
{
    uint64_t len;

    if (!take_number(in, length_len, &len) || len == 0)
        return false;
    out->len = (size_t)len;
    return take(in, out->len, &out->data);
}

static bool
take_text(struct der *in, size_t len_max, struct der *out)
{
    if (!take_string(in, 2, out) || out->len > len_max)
        return false;
    for (size_t i = 0; i < out->len; i++)
        if (out->data[i] < 0x20 || out->data[i] > 0x7e || out->data[i] == '"')
            return false;
    return true;
}

static bool
take_fact(struct der *in, struct client_fact *fact)
{
    struct der bytes;
    uint64_t kind;

    if (!take_number(in, 1, &kind) || kind >= RULE_ISSUER
        || !take_string(in, 2, &bytes)
        || (kind == RULE_IP && bytes.len != 4 && bytes.len != 16))
        return false;
    fact->kind = (enum rule_kind)kind;
    fact->data = bytes.data;
    fact->len = bytes.len;
    return true;
}

static bool
count_facts(struct parts *parts)
{
    struct der rest = parts->facts;
    struct client_fact fact;

    parts->fact_count = 2; /* issuer and serial number */
    while (rest.len > 0) {
        if (!take_fact(&rest, &fact))
            return false;
        parts->fact_count++;
    }
    return true;
}

static bool
read_parts(struct parts *parts, const uint8_t *data, size_t len)
{
    struct der rest = {.data = data, .len = len};
    uint64_t version;
    uint64_t usages;

    if (len > CLIENT_RECORD_BYTES_MAX || !take_number(&rest, 1, &version)
        || version != CLIENT_RECORD_VERSION || !take_number(&rest, 1, &usages)
        || !take(&rest, CLIENT_DIGEST_BYTES, &parts->fingerprint)
        || !take(&rest, CLIENT_DIGEST_BYTES, &parts->key_hash)
        || !take_date(&rest, &parts->not_before)
        || !take_date(&rest, &parts->not_after)
        || !take_string(&rest, 1, &parts->serial)
        || parts->serial.len > CLIENT_SERIAL_BYTES_MAX
        || !take_text(&rest, IDENTITY_NAME_BYTES - 1, &parts->subject)
        || !take_text(&rest, CLIENT_ISSUER_BYTES - 1, &parts->issuer))
        return false;
    parts->usages = (uint8_t)usages;
    parts->facts = rest;
    return count_facts(parts);
}

/* --- putting together ---------------------------------------------------- */

static void
write_hex(char *out, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        *out++ = digits[data[i] >> 4];
        *out++ = digits[data[i] & 0x0f];
    }
    *out = '\0';
}

static void
write_usages(char *out, uint8_t usages)
{
    /* In the order of the bits. */
    static const char *const words[] = {"any", "serverAuth", "clientAuth",
        "codeSigning", "emailProtection", "timeStamping", "OCSPSigning",
        "another usage"};
    size_t len = 0;

    (void)snprintf(out, USAGES_BYTES, "none");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if ((usages >> i & 1) != 0)
            len += (size_t)snprintf(out + len, USAGES_BYTES - len, "%s%s",
                len > 0 ? ", " : "", words[i]);
}

/* Cut where certificate_info would cut it, and never inside an escape. */
static void
write_shown(char *out, struct der text)
{
    size_t len = text.len;

    if (len >= IDENTITY_NAME_BYTES) {
        len = IDENTITY_NAME_BYTES - MORE_BYTES;
        for (size_t i = 1; i <= 3; i++)
            if (text.data[len - i] == '\\') {
                len -= i;
                break;
            }
        memcpy(out + len, "...", MORE_BYTES);
    } else {
        out[len] = '\0';
    }
    memcpy(out, text.data, len);
}

static void
fill_facts(struct client *client, const struct parts *parts)
{
    struct der rest = parts->facts;
    size_t count = 0;

    while (take_fact(&rest, &client->facts[count]))
        count++;
    client->facts[count++] = (struct client_fact){
        .kind = RULE_ISSUER,
        .data = parts->issuer.data,
        .len = parts->issuer.len,
    };
    client->facts[count++] = (struct client_fact){
        .kind = RULE_SERIAL,
        .data = (const uint8_t *)client->serial,
        .len = strlen(client->serial),
    };
    client->fact_count = count;
}

static void
fill(struct client *client, const struct parts *parts)
{
    client->not_before = (time_t)parts->not_before;
    client->not_after = (time_t)parts->not_after;
    client->usages = parts->usages;
    write_usages(client->usage_words, parts->usages);
    write_hex(client->fingerprint, parts->fingerprint, CLIENT_DIGEST_BYTES);
    write_hex(client->key_hash, parts->key_hash, CLIENT_DIGEST_BYTES);
    write_hex(client->serial, parts->serial.data, parts->serial.len);
    write_shown(client->subject, parts->subject);
    write_shown(client->issuer, parts->issuer);
    fill_facts(client, parts);
}

static size_t
shown_bytes(struct der text)
{
    return text.len < IDENTITY_NAME_BYTES ? text.len + 1 : IDENTITY_NAME_BYTES;
}

struct client *
client_from_record(const uint8_t *data, size_t len)
{
    struct parts parts;
    struct client *client;
    size_t facts_bytes;

    if (!read_parts(&parts, data, len))
        return NULL;
    facts_bytes = parts.fact_count * sizeof(client->facts[0]);
    client = malloc(sizeof(*client) + facts_bytes + len
                    + shown_bytes(parts.subject) + shown_bytes(parts.issuer));
    if (client == NULL)
        return NULL;
    client->record = (uint8_t *)(client->facts + parts.fact_count);
    client->record_len = len;
    client->subject = (char *)client->record + len;
    client->issuer = client->subject + shown_bytes(parts.subject);
    memcpy(client->record, data, len);
    if (read_parts(&parts, client->record, len)) { /* now of the copy */
        fill(client, &parts);
        return client;
    }
    free(client);
    return NULL;
}

struct client *
client_new(const struct blob *leaf)
{
    struct client *client;
    struct blob record;

    if (client_read(&record, leaf) != 0)
        return NULL;
    client = client_from_record(record.data, record.len);
    blob_free(&record);
    return client;
}

void
client_free(struct client *client)
{
    free(client);
}

/* --- questions ----------------------------------------------------------- */

struct blob
client_record(const struct client *client)
{
    return (struct blob){.data = client->record, .len = client->record_len};
}

size_t
client_fact_count(const struct client *client)
{
    return client->fact_count;
}

struct client_fact
client_fact_at(const struct client *client, size_t i)
{
    return client->facts[i];
}

const char *
client_subject(const struct client *client)
{
    return client->subject;
}

const char *
client_issuer(const struct client *client)
{
    return client->issuer;
}

const char *
client_serial(const struct client *client)
{
    return client->serial;
}

const char *
client_fingerprint(const struct client *client)
{
    return client->fingerprint;
}

const char *
client_key_hash(const struct client *client)
{
    return client->key_hash;
}

time_t
client_not_before(const struct client *client)
{
    return client->not_before;
}

time_t
client_not_after(const struct client *client)
{
    return client->not_after;
}

bool
client_is_for_clients(const struct client *client)
{
    return (client->usages & (CLIENT_USAGE_CLIENT | CLIENT_USAGE_ANY)) != 0;
}

bool
client_has_usages(const struct client *client)
{
    return client->usages != 0;
}

const char *
client_usages(const struct client *client)
{
    return client->usage_words;
}
