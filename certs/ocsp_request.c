/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encoding an OCSPRequest, and finding who is to be asked. */
#include "certs/ocsp_request.h"

#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hash.h>

#include "certs/random.h"
#include "certs/x509_parts.h"

enum {
    EXTENSIONS_TAG = 0xa2, /* requestExtensions [2] */
    URI_TAG = 0x86,        /* uniformResourceIdentifier [6] */
    SHORT_LENGTH_MAX = 0x7f,
    ONE_BYTE_LENGTH = 0x81,
};

/* AlgorithmIdentifier of SHA-1: what every responder answers to (RFC 5019). It
 * names the certificate and protects nothing. */
static const uint8_t sha1_algorithm[] = {
    0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00};

/* 1.3.6.1.5.5.7.48.1.2, with tag and length. */
static const uint8_t nonce_oid[] = {
    0x06, 0x09, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02};

/* 1.3.6.1.5.5.7.1.1 and, in it, 1.3.6.1.5.5.7.48.1. */
static const uint8_t access_oid[] = {
    0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01};
static const uint8_t ocsp_oid[] = {
    0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01};

/* --- writing ------------------------------------------------------------- */

/* From the end to the front: a length is known when it is written. Everything
 * but the serial is of one size, so that the room is enough. */
struct writer {
    uint8_t bytes[OCSP_REQUEST_BYTES_MAX];
    size_t at;
};

static void
put(struct writer *writer, const void *data, size_t len)
{
    writer->at -= len;
    memcpy(writer->bytes + writer->at, data, len);
}

static void
put_byte(struct writer *writer, uint8_t byte)
{
    put(writer, &byte, 1);
}

/* Makes an element of what stands before `end`. */
static void
wrap(struct writer *writer, uint8_t tag, size_t end)
{
    size_t len = end - writer->at;

    put_byte(writer, (uint8_t)len);
    if (len > SHORT_LENGTH_MAX)
        put_byte(writer, ONE_BYTE_LENGTH);
    put_byte(writer, tag);
}

static void
put_element(struct writer *writer, uint8_t tag, const void *data, size_t len)
{
    size_t end = writer->at;

    put(writer, data, len);
    wrap(writer, tag, end);
}

static int
put_hash(struct writer *writer, struct der of)
{
    uint8_t digest[WC_SHA_DIGEST_SIZE];

    if (wc_Hash(
            WC_HASH_TYPE_SHA, of.data, (word32)of.len, digest, sizeof(digest))
        != 0)
        return -1;
    put_element(writer, DER_OCTET_STRING, digest, sizeof(digest));
    return 0;
}

/* requestExtensions: the nonce, an octet string inside an extension's. */
static void
put_nonce(struct writer *writer, const uint8_t *nonce)
{
    size_t end = writer->at;

    put_element(writer, DER_OCTET_STRING, nonce, OCSP_NONCE_BYTES);
    wrap(writer, DER_OCTET_STRING, end);
    put(writer, nonce_oid, sizeof(nonce_oid));
    wrap(writer, DER_SEQUENCE, end);
    wrap(writer, DER_SEQUENCE, end);
    wrap(writer, EXTENSIONS_TAG, end);
}

/* requestList: one Request with its CertID. */
static int
put_list(struct writer *writer, const struct x509_parts *leaf,
    const struct x509_parts *issuer)
{
    size_t end = writer->at;

    put_element(writer, DER_INTEGER, leaf->serial.data, leaf->serial.len);
    if (put_hash(writer, issuer->key) != 0 || put_hash(writer, leaf->issuer))
        return -1;
    put(writer, sha1_algorithm, sizeof(sha1_algorithm));
    wrap(writer, DER_SEQUENCE, end);
    wrap(writer, DER_SEQUENCE, end);
    wrap(writer, DER_SEQUENCE, end);
    return 0;
}

static int
read_parties(struct x509_parts *leaf, const struct blob *leaf_der,
    struct x509_parts *issuer, const struct blob *issuer_der)
{
    if (!x509_parts_read(leaf, leaf_der)
        || !x509_parts_read(issuer, issuer_der))
        return -1;
    return leaf->serial.len > 0 && leaf->serial.len <= OCSP_SERIAL_BYTES_MAX
               ? 0
               : -1;
}

