/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bounded reader over bytes that anybody may have sent. Every read checks
 * what is left; a short field makes the whole hello malformed.
 */
#include "proxy/hello.h"

#include <stdbool.h>
#include <string.h>

enum {
    RECORD_HEADER_BYTES = 5,
    RECORD_HANDSHAKE = 22,
    RECORD_BYTES_MAX = 16384, /* RFC 8446, section 5.1 */
    MESSAGE_HEADER_BYTES = 4,
    MESSAGE_CLIENT_HELLO = 1,
    EXTENSION_SERVER_NAME = 0,
    EXTENSION_SUPPORTED_GROUPS = 10,
    EXTENSION_SIGNATURE_ALGORITHMS = 13,
    EXTENSION_ALPN = 16,
    EXTENSION_SUPPORTED_VERSIONS = 43,
    NAME_TYPE_HOST = 0,
};

struct reader {
    const uint8_t *at;
    size_t left;
    bool is_short; /* some read found too little; stays true */
};

static const uint8_t *
take(struct reader *reader, size_t len)
{
    const uint8_t *at = reader->at;

    if (reader->is_short || len > reader->left) {
        reader->is_short = true;
        return NULL;
    }
    reader->at += len;
    reader->left -= len;
    return at;
}

static unsigned
take_number(struct reader *reader, size_t len)
{
    const uint8_t *at = take(reader, len);
    unsigned number = 0;

    for (size_t i = 0; at != NULL && i < len; i++)
        number = number << 8 | at[i];
    return number;
}

/* A field with a length of length_len bytes in front. */
static struct reader
take_field(struct reader *reader, size_t length_len)
{
    unsigned len = take_number(reader, length_len);
    struct reader field = {.at = take(reader, len), .left = len};

    field.is_short = reader->is_short;
    if (field.is_short)
        field.left = 0;
    return field;
}

/* GREASE values (RFC 8701) look like versions but are none. */
static bool
is_grease(unsigned version)
{
    return (version & 0x0f0f) == 0x0a0a && version >> 8 == (version & 0xff);
}

static void
read_versions(struct hello *hello, struct reader *body)
{
    struct reader list = take_field(body, 1);
    uint16_t highest = 0;

    while (list.left >= 2) {
        unsigned version = take_number(&list, 2);

        if (!is_grease(version) && version > highest)
            highest = (uint16_t)version;
    }
    if (highest != 0)
        hello->max_version = highest;
}

static void
read_groups(struct hello *hello, struct reader *body)
{
    struct reader list = take_field(body, 2);

    while (list.left >= 2 && hello->group_count < HELLO_GROUPS_MAX)
        hello->groups[hello->group_count++] = (uint16_t)take_number(&list, 2);
}

/* What a suite of TLS 1.2 says of the certificate (RFC 5289, RFC 7905). */
static unsigned
keys_of_suite(unsigned suite)
{
    switch (suite) {
    case 0xc02b: /* ECDHE-ECDSA-AES128-GCM-SHA256 */
    case 0xc02c: /* ECDHE-ECDSA-AES256-GCM-SHA384 */
    case 0xcca9: /* ECDHE-ECDSA-CHACHA20-POLY1305 */
        return HELLO_USES_ECDSA | HELLO_USES_ED25519;
    case 0xc02f: /* ECDHE-RSA-AES128-GCM-SHA256 */
    case 0xc030: /* ECDHE-RSA-AES256-GCM-SHA384 */
    case 0xcca8: /* ECDHE-RSA-CHACHA20-POLY1305 */
        return HELLO_USES_RSA;
    default:
        return 0;
    }
}

static bool
is_chacha(unsigned suite)
{
    return suite == 0x1303 || suite == 0xcca8 || suite == 0xcca9;
}

static void
read_suites(struct hello *hello, struct reader *list)
{
    bool is_first = true;

    while (list->left >= 2) {
        unsigned suite = take_number(list, 2);

        hello->suite_keys |= keys_of_suite(suite);
        if (is_grease(suite))
            continue;
        if (is_first)
            hello->prefers_chacha = is_chacha(suite);
        is_first = false;
    }
}

