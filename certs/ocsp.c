/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking an OCSP response apart. */
#include "certs/ocsp.h"

#include <stdio.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hash.h>

enum {
    RESPONDER_BY_NAME = 0xa1,
    RESPONDER_BY_KEY = 0xa2,
    EXTENSIONS_TAG = 0xa1, /* responseExtensions [1] */
    STATUS_GOOD = 0x80,
    STATUS_REVOKED = 0xa1,
    STATUS_UNKNOWN = 0x82,
    TIME_BYTES = 15, /* 20261121050400Z */
};

/* 1.3.6.1.5.5.7.48.1.1: the only type of response that there is. */
static const uint8_t basic_oid[] = {
    0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01};

/* 1.3.6.1.5.5.7.48.1.2 */
static const uint8_t nonce_oid[] = {
    0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02};

static const char *
reason_name(uint8_t status)
{
    static const char *const names[] = {NULL, "malformedRequest",
        "internalError", "tryLater", NULL, "sigRequired", "unauthorized"};

    if (status >= sizeof(names) / sizeof(names[0]) || names[status] == NULL)
        return "another error";
    return names[status];
}

/* What is in them but the nonce says nothing about the certificate. */
static bool
read_extensions(struct der rest, struct der *nonce)
{
    const struct der oid = {nonce_oid, sizeof(nonce_oid)};
    struct der_element element;

    if (rest.len == 0)
        return true;
    if (!der_take_tag(&rest, EXTENSIONS_TAG, &element) || rest.len != 0
        || !der_take_tag(&element.content, DER_SEQUENCE, &element))
        return false;
    (void)x509_parts_find_extension(element.content, oid, nonce);
    return true;
}

static bool
read_data(struct der data, struct ocsp_response *response)
{
    struct der_element element;

    (void)der_take_tag(&data, DER_CONTEXT_0, &element); /* version */
    if (!der_take(&data, &element))
        return false;
    response->responder_tag = element.tag;
    response->responder = element.content;
    if (!der_take_tag(&data, DER_GENERALIZED_TIME, &element)
        || !der_take_tag(&data, DER_SEQUENCE, &element))
        return false;
    response->singles = element.content;
    return read_extensions(data, &response->nonce);
}

static bool
read_certificates(struct der rest, struct der *certificates)
{
    struct der_element element;

    if (rest.len == 0)
        return true;
    if (!der_take_tag(&rest, DER_CONTEXT_0, &element) || rest.len != 0
        || !der_take_tag(&element.content, DER_SEQUENCE, &element))
        return false;
    *certificates = element.content;
    return true;
}

static bool
read_basic(struct der rest, struct ocsp_response *response)
{
    struct der_element element;
    struct der data;

    if (!der_take_tag(&rest, DER_SEQUENCE, &element) || rest.len != 0)
        return false;
    rest = element.content;
    if (!der_take_tag(&rest, DER_SEQUENCE, &element))
        return false;
    response->signed_part = element.whole;
    data = element.content;
    if (!der_take_tag(&rest, DER_SEQUENCE, &element)
        || !der_take_tag(&element.content, DER_OID, &element))
        return false;
    response->algorithm = element.content;
    if (!der_take_tag(&rest, DER_BIT_STRING, &element))
        return false;
    response->signature = element.content;
    return der_skip_unused_bits(&response->signature)
           && read_certificates(rest, &response->certificates)
           && read_data(data, response);
}

/* ResponseBytes: the type, and the response as an octet string. */
static bool
read_bytes(struct der rest, struct ocsp_response *response)
{
    const struct der basic = {basic_oid, sizeof(basic_oid)};
    struct der_element element;

    if (!der_take_tag(&rest, DER_CONTEXT_0, &element) || rest.len != 0
        || !der_take_tag(&element.content, DER_SEQUENCE, &element))
        return false;
    rest = element.content;
    return der_take_tag(&rest, DER_OID, &element)
           && der_equal(element.content, basic)
           && der_take_tag(&rest, DER_OCTET_STRING, &element)
           && read_basic(element.content, response);
}

enum ocsp_answer
ocsp_read(
    struct ocsp_response *response, const struct blob *der, const char **reason)
{
    struct der rest = {.data = der->data, .len = der->len};
    struct der_element element;

    memset(response, 0, sizeof(*response));
    *reason = "";
    if (!der_take_tag(&rest, DER_SEQUENCE, &element) || rest.len != 0)
        return OCSP_BROKEN;
    rest = element.content;
    if (!der_take_tag(&rest, DER_ENUMERATED, &element)
        || element.content.len != 1)
        return OCSP_BROKEN;
    if (element.content.data[0] == 0)
        return read_bytes(rest, response) ? OCSP_ANSWER : OCSP_BROKEN;
    *reason = reason_name(element.content.data[0]);
    return OCSP_NO_ANSWER;
}

