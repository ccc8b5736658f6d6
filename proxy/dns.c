/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing questions and reading answers. Names are kept as they are on the
 * wire: labels, each behind its length, the last one empty. No length is a
 * letter's byte, so whole names can be compared without regard to case.
 */
#include "proxy/dns.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    HEADER_BYTES = 12,
    CLASS_IN = 1,
    LABEL_MAX = 63,
    POINTER = 0xc0,
    CHAIN_MAX = 8, /* CNAMEs on the way */

    FLAG_RESPONSE = 0x8000,
    FLAG_OPCODE = 0x7800,
    FLAG_TRUNCATED = 0x0200,
    FLAG_RECURSION_DESIRED = 0x0100,
    FLAG_CODE = 0x000f,

    CODE_NO_SUCH_NAME = 3,
};

struct wire_name {
    uint8_t bytes[DNS_WIRE_NAME_BYTES];
    size_t len;
};

/* A message that is being read. */
struct reader {
    const uint8_t *data;
    size_t len;
    size_t at;
};

struct record {
    struct wire_name owner;
    uint16_t type;
    uint16_t class;
    size_t data_at;
    size_t data_len;
};

/* --- names --------------------------------------------------------------- */

static bool
is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool
is_host_byte(uint8_t byte)
{
    return is_letter(byte) || (byte >= '0' && byte <= '9') || byte == '-'
           || byte == '_';
}

/* False: it is no host name. */
static bool
name_from_text(const char *text, uint8_t *out, size_t *out_len)
{
    size_t len = strlen(text);
    size_t start = 0; /* of the label: its length's place */

    if (len > 0 && text[len - 1] == '.')
        len--;
    if (len == 0 || len >= DNS_NAME_BYTES)
        return false;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && text[i] != '.') {
            if (!is_host_byte((uint8_t)text[i]))
                return false;
            out[i + 1] = (uint8_t)text[i];
            continue;
        }
        if (i == start || i - start > LABEL_MAX)
            return false;
        out[start] = (uint8_t)(i - start);
        start = i + 1;
    }
    out[start] = 0;
    *out_len = start + 1;
    return true;
}

bool
dns_is_host_name(const char *name)
{
    uint8_t wire[DNS_WIRE_NAME_BYTES];
    size_t len;

    return name_from_text(name, wire, &len);
}

/* False: it is no host name. */
static bool
name_to_text(const struct wire_name *name, char out[DNS_NAME_BYTES])
{
    size_t at = 0;

    if (name->len < 3)
        return false; /* the root */
    while (name->bytes[at] != 0) {
        size_t end = at + 1 + name->bytes[at];

        for (size_t i = at + 1; i < end; i++) {
            if (!is_host_byte(name->bytes[i]))
                return false;
            out[i - 1] = (char)name->bytes[i];
        }
        out[end - 1] = '.';
        at = end;
    }
    out[at - 1] = '\0';
    return true;
}

static uint8_t
lower(uint8_t byte)
{
    return is_letter(byte) ? byte | 0x20 : byte;
}

static bool
names_equal(const struct wire_name *a, const struct wire_name *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (lower(a->bytes[i]) != lower(b->bytes[i]))
            return false;
    return true;
}

/* --- the question -------------------------------------------------------- */

bool
dns_ask_for_addresses(
    struct dns_question *question, const char *name, enum dns_type type)
{
    *question = (struct dns_question){.type = type};
    return name_from_text(name, question->name, &question->name_len);
}

void
dns_ask_for_names(struct dns_question *question, const struct address *address)
{
    const uint8_t *v4 = (const uint8_t *)&address->sock.v4.sin_addr;
    const uint8_t *v6 = address->sock.v6.sin6_addr.s6_addr;
    char text[DNS_NAME_BYTES];
    size_t at = 0;
    bool is_name;

    *question = (struct dns_question){.type = DNS_PTR};
    if (address->sock.any.sa_family == AF_INET) {
        (void)snprintf(text, sizeof(text), "%d.%d.%d.%d.in-addr.arpa", v4[3],
            v4[2], v4[1], v4[0]);
    } else {
        for (size_t i = 16; i-- > 0; at += 4)
            (void)snprintf(
                text + at, sizeof(text) - at, "%x.%x.", v6[i] & 15, v6[i] >> 4);
        (void)snprintf(text + at, sizeof(text) - at, "ip6.arpa");
    }
    is_name = name_from_text(text, question->name, &question->name_len);
    assert(is_name);
    (void)is_name;
}

void
dns_randomize(
    struct dns_question *question, const uint8_t random[DNS_RANDOM_BYTES])
{
    question->id = (uint16_t)(random[0] << 8 | random[1]);
    for (size_t i = 0; i < question->name_len; i++)
        if (is_letter(question->name[i]) && (random[2 + i] & 1) != 0)
            question->name[i] ^= 0x20;
}

static void
put_u16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

size_t
dns_query_write(
    const struct dns_question *question, uint8_t out[DNS_QUERY_BYTES])
{
    uint8_t *end = out + HEADER_BYTES + question->name_len;

    memset(out, 0, HEADER_BYTES);
    put_u16(out, question->id);
    put_u16(out + 2, FLAG_RECURSION_DESIRED);
    put_u16(out + 4, 1); /* question */
    memcpy(out + HEADER_BYTES, question->name, question->name_len);
    put_u16(end, (unsigned)question->type);
    put_u16(end + 2, CLASS_IN);
    return HEADER_BYTES + question->name_len + 4;
}

/* --- the answer ---------------------------------------------------------- */

static bool
take_u16(struct reader *reader, uint16_t *value)
{
    if (reader->len - reader->at < 2)
        return false;
    *value = (uint16_t)(reader->data[reader->at] << 8
                        | reader->data[reader->at + 1]);
    reader->at += 2;
    return true;
}

