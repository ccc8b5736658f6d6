/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DER is put together from the inside out. */
#include "tests/unit/crl_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs/x509_parts.h"
#include "tests/unit/config_fixture.h"

enum {
    NUMBER_BYTES = 5, /* of an unsigned, with room for a sign */
    PATH_BYTES = 128,
};

static const time_t hour = 3600;

struct buffer {
    uint8_t *data;
    size_t len;
    size_t room;
};

static void
append(struct buffer *to, const void *data, size_t len)
{
    if (to->len + len > to->room) {
        to->room = 2 * (to->len + len);
        to->data = realloc(to->data, to->room);
        assert_non_null(to->data);
    }
    if (len > 0)
        memcpy(to->data + to->len, data, len);
    to->len += len;
}

static void
put(struct buffer *to, uint8_t tag, const void *data, size_t len)
{
    const uint8_t header[] = {tag, 0x84, (uint8_t)(len >> 24),
        (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
    const uint8_t short_header[] = {tag, (uint8_t)len};

    if (len < 0x80)
        append(to, short_header, sizeof(short_header));
    else
        append(to, header, sizeof(header));
    append(to, data, len);
}

/* Wraps what `inside` holds, and empties it. */
static void
wrap(struct buffer *to, uint8_t tag, struct buffer *inside)
{
    put(to, tag, inside->data, inside->len);
    free(inside->data);
    *inside = (struct buffer){0};
}

static void
put_number(struct buffer *to, unsigned number)
{
    const uint8_t bytes[NUMBER_BYTES] = {0, (uint8_t)(number >> 24),
        (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
    size_t from = 0;

    while (from + 1 < NUMBER_BYTES && bytes[from] == 0
           && (bytes[from + 1] & 0x80) == 0)
        from++;
    put(to, DER_INTEGER, bytes + from, NUMBER_BYTES - from);
}

static void
put_time(struct buffer *to, time_t at)
{
    char text[32];
    struct tm utc;

    assert_non_null(gmtime_r(&at, &utc));
    assert_true(strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &utc) > 0);
    /* As RFC 5280 wants it up to the year 2049. */
    if (utc.tm_year < 150)
        put(to, 0x17, text + 2, strlen(text + 2));
    else
        put(to, DER_GENERALIZED_TIME, text, strlen(text));
}

static void
put_hex(struct buffer *to, const char *digits)
{
    for (; digits != NULL && digits[0] != '\0'; digits += 2) {
        const char pair[] = {digits[0], digits[1], '\0'};
        uint8_t byte = (uint8_t)strtoul(pair, NULL, 16);

        append(to, &byte, 1);
    }
}

static void
put_serial(struct buffer *to, const char *head, unsigned serial)
{
    const uint8_t tail[] = {(uint8_t)(serial >> 24), (uint8_t)(serial >> 16),
        (uint8_t)(serial >> 8), (uint8_t)serial};
    struct buffer bytes = {0};

    if (head == NULL) {
        put_number(to, serial);
        return;
    }
    put_hex(&bytes, head);
    append(&bytes, tail, sizeof(tail));
    wrap(to, DER_INTEGER, &bytes);
}

/* --- the list ------------------------------------------------------------ */

static void
put_algorithm(struct buffer *to, bool is_sha1)
{
    static const uint8_t sha256[] = {
        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
    static const uint8_t sha1[] = {
        0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01};

    if (is_sha1)
        put(to, DER_SEQUENCE, sha1, sizeof(sha1));
    else
        put(to, DER_SEQUENCE, sha256, sizeof(sha256));
}

static void
put_issuer(struct buffer *to, const char *name)
{
    struct x509_parts parts;
    char path[PATH_BYTES];
    struct blob der;

    (void)snprintf(path, sizeof(path), "%s.pem", name);
    der = read_der(path);
    assert_true(x509_parts_read(&parts, &der));
    append(to, parts.subject.data, parts.subject.len);
    free(der.data);
}

static void
put_entries(struct buffer *to, const struct crl_spec *spec, time_t now)
{
    struct buffer entries = {0};
    struct buffer entry = {0};
    struct buffer inside = {0};

    for (size_t i = 0; i < spec->revoked_count; i++) {
        put_serial(&entry, spec->serial_head, spec->serials[i]);
        put_time(
            &entry, spec->revoked_at != 0 ? spec->revoked_at : now - 2 * hour);
        put_hex(&inside, spec->entry_extensions);
        if (inside.len > 0)
            wrap(&entry, DER_SEQUENCE, &inside);
        wrap(&entries, DER_SEQUENCE, &entry);
    }
    if (entries.len > 0)
        wrap(to, DER_SEQUENCE, &entries);
    free(entries.data);
}

static void
put_extensions(struct buffer *to, const struct crl_spec *spec)
{
    static const uint8_t crl_number[] = {0x06, 0x03, 0x55, 0x1d, 0x14};
    struct buffer number = {0};
    struct buffer extension = {0};
    struct buffer all = {0};
    struct buffer inside = {0};

    put_number(&number, spec->number != 0 ? spec->number : 1);
    append(&extension, crl_number, sizeof(crl_number));
    wrap(&extension, DER_OCTET_STRING, &number);
    wrap(&inside, DER_SEQUENCE, &extension);
    put_hex(&inside, spec->extensions);
    wrap(&all, DER_SEQUENCE, &inside);
    wrap(to, DER_CONTEXT_0, &all);
}

static void
put_signed_part(struct buffer *to, const struct crl_spec *spec)
{
    struct buffer inside = {0};
    time_t now = time(NULL);

    if (!spec->is_v1)
        put_number(&inside, 1);
    put_algorithm(&inside, spec->is_sha1);
    put_issuer(&inside, spec->issuer != NULL ? spec->issuer : "intermediate");
    put_time(&inside, spec->this_update != 0 ? spec->this_update : now - hour);
    if (!spec->has_no_end)
        put_time(&inside,
            spec->next_update != 0 ? spec->next_update : now + 720 * hour);
    put_entries(&inside, spec, now);
    if (!spec->is_v1)
        put_extensions(&inside, spec);
    wrap(to, DER_SEQUENCE, &inside);
}

static void
put_signature(struct buffer *to, const struct crl_spec *spec)
{
    struct buffer bits = {0};
    struct blob signature;
    char key[PATH_BYTES];
    const char *const sign[] = {"dgst", spec->is_sha1 ? "-sha1" : "-sha256",
        "-sign", key, "-out", "crl.signature", "crl.tbs", NULL};

    (void)snprintf(key, sizeof(key), "%s.key",
        spec->key != NULL      ? spec->key
        : spec->issuer != NULL ? spec->issuer
                               : "intermediate");
    write_file("crl.tbs", (const char *)to->data, to->len);
    run_openssl(sign);
    signature = read_file("crl.signature");
    append(&bits, "", 1); /* no bit is unused */
    append(&bits, signature.data, signature.len);
    put_algorithm(to, spec->is_sha1);
    wrap(to, DER_BIT_STRING, &bits);
    free(signature.data);
}

void
make_crl(const char *path, const struct crl_spec *spec)
{
    struct buffer whole = {0};
    struct buffer parts = {0};
    const char *const convert[] = {
        "crl", "-inform", "DER", "-in", "crl.der", "-out", path, NULL};

    put_signed_part(&parts, spec);
    put_signature(&parts, spec);
    wrap(&whole, DER_SEQUENCE, &parts);
    write_file(
        spec->is_pem ? "crl.der" : path, (const char *)whole.data, whole.len);
    free(whole.data);
    if (spec->is_pem)
        run_openssl(convert);
}
