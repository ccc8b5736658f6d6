/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts of a certificate, out of the library's decoded form. */
#include "certs/x509.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "certs/der.h"
#include "certs/dn.h"
#include "certs/x509_internal.h"

struct x509 *
x509_new(const struct blob *der, int *error)
{
    struct x509 *x509 = calloc(1, sizeof(*x509));

    *error = MEMORY_E;
    if (x509 == NULL)
        return NULL;
    x509->der = der;
    wc_InitDecodedCert(&x509->cert, der->data, (word32)der->len, NULL);
    *error = wc_ParseCert(&x509->cert, CERT_TYPE, NO_VERIFY, NULL);
    if (*error == 0)
        return x509;
    x509_free(x509);
    return NULL;
}

void
x509_free(struct x509 *x509)
{
    if (x509 == NULL)
        return;
    wc_FreeDecodedCert(&x509->cert);
    free(x509);
}

void
x509_moved(struct x509 *x509, const struct blob *der)
{
    x509->der = der;
}

static time_t
read_date(const byte *field, int field_len)
{
    const byte *date;
    byte format;
    int len;
    struct tm when;

    memset(&when, 0, sizeof(when));
    if (field == NULL
        || wc_GetDateInfo(field, field_len, &date, &format, &len) != 0
        || wc_GetDateAsCalendarTime(date, len, format, &when) != 0)
        return 0;
    return timegm(&when);
}

static void
write_hex(char *out, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        (void)snprintf(out + 2 * i, 3, "%02X", data[i]);
    out[2 * len] = '\0';
}

static void
fill_fingerprint(const struct blob *der, char *out)
{
    uint8_t digest[WC_SHA256_DIGEST_SIZE] = {0};

    (void)wc_Sha256Hash(der->data, (word32)der->len, digest);
    write_hex(out, digest, sizeof(digest));
}

/* Issuer and subject where they stand in the certificate (RFC 5280, section
 * 4.1): the library joins their parts in a way that two names can share. */
static void
find_names(const struct blob *der, struct der_element *issuer,
    struct der_element *subject)
{
    struct der rest = {.data = der->data, .len = der->len};
    struct der_element element;

    memset(issuer, 0, sizeof(*issuer));
    memset(subject, 0, sizeof(*subject));
    if (!der_take_tag(&rest, DER_SEQUENCE, &element))
        return;
    rest = element.content;
    if (!der_take_tag(&rest, DER_SEQUENCE, &element))
        return;
    rest = element.content;
    (void)der_take_tag(&rest, DER_CONTEXT_0, &element); /* version */
    (void)der_take(&rest, &element);                    /* serial number */
    (void)der_take(&rest, &element);                    /* algorithm */
    (void)der_take_tag(&rest, DER_SEQUENCE, issuer);
    (void)der_take(&rest, &element); /* validity */
    (void)der_take_tag(&rest, DER_SEQUENCE, subject);
}

struct der
x509_issuer_name(const struct x509 *x509)
{
    struct der_element issuer;
    struct der_element subject;

    find_names(x509->der, &issuer, &subject);
    return issuer.whole;
}

void
x509_fill_info(const struct x509 *x509, struct certificate_info *info)
{
    const DecodedCert *cert = &x509->cert;
    size_t serial_len = (size_t)cert->serialSz;
    struct der_element issuer;
    struct der_element subject;

    memset(info, 0, sizeof(*info));
    find_names(x509->der, &issuer, &subject);
    dn_format(issuer.content, info->issuer, sizeof(info->issuer));
    dn_format(subject.content, info->subject, sizeof(info->subject));
    if (serial_len > (IDENTITY_SERIAL_BYTES - 1) / 2)
        serial_len = (IDENTITY_SERIAL_BYTES - 1) / 2;
    write_hex(info->serial, cert->serial, serial_len);
    fill_fingerprint(x509->der, info->fingerprint);
    info->not_before = read_date(cert->beforeDate, cert->beforeDateLen);
    info->not_after = read_date(cert->afterDate, cert->afterDateLen);
}

bool
x509_has_san(const struct x509 *x509)
{
    return x509->cert.altNames != NULL;
}

bool
x509_is_ca(const struct x509 *x509)
{
    return x509->cert.isCA != 0;
}

bool
x509_may_sign_certificates(const struct x509 *x509)
{
    return x509->cert.isCA != 0
           && (!x509->cert.extKeyUsageSet
               || (x509->cert.extKeyUsage & KEYUSE_KEY_CERT_SIGN) != 0);
}

bool
x509_may_sign_crls(const struct x509 *x509)
{
    return !x509->cert.extKeyUsageSet
           || (x509->cert.extKeyUsage & KEYUSE_CRL_SIGN) != 0;
}

bool
x509_is_self_signed(const struct x509 *x509)
{
    return x509->cert.selfSigned != 0;
}

const char *
x509_weak_hash(const struct x509 *x509)
{
    switch (x509->cert.signatureOID) {
    case CTC_SHAwRSA:
    case CTC_SHAwECDSA:
        return "SHA-1";
    case CTC_MD5wRSA:
        return "MD5";
    default:
        return NULL;
    }
}

bool
x509_allows_server(const struct x509 *x509)
{
    return !x509->cert.extExtKeyUsageSet
           || (x509->cert.extExtKeyUsage
                  & (EXTKEYUSE_SERVER_AUTH | EXTKEYUSE_ANY))
                  != 0;
}

bool
x509_may_sign_staples(const struct x509 *x509)
{
    return (x509->cert.extExtKeyUsage & EXTKEYUSE_OCSP_SIGN) != 0;
}

bool
x509_vouches_for_clients(const struct x509 *x509)
{
    return !x509->cert.extExtKeyUsageSet
           || (x509->cert.extExtKeyUsage
                  & (EXTKEYUSE_CLIENT_AUTH | EXTKEYUSE_ANY))
                  != 0;
}

void
x509_usages(const struct x509 *x509, char *out, size_t cap)
{
    static const struct {
        unsigned bit;
        const char *name;
    } usages[] = {
        {EXTKEYUSE_ANY, "any"},
        {EXTKEYUSE_SERVER_AUTH, "serverAuth"},
        {EXTKEYUSE_CLIENT_AUTH, "clientAuth"},
        {EXTKEYUSE_CODESIGN, "codeSigning"},
        {EXTKEYUSE_EMAILPROT, "emailProtection"},
        {EXTKEYUSE_TIMESTAMP, "timeStamping"},
        {EXTKEYUSE_OCSP_SIGN, "OCSPSigning"},
        {EXTKEYUSE_USER, "another usage"},
    };
    size_t len = 0;

    (void)snprintf(out, cap, "none");
    for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
        if ((x509->cert.extExtKeyUsage & usages[i].bit) == 0 || len >= cap)
            continue;
        len += (size_t)snprintf(
            out + len, cap - len, "%s%s", len > 0 ? ", " : "", usages[i].name);
    }
}

bool
x509_names_issuer(const struct x509 *x509, const struct x509 *issuer)
{
    return memcmp(x509->cert.issuerHash, issuer->cert.subjectHash,
               sizeof(x509->cert.issuerHash))
           == 0;
}

int
x509_public_key(const struct x509 *x509, struct x509_public_key *key)
{
    key->data = x509->cert.publicKey;
    key->len = x509->cert.pubKeySize;
    switch (x509->cert.keyOID) {
    case ECDSAk:
        key->type = KEY_ECDSA;
        return 0;
    case RSAk:
        key->type = KEY_RSA;
        return 0;
    case ED25519k:
        key->type = KEY_ED25519;
        return 0;
    default:
        return -1;
    }
}
