/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Taking a revocation list apart. */
#include "certs/crl_read.h"

#include <string.h>

#include "certs/der_time.h"

enum {
    VERSION_2 = 1,
    REASON_REMOVE = 8, /* removeFromCRL */
    NOT_KNOWN = -1,
    ID_CE_BYTES = 3, /* of the OIDs 2.5.29.N */
};

/* The last arc of the extensions that are understood or that matter. */
enum extension {
    EXT_ISSUER_ALT_NAME = 18,
    EXT_NUMBER = 20,
    EXT_REASON = 21,
    EXT_HOLD_INSTRUCTION = 23,
    EXT_INVALIDITY_DATE = 24,
    EXT_DELTA = 27,
    EXT_DISTRIBUTION_POINT = 28,
    EXT_CERTIFICATE_ISSUER = 29,
    EXT_AUTHORITY_KEY = 35,
};

static const char broken[] = "damaged";

const char *
crl_reason_name(unsigned reason)
{
    static const char *const names[] = {"unspecified", "keyCompromise",
        "cACompromise", "affiliationChanged", "superseded",
        "cessationOfOperation", "certificateHold", NULL, "removeFromCRL",
        "privilegeWithdrawn", "aACompromise"};

    if (reason >= sizeof(names) / sizeof(names[0]) || names[reason] == NULL)
        return names[0];
    return names[reason];
}

/* --- extensions ---------------------------------------------------------- */

struct extension_parts {
    int id; /* N of 2.5.29.N, or NOT_KNOWN */
    bool is_critical;
    struct der value;
};

static bool
take_extension(struct der *extensions, struct extension_parts *extension)
{
    static const uint8_t id_ce[] = {0x55, 0x1d};
    struct der_element element;
    struct der rest;

    if (!der_take_tag(extensions, DER_SEQUENCE, &element))
        return false;
    rest = element.content;
    if (!der_take_tag(&rest, DER_OID, &element))
        return false;
    extension->id =
        element.content.len == ID_CE_BYTES
                && memcmp(element.content.data, id_ce, sizeof(id_ce)) == 0
            ? element.content.data[ID_CE_BYTES - 1]
            : NOT_KNOWN;
    extension->is_critical = false;
    if (der_take_tag(&rest, DER_BOOLEAN, &element))
        extension->is_critical =
            element.content.len != 1 || element.content.data[0] != 0;
    if (!der_take_tag(&rest, DER_OCTET_STRING, &element) || rest.len != 0)
        return false;
    extension->value = element.content;
    return true;
}

static enum crl_reading
refuse(enum crl_reading reading, const char *text, const char **why)
{
    *why = text;
    return reading;
}

static bool
is_true(struct der content)
{
    return content.len != 1 || content.data[0] != 0;
}

/* IssuingDistributionPoint (section 5.2.5): whatever it says narrows the list
 * to a part of the issuer's certificates. */
static enum crl_reading
judge_scope(struct der value, const char **why)
{
    static const char *const scopes[] = {
        "only for the certificates of one distribution point",
        "only for certificates of users",
        "only for certificates of CAs",
        "only for some reasons of revocation",
        "an indirect list, with certificates of other issuers",
        "only for attribute certificates",
    };
    struct der_element element;
    struct der rest;

    if (!der_take_tag(&value, DER_SEQUENCE, &element) || value.len != 0)
        return refuse(CRL_BROKEN, broken, why);
    rest = element.content;
    while (rest.len > 0) {
        unsigned number;

        if (!der_take(&rest, &element))
            return refuse(CRL_BROKEN, broken, why);
        number = element.tag & 0x1f;
        if (number >= sizeof(scopes) / sizeof(scopes[0]))
            return refuse(CRL_BROKEN, broken, why);
        /* Names and reasons have content; the others are booleans. */
        if (number == 0 || number == 3 || is_true(element.content))
            return refuse(CRL_FOREIGN, scopes[number], why);
    }
    return CRL_READ;
}

static enum crl_reading
read_number(struct der value, struct crl_parts *parts, const char **why)
{
    struct der_element element;

    if (!der_take_tag(&value, DER_INTEGER, &element) || value.len != 0
        || element.content.len == 0)
        return refuse(CRL_BROKEN, broken, why);
    parts->number = element.content;
    return CRL_READ;
}

static enum crl_reading
judge_extension(const struct extension_parts *extension,
    struct crl_parts *parts, const char **why)
{
    switch (extension->id) {
    case EXT_NUMBER:
        return read_number(extension->value, parts, why);
    case EXT_DISTRIBUTION_POINT:
        return judge_scope(extension->value, why);
    case EXT_DELTA:
        return refuse(CRL_FOREIGN,
            "a delta CRL, with the changes since another list", why);
    case EXT_AUTHORITY_KEY:
    case EXT_ISSUER_ALT_NAME:
        return CRL_READ;
    default:
        if (!extension->is_critical)
            return CRL_READ;
        return refuse(CRL_FOREIGN,
            "one with a critical extension that is not understood", why);
    }
}

/* A damaged one is damaged, whatever else it is. */
static enum crl_reading
judge_extensions(
    struct der extensions, struct crl_parts *parts, const char **why)
{
    enum crl_reading worst = CRL_READ;
    struct extension_parts extension;

    while (extensions.len > 0) {
        enum crl_reading reading;

        if (!take_extension(&extensions, &extension))
            return refuse(CRL_BROKEN, broken, why);
        if (worst == CRL_FOREIGN)
            continue;
        reading = judge_extension(&extension, parts, why);
        if (reading == CRL_BROKEN)
            return reading;
        worst = reading;
    }
    return worst;
}

