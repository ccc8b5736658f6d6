/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PBES2: a key is derived from the password, and decrypts. */
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/pwdbased.h>

#include "certs/secret.h"
#include "certs/unlock_internal.h"

enum {
    KEY_BYTES_MAX = 32,
    IV_BYTES = 16,
    BLOCK_BYTES = 16,
};

/* What PBES2's parameters say. */
struct pbes2 {
    struct der salt;
    uint32_t rounds;
    enum wc_HashType hash;
    struct der iv;
    int key_bytes;
};

/* --- object identifiers -------------------------------------------------- */

bool
unlock_is_oid(struct der oid, const char *text)
{
    char buf[64];

    der_oid_text(oid, buf, sizeof(buf));
    return strcmp(buf, text) == 0;
}

/* Takes an AlgorithmIdentifier apart. */
bool
unlock_take_algorithm(struct der *in, struct der *oid, struct der *parameters)
{
    struct der_element element;

    if (!der_take_tag(in, DER_OID, &element))
        return false;
    *oid = element.content;
    *parameters = *in;
    return true;
}

enum wc_HashType
unlock_hash_of(struct der oid, const char *const names[4])
{
    static const enum wc_HashType types[] = {WC_HASH_TYPE_SHA,
        WC_HASH_TYPE_SHA256, WC_HASH_TYPE_SHA384, WC_HASH_TYPE_SHA512};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (unlock_is_oid(oid, names[i]))
            return types[i];
    return WC_HASH_TYPE_NONE;
}

/* --- PBES2 --------------------------------------------------------------- */

/* PBKDF2-params. */
static enum unlock_result
take_derivation(struct der parameters, struct pbes2 *pbes2)
{
    static const char *const hmacs[] = {"1.2.840.113549.2.7",
        "1.2.840.113549.2.9", "1.2.840.113549.2.10", "1.2.840.113549.2.11"};
    struct der_element element;
    uint32_t key_bytes;
    struct der rest;
    struct der oid;

    if (!der_take_tag(&parameters, DER_SEQUENCE, &element))
        return UNLOCK_BROKEN;
    rest = element.content;
    if (!der_take_tag(&rest, DER_OCTET_STRING, &element))
        return UNLOCK_BROKEN;
    pbes2->salt = element.content;
    if (!der_take_number(&rest, &pbes2->rounds) || pbes2->rounds == 0)
        return UNLOCK_BROKEN;
    (void)der_take_number(&rest, &key_bytes);
    pbes2->hash = WC_HASH_TYPE_SHA; /* the default, by RFC 8018 */
    if (!der_take_tag(&rest, DER_SEQUENCE, &element))
        return UNLOCK_OK;
    if (!unlock_take_algorithm(&element.content, &oid, &rest))
        return UNLOCK_BROKEN;
    pbes2->hash = unlock_hash_of(oid, hmacs);
    return pbes2->hash == WC_HASH_TYPE_NONE ? UNLOCK_LEGACY : UNLOCK_OK;
}

static enum unlock_result
take_cipher(struct der algorithm, struct pbes2 *pbes2)
{
    struct der_element iv;
    struct der parameters;
    struct der oid;

    if (!unlock_take_algorithm(&algorithm, &oid, &parameters))
        return UNLOCK_BROKEN;
    if (unlock_is_oid(oid, "2.16.840.1.101.3.4.1.42"))
        pbes2->key_bytes = 32;
    else if (unlock_is_oid(oid, "2.16.840.1.101.3.4.1.2"))
        pbes2->key_bytes = 16;
    else
        return UNLOCK_LEGACY;
    if (!der_take_tag(&parameters, DER_OCTET_STRING, &iv)
        || iv.content.len != IV_BYTES)
        return UNLOCK_BROKEN;
    pbes2->iv = iv.content;
    return UNLOCK_OK;
}

static enum unlock_result
take_pbes2(struct der algorithm, struct pbes2 *pbes2)
{
    struct der_element derivation;
    struct der_element cipher;
    struct der_element both;
    enum unlock_result result;
    struct der parameters;
    struct der oid;

    if (!unlock_take_algorithm(&algorithm, &oid, &parameters))
        return UNLOCK_BROKEN;
    if (!unlock_is_oid(oid, "1.2.840.113549.1.5.13"))
        return UNLOCK_LEGACY;
    if (!der_take_tag(&parameters, DER_SEQUENCE, &both)
        || !der_take_tag(&both.content, DER_SEQUENCE, &derivation)
        || !der_take_tag(&both.content, DER_SEQUENCE, &cipher)
        || !unlock_take_algorithm(&derivation.content, &oid, &parameters))
        return UNLOCK_BROKEN;
    if (!unlock_is_oid(oid, "1.2.840.113549.1.5.12"))
        return UNLOCK_LEGACY;
    result = take_derivation(parameters, pbes2);
    return result != UNLOCK_OK ? result : take_cipher(cipher.content, pbes2);
}

