/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a certificate's DER to the record of a client. Whatever cannot be read
 * to its end is refused as a whole: half of the names would be too few for a
 * rule that denies one.
 */
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "certs/client_internal.h"
#include "certs/dn.h"
#include "certs/rules.h"
#include "certs/x509_parts.h"

enum {
    /* GeneralName (RFC 5280, section 4.2.1.6) */
    NAME_EMAIL = 0x81,
    NAME_DNS = 0x82,
    NAME_URI = 0x86,
    NAME_IP = 0x87,
};

static const uint8_t cn_oid[] = {0x55, 0x04, 0x03};
static const uint8_t ou_oid[] = {0x55, 0x04, 0x0b};
static const uint8_t san_oid[] = {0x55, 0x1d, 0x11};
static const uint8_t usages_oid[] = {0x55, 0x1d, 0x25};
static const uint8_t any_usage_oid[] = {0x55, 0x1d, 0x25, 0x00};
/* 1.3.6.1.5.5.7.3, the usages of RFC 5280, section 4.2.1.12 */
static const uint8_t usage_arc[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03};

/* --- writing ------------------------------------------------------------- */

/* Grows up to CLIENT_RECORD_BYTES_MAX and remembers that it would not fit. */
struct writer {
    uint8_t *data;
    size_t len;
    bool is_full;
};

static void
put(struct writer *out, const void *data, size_t len)
{
    if (out->is_full || len > CLIENT_RECORD_BYTES_MAX - out->len) {
        out->is_full = true;
        return;
    }
    if (len > 0)
        memcpy(out->data + out->len, data, len);
    out->len += len;
}

static void
put_number(struct writer *out, uint64_t number, size_t len)
{
    uint8_t bytes[8];

    for (size_t i = len; i-- > 0; number >>= 8)
        bytes[i] = (uint8_t)number;
    put(out, bytes, len);
}

static void
put_text(struct writer *out, const char *text)
{
    size_t len = strlen(text);

    put_number(out, len, 2);
    put(out, text, len);
}

static bool
put_digest(struct writer *out, const uint8_t *data, size_t len)
{
    uint8_t digest[CLIENT_DIGEST_BYTES];

    if (wc_Sha256Hash(data, (word32)len, digest) != 0)
        return false;
    put(out, digest, sizeof(digest));
    return true;
}

/* `tag` is that of a string, for one with wide characters. */
static void
put_fact(struct writer *out, enum rule_kind kind, struct der value, uint8_t tag)
{
    uint8_t character[DER_CHARACTER_BYTES];
    size_t length_at = out->len + 1;
    size_t len;

    if (value.len == 0)
        return;
    put_number(out, kind, 1);
    put_number(out, 0, 2);
    if (tag != DER_BMP_STRING && tag != DER_UNIVERSAL_STRING) {
        put(out, value.data, value.len);
    } else {
        while (!out->is_full
               && (len = der_take_character(&value, tag, character)) > 0)
            put(out, character, len);
    }
    if (out->is_full)
        return;
    len = out->len - length_at - 2;
    out->data[length_at] = (uint8_t)(len >> 8);
    out->data[length_at + 1] = (uint8_t)len;
}

/* --- dates and the serial number ----------------------------------------- */

/* Two digits; -1: they are none. */
static int
take_pair(const uint8_t **at)
{
    int tens = (*at)[0] - '0';
    int ones = (*at)[1] - '0';

    *at += 2;
    if (tens < 0 || tens > 9 || ones < 0 || ones > 9)
        return -1;
    return tens * 10 + ones;
}