/* --- the list ------------------------------------------------------------ */

/* The part that is signed up to its dates, which only a revocation list has
 * in this place. */
static bool
take_head(struct der *rest, struct crl_parts *parts, struct der *algorithm)
{
    struct der_element element;
    uint32_t version;

    if (rest->len > 0 && rest->data[0] == DER_INTEGER
        && (!der_take_number(rest, &version) || version != VERSION_2))
        return false;
    if (!der_take_tag(rest, DER_SEQUENCE, &element))
        return false;
    *algorithm = element.whole;
    if (!der_take_tag(rest, DER_SEQUENCE, &element))
        return false;
    parts->issuer = element.whole;
    return der_take_time(rest, &parts->this_update);
}

static enum crl_reading
read_tail(struct der rest, struct crl_parts *parts, const char **why)
{
    struct der_element element;

    /* 0 means that there is none. */
    if (der_take_time(&rest, &parts->next_update) && parts->next_update == 0)
        parts->next_update = 1;
    if (der_take_tag(&rest, DER_SEQUENCE, &element))
        parts->entries = element.content;
    if (rest.len == 0)
        return CRL_READ;
    if (!der_take_tag(&rest, DER_CONTEXT_0, &element) || rest.len != 0)
        return refuse(CRL_BROKEN, broken, why);
    rest = element.content;
    if (!der_take_tag(&rest, DER_SEQUENCE, &element) || rest.len != 0)
        return refuse(CRL_BROKEN, broken, why);
    return judge_extensions(element.content, parts, why);
}

static bool
read_signature(struct der rest, struct der algorithm, struct crl_parts *parts)
{
    struct der_element element;
    struct der inside;

    /* Named twice, and only once under the signature. */
    if (!der_take_tag(&rest, DER_SEQUENCE, &element)
        || !der_equal(element.whole, algorithm))
        return false;
    inside = element.content;
    if (!der_take_tag(&inside, DER_OID, &element))
        return false;
    parts->algorithm = element.content;
    if (!der_take_tag(&rest, DER_BIT_STRING, &element) || rest.len != 0)
        return false;
    parts->signature = element.content;
    return der_skip_unused_bits(&parts->signature);
}

enum crl_reading
crl_read(struct crl_parts *parts, const struct blob *der, const char **why)
{
    struct der rest = {.data = der->data, .len = der->len};
    struct der_element element;
    struct der algorithm;
    struct der inside;

    memset(parts, 0, sizeof(*parts));
    *why = "";
    if (!der_take_tag(&rest, DER_SEQUENCE, &element) || rest.len != 0)
        return CRL_NONE;
    rest = element.content;
    if (!der_take_tag(&rest, DER_SEQUENCE, &element))
        return CRL_NONE;
    parts->signed_part = element.whole;
    inside = element.content;
    if (!take_head(&inside, parts, &algorithm))
        return CRL_NONE;
    if (!read_signature(rest, algorithm, parts))
        return refuse(CRL_BROKEN, broken, why);
    return read_tail(inside, parts, why);
}

/* --- what is revoked ----------------------------------------------------- */

static enum crl_reading
read_reason(struct der value, struct crl_revoked *revoked, const char **why)
{
    struct der_element element;

    if (!der_take_tag(&value, DER_ENUMERATED, &element) || value.len != 0
        || element.content.len != 1)
        return refuse(CRL_BROKEN, broken, why);
    revoked->reason = element.content.data[0];
    if (revoked->reason != REASON_REMOVE)
        return CRL_READ;
    return refuse(CRL_FOREIGN,
        "one with entries removeFromCRL, which only a delta CRL may have", why);
}

static enum crl_reading
judge_entry_extension(const struct extension_parts *extension,
    struct crl_revoked *revoked, const char **why)
{
    switch (extension->id) {
    case EXT_REASON:
        return read_reason(extension->value, revoked, why);
    case EXT_INVALIDITY_DATE:
    case EXT_HOLD_INSTRUCTION:
        return CRL_READ;
    case EXT_CERTIFICATE_ISSUER:
        return refuse(CRL_FOREIGN,
            "an indirect list, with certificates of other issuers", why);
    default:
        if (!extension->is_critical)
            return CRL_READ;
        return refuse(CRL_FOREIGN,
            "one whose entries have a critical extension that is not "
            "understood",
            why);
    }
}

enum crl_reading
crl_take_revoked(
    struct der *entries, struct crl_revoked *revoked, const char **why)
{
    enum crl_reading reading = CRL_READ;
    struct extension_parts extension;
    struct der_element element;
    struct der rest;

    memset(revoked, 0, sizeof(*revoked));
    if (!der_take_tag(entries, DER_SEQUENCE, &element))
        return refuse(CRL_BROKEN, broken, why);
    rest = element.content;
    if (!der_take_tag(&rest, DER_INTEGER, &element) || element.content.len == 0)
        return refuse(CRL_BROKEN, broken, why);
    revoked->serial = element.content;
    if (!der_take_time(&rest, &revoked->when))
        return refuse(CRL_BROKEN, broken, why);
    if (rest.len == 0)
        return CRL_READ;
    if (!der_take_tag(&rest, DER_SEQUENCE, &element) || rest.len != 0)
        return refuse(CRL_BROKEN, broken, why);
    rest = element.content;
    while (rest.len > 0 && reading == CRL_READ) {
        if (!take_extension(&rest, &extension))
            return refuse(CRL_BROKEN, broken, why);
        reading = judge_entry_extension(&extension, revoked, why);
    }
    return reading;
}
