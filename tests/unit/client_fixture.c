/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing certificates from the inside out. */
#include "tests/unit/client_fixture.h"

#include <arpa/inet.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs/der.h"

static const uint8_t an_oid[] = {0x2a, 0x03};

static void
append(struct der_maker *maker, const void *data, size_t len)
{
    assert_true(len <= sizeof(maker->data) - maker->len);
    if (len > 0)
        memcpy(maker->data + maker->len, data, len);
    maker->len += len;
}

void
der_wrap(struct der_maker *maker, size_t start, uint8_t tag)
{
    size_t len = maker->len - start;
    uint8_t head[4] = {tag, (uint8_t)len};
    size_t head_len = 2;

    if (len > 0xff) {
        head[1] = 0x82;
        head[2] = (uint8_t)(len >> 8);
        head[3] = (uint8_t)len;
        head_len = 4;
    } else if (len > 0x7f) {
        head[1] = 0x81;
        head[2] = (uint8_t)len;
        head_len = 3;
    }
    append(maker, head, head_len); /* room, filled below */
    memmove(maker->data + start + head_len, maker->data + start, len);
    memcpy(maker->data + start, head, head_len);
}

void
der_add(struct der_maker *maker, uint8_t tag, const void *data, size_t len)
{
    size_t start = maker->len;

    append(maker, data, len);
    der_wrap(maker, start, tag);
}

struct made_client *
made_new(void)
{
    struct made_client *made = calloc(1, sizeof(*made));

    assert_non_null(made);
    return made;
}

void
made_free(struct made_client *made)
{
    free(made);
}

static void
add_attribute(struct der_maker *maker, uint8_t oid, uint8_t tag,
    const void *value, size_t len)
{
    const uint8_t whole[] = {0x55, 0x04, oid};
    size_t start = maker->len;

    der_add(maker, DER_OID, whole, sizeof(whole));
    der_add(maker, tag, value, len);
    der_wrap(maker, start, DER_SEQUENCE);
    der_wrap(maker, start, DER_SET);
}

void
made_attribute(struct made_client *made, uint8_t oid, uint8_t tag,
    const void *value, size_t len)
{
    add_attribute(&made->subject, oid, tag, value, len);
}

static void
add_extension(
    struct der_maker *maker, uint8_t oid, const void *value, size_t len)
{
    const uint8_t whole[] = {0x55, 0x1d, oid};
    size_t start = maker->len;

    der_add(maker, DER_OID, whole, sizeof(whole));
    der_add(maker, DER_OCTET_STRING, value, len);
    der_wrap(maker, start, DER_SEQUENCE);
}

void
made_extension(
    struct made_client *made, uint8_t oid, const void *value, size_t len)
{
    add_extension(&made->more, oid, value, len);
}

/* --- the certificate ----------------------------------------------------- */

static void
add_algorithm(struct der_maker *maker)
{
    size_t start = maker->len;

    der_add(maker, DER_OID, an_oid, sizeof(an_oid));
    der_wrap(maker, start, DER_SEQUENCE);
}

static void
add_dates(struct der_maker *maker, const char *not_after)
{
    const char *end = not_after != NULL ? not_after : "300101000000Z";
    size_t start = maker->len;

    der_add(maker, DER_UTC_TIME, "200102030405Z", 13);
    der_add(maker, strlen(end) > 13 ? DER_GENERALIZED_TIME : DER_UTC_TIME, end,
        strlen(end));
    der_wrap(maker, start, DER_SEQUENCE);
}

static void
add_names(struct der_maker *maker, const struct made_client *made)
{
    const char *issuer = made->issuer != NULL ? made->issuer : "ca";
    size_t start = maker->len;

    add_attribute(maker, 3, MADE_UTF8, issuer, strlen(issuer));
    der_wrap(maker, start, DER_SEQUENCE);
    add_dates(maker, made->not_after);
    der_add(maker, DER_SEQUENCE, made->subject.data, made->subject.len);
}

