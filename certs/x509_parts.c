/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walking a certificate from part to part. */
#include "certs/x509_parts.h"

#include <string.h>

enum {
    EXTENSIONS_TAG = 0xa3,
    STATUS_REQUEST = 5, /* the TLS extension's number (RFC 6066) */
};

/* 1.3.6.1.5.5.7.1.24, the TLS features of RFC 7633. */
static const uint8_t feature_oid[] = {
    0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x18};

/* SubjectPublicKeyInfo: an algorithm, and the key as a string of bits. */
static bool
read_key(struct der info, struct der *key)
{
    struct der_element element;

    if (!der_take_tag(&info, DER_SEQUENCE, &element)
        || !der_take_tag(&info, DER_BIT_STRING, &element))
        return false;
    *key = element.content;
    return der_skip_unused_bits(key);
}

static bool
read_extensions(struct der rest, struct der *extensions)
{
    struct der_element element;

    while (der_take(&rest, &element)) {
        if (element.tag != EXTENSIONS_TAG)
            continue;
        if (extensions->data != NULL
            || !der_take_tag(&element.content, DER_SEQUENCE, &element))
            return false;
        *extensions = element.content;
    }
    return rest.len == 0;
}

bool
x509_parts_read(struct x509_parts *parts, const struct blob *der)
{
    struct der rest = {.data = der->data, .len = der->len};
    struct der_element passed;
    struct der_element element;

    memset(parts, 0, sizeof(*parts));
    if (!der_take_tag(&rest, DER_SEQUENCE, &element))
        return false;
    rest = element.content;
    if (!der_take_tag(&rest, DER_SEQUENCE, &element))
        return false;
    rest = element.content;
    (void)der_take_tag(&rest, DER_CONTEXT_0, &passed); /* version */
    if (!der_take_tag(&rest, DER_INTEGER, &element))
        return false;
    parts->serial = element.content;
    if (!der_take_tag(&rest, DER_SEQUENCE, &passed) /* algorithm */
        || !der_take_tag(&rest, DER_SEQUENCE, &element))
        return false;
    parts->issuer = element.whole;
    if (!der_take_tag(&rest, DER_SEQUENCE, &element))
        return false;
    parts->validity = element.content;
    if (!der_take_tag(&rest, DER_SEQUENCE, &element))
        return false;
    parts->subject = element.whole;
    if (!der_take_tag(&rest, DER_SEQUENCE, &element)
        || !read_key(element.content, &parts->key))
        return false;
    parts->key_info = element.whole;
    return read_extensions(rest, &parts->extensions);
}

bool
x509_parts_signed(struct x509_signed *part, const struct blob *der)
{
    struct der rest = {.data = der->data, .len = der->len};
    struct der_element element;

    if (!der_take_tag(&rest, DER_SEQUENCE, &element))
        return false;
    rest = element.content;
    if (!der_take_tag(&rest, DER_SEQUENCE, &element))
        return false;
    part->data = element.whole;
    if (!der_take_tag(&rest, DER_SEQUENCE, &element)
        || !der_take_tag(&element.content, DER_OID, &element))
        return false;
    part->algorithm = element.content;
    if (!der_take_tag(&rest, DER_BIT_STRING, &element))
        return false;
    part->signature = element.content;
    return der_skip_unused_bits(&part->signature);
}

bool
x509_parts_find_extension(
    struct der extensions, struct der oid, struct der *value)
{
    struct der_element extension;
    struct der_element element;

    while (der_take_tag(&extensions, DER_SEQUENCE, &extension)) {
        struct der rest = extension.content;

        if (!der_take_tag(&rest, DER_OID, &element)
            || !der_equal(element.content, oid))
            continue;
        (void)der_take_tag(&rest, DER_BOOLEAN, &element); /* critical */
        if (!der_take_tag(&rest, DER_OCTET_STRING, &element))
            return false;
        *value = element.content;
        return true;
    }
    return false;
}

bool
x509_parts_demand_staple(const struct x509_parts *parts)
{
    const struct der oid = {feature_oid, sizeof(feature_oid)};
    struct der_element element;
    struct der rest;

    if (!x509_parts_find_extension(parts->extensions, oid, &rest)
        || !der_take_tag(&rest, DER_SEQUENCE, &element))
        return false;
    rest = element.content;
    while (der_take_tag(&rest, DER_INTEGER, &element))
        if (element.content.len == 1
            && element.content.data[0] == STATUS_REQUEST)
            return true;
    return false;
}