/* RFC 8446, section 4.2.3. */
static unsigned
keys_of_signature(unsigned algorithm)
{
    switch (algorithm) {
    case 0x0403: /* ecdsa_secp256r1_sha256 */
    case 0x0503: /* ecdsa_secp384r1_sha384 */
        return HELLO_USES_ECDSA;
    case 0x0401: /* rsa_pkcs1_sha256 */
    case 0x0501:
    case 0x0601:
    case 0x0804: /* rsa_pss_rsae_sha256 */
    case 0x0805:
    case 0x0806:
        return HELLO_USES_RSA;
    case 0x0807:
        return HELLO_USES_ED25519;
    default:
        return 0;
    }
}

static void
read_signatures(struct hello *hello, struct reader *body)
{
    struct reader list = take_field(body, 2);

    while (list.left >= 2)
        hello->signature_keys |= keys_of_signature(take_number(&list, 2));
}

/* Keeps whole names only (RFC 7301, section 3.1). */
static void
read_alpn(struct hello *hello, struct reader *body)
{
    struct reader list = take_field(body, 2);

    while (list.left > 0) {
        struct reader name = take_field(&list, 1);

        if (name.is_short || name.left == 0
            || hello->alpn_len + 1 + name.left > HELLO_ALPN_BYTES)
            return;
        hello->alpn[hello->alpn_len] = (uint8_t)name.left;
        memcpy(hello->alpn + hello->alpn_len + 1, name.at, name.left);
        hello->alpn_len += 1 + name.left;
    }
}

/* False when the name cannot be one: empty, too long, or with a NUL; and when
 * it is the second, which RFC 6066, section 3, forbids: whoever reads the
 * other one would see another name. */
static bool
read_server_name(struct hello *hello, struct reader *body)
{
    struct reader list = take_field(body, 2);

    while (list.left > 0 && !list.is_short) {
        unsigned type = take_number(&list, 1);
        struct reader name = take_field(&list, 2);

        if (type != NAME_TYPE_HOST || name.is_short)
            continue;
        if (hello->server_name[0] != '\0' || name.left == 0
            || name.left >= HELLO_NAME_BYTES
            || memchr(name.at, '\0', name.left) != NULL)
            return false;
        memcpy(hello->server_name, name.at, name.left);
        hello->server_name[name.left] = '\0';
    }
    return !list.is_short && !body->is_short;
}

/* False when the extension makes the hello one that we do not read. */
static bool
read_extension(struct hello *hello, unsigned type, struct reader *body)
{
    switch (type) {
    case EXTENSION_SERVER_NAME:
        return read_server_name(hello, body);
    case EXTENSION_SUPPORTED_GROUPS:
        if (hello->group_count == 0)
            read_groups(hello, body);
        break;
    case EXTENSION_SUPPORTED_VERSIONS:
        read_versions(hello, body);
        break;
    case EXTENSION_SIGNATURE_ALGORITHMS:
        read_signatures(hello, body);
        break;
    case EXTENSION_ALPN:
        if (hello->alpn_len == 0)
            read_alpn(hello, body);
        break;
    default:
        break;
    }
    return true;
}

static bool
read_extensions(struct hello *hello, struct reader *extensions)
{
    while (extensions->left > 0) {
        unsigned type = take_number(extensions, 2);
        struct reader body = take_field(extensions, 2);

        if (extensions->is_short || !read_extension(hello, type, &body))
            return false;
    }
    return true;
}

/* The body of a ClientHello (RFC 8446, section 4.1.2). */
static enum hello_result
read_hello(struct hello *hello, struct reader *message)
{
    struct reader extensions;
    struct reader suites;

    *hello = (struct hello){0};
    hello->max_version = (uint16_t)take_number(message, 2);
    (void)take(message, 32);      /* random */
    (void)take_field(message, 1); /* session id */
    suites = take_field(message, 2);
    (void)take_field(message, 1); /* compression methods */
    if (message->is_short)
        return HELLO_MALFORMED;
    read_suites(hello, &suites);
    if (message->left == 0)
        return HELLO_COMPLETE; /* TLS 1.2 and older may have no extensions */
    extensions = take_field(message, 2);
    if (message->is_short || !read_extensions(hello, &extensions))
        return HELLO_MALFORMED;
    return HELLO_COMPLETE;
}

bool
hello_may_begin_with(uint8_t first)
{
    return first == RECORD_HANDSHAKE;
}

/* Could these first bytes begin a TLS handshake record? */
static bool
looks_like_tls(const uint8_t *data, size_t len)
{
    return hello_may_begin_with(data[0]) && (len < 2 || data[1] == 3);
}