/* "YYMMDDHHMMSSZ" until 2049, "YYYYMMDDHHMMSSZ" (RFC 5280, section 4.1.2.5). */
static bool
read_date(struct der *in, time_t *date)
{
    struct der_element element;
    struct tm utc = {0};
    int parts[6];
    int century = -1;
    const uint8_t *at;
    size_t len = 13;

    if (!der_take(in, &element))
        return false;
    if (element.tag == DER_GENERALIZED_TIME)
        len = 15;
    else if (element.tag != DER_UTC_TIME)
        return false;
    at = element.content.data;
    if (element.content.len != len || at[len - 1] != 'Z')
        return false;
    if (len == 15 && (century = take_pair(&at)) < 0)
        return false;
    for (size_t i = 0; i < 6; i++)
        if ((parts[i] = take_pair(&at)) < 0)
            return false;
    if (century < 0)
        century = parts[0] < 50 ? 20 : 19;
    utc.tm_year = century * 100 + parts[0] - 1900;
    utc.tm_mon = parts[1] - 1;
    utc.tm_mday = parts[2];
    utc.tm_hour = parts[3];
    utc.tm_min = parts[4];
    utc.tm_sec = parts[5];
    *date = timegm(&utc);
    return true;
}

static bool
put_dates(struct writer *out, struct der validity)
{
    time_t not_before;
    time_t not_after;

    if (!read_date(&validity, &not_before) || !read_date(&validity, &not_after))
        return false;
    put_number(out, (uint64_t)not_before, 8);
    put_number(out, (uint64_t)not_after, 8);
    return true;
}

static bool
put_serial(struct writer *out, struct der serial)
{
    while (serial.len > 1 && serial.data[0] == 0) {
        serial.data++;
        serial.len--;
    }
    if (serial.len == 0 || serial.len > CLIENT_SERIAL_BYTES_MAX)
        return false;
    put_number(out, serial.len, 1);
    put(out, serial.data, serial.len);
    return true;
}

/* --- names --------------------------------------------------------------- */

static bool
is_oid(struct der oid, const uint8_t *data, size_t len)
{
    return oid.len == len && memcmp(oid.data, data, len) == 0;
}

static bool
put_attribute(struct writer *out, struct der inside)
{
    struct der_element oid;
    struct der_element value;

    if (!der_take_tag(&inside, DER_OID, &oid) || !der_take(&inside, &value)
        || inside.len > 0)
        return false;
    if (is_oid(oid.content, cn_oid, sizeof(cn_oid)))
        put_fact(out, RULE_CN, value.content, value.tag);
    else if (is_oid(oid.content, ou_oid, sizeof(ou_oid)))
        put_fact(out, RULE_OU, value.content, value.tag);
    return true;
}

static bool
put_subject_facts(struct writer *out, struct der name)
{
    struct der_element part;
    struct der_element attribute;

    while (der_take_tag(&name, DER_SET, &part)) {
        while (der_take_tag(&part.content, DER_SEQUENCE, &attribute))
            if (!put_attribute(out, attribute.content))
                return false;
        if (part.content.len > 0)
            return false;
    }
    return name.len == 0;
}

static bool
put_names(struct writer *out, struct der subject, struct der issuer)
{
    char text[CLIENT_ISSUER_BYTES];
    struct der_element name;

    if (!der_take_tag(&subject, DER_SEQUENCE, &name))
        return false;
    (void)dn_format(name.content, text, IDENTITY_NAME_BYTES);
    put_text(out, text);
    if (!der_take_tag(&issuer, DER_SEQUENCE, &name))
        return false;
    /* One that is broken, and no longer than a rule, could equal one. */
    if (!dn_format(name.content, text, sizeof(text))
        && strlen(text) <= RULE_BYTES_MAX)
        return false;
    put_text(out, text);
    return true;
}

static bool
put_san(struct writer *out, struct der value)
{
    struct der_element names;
    struct der_element name;

    if (!der_take_tag(&value, DER_SEQUENCE, &names) || value.len > 0)
        return false;
    while (der_take(&names.content, &name)) {
        if (name.tag == NAME_DNS)
            put_fact(out, RULE_DNS, name.content, name.tag);
        else if (name.tag == NAME_URI)
            put_fact(out, RULE_URI, name.content, name.tag);
        else if (name.tag == NAME_EMAIL)
            put_fact(out, RULE_EMAIL, name.content, name.tag);
        else if (name.tag == NAME_IP
                 && (name.content.len == 4 || name.content.len == 16))
            put_fact(out, RULE_IP, name.content, name.tag);
    }
    return names.content.len == 0;
}

