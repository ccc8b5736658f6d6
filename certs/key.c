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

#include "certs/file.h"
#include "certs/pem.h"

enum {
    SIGNATURE_BYTES_MAX = 1024, /* RSA up to 8192 bits */
    RSA_BITS_MIN = 2048,
    RSA_BITS_MAX = 4096, /* what the library is built for */
    GROUP_AND_OTHERS_READ = 0044,
    OTHERS_READ = 0004,
};

/* --- reading ------------------------------------------------------------ */

static bool
is_private_key(const char *label)
{
    return strcmp(label, "PRIVATE KEY") == 0
           || strcmp(label, "EC PRIVATE KEY") == 0
           || strcmp(label, "RSA PRIVATE KEY") == 0;
}

static int
refuse_encrypted(const char *path, struct report *report)
{
    report_error(report, SL_PASSWORD_MISSING,
        "certificate.key %s: the private key is encrypted, and passwords are "
        "not supported; decrypt it: openssl pkey -in %s -out plain.key, then "
        "chmod 600 plain.key",
        path, path);
    return -1;
}

static int
refuse_keyless(
    const struct blob *content, const char *path, struct report *report)
{
    char other[512];

    pem_explain_other(content, path, other, sizeof(other));
    if (other[0] != '\0')
        report_error(report, SL_FORMAT_UNKNOWN,
            "certificate.key %s: is not PEM: %s", path, other);
    else
        report_error(report, SL_KEY_NONE,
            "certificate.key %s: no private key in it (a line -----BEGIN "
            "PRIVATE KEY-----); is this the right file?",
            path);
    return -1;
}

/* Takes the block when it is a key. 1: taken; 0: something else; -1: error. */
static int
take_block(struct blob *key, struct pem_block *block, const char *path,
    struct report *report)
{
    if (strcmp(block->label, "ENCRYPTED PRIVATE KEY") == 0
        || block->is_encrypted)
        return refuse_encrypted(path, report);
    if (!is_private_key(block->label))
        return 0;
    *key = block->der;
    block->der = (struct blob){0};
    return 1;
}

static int
find_key(struct blob *key, const struct blob *content, const char *path,
    struct report *report)
{
    struct pem_reader reader;
    struct pem_block block;
    enum pem_result result;
    int taken = 0;

    pem_reader_init(&reader, content);
    while (taken == 0 && (result = pem_next(&reader, &block)) != PEM_END) {
        if (result == PEM_NO_MEMORY) {
            report_error(
                report, SL_MEMORY, "certificate.key %s: out of memory", path);
            return -1;
        }
        if (result == PEM_MALFORMED) {
            if (block.is_encrypted)
                return refuse_encrypted(path, report);
            report_error(report, SL_PEM_BROKEN,
                "certificate.key %s: broken PEM (a block without its END line "
                "or with bad base64); was it cut off?",
                path);
            return -1;
        }
        taken = take_block(key, &block, path, report);
        blob_wipe(&block.der);
    }
    if (taken == 0)
        return refuse_keyless(content, path, report);
    return taken == 1 ? 0 : -1;
}

static void
judge_mode(const char *path, mode_t mode, struct report *report)
{
    if (mode & OTHERS_READ)
        report_warning(report, SL_KEY_EXPOSED,
            "certificate.key %s: everybody on this machine can read the "
            "private key (mode %04o); chmod 600 %s",
            path, mode, path);
    else if (mode & GROUP_AND_OTHERS_READ)
        report_note(report,
            "certificate.key %s: its group can read the private key (mode "
            "%04o)",
            path, mode);
}

int
key_load(struct blob *key, const char *path, struct report *report)
{
    struct blob content;
    mode_t mode;
    int failed;

    *key = (struct blob){0};
    if (file_read(&content, path, "certificate.key", &mode, report) != 0)
        return -1;
    failed = find_key(key, &content, path, report);
    blob_wipe(&content);
    if (failed != 0)
        return -1;
    judge_mode(path, mode, report);
    return 0;
}

/* --- proving ------------------------------------------------------------ */

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

static int
check_strength(const struct x509_public_key *public_key, const char *cert_path,
    struct report *report)
{
    RsaKey key;
    word32 at = 0;
    int bits = 0;

    if (public_key->type != KEY_RSA)
        return 0;
    if (wc_InitRsaKey(&key, NULL) != 0)
        return 0;
    if (wc_RsaPublicKeyDecode(
            public_key->data, &at, &key, (word32)public_key->len)
        == 0)
        bits = wc_RsaEncryptSize(&key) * 8;
    wc_FreeRsaKey(&key);
    if (bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX)
        return 0;
    if (bits > RSA_BITS_MAX) {
        report_error(report, SL_KEY_UNSUPPORTED,
            "certificate.cert %s: its RSA key has %d bits; up to %d are "
            "supported (and ECDSA is far faster)",
            cert_path, bits, RSA_BITS_MAX);
        return -1;
    }
    report_error(report, SL_KEY_WEAK,
        "certificate.cert %s: its RSA key has %d bits, clients want at least "
        "%d; make a new key: openssl genpkey -algorithm EC -pkeyopt "
        "ec_paramgen_curve:P-256",
        cert_path, bits, RSA_BITS_MIN);
    return -1;
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

int
key_prove(const struct blob *key, const char *path, const struct x509 *leaf,
    const char *cert_path, struct report *report)
{
    struct x509_public_key public_key;

    if (x509_public_key(leaf, &public_key) != 0) {
        report_error(report, SL_KEY_UNSUPPORTED,
            "certificate.cert %s: its key is none of ECDSA, RSA or Ed25519",
            cert_path);
        return -1;
    }
    if (check_strength(&public_key, cert_path, report) != 0)
        return -1;
    if (run_proof(key, &public_key) == 1)
        return 0;
    report_error(report, SL_KEY_MISMATCH,
        "certificate.key %s: is not the private key of the certificate %s, or "
        "is damaged; were the two files replaced together?",
        path, cert_path);
    return -1;
}
