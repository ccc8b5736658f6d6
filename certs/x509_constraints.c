/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Name constraints (RFC 5280, section 4.2.1.10). The library holds them
 * against what a CA issues itself and forgets them one step further down, so
 * that a CA could shed them by putting another one below it. Here is the rest
 * of the way, by the library's own comparisons.
 */
/* They are exported for tests, and marked as such. */
/* NOLINTNEXTLINE(readability-identifier-naming): the library names it */
#define WOLFSSL_VIS_FOR_TESTS

#include <string.h>

#include "certs/x509_internal.h"

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
permits_name(const DecodedCert *ca, const DNS_entry *name)
{
    bool is_limited = false;

    for (const Base_entry *at = ca->excludedNames; at != NULL; at = at->next)
        if (at->type == name->type && is_within(name, at, false))
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

bool
x509_is_constrained(const struct x509 *x509)
{
    const DecodedCert *cert = &x509->cert;

    return cert->permittedNames != NULL || cert->excludedNames != NULL
           || cert->extNameConstraintHasUnsupported;
}

bool
x509_permits(const struct x509 *ca, const struct x509 *below, bool is_leaf)
{
    const DecodedCert *by = &ca->cert;
    const DecodedCert *cert = &below->cert;

    if (by->extNameConstraintCrit && by->extNameConstraintHasUnsupported)
        return false;
    /* Without a SAN the common name counts as a host's, but not a CA's. */
    if (is_leaf && cert->altNames == NULL
        && !permits_text(by, ASN_DNS_TYPE, cert->subjectCN, cert->subjectCNLen))
        return false;
    return permits_names(by, cert->altNames)
           && permits_names(by, cert->altEmailNames)
           && permits_names(by, cert->altDirNames)
           && permits_names(by, cert->altOtherNamesRaw)
           && permits_text(
               by, ASN_RFC822_TYPE, cert->subjectEmail, cert->subjectEmailLen)
           && permits_text(
               by, ASN_DIR_TYPE, cert->subjectRaw, cert->subjectRawLen);
}