/* The message's length with its header, once the header has arrived. */
static size_t
message_bytes(const uint8_t *message, size_t joined)
{
    if (joined < MESSAGE_HEADER_BYTES)
        return SIZE_MAX;
    return MESSAGE_HEADER_BYTES
           + ((size_t)message[1] << 16 | (size_t)message[2] << 8 | message[3]);
}

/* What the records of a hello hold together. */
struct joined {
    uint8_t message[HELLO_BYTES_MAX];
    size_t len;        /* of message; may go beyond the hello itself */
    size_t wire_bytes; /* of the records that it was taken from */
    size_t record_count;
};

/* Is there more of the message to come, and of a size that we would take? */
static bool
wants_more(const struct joined *joined)
{
    size_t message_len = message_bytes(joined->message, joined->len);

    return joined->len < message_len
           && (message_len == SIZE_MAX || message_len <= HELLO_BYTES_MAX);
}

/*
 * Joins the payloads of the records, as far as they have arrived and as the
 * message goes: what follows it is the library's business. False when a
 * record is none of a handshake.
 */
static bool
join_records(struct joined *joined, const uint8_t *data, size_t len)
{
    size_t at = 0;

    joined->len = 0;
    joined->record_count = 0;
    while (len - at >= RECORD_HEADER_BYTES && wants_more(joined)) {
        size_t record = (size_t)data[at + 3] << 8 | data[at + 4];
        size_t here;

        if (!looks_like_tls(data + at, len - at) || record == 0
            || record > RECORD_BYTES_MAX)
            return false;
        at += RECORD_HEADER_BYTES;
        here = record < len - at ? record : len - at;
        memcpy(joined->message + joined->len, data + at, here);
        joined->len += here;
        joined->record_count++;
        at += here;
    }
    joined->wire_bytes = at;
    return true;
}

/* The verdict on what has been joined, before its fields are read. */
static enum hello_result
judge_size(const struct joined *joined, bool is_full)
{
    size_t message_len = message_bytes(joined->message, joined->len);

    if (joined->len > 0 && joined->message[0] != MESSAGE_CLIENT_HELLO)
        return HELLO_MALFORMED;
    if (message_len != SIZE_MAX && message_len > HELLO_BYTES_MAX)
        return HELLO_TOO_LARGE;
    if (message_len > joined->len)
        return is_full ? HELLO_TOO_LARGE : HELLO_MORE;
    return HELLO_COMPLETE;
}

enum hello_result
hello_parse(struct hello *hello, const uint8_t *data, size_t len)
{
    struct joined joined;
    struct reader reader = {.at = joined.message + MESSAGE_HEADER_BYTES};
    bool is_full = len >= HELLO_BYTES_MAX;
    enum hello_result result;

    if (is_full)
        len = HELLO_BYTES_MAX;
    if (len > 0 && !looks_like_tls(data, len))
        return HELLO_NOT_TLS;
    if (!join_records(&joined, data, len))
        return HELLO_MALFORMED;
    result = judge_size(&joined, is_full);
    if (result != HELLO_COMPLETE)
        return result;
    reader.left =
        message_bytes(joined.message, joined.len) - MESSAGE_HEADER_BYTES;
    result = read_hello(hello, &reader);
    hello->is_fragmented = joined.record_count > 1;
    return result;
}

static bool
offers(const struct hello *hello, const char *name)
{
    size_t len = strlen(name);

    for (size_t at = 0; at < hello->alpn_len; at += 1 + hello->alpn[at])
        if (hello->alpn[at] == len
            && memcmp(hello->alpn + at + 1, name, len) == 0)
            return true;
    return false;
}

const char *
hello_choose_alpn(const struct hello *hello, char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (offers(hello, names[i]))
            return names[i];
    return NULL;
}

size_t
hello_join(uint8_t *data, size_t len)
{
    struct joined joined;
    size_t rest;

    if (!join_records(&joined, data, len))
        return len;
    rest = len - joined.wire_bytes;
    data[3] = (uint8_t)(joined.len >> 8);
    data[4] = (uint8_t)joined.len;
    /* One header where there were several: all of it moves to the front. */
    memmove(data + RECORD_HEADER_BYTES + joined.len, data + joined.wire_bytes,
        rest);
    memcpy(data + RECORD_HEADER_BYTES, joined.message, joined.len);
    return RECORD_HEADER_BYTES + joined.len + rest;
}