enum unlock_result
unlock_judge(struct der algorithm)
{
    struct pbes2 pbes2;

    return take_pbes2(algorithm, &pbes2);
}

bool
unlock_is_affordable(struct password *password, uint32_t rounds)
{
    long most = wc_PBKDF_max_iterations_get();

    if ((long)rounds > most - password->work)
        return false;
    password->work += (long)rounds;
    return true;
}

/* Without a password there is none to point at. */
static const uint8_t *
password_bytes(const struct password *password)
{
    static const uint8_t none[1];

    return password->text.data != NULL ? password->text.data : none;
}

/* The padding (RFC 8018, section 6.1.1) tells a wrong password from a right
 * one, nearly always. */
static enum unlock_result
remove_padding(struct blob *plain)
{
    uint8_t count = plain->data[plain->len - 1];

    if (count == 0 || count > BLOCK_BYTES)
        return UNLOCK_WRONG;
    for (size_t i = plain->len - count; i < plain->len; i++)
        if (plain->data[i] != count)
            return UNLOCK_WRONG;
    plain->len -= count;
    return UNLOCK_OK;
}

static int
decrypt_aes(const struct pbes2 *pbes2, const uint8_t *key, struct der encrypted,
    uint8_t *out)
{
    Aes aes;
    int error = wc_AesInit(&aes, NULL, INVALID_DEVID);

    if (error != 0)
        return error;
    error = wc_AesSetKey(
        &aes, key, (word32)pbes2->key_bytes, pbes2->iv.data, AES_DECRYPTION);
    if (error == 0)
        error =
            wc_AesCbcDecrypt(&aes, out, encrypted.data, (word32)encrypted.len);
    wc_AesFree(&aes);
    return error;
}

static enum unlock_result
decrypt(const struct pbes2 *pbes2, struct der encrypted,
    const struct password *password, struct blob *plain)
{
    uint8_t key[KEY_BYTES_MAX];
    int error = wc_PBKDF2(key, password_bytes(password),
        (int)password->text.len, pbes2->salt.data, (int)pbes2->salt.len,
        (int)pbes2->rounds, pbes2->key_bytes, (int)pbes2->hash);

    if (error == 0)
        error = decrypt_aes(pbes2, key, encrypted, plain->data);
    explicit_bzero(key, sizeof(key));
    if (error != 0)
        return error == MEMORY_E ? UNLOCK_NO_MEMORY : UNLOCK_BROKEN;
    return remove_padding(plain);
}

enum unlock_result
unlock_decrypt(struct der algorithm, struct der encrypted,
    struct password *password, struct blob *plain)
{
    struct pbes2 pbes2;
    enum unlock_result result = take_pbes2(algorithm, &pbes2);

    *plain = (struct blob){0};
    if (result != UNLOCK_OK)
        return result;
    if (encrypted.len == 0 || encrypted.len % BLOCK_BYTES != 0)
        return UNLOCK_BROKEN;
    if (!unlock_is_affordable(password, pbes2.rounds))
        return UNLOCK_COSTLY;
    if (secret_alloc(plain, encrypted.len) != 0)
        return UNLOCK_NO_MEMORY;
    result = decrypt(&pbes2, encrypted, password, plain);
    if (result == UNLOCK_OK)
        password->was_used = true;
    else
        secret_free(plain);
    return result;
}

/* One whole sequence that begins with a number, as PKCS#8 does. */
static bool
looks_like_key(const struct blob *plain)
{
    struct der rest = {.data = plain->data, .len = plain->len};
    struct der_element whole;
    uint32_t version;

    return der_take_tag(&rest, DER_SEQUENCE, &whole) && rest.len == 0
           && der_take_number(&whole.content, &version);
}

enum unlock_result
unlock_key(struct der content, struct password *password, struct blob *key)
{
    struct der_element algorithm;
    struct der_element encrypted;
    enum unlock_result result;

    *key = (struct blob){0};
    if (!der_take_tag(&content, DER_SEQUENCE, &algorithm)
        || !der_take_tag(&content, DER_OCTET_STRING, &encrypted))
        return UNLOCK_BROKEN;
    result =
        unlock_decrypt(algorithm.content, encrypted.content, password, key);
    if (result != UNLOCK_OK || looks_like_key(key))
        return result;
    secret_free(key);
    return UNLOCK_WRONG;
}