/* --- what is said of one certificate ------------------------------------- */

/* The one form that RFC 5280 allows: to the second, and in UTC. */
static bool
read_time(struct der_element element, time_t *at)
{
    char text[TIME_BYTES + 1] = "";
    struct tm utc;

    if (element.content.len != TIME_BYTES)
        return false;
    memcpy(text, element.content.data, TIME_BYTES);
    if (strspn(text, "0123456789") != TIME_BYTES - 1)
        return false;
    memset(&utc, 0, sizeof(utc));
    if (strptime(text, "%Y%m%d%H%M%SZ", &utc) == NULL)
        return false;
    *at = timegm(&utc);
    return true;
}

static bool
read_verdict(const struct der_element *element, enum ocsp_verdict *verdict)
{
    switch (element->tag) {
    case STATUS_GOOD:
        *verdict = OCSP_GOOD;
        return true;
    case STATUS_REVOKED:
        *verdict = OCSP_REVOKED;
        return true;
    case STATUS_UNKNOWN:
        *verdict = OCSP_UNKNOWN;
        return true;
    default:
        return false;
    }
}

static bool
read_id(struct der rest, struct ocsp_single *single)
{
    struct der_element element;

    if (!der_take_tag(&rest, DER_SEQUENCE, &element)
        || !der_take_tag(&element.content, DER_OID, &element))
        return false;
    single->hash = element.content;
    if (!der_take_tag(&rest, DER_OCTET_STRING, &element))
        return false;
    single->name_hash = element.content;
    if (!der_take_tag(&rest, DER_OCTET_STRING, &element))
        return false;
    single->key_hash = element.content;
    if (!der_take_tag(&rest, DER_INTEGER, &element))
        return false;
    single->serial = element.content;
    return true;
}

bool
ocsp_take_single(struct der *singles, struct ocsp_single *single)
{
    struct der others = *singles;
    struct der_element element;
    struct der rest;

    memset(single, 0, sizeof(*single));
    if (!der_take_tag(&others, DER_SEQUENCE, &element))
        return false;
    rest = element.content;
    if (!der_take_tag(&rest, DER_SEQUENCE, &element)
        || !read_id(element.content, single) || !der_take(&rest, &element)
        || !read_verdict(&element, &single->verdict)
        || !der_take_tag(&rest, DER_GENERALIZED_TIME, &element)
        || !read_time(element, &single->this_update))
        return false;
    if (der_take_tag(&rest, DER_CONTEXT_0, &element)
        && (!der_take_tag(&element.content, DER_GENERALIZED_TIME, &element)
            || !read_time(element, &single->next_update)))
        return false;
    *singles = others;
    return true;
}

/* --- hashes -------------------------------------------------------------- */

static enum wc_HashType
find_hash(struct der oid)
{
    static const struct {
        const char *oid;
        enum wc_HashType type;
    } hashes[] = {
        {"1.3.14.3.2.26", WC_HASH_TYPE_SHA},
        {"2.16.840.1.101.3.4.2.1", WC_HASH_TYPE_SHA256},
        {"2.16.840.1.101.3.4.2.2", WC_HASH_TYPE_SHA384},
        {"2.16.840.1.101.3.4.2.3", WC_HASH_TYPE_SHA512},
    };
    char text[64];

    der_oid_text(oid, text, sizeof(text));
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
        if (strcmp(text, hashes[i].oid) == 0)
            return hashes[i].type;
    return WC_HASH_TYPE_NONE;
}

static bool
is_hash_of(enum wc_HashType type, struct der hash, struct der data)
{
    uint8_t digest[WC_MAX_DIGEST_SIZE];
    int len = wc_HashGetDigestSize(type);

    return len > 0 && hash.len == (size_t)len
           && wc_Hash(type, data.data, (word32)data.len, digest, (word32)len)
                  == 0
           && memcmp(digest, hash.data, hash.len) == 0;
}

bool
ocsp_single_is_of(const struct ocsp_single *single,
    const struct x509_parts *leaf, const struct x509_parts *issuer)
{
    enum wc_HashType type = find_hash(single->hash);

    return der_equal(single->serial, leaf->serial)
           && is_hash_of(type, single->name_hash, leaf->issuer)
           && is_hash_of(type, single->key_hash, issuer->key);
}

bool
ocsp_names_responder(
    const struct ocsp_response *response, const struct x509_parts *certificate)
{
    struct der rest = response->responder;
    struct der_element element;

    if (response->responder_tag == RESPONDER_BY_NAME)
        return der_equal(rest, certificate->subject);
    return response->responder_tag == RESPONDER_BY_KEY
           && der_take_tag(&rest, DER_OCTET_STRING, &element)
           && is_hash_of(WC_HASH_TYPE_SHA, element.content, certificate->key);
}
