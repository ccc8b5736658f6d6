/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and proving private keys with wolfCrypt. */
#include "certs/key.h"

#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/sha256.h>

enum {
    SIGNATURE_BYTES_MAX = 1024, /* RSA up to 8192 bits */
    RSA_BITS_MIN = 2048,
    ECC_BYTES_MIN = 32,
    RSA_BITS_MAX = 4096, /* what the library is built for */
};

/* --- proving ------------------------------------------------------------- */

/* Each prover: 1 the pair belongs together, 0 it does not, negative: the key
 * cannot be read as this type. */
struct proof {
    WC_RNG rng;
    uint8_t digest[WC_SHA256_DIGEST_SIZE];
    uint8_t signature[SIGNATURE_BYTES_MAX];
};

static int
sign_ecdsa(const struct blob *key, struct proof *proof, word32 *len)
{
    ecc_key private_key;
    word32 at = 0;
    int error = wc_ecc_init(&private_key);

    if (error != 0)
        return error;
    error =
        wc_EccPrivateKeyDecode(key->data, &at, &private_key, (word32)key->len);
    if (error == 0)
        error = wc_ecc_sign_hash(proof->digest, sizeof(proof->digest),
            proof->signature, len, &proof->rng, &private_key);
    wc_ecc_free(&private_key);
    return error;
}

static int
verify_ecdsa(const struct x509_public_key *public_key,
    const struct proof *proof, word32 len)
{
    ecc_key key;
    word32 at = 0;
    int verified = 0;

    if (wc_ecc_init(&key) != 0)
        return 0;
    if (wc_EccPublicKeyDecode(
            public_key->data, &at, &key, (word32)public_key->len)
            != 0
        || wc_ecc_verify_hash(proof->signature, len, proof->digest,
               sizeof(proof->digest), &verified, &key)
               != 0)
        verified = 0;
    wc_ecc_free(&key);
    return verified;
}

static int
sign_rsa(const struct blob *key, struct proof *proof, word32 *len)
{
    RsaKey private_key;
    word32 at = 0;
    int error = wc_InitRsaKey(&private_key, NULL);

    if (error != 0)
        return error;
    error =
        wc_RsaPrivateKeyDecode(key->data, &at, &private_key, (word32)key->len);
    if (error == 0)
        error = wc_RsaSetRNG(&private_key, &proof->rng);
    if (error == 0) {
        int signed_len = wc_RsaSSL_Sign(proof->digest, sizeof(proof->digest),
            proof->signature, *len, &private_key, &proof->rng);

        error = signed_len < 0 ? signed_len : 0;
        *len = signed_len < 0 ? 0 : (word32)signed_len;
    }
    wc_FreeRsaKey(&private_key);
    return error;
}

static int
verify_rsa(const struct x509_public_key *public_key, const struct proof *proof,
    word32 len)
{
    uint8_t opened[SIGNATURE_BYTES_MAX];
    RsaKey key;
    word32 at = 0;
    int opened_len = -1;

    if (wc_InitRsaKey(&key, NULL) != 0)
        return 0;
    if (wc_RsaPublicKeyDecode(
            public_key->data, &at, &key, (word32)public_key->len)
        == 0)
        opened_len = wc_RsaSSL_Verify(
            proof->signature, len, opened, sizeof(opened), &key);
    wc_FreeRsaKey(&key);
    return opened_len == (int)sizeof(proof->digest)
           && memcmp(opened, proof->digest, sizeof(proof->digest)) == 0;
}

static int
sign_ed25519(const struct blob *key, struct proof *proof, word32 *len)
{
    uint8_t public_part[ED25519_PUB_KEY_SIZE];
    ed25519_key private_key;
    word32 at = 0;
    int error = wc_ed25519_init(&private_key);

    if (error != 0)
        return error;
    error = wc_Ed25519PrivateKeyDecode(
        key->data, &at, &private_key, (word32)key->len);
    if (error == 0)
        error = wc_ed25519_make_public(
            &private_key, public_part, sizeof(public_part));
    if (error == 0)
        error = wc_ed25519_import_public(
            public_part, sizeof(public_part), &private_key);
    if (error == 0)
        error = wc_ed25519_sign_msg(proof->digest, sizeof(proof->digest),
            proof->signature, len, &private_key);
    wc_ed25519_free(&private_key);
    return error;
}

static int
verify_ed25519(const struct x509_public_key *public_key,
    const struct proof *proof, word32 len)
{
    ed25519_key key;
    int verified = 0;

    if (wc_ed25519_init(&key) != 0)
        return 0;
    if (wc_ed25519_import_public(
            public_key->data, (word32)public_key->len, &key)
            != 0
        || wc_ed25519_verify_msg(proof->signature, len, proof->digest,
               sizeof(proof->digest), &verified, &key)
               != 0)
        verified = 0;
    wc_ed25519_free(&key);
    return verified;
}

static int
prove(const struct blob *key, const struct x509_public_key *public_key,
    struct proof *proof)
{
    word32 len = sizeof(proof->signature);
    int error;

    switch (public_key->type) {
    case KEY_ECDSA:
        error = sign_ecdsa(key, proof, &len);
        return error != 0 ? error : verify_ecdsa(public_key, proof, len);
    case KEY_RSA:
        error = sign_rsa(key, proof, &len);
        return error != 0 ? error : verify_rsa(public_key, proof, len);
    case KEY_ED25519:
        error = sign_ed25519(key, proof, &len);
        return error != 0 ? error : verify_ed25519(public_key, proof, len);
    }
    return 0;
}

