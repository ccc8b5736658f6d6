/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts of a certificate, out of the library's decoded form. */
#include "certs/x509.h"

#include <arpa/inet.h>

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
#include "certs/names.h"

struct x509 {
    const struct blob *der;
    DecodedCert cert;
};

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

static bool
has_dns_name(const struct x509 *x509)
{
    for (const DNS_entry *at = x509->cert.altNames; at; at = at->next)
        if (at->type == ASN_DNS_TYPE)
            return true;
    return false;
}

static bool
entry_covers(const DNS_entry *entry, const char *host)
{
    if (entry->type == ASN_IP_TYPE)
        return name_matches_ip(
            (const uint8_t *)entry->name, (size_t)entry->len, host);
    return entry->type == ASN_DNS_TYPE && !name_is_ip(host)
           && name_matches(entry->name, (size_t)entry->len, host);
}

bool
x509_covers(const struct x509 *x509, const char *host)
{
    for (const DNS_entry *at = x509->cert.altNames; at; at = at->next)
        if (entry_covers(at, host))
            return true;
    if (has_dns_name(x509) || x509->cert.subjectCN == NULL)
        return false;
    return name_matches(
        x509->cert.subjectCN, (size_t)x509->cert.subjectCNLen, host);
}

/* False when the entry is of a kind that names no host. */
static bool
format_entry(const DNS_entry *entry, char out[IDENTITY_NAME_BYTES])
{
    if (entry->type == ASN_DNS_TYPE) {
        text_escape(out, IDENTITY_NAME_BYTES, entry->name, (size_t)entry->len);
        return true;
    }
    if (entry->type != ASN_IP_TYPE || (entry->len != 4 && entry->len != 16))
        return false;
    return inet_ntop(entry->len == 4 ? AF_INET : AF_INET6, entry->name, out,
               IDENTITY_NAME_BYTES)
           != NULL;
}

static void
format_cn(const struct x509 *x509, char out[IDENTITY_NAME_BYTES])
{
    out[0] = '\0';
    if (x509->cert.subjectCN != NULL)
        text_escape(out, IDENTITY_NAME_BYTES, x509->cert.subjectCN,
            (size_t)x509->cert.subjectCNLen);
}

/* DNS names before addresses: that is what people call a server. The library
 * lists the entries last first, so the last match is the first written. */
static bool
find_first(const struct x509 *x509, int type, char out[IDENTITY_NAME_BYTES])
{
    bool found = false;

    for (const DNS_entry *at = x509->cert.altNames; at; at = at->next)
        if (at->type == type)
            found = format_entry(at, out);
    return found;
}

void
x509_first_name(const struct x509 *x509, char out[IDENTITY_NAME_BYTES])
{
    if (find_first(x509, ASN_DNS_TYPE, out))
        return;
    format_cn(x509, out);
    if (out[0] == '\0')
        (void)find_first(x509, ASN_IP_TYPE, out);
}

static void
append(char out[X509_NAMES_BYTES], const char *name)
{
    size_t len = strlen(out);
    size_t need = strlen(name) + 2;

    if (len + need + 4 >= X509_NAMES_BYTES) {
        if (len + 5 < X509_NAMES_BYTES && strstr(out, ", ...") == NULL)
            memcpy(out + len, ", ...", 6);
        return;
    }
    (void)snprintf(
        out + len, X509_NAMES_BYTES - len, "%s%s", len > 0 ? ", " : "", name);
}

/* The library lists the entries last first: the one before `next`. */
static const DNS_entry *
entry_written_after(const struct x509 *x509, const DNS_entry *next)
{
    const DNS_entry *at = x509->cert.altNames;

    while (at != NULL && at->next != next)
        at = at->next;
    return at;
}

void
x509_each_name(const struct x509 *x509, x509_name_visit *visit, void *arg)
{
    char name[IDENTITY_NAME_BYTES];
    const DNS_entry *first = entry_written_after(x509, NULL);

    for (const DNS_entry *at = first; at; at = entry_written_after(x509, at))
        if (format_entry(at, name))
            visit(name, arg);
    if (has_dns_name(x509))
        return;
    format_cn(x509, name);
    if (name[0] != '\0')
        visit(name, arg);
}

static void
append_name(const char *name, void *arg)
{
    append(arg, name);
}

void
x509_names(const struct x509 *x509, char out[X509_NAMES_BYTES])
{
    out[0] = '\0';
    x509_each_name(x509, append_name, out);
}

/* --- the names as a list ------------------------------------------------- */

/* What is not written so stands in no hello, and is not looked for. */
static bool
is_host_text(const char *name, size_t len)
{
    static const char others[] = {'-', '_', '.', '*'};

    for (size_t i = 0; i < len; i++) {
        char lower = (char)(name[i] | 0x20);

        if ((lower < 'a' || lower > 'z') && (name[i] < '0' || name[i] > '9')
            && memchr(others, name[i], sizeof(others)) == NULL)
            return false;
    }
    return len > 0;
}

/* A list in the making: pointers first, the text that they lead to behind
 * them. While `names` is NULL it is only measured. */
struct name_list {
    char **names;
    char *text;
    size_t count;
    size_t text_len;
};

static void
add_name(struct name_list *list, const char *name, size_t len)
{
    if (!is_host_text(name, len))
        return;
    if (list->names != NULL) {
        char *copy = list->text + list->text_len;

        for (size_t i = 0; i < len; i++)
            copy[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20
                                                              : name[i]);
        copy[len] = '\0';
        list->names[list->count] = copy;
    }
    list->count++;
    list->text_len += len + 1;
}

static void
add_names(struct name_list *list, const struct x509 *x509)
{
    for (const DNS_entry *at = x509->cert.altNames; at; at = at->next)
        if (at->type == ASN_DNS_TYPE)
            add_name(list, at->name, (size_t)at->len);
    if (!has_dns_name(x509) && x509->cert.subjectCN != NULL)
        add_name(list, x509->cert.subjectCN, (size_t)x509->cert.subjectCNLen);
}

int
x509_dns_names(const struct x509 *x509, char ***names, size_t *count)
{
    struct name_list list = {0};

    add_names(&list, x509);
    *names = NULL;
    *count = list.count;
    if (list.count == 0)
        return 0;
    list.names = malloc(list.count * sizeof(*list.names) + list.text_len);
    if (list.names == NULL)
        return -1;
    list.text = (char *)(list.names + list.count);
    list.count = list.text_len = 0;
    add_names(&list, x509);
    *names = list.names;
    return 0;
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
x509_is_self_signed(const struct x509 *x509)
{
    return x509->cert.selfSigned != 0;
}

bool
x509_is_sha1_signed(const struct x509 *x509)
{
    return x509->cert.signatureOID == CTC_SHAwRSA
           || x509->cert.signatureOID == CTC_SHAwECDSA;
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
