/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Telling formats apart by how their ASN.1 begins. */
#include "certs/form.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "certs/der.h"

enum {
    ELEMENTS_MAX = 4,   /* that are looked at */
    QUOTED_BYTES = 200, /* of a path in a message: it may be there twice */
};

/* Does an AlgorithmIdentifier or ContentInfo begin with this prefix? */
static bool
has_oid(struct der content, const uint8_t *prefix, size_t len)
{
    struct der_element oid;

    return der_take_tag(&content, DER_OID, &oid) && oid.content.len >= len
           && memcmp(oid.content.data, prefix, len) == 0;
}

/* Of what begins with a number. */
static enum form
form_of_numbered(const struct der_element *elements, size_t count)
{
    static const uint8_t pkcs7[] = {
        0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07};

    if (elements[1].tag == DER_OCTET_STRING
        || (elements[1].tag == DER_INTEGER && count > 3))
        return FORM_KEY; /* SEC1, or PKCS#1 with its many numbers */
    if (elements[1].tag != DER_SEQUENCE)
        return FORM_UNKNOWN;
    if (has_oid(elements[1].content, pkcs7, sizeof(pkcs7)))
        return FORM_PKCS12;
    return count > 2 && elements[2].tag == DER_OCTET_STRING ? FORM_KEY
                                                            : FORM_UNKNOWN;
}

/* Of what begins with a sequence. */
static enum form
form_of_nested(const struct der_element *elements, size_t count)
{
    struct der inside = elements[0].content;
    struct der_element part;
    size_t parts = 0;

    if (elements[1].tag == DER_OCTET_STRING)
        return FORM_ENCRYPTED_KEY;
    if (count == 2 && elements[1].tag == DER_BIT_STRING)
        return FORM_PUBLIC_KEY;
    if (count < 3 || elements[1].tag != DER_SEQUENCE
        || elements[2].tag != DER_BIT_STRING)
        return FORM_UNKNOWN;
    /* A request has its attributes where a certificate has its dates. */
    while (parts < ELEMENTS_MAX && der_take(&inside, &part))
        parts++;
    return parts == ELEMENTS_MAX && part.tag == DER_CONTEXT_0
               ? FORM_REQUEST
               : FORM_CERTIFICATE;
}

static enum form
form_of_sequence(struct der content)
{
    static const uint8_t signed_data[] = {
        0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};
    struct der_element elements[ELEMENTS_MAX];
    struct der rest = content;
    size_t count = 0;

    if (has_oid(content, signed_data, sizeof(signed_data)))
        return FORM_PKCS7;
    while (count < ELEMENTS_MAX && der_take(&rest, &elements[count]))
        count++;
    if (count < 2)
        return FORM_UNKNOWN;
    if (elements[0].tag == DER_INTEGER)
        return form_of_numbered(elements, count);
    return elements[0].tag == DER_SEQUENCE ? form_of_nested(elements, count)
                                           : FORM_UNKNOWN;
}

static bool
begins_with(const struct blob *content, const uint8_t *bytes, size_t len)
{
    return content->len >= len && memcmp(content->data, bytes, len) == 0;
}

enum form
form_of(const struct blob *content)
{
    static const uint8_t jks[] = {0xfe, 0xed, 0xfe, 0xed};
    static const uint8_t jceks[] = {0xce, 0xce, 0xce, 0xce};
    static const uint8_t ber[] = {0x30, 0x80};
    static const uint8_t wide[] = {0xff, 0xfe};
    static const uint8_t wide_big[] = {0xfe, 0xff};
    static const char begin_mark[] = "-----BEGIN ";
    struct der rest = {.data = content->data, .len = content->len};
    struct der_element whole;

    if (content->len > 0
        && memmem(content->data, content->len, begin_mark, strlen(begin_mark))
               != NULL)
        return FORM_PEM;
    if (begins_with(content, jks, sizeof(jks))
        || begins_with(content, jceks, sizeof(jceks)))
        return FORM_JKS;
    if (begins_with(content, wide, sizeof(wide))
        || begins_with(content, wide_big, sizeof(wide_big)))
        return FORM_UTF16;
    if (begins_with(content, ber, sizeof(ber)))
        return FORM_BER;
    if (der_take_tag(&rest, DER_SEQUENCE, &whole))
        return form_of_sequence(whole.content);
    return FORM_UNKNOWN;
}

const char *
form_name(enum form form)
{
    static const char *const names[] = {
        [FORM_UNKNOWN] = "of an unknown format",
        [FORM_PEM] = "PEM",
        [FORM_CERTIFICATE] = "DER",
        [FORM_KEY] = "DER",
        [FORM_ENCRYPTED_KEY] = "DER, encrypted",
        [FORM_PKCS12] = "PKCS#12",
        [FORM_PKCS7] = "PKCS#7",
        [FORM_REQUEST] = "a certificate request",
        [FORM_PUBLIC_KEY] = "a public key",
        [FORM_BER] = "BER",
        [FORM_JKS] = "a Java keystore",
        [FORM_UTF16] = "UTF-16",
    };

    return names[form];
}

void
form_quote(const char *path, char *out, size_t cap)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%,";
    size_t used = 0;

    if (path[0] != '\0' && path[0] != '-'
        && path[strspn(path, plain)] == '\0') {
        (void)snprintf(out, cap, "%s", path);
        return;
    }
    out[used++] = '\'';
    /* A quote ends the quoting, stands for itself, and begins it again. */
    for (; *path != '\0' && used + 6 < cap; path++)
        if (*path == '\'')
            used += (size_t)snprintf(out + used, cap - used, "'\\''");
        else
            out[used++] = *path;
    out[used++] = '\'';
    out[used] = '\0';
}

void
form_explain(enum form form, const char *path, char out[FORM_TEXT_BYTES])
{
    char file[QUOTED_BYTES];

    form_quote(path, file, sizeof(file));
    out[0] = '\0';
    if (form == FORM_JKS)
        (void)snprintf(out, FORM_TEXT_BYTES,
            "it is a Java keystore (JKS); convert it: keytool "
            "-importkeystore -srckeystore %s -destkeystore %s.p12 "
            "-deststoretype pkcs12",
            file, file);
    else if (form == FORM_PKCS12)
        (void)snprintf(out, FORM_TEXT_BYTES,
            "it is PKCS#12; convert it: openssl pkcs12 -in %s -nokeys -out "
            "%s.pem",
            file, file);
    else if (form == FORM_PKCS7)
        (void)snprintf(out, FORM_TEXT_BYTES,
            "it is PKCS#7, certificates without a key; convert it: openssl "
            "pkcs7 -inform DER -in %s -print_certs -out %s.pem",
            file, file);
    else if (form == FORM_REQUEST)
        (void)snprintf(out, FORM_TEXT_BYTES,
            "it is a request for a certificate; name what the CA made of it");
    else if (form == FORM_PUBLIC_KEY)
        (void)snprintf(out, FORM_TEXT_BYTES, "it is a public key");
    else if (form == FORM_BER)
        (void)snprintf(out, FORM_TEXT_BYTES,
            "it is BER, not DER; if it is a PKCS#12 keystore, convert it: "
            "openssl pkcs12 -in %s -nodes -out %s.pem, then chmod 600 %s.pem",
            file, file, file);
    else if (form == FORM_UTF16)
        (void)snprintf(out, FORM_TEXT_BYTES,
            "it is text in UTF-16; convert it: iconv -f UTF-16 -t ASCII -o "
            "%s.pem %s",
            file, file);
}
