/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The integrity of PKCS#12: an HMAC under a key of the password. */
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/pwdbased.h>

#include "certs/secret.h"
#include "certs/unlock_internal.h"

enum {
    MAC_KEY_PURPOSE = 3, /* RFC 7292, appendix B.3 */
};

struct mac {
    enum wc_HashType hash;
    struct der digest;
    struct der salt;
    uint32_t rounds;
};

static enum unlock_result
take_mac(struct der in, struct mac *mac)
{
    static const char *const hashes[] = {"1.3.14.3.2.26",
        "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2",
        "2.16.840.1.101.3.4.2.3"};
    struct der_element info;
    struct der_element part;
    struct der parameters;
    struct der oid;

    if (!der_take_tag(&in, DER_SEQUENCE, &info)
        || !der_take_tag(&info.content, DER_SEQUENCE, &part)
        || !unlock_take_algorithm(&part.content, &oid, &parameters)
        || !der_take_tag(&info.content, DER_OCTET_STRING, &part))
        return UNLOCK_BROKEN;
    mac->digest = part.content;
    if (!der_take_tag(&in, DER_OCTET_STRING, &part) || part.content.len == 0)
        return UNLOCK_BROKEN;
    mac->salt = part.content;
    mac->rounds = 1;
    if (in.len > 0 && (!der_take_number(&in, &mac->rounds) || mac->rounds == 0))
        return UNLOCK_BROKEN;
    mac->hash = unlock_hash_of(oid, hashes);
    return mac->hash == WC_HASH_TYPE_NONE ? UNLOCK_LEGACY : UNLOCK_OK;
}

/* Bytes of UTF-8 that follow the first one; -1: it is none. */
static int
tail_of(uint8_t first)
{
    if (first < 0x80)
        return 0;
    if (first >= 0xc2 && first < 0xe0)
        return 1;
    if (first >= 0xe0 && first < 0xf0)
        return 2;
    return first >= 0xf0 && first < 0xf5 ? 3 : -1;
}

/* The character at `at`, or -1 when it is no UTF-8; moves behind it. */
static long
take_character(const struct blob *text, size_t *at)
{
    static const uint8_t masks[] = {0x7f, 0x1f, 0x0f, 0x07};
    int tail = tail_of(text->data[*at]);
    long character;

    if (tail < 0 || (size_t)tail >= text->len - *at)
        return -1;
    character = text->data[(*at)++] & masks[tail];
    for (; tail > 0; tail--) {
        if ((text->data[*at] & 0xc0) != 0x80)
            return -1;
        character = (character << 6) | (text->data[(*at)++] & 0x3f);
    }
    return character;
}

static void
put_unit(struct blob *wide, size_t *used, unsigned unit)
{
    wide->data[(*used)++] = (uint8_t)(unit >> 8);
    wide->data[(*used)++] = (uint8_t)unit;
}

/* False: it is no UTF-8. */
static bool
widen_utf8(const struct blob *text, struct blob *wide)
{
    size_t used = 0;
    size_t at = 0;

    while (at < text->len) {
        long character = take_character(text, &at);

        if (character < 0)
            return false;
        if (character > 0xffff) {
            character -= 0x10000;
            put_unit(wide, &used, 0xd800 | (unsigned)(character >> 10 & 0x3ff));
            character = 0xdc00 | (character & 0x3ff);
        }
        put_unit(wide, &used, (unsigned)character);
    }
    put_unit(wide, &used, 0);
    wide->len = used;
    return true;
}

/* As PKCS#12 has passwords: two bytes a character, and two of zero at the end.
 * Bytes that are no UTF-8 count as characters of their own. */
static int
widen(const struct password *password, struct blob *wide)
{
    const struct blob *text = &password->text;
    size_t used = 0;

    if (secret_alloc(wide, 2 * text->len + 2) != 0)
        return -1;
    if (widen_utf8(text, wide))
        return 0;
    for (size_t i = 0; i < text->len; i++)
        put_unit(wide, &used, text->data[i]);
    put_unit(wide, &used, 0);
    return 0;
}

static int
compute_mac(const struct mac *mac, const struct blob *wide, struct der data,
    uint8_t out[WC_MAX_DIGEST_SIZE])
{
    uint8_t key[WC_MAX_DIGEST_SIZE];
    int len = wc_HashGetDigestSize(mac->hash);
    Hmac hmac;
    int error = wc_PKCS12_PBKDF(key, wide->data, (int)wide->len, mac->salt.data,
        (int)mac->salt.len, (int)mac->rounds, len, (int)mac->hash,
        MAC_KEY_PURPOSE);

    if (error == 0)
        error = wc_HmacInit(&hmac, NULL, INVALID_DEVID);
    if (error != 0)
        goto wipe;
    error = wc_HmacSetKey(&hmac, (int)mac->hash, key, (word32)len);
    if (error == 0)
        error = wc_HmacUpdate(&hmac, data.data, (word32)data.len);
    if (error == 0)
        error = wc_HmacFinal(&hmac, out);
    wc_HmacFree(&hmac);

wipe:
    explicit_bzero(key, sizeof(key));
    return error;
}

static enum unlock_result
compare_mac(const struct mac *mac, const struct blob *wide, struct der data)
{
    uint8_t computed[WC_MAX_DIGEST_SIZE];
    int len = wc_HashGetDigestSize(mac->hash);
    int error = compute_mac(mac, wide, data, computed);

    if (error != 0)
        return error == MEMORY_E ? UNLOCK_NO_MEMORY : UNLOCK_BROKEN;
    return mac->digest.len == (size_t)len
                   && memcmp(mac->digest.data, computed, (size_t)len) == 0
               ? UNLOCK_OK
               : UNLOCK_WRONG;
}

enum unlock_result
unlock_check_mac(struct der in, struct der data, struct password *password)
{
    enum unlock_result result;
    struct blob wide;
    struct mac mac;

    result = take_mac(in, &mac);
    if (result != UNLOCK_OK)
        return result;
    if (!unlock_is_affordable(password, mac.rounds))
        return UNLOCK_COSTLY;
    if (widen(password, &wide) != 0)
        return UNLOCK_NO_MEMORY;
    result = compare_mac(&mac, &wide, data);
    secret_free(&wide);
    if (result == UNLOCK_OK)
        password->was_used = true;
    return result;
}