int
ocsp_request_make(struct ocsp_request *request, const struct blob *leaf,
    const struct blob *issuer)
{
    struct writer writer = {.at = OCSP_REQUEST_BYTES_MAX};
    struct x509_parts leaf_parts;
    struct x509_parts issuer_parts;

    if (read_parties(&leaf_parts, leaf, &issuer_parts, issuer) != 0
        || sidelock_random_block(request->nonce, OCSP_NONCE_BYTES) != 0)
        return -1;
    put_nonce(&writer, request->nonce);
    if (put_list(&writer, &leaf_parts, &issuer_parts) != 0)
        return -1;
    wrap(&writer, DER_SEQUENCE, OCSP_REQUEST_BYTES_MAX);
    wrap(&writer, DER_SEQUENCE, OCSP_REQUEST_BYTES_MAX);
    request->len = OCSP_REQUEST_BYTES_MAX - writer.at;
    memcpy(request->der, writer.bytes + writer.at, request->len);
    return 0;
}

/* --- equal questions ----------------------------------------------------- */

/* The length goes first: no two lists of parts look alike. */
static int
hash_part(wc_Sha256 *sha, struct der part)
{
    const uint64_t len = part.len;

    if (wc_Sha256Update(sha, (const uint8_t *)&len, sizeof(len)) != 0)
        return -1;
    return wc_Sha256Update(sha, part.data, (word32)part.len);
}

int
ocsp_request_id(uint8_t id[OCSP_ID_BYTES], const struct blob *leaf,
    const struct blob *issuer, const char *url)
{
    const struct der url_part = {(const uint8_t *)url, strlen(url)};
    struct x509_parts leaf_parts;
    struct x509_parts issuer_parts;
    wc_Sha256 sha;
    int failed;

    if (read_parties(&leaf_parts, leaf, &issuer_parts, issuer) != 0
        || wc_InitSha256(&sha) != 0)
        return -1;
    failed = hash_part(&sha, leaf_parts.issuer) != 0
             || hash_part(&sha, issuer_parts.key) != 0
             || hash_part(&sha, leaf_parts.serial) != 0
             || hash_part(&sha, url_part) != 0 || wc_Sha256Final(&sha, id) != 0;
    wc_Sha256Free(&sha);
    return failed ? -1 : 0;
}

/* --- whom to ask --------------------------------------------------------- */

/* Copies the address if it is one that can be asked. */
static bool
take_url(struct der address, char out[HTTP_URL_BYTES])
{
    char why[REPORT_TEXT_BYTES];
    struct http_url url;

    if (address.len >= HTTP_URL_BYTES
        || memchr(address.data, '\0', address.len) != NULL)
        return false;
    memcpy(out, address.data, address.len);
    out[address.len] = '\0';
    return http_url_parse(&url, out, why, sizeof(why)) == 0;
}

static bool
find_url(struct der descriptions, char out[HTTP_URL_BYTES])
{
    const struct der ocsp = {ocsp_oid, sizeof(ocsp_oid)};
    struct der_element description;
    struct der_element element;

    while (der_take_tag(&descriptions, DER_SEQUENCE, &description)) {
        struct der rest = description.content;

        if (der_take_tag(&rest, DER_OID, &element)
            && der_equal(element.content, ocsp)
            && der_take_tag(&rest, URI_TAG, &element)
            && take_url(element.content, out))
            return true;
    }
    return false;
}

void
ocsp_responder_url(const struct blob *leaf, char out[HTTP_URL_BYTES])
{
    const struct der oid = {access_oid, sizeof(access_oid)};
    struct x509_parts parts;
    struct der_element element;
    struct der value;

    if (!x509_parts_read(&parts, leaf)
        || !x509_parts_find_extension(parts.extensions, oid, &value)
        || !der_take_tag(&value, DER_SEQUENCE, &element)
        || !find_url(element.content, out))
        out[0] = '\0';
}
