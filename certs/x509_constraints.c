/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Name constraints (RFC 5280, section 4.2.1.10). The library holds them
 * against what a CA issues itself and forgets them one step further down, so
 * that a CA could shed them by putting another one below it. Here they are
 * held against all of the way, by the library's own comparisons and two more
 * for what is excluded: an IPv4 address in IPv6 form is what our rules take it
 * for, and a name is the same in every kind of string and in either case.
 */
/* They are exported for tests, and marked as such. */
/* NOLINTNEXTLINE(readability-identifier-naming): the library names it */
#define WOLFSSL_VIS_FOR_TESTS

#include <string.h>
#include <strings.h>

#include "certs/dn.h"
#include "certs/x509_internal.h"
#include "certs/x509_parts.h"

enum {
    NAME_TEXT_BYTES = 4096,
    V4_BYTES = 4,
    V6_BYTES = 16,
};

/* Does the name begin with these parts, as text? That has the first part last.
 * Of one that is too long for that nobody knows. */
static bool
may_begin_with(const DNS_entry *name, const Base_entry *base)
{
    char whole[NAME_TEXT_BYTES];
    char parts[NAME_TEXT_BYTES];
    struct der of_name = {(const uint8_t *)name->name, (size_t)name->len};
    struct der of_base = {(const uint8_t *)base->name, (size_t)base->nameSz};
    size_t len;

    if (!dn_format(of_name, whole, sizeof(whole))
        || !dn_format(of_base, parts, sizeof(parts)))
        return true;
    len = strlen(whole) - strlen(parts);
    return strlen(whole) >= strlen(parts) && strcasecmp(whole + len, parts) == 0
           && (len == 0 || whole[len - 1] == ',');
}

static bool
is_mapped_within(const DNS_entry *name, const Base_entry *base)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

    return name->len == V6_BYTES
           && memcmp(name->name, prefix, sizeof(prefix)) == 0
           && wolfssl_local_MatchIpSubnet(
                  (const byte *)name->name + sizeof(prefix), V4_BYTES,
                  (const byte *)base->name, base->nameSz)
                  != 0;
}

static bool
is_within(const DNS_entry *name, const Base_entry *base, bool permits)
{
    switch (name->type) {
    case ASN_IP_TYPE:
        return wolfssl_local_MatchIpSubnet((const byte *)name->name, name->len,
                   (const byte *)base->name, base->nameSz)
               != 0;
    case ASN_URI_TYPE:
        return wolfssl_local_MatchUriNameConstraint(
                   name->name, name->len, base->name, base->nameSz)
               != 0;
    case ASN_OTHER_TYPE:
    case ASN_RID_TYPE:
        return name->len == base->nameSz
               && memcmp(name->name, base->name, (size_t)name->len) == 0;
    case ASN_DNS_TYPE:
        if (memchr(name->name, '*', (size_t)name->len) != NULL)
            return wolfssl_local_MatchDnsConstraintWildcard(
                       name->name, name->len, base->name, base->nameSz, permits)
                   != 0;
        break;
    default:
        break;
    }
    return wolfssl_local_MatchBaseName(
               name->type, name->name, name->len, base->name, base->nameSz)
           != 0;
}

static bool
is_excluded(const DNS_entry *name, const Base_entry *base)
{
    if (name->type != base->type)
        return false;
    return is_within(name, base, false)
           || (name->type == ASN_IP_TYPE && is_mapped_within(name, base))
           || (name->type == ASN_DIR_TYPE && may_begin_with(name, base));
}

static bool
permits_name(const DecodedCert *ca, const DNS_entry *name)
{
    bool is_limited = false;

    for (const Base_entry *at = ca->excludedNames; at != NULL; at = at->next)
        if (is_excluded(name, at))
            return false;
    for (const Base_entry *at = ca->permittedNames; at != NULL; at = at->next) {
        if (at->type != name->type)
            continue;
        if (is_within(name, at, true))
            return true;
        is_limited = true;
    }
    return !is_limited;
}

static bool
permits_names(const DecodedCert *ca, const DNS_entry *name)
{
    for (; name != NULL; name = name->next)
        if (!permits_name(ca, name))
            return false;
    return true;
}

/* A name of the subject. There may be none. */
static bool
permits_text(const DecodedCert *ca, int type, const void *text, int len)
{
    DNS_entry name = {.type = type, .len = len, .name = text};

    return text == NULL || len <= 0 || permits_name(ca, &name);
}

static bool
permits(const DecodedCert *ca, const DecodedCert *cert, bool is_leaf)
{
    if (ca->extNameConstraintCrit && ca->extNameConstraintHasUnsupported)
        return false;
    /* Without a SAN the common name counts as a host's, but not a CA's. */
    if (is_leaf && cert->altNames == NULL
        && !permits_text(ca, ASN_DNS_TYPE, cert->subjectCN, cert->subjectCNLen))
        return false;
    return permits_names(ca, cert->altNames)
           && permits_names(ca, cert->altEmailNames)
           && permits_names(ca, cert->altDirNames)
           && permits_names(ca, cert->altOtherNamesRaw)
           && permits_text(
               ca, ASN_RFC822_TYPE, cert->subjectEmail, cert->subjectEmailLen)
           && permits_text(
               ca, ASN_DIR_TYPE, cert->subjectRaw, cert->subjectRawLen);
}

/* Those that a CA issues for its own name are not held against them, unless
 * they are clients. */
static bool
permits_below(const struct x509 *ca, const struct blob *below, bool is_leaf)
{
    struct x509_parts parts;
    int error;
    struct x509 *x509;
    bool is_fit;

    if (!is_leaf && x509_parts_read(&parts, below)
        && der_equal(parts.subject, parts.issuer))
        return true;
    x509 = x509_new(below, &error);
    is_fit = x509 != NULL && permits(&ca->cert, &x509->cert, is_leaf);
    x509_free(x509);
    return is_fit;
}

/* A look at the bytes saves parsing nearly every CA. */
static bool
may_be_constrained(const struct blob *ca)
{
    static const uint8_t oid[] = {DER_OID, 3, 0x55, 0x1d, 0x1e};

    return memmem(ca->data, ca->len, oid, sizeof(oid)) != NULL;
}

/* Of the CA that stands behind `count` others. */
static bool
keeps_those_of(const struct blob *const *way, size_t count)
{
    int error;
    struct x509 *ca;
    bool is_fit;

    if (!may_be_constrained(way[count]))
        return true;
    ca = x509_new(way[count], &error);
    is_fit = ca != NULL;
    for (size_t i = 0; is_fit && i < count; i++)
        is_fit = permits_below(ca, way[i], i == 0);
    x509_free(ca);
    return is_fit;
}

bool
x509_keeps_constraints(const struct blob *const *way, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (!keeps_those_of(way, i))
            return false;
    return true;
}
