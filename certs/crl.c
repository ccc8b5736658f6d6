/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The index: lists sorted by issuer, and in each its entries by serial. */
#include "certs/crl.h"

#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "certs/crl_internal.h"
#include "certs/dn.h"
#include "certs/secret.h"

/* --- one list ------------------------------------------------------------ */

/* Does the first byte only repeat the sign of the second? */
static bool
is_padded(struct der content)
{
    bool is_negative;

    if (content.len < 2)
        return false;
    is_negative = (content.data[1] & 0x80) != 0;
    return content.data[0] == (is_negative ? 0xff : 0x00);
}

bool
crl_number_set(struct crl_number *number, struct der content)
{
    memset(number, 0, sizeof(*number));
    while (is_padded(content)) {
        content.data++;
        content.len--;
    }
    if (content.len > CRL_SERIAL_BYTES)
        return false;
    number->len = (uint8_t)content.len;
    if (content.len > 0)
        memcpy(number->bytes, content.data, content.len);
    return true;
}

/* For numbers that are not negative: the larger one is greater. */
static int
compare_numbers(const struct crl_number *a, const struct crl_number *b)
{
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* In the same order as the numbers. */
static uint64_t
prefix_of(const struct crl_number *number)
{
    uint64_t prefix = number->len;

    for (size_t i = 0; i < sizeof(prefix) - 1; i++)
        prefix = prefix << 8 | number->bytes[i];
    return prefix;
}

static int
compare_entries(const void *a, const void *b)
{
    const struct crl_entry *left = a;
    const struct crl_entry *right = b;

    return compare_numbers(&left->serial, &right->serial);
}

static enum crl_reading
count_entries(struct der entries, size_t *count, const char **why)
{
    struct der_element element;

    for (*count = 0; entries.len > 0; (*count)++)
        if (!der_take_tag(&entries, DER_SEQUENCE, &element)) {
            *why = "damaged";
            return CRL_BROKEN;
        }
    return CRL_READ;
}

static enum crl_reading
fill_entries(struct crl *crl, struct der entries, const char **why)
{
    enum crl_reading reading = CRL_READ;
    struct crl_revoked revoked;

    for (size_t i = 0; i < crl->count && reading == CRL_READ; i++) {
        struct crl_entry *entry = &crl->entries[i];

        reading = crl_take_revoked(&entries, &revoked, why);
        entry->when = revoked.when;
        entry->reason = (uint8_t)revoked.reason;
        if (reading == CRL_READ
            && !crl_number_set(&entry->serial, revoked.serial)) {
            *why = "one with a serial number of absurd length";
            return CRL_FOREIGN;
        }
    }
    return reading;
}

static void
name_issuer(struct crl *crl)
{
    struct der in = {.data = crl->issuer.data, .len = crl->issuer.len};
    struct der_element name = {0};

    (void)der_take(&in, &name);
    dn_format(name.content, crl->issuer_text, sizeof(crl->issuer_text));
}

struct crl *
crl_new(
    const struct crl_parts *parts, enum crl_reading *reading, const char **why)
{
    struct crl *crl;
    size_t count;

    *reading = count_entries(parts->entries, &count, why);
    if (*reading != CRL_READ)
        return NULL;
    /* The entries lie in the list's bytes: there is no overflow. */
    crl = calloc(
        1, sizeof(*crl)
               + count * (sizeof(crl->entries[0]) + sizeof(crl->prefixes[0])));
    if (crl == NULL)
        return NULL;
    crl->count = count;
    crl->prefixes = (uint64_t *)(void *)(crl->entries + count);
    crl->this_update = parts->this_update;
    crl->next_update = parts->next_update;
    *reading = fill_entries(crl, parts->entries, why);
    if (*reading == CRL_READ && !crl_number_set(&crl->number, parts->number)) {
        *why = "one with a CRL number of absurd length";
        *reading = CRL_FOREIGN;
    }
    if (*reading != CRL_READ
        || blob_copy(&crl->issuer, parts->issuer.data, parts->issuer.len)
               != 0) {
        crl_free(crl);
        return NULL;
    }
    name_issuer(crl);
    qsort(crl->entries, count, sizeof(crl->entries[0]), compare_entries);
    for (size_t i = 0; i < count; i++)
        crl->prefixes[i] = prefix_of(&crl->entries[i].serial);
    return crl;
}

void
crl_free(struct crl *crl)
{
    if (crl == NULL)
        return;
    blob_free(&crl->issuer);
    free(crl->path);
    free(crl);
}

/* --- all of them --------------------------------------------------------- */

static int
compare_names(struct der a, struct der b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len == 0 ? 0 : memcmp(a.data, b.data, a.len);
}

static struct der
issuer_of(const struct crl *crl)
{
    return (struct der){.data = crl->issuer.data, .len = crl->issuer.len};
}

static int
compare_crls(const void *a, const void *b)
{
    const struct crl *left = *(struct crl *const *)a;
    const struct crl *right = *(struct crl *const *)b;
    int order = compare_names(issuer_of(left), issuer_of(right));

    if (order == 0)
        order = compare_numbers(&right->number, &left->number);
    if (order == 0 && left->this_update != right->this_update)
        order = left->this_update > right->this_update ? -1 : 1;
    return order != 0 ? order
                      : memcmp(left->hash, right->hash, sizeof(left->hash));
}

void
crls_arrange(struct crls *crls)
{
    if (crls->count > 1)
        qsort(crls->items, crls->count, sizeof(struct crl *), compare_crls);
}

void
crls_free(struct crls *crls)
{
    if (crls == NULL)
        return;
    for (size_t i = 0; i < crls->count; i++)
        crl_free(crls->items[i]);
    free(crls->items);
    free(crls);
}

int
crls_hash(const struct crls *crls, uint8_t out[CRLS_HASH_BYTES])
{
    wc_Sha256 sha;
    int error = wc_InitSha256(&sha);

    for (size_t i = 0; i < crls->count && error == 0; i++)
        error = wc_Sha256Update(
            &sha, crls->items[i]->hash, sizeof(crls->items[i]->hash));
    if (error == 0)
        error = wc_Sha256Final(&sha, out);
    wc_Sha256Free(&sha);
    return error == 0 ? 0 : -1;
}

size_t
crls_count(const struct crls *crls)
{
    return crls->count;
}

struct crl_facts
crls_at(const struct crls *crls, size_t index)
{
    const struct crl *crl = crls->items[index];

    return (struct crl_facts){
        .path = crl->path,
        .issuer = crl->issuer_text,
        .revoked_count = crl->count,
        .this_update = crl->this_update,
        .next_update = crl->next_update,
    };
}

/* --- looking up ---------------------------------------------------------- */

/* The first list of the issuer, or count. */
static size_t
find_issuer(const struct crls *crls, struct der issuer)
{
    size_t low = 0;
    size_t high = crls->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_names(issuer_of(crls->items[middle]), issuer) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first of the entries whose prefix is not below this one. */
static size_t
lower_bound(const struct crl *crl, uint64_t prefix)
{
    size_t low = 0;
    size_t high = crl->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (crl->prefixes[middle] < prefix)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct crl_entry *
find_entry(const struct crl *crl, const struct crl_number *serial)
{
    const struct crl_entry wanted = {.serial = *serial};
    uint64_t prefix = prefix_of(serial);
    size_t low = lower_bound(crl, prefix);
    size_t high = low;

    /* One, unless the CA counts its long serial numbers up. */
    if (low < crl->count && crl->prefixes[low] == prefix)
        high = lower_bound(crl, prefix + 1);
    return bsearch(&wanted, crl->entries + low, high - low,
        sizeof(crl->entries[0]), compare_entries);
}

bool
crl_is_early(const struct crl *crl, time_t now)
{
    return crl->this_update > now + CRL_CLOCK_SKEW_SECONDS;
}

bool
crl_is_late(const struct crl *crl, time_t now)
{
    return crl->next_update != 0 && crl->next_update < now;
}

/* What the lists of one issuer say. */
struct finding_of_issuer {
    const struct crl *newest; /* NULL: there is none */
    bool has_current;
    const struct crl_entry *revoked; /* in a current list, else in another */
};

static struct finding_of_issuer
look(const struct crls *crls, struct der issuer,
    const struct crl_number *serial, time_t now)
{
    struct finding_of_issuer found = {0};

    for (size_t i = find_issuer(crls, issuer); i < crls->count; i++) {
        const struct crl *crl = crls->items[i];
        const struct crl_entry *entry;
        bool is_current = !crl_is_early(crl, now) && !crl_is_late(crl, now);

        if (compare_names(issuer_of(crl), issuer) != 0)
            break;
        if (found.newest == NULL)
            found.newest = crl;
        entry = find_entry(crl, serial);
        /* The first current list makes void what others said; of lists that
         * are equally current each one counts. */
        if (is_current != found.has_current ? is_current
                                            : found.revoked == NULL)
            found.revoked = entry;
        found.has_current = found.has_current || is_current;
    }
    return found;
}

struct crl_answer
crls_ask(
    const struct crls *crls, struct der issuer, struct der serial, time_t now)
{
    struct crl_answer answer = {.verdict = CRL_ABSENT, .reason = ""};
    struct finding_of_issuer found;
    struct crl_number number;

    /* No list can name a serial number that is too long. */
    if (!crl_number_set(&number, serial))
        return answer;
    found = look(crls, issuer, &number, now);
    if (found.revoked != NULL) {
        answer.verdict = CRL_REVOKED;
        answer.when = found.revoked->when;
        answer.reason = crl_reason_name(found.revoked->reason);
    } else if (found.has_current) {
        answer.verdict = CRL_GOOD;
    } else if (found.newest != NULL) {
        answer.verdict = CRL_STALE;
        answer.when = crl_is_early(found.newest, now)
                          ? found.newest->this_update
                          : found.newest->next_update;
    }
    return answer;
}
