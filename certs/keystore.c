/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A keystore is a sequence of safes, each of them plain or encrypted, and a
 * safe is a sequence of bags. The MAC over all of it proves the password first.
 */
#include "certs/keystore.h"

#include <string.h>

#include "certs/secret.h"

enum {
    DEPTH_MAX = 4, /* of bags inside bags */
    DER_CONTEXT_0_PLAIN = 0x80,
};

/* The parts of a PFX, all borrowed. */
struct keystore {
    struct der safes; /* what the MAC is over: a sequence of ContentInfo */
    struct der mac;   /* content of MacData; empty without */
};

static const uint8_t oid_data[] = {
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
static const uint8_t oid_encrypted[] = {
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06};
/* The last byte tells the kinds of bags apart. */
static const uint8_t oid_bag[] = {
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01};
static const uint8_t oid_x509[] = {
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x16, 0x01};

enum bag {
    BAG_KEY = 1,
    BAG_ENCRYPTED_KEY = 2,
    BAG_CERTIFICATE = 3,
    BAG_SAFE = 6,
};

static bool
is_oid(struct der oid, const uint8_t *bytes, size_t len)
{
    return oid.len == len && memcmp(oid.data, bytes, len) == 0;
}

/* Takes "SEQUENCE { OID, [0] { value } ... }": a ContentInfo, a bag or what is
 * inside a certificate's bag. */
static bool
take_typed(struct der *in, struct der *oid, struct der *value)
{
    struct der_element whole;
    struct der_element part;

    if (!der_take_tag(in, DER_SEQUENCE, &whole)
        || !der_take_tag(&whole.content, DER_OID, &part))
        return false;
    *oid = part.content;
    *value = (struct der){0};
    if (der_take_tag(&whole.content, DER_CONTEXT_0, &part))
        *value = part.content;
    return true;
}

static bool
take_parts(const struct blob *content, struct keystore *keystore)
{
    struct der in = {.data = content->data, .len = content->len};
    struct der_element part;
    struct der_element whole;
    uint32_t version;
    struct der value;
    struct der oid;

    *keystore = (struct keystore){{0}, {0}};
    if (!der_take_tag(&in, DER_SEQUENCE, &whole)
        || !der_take_number(&whole.content, &version)
        || !take_typed(&whole.content, &oid, &value)
        || !is_oid(oid, oid_data, sizeof(oid_data))
        || !der_take_tag(&value, DER_OCTET_STRING, &part))
        return false;
    keystore->safes = part.content;
    if (der_take_tag(&whole.content, DER_SEQUENCE, &part))
        keystore->mac = part.content;
    return true;
}

/* EncryptedData (RFC 5652, section 8). */
static bool
take_encrypted(struct der value, struct der *algorithm, struct der *encrypted)
{
    struct der_element whole;
    struct der_element info;
    struct der_element part;
    uint32_t version;

    if (!der_take_tag(&value, DER_SEQUENCE, &whole)
        || !der_take_number(&whole.content, &version)
        || !der_take_tag(&whole.content, DER_SEQUENCE, &info)
        || !der_take_tag(&info.content, DER_OID, &part)
        || !der_take_tag(&info.content, DER_SEQUENCE, &part))
        return false;
    *algorithm = part.content;
    if (!der_take_tag(&info.content, DER_CONTEXT_0_PLAIN, &part))
        return false;
    *encrypted = part.content;
    return true;
}

/* --- bags ---------------------------------------------------------------- */

static int add_bags(struct source *source, struct der safe, int depth);

static int
add_plain_key(struct source *source, struct der value)
{
    struct der_element whole;
    struct blob key;

    if (!der_take_tag(&value, DER_SEQUENCE, &whole))
        return source_refuse(source, UNLOCK_BROKEN);
    if (secret_copy(&key, whole.whole.data, whole.whole.len) != 0)
        return source_no_memory(source);
    return source_add_key(source, &key);
}

static int
add_encrypted_key(struct source *source, struct der value)
{
    struct der_element whole;

    if (!der_take_tag(&value, DER_SEQUENCE, &whole))
        return source_refuse(source, UNLOCK_BROKEN);
    return source_add_encrypted(source, whole.content);
}

static int
add_certificate(struct source *source, struct der value)
{
    struct der_element octets;
    struct der inside;
    struct der oid;

    if (!take_typed(&value, &oid, &inside))
        return source_refuse(source, UNLOCK_BROKEN);
    if (!is_oid(oid, oid_x509, sizeof(oid_x509)))
        return 0; /* SDSI: nothing of today's */
    if (!der_take_tag(&inside, DER_OCTET_STRING, &octets))
        return source_refuse(source, UNLOCK_BROKEN);
    return source_add_cert(source, octets.content);
}

static int
add_bag(struct source *source, struct der oid, struct der value, int depth)
{
    if (oid.len != sizeof(oid_bag) + 1
        || memcmp(oid.data, oid_bag, sizeof(oid_bag)) != 0)
        return 0;
    switch (oid.data[oid.len - 1]) {
    case BAG_KEY:
        return add_plain_key(source, value);
    case BAG_ENCRYPTED_KEY:
        return add_encrypted_key(source, value);
    case BAG_CERTIFICATE:
        return add_certificate(source, value);
    case BAG_SAFE:
        return add_bags(source, value, depth + 1);
    default:
        return 0; /* revocation lists, secrets of applications */
    }
}

static int
add_bags(struct source *source, struct der safe, int depth)
{
    struct der_element bags;
    struct der value;
    struct der oid;

    if (depth > DEPTH_MAX || !der_take_tag(&safe, DER_SEQUENCE, &bags))
        return source_refuse(source, UNLOCK_BROKEN);
    while (bags.content.len > 0) {
        if (!take_typed(&bags.content, &oid, &value))
            return source_refuse(source, UNLOCK_BROKEN);
        if (add_bag(source, oid, value, depth) != 0)
            return -1;
    }
    return 0;
}

/* --- safes --------------------------------------------------------------- */

static int
add_encrypted_safe(struct source *source, struct der value)
{
    enum unlock_result result;
    struct der algorithm;
    struct der encrypted;
    struct blob plain;
    int failed;

    if (!take_encrypted(value, &algorithm, &encrypted))
        return source_refuse(source, UNLOCK_BROKEN);
    result = unlock_decrypt(algorithm, encrypted, source->password, &plain);
    if (result != UNLOCK_OK)
        return source_refuse(source, result);
    failed =
        add_bags(source, (struct der){.data = plain.data, .len = plain.len}, 0);
    secret_free(&plain);
    return failed;
}

static int
add_safe(struct source *source, struct der oid, struct der value)
{
    struct der_element octets;

    if (is_oid(oid, oid_encrypted, sizeof(oid_encrypted)))
        return add_encrypted_safe(source, value);
    if (!is_oid(oid, oid_data, sizeof(oid_data)))
        return source_refuse(source, UNLOCK_LEGACY); /* by a public key */
    if (!der_take_tag(&value, DER_OCTET_STRING, &octets))
        return source_refuse(source, UNLOCK_BROKEN);
    return add_bags(source, octets.content, 0);
}

/* Before the password is tried: a keystore of old encryption is not read with
 * the right one either. */
static enum unlock_result
judge_safes(struct der safes)
{
    struct der_element list;
    struct der algorithm;
    struct der encrypted;
    struct der value;
    struct der oid;

    if (!der_take_tag(&safes, DER_SEQUENCE, &list))
        return UNLOCK_BROKEN;
    while (list.content.len > 0) {
        enum unlock_result result = UNLOCK_OK;

        if (!take_typed(&list.content, &oid, &value))
            return UNLOCK_BROKEN;
        if (is_oid(oid, oid_encrypted, sizeof(oid_encrypted)))
            result = take_encrypted(value, &algorithm, &encrypted)
                         ? unlock_judge(algorithm)
                         : UNLOCK_BROKEN;
        if (result != UNLOCK_OK)
            return result;
    }
    return UNLOCK_OK;
}

static int
add_safes(struct source *source, struct der safes)
{
    struct der_element list;
    struct der value;
    struct der oid;

    if (!der_take_tag(&safes, DER_SEQUENCE, &list))
        return source_refuse(source, UNLOCK_BROKEN);
    while (take_typed(&list.content, &oid, &value))
        if (add_safe(source, oid, value) != 0)
            return -1;
    return 0;
}

int
keystore_read(struct source *source)
{
    enum unlock_result result;
    struct keystore keystore;

    if (!take_parts(&source->content, &keystore))
        return source_refuse(source, UNLOCK_BROKEN);
    result = judge_safes(keystore.safes);
    if (result == UNLOCK_OK && keystore.mac.len > 0)
        result =
            unlock_check_mac(keystore.mac, keystore.safes, source->password);
    if (result != UNLOCK_OK)
        return source_refuse(source, result);
    return add_safes(source, keystore.safes);
}
