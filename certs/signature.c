/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verifying by the signer's public key. */
#include "certs/signature.h"

#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/signature.h>

static const struct algorithm {
    const char *oid;
    enum key_type key;
    enum wc_HashType hash;
} algorithms[] = {
    {"1.2.840.10045.4.3.2", KEY_ECDSA, WC_HASH_TYPE_SHA256},
    {"1.2.840.10045.4.3.3", KEY_ECDSA, WC_HASH_TYPE_SHA384},
    {"1.2.840.10045.4.3.4", KEY_ECDSA, WC_HASH_TYPE_SHA512},
    {"1.2.840.113549.1.1.11", KEY_RSA, WC_HASH_TYPE_SHA256},
    {"1.2.840.113549.1.1.12", KEY_RSA, WC_HASH_TYPE_SHA384},
    {"1.2.840.113549.1.1.13", KEY_RSA, WC_HASH_TYPE_SHA512},
    {"1.3.101.112", KEY_ED25519, WC_HASH_TYPE_NONE},
};

static const struct algorithm *
find_algorithm(struct der oid)
{
    char text[64];

    der_oid_text(oid, text, sizeof(text));
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (strcmp(text, algorithms[i].oid) == 0)
            return &algorithms[i];
    return NULL;
}

static bool
ecdsa_holds(const struct x509_public_key *key, enum wc_HashType hash,
    struct der data, struct der signature)
{
    ecc_key public_key;
    word32 at = 0;
    bool holds;

    if (wc_ecc_init(&public_key) != 0)
        return false;
    holds = wc_EccPublicKeyDecode(key->data, &at, &public_key, (word32)key->len)
                == 0
            && wc_SignatureVerify(hash, WC_SIGNATURE_TYPE_ECC, data.data,
                   (word32)data.len, signature.data, (word32)signature.len,
                   &public_key, sizeof(public_key))
                   == 0;
    wc_ecc_free(&public_key);
    return holds;
}

static bool
rsa_holds(const struct x509_public_key *key, enum wc_HashType hash,
    struct der data, struct der signature)
{
    RsaKey public_key;
    word32 at = 0;
    bool holds;

    if (wc_InitRsaKey(&public_key, NULL) != 0)
        return false;
    holds = wc_RsaPublicKeyDecode(key->data, &at, &public_key, (word32)key->len)
                == 0
            && wc_SignatureVerify(hash, WC_SIGNATURE_TYPE_RSA_W_ENC, data.data,
                   (word32)data.len, signature.data, (word32)signature.len,
                   &public_key, sizeof(public_key))
                   == 0;
    wc_FreeRsaKey(&public_key);
    return holds;
}

static bool
ed25519_holds(
    const struct x509_public_key *key, struct der data, struct der signature)
{
    ed25519_key public_key;
    int verified = 0;

    if (wc_ed25519_init(&public_key) != 0)
        return false;
    if (wc_ed25519_import_public(key->data, (word32)key->len, &public_key) != 0
        || wc_ed25519_verify_msg(signature.data, (word32)signature.len,
               data.data, (word32)data.len, &verified, &public_key)
               != 0)
        verified = 0;
    wc_ed25519_free(&public_key);
    return verified == 1;
}

bool
signature_holds(const struct x509_public_key *key, struct der algorithm,
    struct der data, struct der signature)
{
    const struct algorithm *found = find_algorithm(algorithm);

    if (found == NULL || found->key != key->type)
        return false;
    switch (found->key) {
    case KEY_ECDSA:
        return ecdsa_holds(key, found->hash, data, signature);
    case KEY_RSA:
        return rsa_holds(key, found->hash, data, signature);
    case KEY_ED25519:
        return ed25519_holds(key, data, signature);
    }
    return false;
}