static void
add_extensions(struct der_maker *maker, const struct made_client *made)
{
    static const char usages[] =
        "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"; /* clientAuth */
    struct der_maker *san = calloc(1, sizeof(*san));
    size_t start = maker->len;

    assert_non_null(san);
    if (made->san.len > 0) {
        der_add(san, DER_SEQUENCE, made->san.data, made->san.len);
        add_extension(maker, 0x11, san->data, san->len);
    }
    free(san);
    if (made->usages == NULL)
        add_extension(maker, 0x25, usages, sizeof(usages) - 1);
    else if (made->usages_len > 0)
        add_extension(maker, 0x25, made->usages, made->usages_len);
    append(maker, made->more.data, made->more.len);
    der_wrap(maker, start, DER_SEQUENCE);
    der_wrap(maker, start, 0xa3);
}

static void
add_key(struct der_maker *maker)
{
    size_t start = maker->len;

    add_algorithm(maker);
    der_add(maker, DER_BIT_STRING, "\0key", 4);
    der_wrap(maker, start, DER_SEQUENCE);
}

struct blob
made_der(const struct made_client *made)
{
    static const uint8_t serial[] = {0x0a, 0x1b};
    struct der_maker *maker = calloc(1, sizeof(*maker));
    struct blob der;

    assert_non_null(maker);
    der_add(maker, DER_INTEGER, "\2", 1);
    der_wrap(maker, 0, DER_CONTEXT_0);
    if (made->serial != NULL)
        der_add(maker, DER_INTEGER, made->serial, made->serial_len);
    else
        der_add(maker, DER_INTEGER, serial, sizeof(serial));
    add_algorithm(maker);
    add_names(maker, made);
    add_key(maker);
    add_extensions(maker, made);
    der_wrap(maker, 0, DER_SEQUENCE);
    add_algorithm(maker);
    der_add(maker, DER_BIT_STRING, "\0signature", 10);
    der_wrap(maker, 0, DER_SEQUENCE);
    assert_int_equal(blob_copy(&der, maker->data, maker->len), 0);
    free(maker);
    return der;
}

/* --- from facts ---------------------------------------------------------- */

static bool
begins(const char **fact, const char *kind)
{
    size_t len = strlen(kind);

    if (strncmp(*fact, kind, len) != 0)
        return false;
    *fact += len;
    return true;
}

static void
add_ip(struct made_client *made, const char *text)
{
    uint8_t address[16];
    size_t len = strchr(text, ':') != NULL ? 16 : 4;

    assert_int_equal(
        inet_pton(len == 4 ? AF_INET : AF_INET6, text, address), 1);
    der_add(&made->san, MADE_IP, address, len);
}

/* Hexadecimal digits, two by two. */
static void
set_serial(struct made_client *made, const char *text)
{
    static uint8_t serial[32];
    size_t len = strlen(text) / 2;

    assert_in_range(len, 1, sizeof(serial));
    for (size_t i = 0; i < len; i++) {
        const char digits[] = {text[2 * i], text[2 * i + 1], '\0'};

        serial[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    made->serial = serial;
    made->serial_len = len;
}

static void
add_fact(struct made_client *made, const char *fact)
{
    if (begins(&fact, "cn:"))
        made_attribute(made, 3, MADE_UTF8, fact, strlen(fact));
    else if (begins(&fact, "ou:"))
        made_attribute(made, 11, MADE_UTF8, fact, strlen(fact));
    else if (begins(&fact, "dns:"))
        der_add(&made->san, MADE_DNS, fact, strlen(fact));
    else if (begins(&fact, "uri:"))
        der_add(&made->san, MADE_URI, fact, strlen(fact));
    else if (begins(&fact, "email:"))
        der_add(&made->san, MADE_EMAIL, fact, strlen(fact));
    else if (begins(&fact, "ip:"))
        add_ip(made, fact);
    else if (begins(&fact, "issuer:"))
        made->issuer = fact;
    else if (begins(&fact, "serial:"))
        set_serial(made, fact);
    else
        fail_msg("no such kind of fact: %s", fact);
}

struct client *
make_client(const char *const *facts)
{
    struct made_client *made = made_new();
    struct client *client;
    struct blob der;

    for (; *facts != NULL; facts++)
        add_fact(made, *facts);
    der = made_der(made);
    client = client_new(&der);
    assert_non_null(client);
    blob_free(&der);
    made_free(made);
    return client;
}