/* --- extensions ---------------------------------------------------------- */

static uint8_t
usage_bit(struct der oid)
{
    static const uint8_t bits[] = {
        [1] = CLIENT_USAGE_SERVER,
        [2] = CLIENT_USAGE_CLIENT,
        [3] = CLIENT_USAGE_CODE,
        [4] = CLIENT_USAGE_EMAIL,
        [8] = CLIENT_USAGE_TIME,
        [9] = CLIENT_USAGE_OCSP,
    };
    uint8_t last;

    if (is_oid(oid, any_usage_oid, sizeof(any_usage_oid)))
        return CLIENT_USAGE_ANY;
    if (oid.len != sizeof(usage_arc) + 1
        || memcmp(oid.data, usage_arc, sizeof(usage_arc)) != 0)
        return CLIENT_USAGE_OTHER;
    last = oid.data[sizeof(usage_arc)];
    if (last >= sizeof(bits) || bits[last] == 0)
        return CLIENT_USAGE_OTHER;
    return bits[last];
}

static bool
read_usages(struct der value, uint8_t *usages)
{
    struct der_element list;
    struct der_element oid;

    if (!der_take_tag(&value, DER_SEQUENCE, &list) || value.len > 0)
        return false;
    while (der_take_tag(&list.content, DER_OID, &oid))
        *usages |= usage_bit(oid.content);
    return list.content.len == 0 && *usages != 0;
}

/* What we look for in the extensions; no data: it has none of that kind. */
struct extensions {
    struct der san;
    struct der usages;
};

static bool
note_extension(struct extensions *found, struct der inside)
{
    struct der *slot = NULL;
    struct der_element oid;
    struct der_element value;

    if (!der_take_tag(&inside, DER_OID, &oid))
        return false;
    (void)der_take_tag(&inside, DER_BOOLEAN, &value); /* critical */
    if (!der_take_tag(&inside, DER_OCTET_STRING, &value) || inside.len > 0)
        return false;
    if (is_oid(oid.content, san_oid, sizeof(san_oid)))
        slot = &found->san;
    else if (is_oid(oid.content, usages_oid, sizeof(usages_oid)))
        slot = &found->usages;
    if (slot == NULL)
        return true;
    if (slot->data != NULL)
        return false; /* two of a kind (RFC 5280, section 4.2) */
    *slot = value.content;
    return true;
}

static bool
find_extensions(struct der rest, struct extensions *found)
{
    struct der_element extension;

    while (der_take_tag(&rest, DER_SEQUENCE, &extension))
        if (!note_extension(found, extension.content))
            return false;
    return rest.len == 0;
}

/* --- all of it ----------------------------------------------------------- */

static bool
write_record(struct writer *out, const struct blob *leaf)
{
    struct extensions extensions = {0};
    struct x509_parts parts;
    struct der_element subject;
    uint8_t usages = 0;

    if (!x509_parts_read(&parts, leaf)
        || !find_extensions(parts.extensions, &extensions))
        return false;
    if (extensions.usages.data != NULL
        && !read_usages(extensions.usages, &usages))
        return false;
    put_number(out, CLIENT_RECORD_VERSION, 1);
    put_number(out, usages, 1);
    if (!put_digest(out, leaf->data, leaf->len)
        || !put_digest(out, parts.key_info.data, parts.key_info.len)
        || !put_dates(out, parts.validity) || !put_serial(out, parts.serial)
        || !put_names(out, parts.subject, parts.issuer)
        || !der_take_tag(&parts.subject, DER_SEQUENCE, &subject)
        || !put_subject_facts(out, subject.content))
        return false;
    if (extensions.san.data != NULL && !put_san(out, extensions.san))
        return false;
    return !out->is_full;
}

int
client_read(struct blob *record, const struct blob *leaf)
{
    struct writer out = {.data = malloc(CLIENT_RECORD_BYTES_MAX)};

    if (out.data == NULL)
        return -1;
    if (!write_record(&out, leaf)) {
        free(out.data);
        return -1;
    }
    *record = (struct blob){.data = out.data, .len = out.len};
    return 0;
}