/* Follows a pointer, which leads to what came before (RFC 1035, 4.1.4), so
 * that there is an end. `limit` is where the last one has led. */
static bool
follow(const struct reader *reader, size_t *at, size_t *limit)
{
    size_t target;

    if (reader->len - *at < 2)
        return false;
    target =
        (size_t)(reader->data[*at] & ~POINTER) << 8 | reader->data[*at + 1];
    if (target >= *limit)
        return false;
    *at = *limit = target;
    return true;
}

/* Adds a label, with its length, at the end of the name. False: it does not
 * fit, or is cut. */
static bool
add_label(struct wire_name *name, const struct reader *reader, size_t at)
{
    size_t bytes = (size_t)reader->data[at] + 1;

    if (bytes > LABEL_MAX + 1 || bytes > reader->len - at
        || bytes > sizeof(name->bytes) - name->len)
        return false;
    memcpy(name->bytes + name->len, reader->data + at, bytes);
    name->len += bytes;
    return true;
}

static bool
take_name(struct reader *reader, struct wire_name *name)
{
    size_t at = reader->at;
    size_t limit = at;
    size_t after = 0; /* where reading goes on; 0: no pointer yet */
    uint8_t len;

    name->len = 0;
    do {
        if (at >= reader->len)
            return false;
        len = reader->data[at];
        if (len >= POINTER) {
            after = after == 0 ? at + 2 : after;
            if (!follow(reader, &at, &limit))
                return false;
            continue;
        }
        if (!add_label(name, reader, at))
            return false;
        at += (size_t)len + 1;
    } while (len != 0);
    reader->at = after == 0 ? at : after;
    return true;
}

static bool
take_record(struct reader *reader, struct record *record)
{
    uint16_t ttl[2];
    uint16_t len;

    if (!take_name(reader, &record->owner) || !take_u16(reader, &record->type)
        || !take_u16(reader, &record->class) || !take_u16(reader, &ttl[0])
        || !take_u16(reader, &ttl[1]) || !take_u16(reader, &len)
        || len > reader->len - reader->at)
        return false;
    record->data_at = reader->at;
    record->data_len = len;
    reader->at += len;
    return true;
}

/* A record's data as one name; false: it is not. */
static bool
read_data_name(const struct reader *reader, const struct record *record,
    struct wire_name *name)
{
    struct reader data = {
        .data = reader->data,
        .len = record->data_at + record->data_len,
        .at = record->data_at,
    };

    return take_name(&data, name) && data.at == data.len;
}

/* Takes what was asked for; false: the record is broken. */
static bool
note_record(const struct reader *reader, const struct record *record,
    struct dns_answer *answer)
{
    size_t address_len = record->type == DNS_A ? 4 : 16;
    struct wire_name name;

    if (record->type == DNS_PTR) {
        if (!read_data_name(reader, record, &name))
            return false;
        if (answer->name_count < DNS_NAMES_MAX
            && name_to_text(&name, answer->names[answer->name_count]))
            answer->name_count++;
        return true;
    }
    if (record->data_len != address_len)
        return false;
    if (answer->address_count < DNS_ADDRESSES_MAX)
        memcpy(answer->addresses[answer->address_count++],
            reader->data + record->data_at, address_len);
    return true;
}

/* False: it is broken, or CNAMEs lead too far. */
static bool
read_records(const struct dns_question *question, struct reader *reader,
    unsigned count, struct dns_answer *answer)
{
    struct wire_name wanted = {.len = question->name_len};
    struct record record;
    int chain = 0;

    memcpy(wanted.bytes, question->name, question->name_len);
    while (count-- > 0) {
        if (!take_record(reader, &record))
            return false;
        if (record.class != CLASS_IN || !names_equal(&record.owner, &wanted))
            continue;
        if (record.type == DNS_CNAME
            && (chain++ == CHAIN_MAX
                || !read_data_name(reader, &record, &wanted)))
            return false;
        if (record.type == (unsigned)question->type
            && !note_record(reader, &record, answer))
            return false;
    }
    return true;
}

/* Is the message's only question ours, byte for byte? */
static bool
take_our_question(const struct dns_question *question, struct reader *reader)
{
    uint8_t query[DNS_QUERY_BYTES];
    size_t len = dns_query_write(question, query);

    if (reader->len < len
        || memcmp(reader->data + HEADER_BYTES, query + HEADER_BYTES,
               len - HEADER_BYTES)
               != 0)
        return false;
    reader->at = len;
    return true;
}

enum dns_verdict
dns_answer_read(const struct dns_question *question, const uint8_t *data,
    size_t len, struct dns_answer *answer)
{
    struct reader reader = {.data = data, .len = len};
    uint16_t id;
    uint16_t flags;
    uint16_t questions;
    uint16_t records;

    answer->code = 0;
    answer->name_count = answer->address_count = 0;
    if (!take_u16(&reader, &id) || !take_u16(&reader, &flags)
        || !take_u16(&reader, &questions) || !take_u16(&reader, &records)
        || id != question->id || questions != 1
        || (flags & (FLAG_RESPONSE | FLAG_OPCODE)) != FLAG_RESPONSE
        || !take_our_question(question, &reader))
        return DNS_FOREIGN;
    if ((flags & FLAG_CODE) == CODE_NO_SUCH_NAME)
        return DNS_ANSWERED;
    answer->code = flags & FLAG_CODE;
    if (answer->code != 0)
        return DNS_FAILED;
    if ((flags & FLAG_TRUNCATED) != 0)
        return DNS_TRUNCATED;
    return read_records(question, &reader, records, answer) ? DNS_ANSWERED
                                                            : DNS_FAILED;
}