/* 1 the pair belongs together, 0 it does not, negative: the library's code
 * for a key that it cannot use. */
static int
run_proof(const struct blob *key, const struct x509_public_key *public_key)
{
    struct proof proof;
    int proven = wc_InitRng(&proof.rng);

    if (proven != 0)
        return proven;
    proven =
        wc_RNG_GenerateBlock(&proof.rng, proof.digest, sizeof(proof.digest));
    if (proven == 0)
        proven = prove(key, public_key, &proof);
    wc_FreeRng(&proof.rng);
    return proven;
}

bool
key_fits(const struct blob *key, const struct x509 *leaf)
{
    struct x509_public_key public_key;

    return x509_public_key(leaf, &public_key) == 0
           && run_proof(key, &public_key) == 1;
}

/* --- what is wrong with it ----------------------------------------------- */

static int
rsa_bits(const struct x509_public_key *public_key)
{
    RsaKey key;
    word32 at = 0;
    int bits = 0;

    if (wc_InitRsaKey(&key, NULL) != 0)
        return 0;
    if (wc_RsaPublicKeyDecode(
            public_key->data, &at, &key, (word32)public_key->len)
        == 0)
        bits = wc_RsaEncryptSize(&key) * 8;
    wc_FreeRsaKey(&key);
    return bits;
}

static bool
is_known_curve(const struct x509_public_key *public_key)
{
    ecc_key key;
    word32 at = 0;
    bool is_known;

    if (wc_ecc_init(&key) != 0)
        return false;
    is_known = wc_EccPublicKeyDecode(
                   public_key->data, &at, &key, (word32)public_key->len)
                   == 0
               && wc_ecc_size(&key) >= ECC_BYTES_MIN;
    wc_ecc_free(&key);
    return is_known;
}

bool
key_is_short(const struct x509 *x509)
{
    struct x509_public_key public_key;

    return x509_public_key(x509, &public_key) == 0 && public_key.type == KEY_RSA
           && rsa_bits(&public_key) < RSA_BITS_MIN;
}

static int
check_rsa(const struct material *material, int bits, struct report *report)
{
    if (bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX)
        return 0;
    if (bits > RSA_BITS_MAX) {
        report_error(report, SL_KEY_UNSUPPORTED,
            "%s %s: its RSA key has %d bits; up to %d are supported (and ECDSA "
            "is far faster)",
            material->cert_role, material->cert_path, bits, RSA_BITS_MAX);
        return -1;
    }
    report_error(report, SL_KEY_WEAK,
        "%s %s: its RSA key has %d bits, clients want at least %d; make a new "
        "key: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        material->cert_role, material->cert_path, bits, RSA_BITS_MIN);
    return -1;
}

int
key_check_kind(const struct material *material, const struct x509 *leaf,
    struct report *report)
{
    struct x509_public_key public_key;

    if (x509_public_key(leaf, &public_key) != 0) {
        report_error(report, SL_KEY_UNSUPPORTED,
            "%s %s: its key is none of ECDSA, RSA or Ed25519",
            material->cert_role, material->cert_path);
        return -1;
    }
    if (public_key.type == KEY_RSA)
        return check_rsa(material, rsa_bits(&public_key), report);
    if (public_key.type != KEY_ECDSA || is_known_curve(&public_key))
        return 0;
    report_error(report, SL_KEY_UNSUPPORTED,
        "%s %s: its ECDSA key is on a curve that is not supported; P-256 and "
        "P-384 are",
        material->cert_role, material->cert_path);
    return -1;
}

static bool
is_ecdsa(const struct blob *key)
{
    ecc_key decoded;
    word32 at = 0;
    int error = wc_ecc_init(&decoded);

    if (error != 0)
        return false;
    error = wc_EccPrivateKeyDecode(key->data, &at, &decoded, (word32)key->len);
    wc_ecc_free(&decoded);
    return error == 0;
}

static bool
is_rsa(const struct blob *key)
{
    RsaKey decoded;
    word32 at = 0;
    int error = wc_InitRsaKey(&decoded, NULL);

    if (error != 0)
        return false;
    error = wc_RsaPrivateKeyDecode(key->data, &at, &decoded, (word32)key->len);
    wc_FreeRsaKey(&decoded);
    return error == 0;
}

static bool
is_ed25519(const struct blob *key)
{
    ed25519_key decoded;
    word32 at = 0;
    int error = wc_ed25519_init(&decoded);

    if (error != 0)
        return false;
    error =
        wc_Ed25519PrivateKeyDecode(key->data, &at, &decoded, (word32)key->len);
    wc_ed25519_free(&decoded);
    return error == 0;
}

static bool
has_readable_key(const struct material *material)
{
    for (size_t i = 0; i < material->key_count; i++) {
        const struct blob *key = &material->keys[i];

        if (is_ecdsa(key) || is_rsa(key) || is_ed25519(key))
            return true;
    }
    return false;
}

void
key_refuse(const struct material *material, const struct x509 *leaf,
    struct report *report)
{
    if (key_check_kind(material, leaf, report) != 0)
        return;
    if (!has_readable_key(material))
        report_error(report, SL_KEY_UNREADABLE,
            "%s %s: the private key cannot be read as ECDSA (P-256, P-384), "
            "RSA or Ed25519; is it damaged?",
            material->key_role, material->key_path);
    else
        report_error(report, SL_KEY_MISMATCH,
            "%s %s: is not the private key of the certificate %s, or is "
            "damaged; were the two files replaced together?",
            material->key_role, material->key_path, material->cert_path);
}
