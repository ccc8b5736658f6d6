/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pairs of certificate and key, and the choice among them. */
#include "certs/select.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/key.h"

enum {
    LIST_BYTES = 600
};

struct pair {
    size_t cert;
    size_t key;
    struct certificate_info info;
};

struct choice {
    const struct material *material;
    const struct config_certificate *certificate;
    struct pair *pairs; /* room for one per certificate */
    size_t count;
    struct report *report;
};

/* --- which belong together ----------------------------------------------- */

static bool
is_copy(const struct material *material, size_t index)
{
    const struct blob *der = &material->chain.certs[index].der;

    for (size_t i = 0; i < index; i++) {
        const struct blob *other = &material->chain.certs[i].der;

        if (other->len == der->len
            && memcmp(other->data, der->data, der->len) == 0)
            return true;
    }
    return false;
}

static bool
find_key(const struct material *material, size_t cert, size_t *key)
{
    for (*key = 0; *key < material->key_count; (*key)++)
        if (key_fits(&material->keys[*key], material->chain.certs[cert].x509))
            return true;
    return false;
}

static bool
is_selected(const struct config_certificate *certificate)
{
    return (certificate->select_subject != NULL
               && certificate->select_subject[0] != '\0')
           || (certificate->select_issuer != NULL
               && certificate->select_issuer[0] != '\0');
}

/* With one key and nothing to choose by, the first certificate that it fits is
 * meant: the leaf comes first, what is left of the one before it later. */
static void
find_pairs(struct choice *choice)
{
    const struct material *material = choice->material;
    bool is_first_enough =
        material->key_count == 1 && !is_selected(choice->certificate);
    size_t key;

    for (size_t i = 0; i < material->chain.count; i++) {
        struct pair *pair = &choice->pairs[choice->count];

        if (is_copy(material, i) || !find_key(material, i, &key))
            continue;
        pair->cert = i;
        pair->key = key;
        x509_fill_info(material->chain.certs[i].x509, &pair->info);
        choice->count++;
        if (is_first_enough)
            return;
    }
}

/* --- which is meant ------------------------------------------------------ */

static bool
contains(const char *text, const char *part)
{
    return part == NULL || strcasestr(text, part) != NULL;
}

static void
list_pairs(const struct pair *pairs, size_t count, char out[LIST_BYTES])
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        int len =
            snprintf(out + used, LIST_BYTES - used, "%s\"%s\" issued by \"%s\"",
                i > 0 ? "; " : "", pairs[i].info.subject, pairs[i].info.issuer);

        if (len < 0 || (size_t)len >= LIST_BYTES - used - sizeof("; ...")) {
            (void)snprintf(out + used, LIST_BYTES - used, "; ...");
            return;
        }
        used += (size_t)len;
    }
}

static int
refuse_none(const struct choice *choice)
{
    char list[LIST_BYTES];

    list_pairs(choice->pairs, choice->count, list);
    report_error(choice->report, SL_SELECT_NONE,
        "%s %s: no certificate with its key has select_subject \"%s\" and "
        "select_issuer \"%s\" in its names; there is: %s",
        choice->material->cert_role, choice->material->cert_path,
        choice->certificate->select_subject != NULL
            ? choice->certificate->select_subject
            : "",
        choice->certificate->select_issuer != NULL
            ? choice->certificate->select_issuer
            : "",
        list);
    return -1;
}

static int
refuse_several(
    const struct choice *choice, const struct pair *pairs, size_t count)
{
    char list[LIST_BYTES];

    list_pairs(pairs, count, list);
    report_error(choice->report, SL_SELECT_SEVERAL,
        "%s %s: holds %zu identities that could be meant; write "
        "select_subject or select_issuer so that one is left of: %s",
        choice->material->cert_role, choice->material->cert_path, count, list);
    return -1;
}

/* Moves those that fit to the front. */
static size_t
keep_selected(struct choice *choice)
{
    size_t kept = 0;

    for (size_t i = 0; i < choice->count; i++) {
        struct pair pair = choice->pairs[i];

        if (!contains(pair.info.subject, choice->certificate->select_subject)
            || !contains(pair.info.issuer, choice->certificate->select_issuer))
            continue;
        choice->pairs[i] = choice->pairs[kept];
        choice->pairs[kept++] = pair;
    }
    return kept;
}

static bool
has_key_before(const struct pair *pairs, size_t count, size_t key)
{
    for (size_t i = 0; i < count; i++)
        if (pairs[i].key == key)
            return true;
    return false;
}

/* Of certificates for the same key the first one; and CAs, which serve nobody,
 * only when there is nothing else. */
static size_t
keep_leaves(struct choice *choice, size_t count)
{
    const struct chain_cert *certs = choice->material->chain.certs;
    size_t kept = 0;

    for (int pass = 0; pass < 2 && kept == 0; pass++)
        for (size_t i = 0; i < count; i++) {
            struct pair pair = choice->pairs[i];

            if ((pass == 0 && x509_is_ca(certs[pair.cert].x509))
                || has_key_before(choice->pairs, kept, pair.key))
                continue;
            choice->pairs[i] = choice->pairs[kept];
            choice->pairs[kept++] = pair;
        }
    return kept;
}

/* Puts the pair that is meant first. */
static int
choose(struct choice *choice)
{
    size_t count = keep_selected(choice);

    if (count == 0)
        return refuse_none(choice);
    count = keep_leaves(choice, count);
    return count == 1 ? 0 : refuse_several(choice, choice->pairs, count);
}

/* --- what is left -------------------------------------------------------- */

/* The certificate without a key that was probably meant: it names the file's
 * purpose in the error. */
static size_t
first_leaf(const struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        if (!x509_is_ca(chain->certs[i].x509))
            return i;
    return 0;
}

/* Appends those that could have issued what is in order[from]. */
static size_t
add_issuers(const struct chain *chain, size_t *order, size_t from, size_t count,
    bool *is_used)
{
    const struct x509 *child = chain->certs[order[from]].x509;

    for (size_t i = 0; i < chain->count; i++) {
        if (is_used[i] || !x509_names_issuer(child, chain->certs[i].x509))
            continue;
        is_used[i] = true;
        order[count++] = i;
    }
    return count;
}

/* Sorts the chain: the leaf, its issuers, and unless there are other
 * identities, whose they would be, the rest. */
static int
sort_chain(struct chain *chain, size_t leaf, bool drops_rest)
{
    bool *is_used = calloc(chain->count, sizeof(*is_used));
    size_t *order = calloc(chain->count, sizeof(*order));
    size_t count = 1;
    int failed = -1;

    if (is_used == NULL || order == NULL)
        goto done;
    order[0] = leaf;
    is_used[leaf] = true;
    for (size_t i = 0; i < count; i++)
        count = add_issuers(chain, order, i, count, is_used);
    for (size_t i = 0; i < chain->count && !drops_rest; i++)
        if (!is_used[i])
            order[count++] = i;
    failed = chain_keep(chain, order, count);

done:
    free(order);
    free(is_used);
    return failed;
}

static int
apply(struct material *material, const struct choice *choice, size_t *leaf)
{
    const struct pair *pair = &choice->pairs[0];
    struct blob key = material->keys[pair->key];
    bool has_others = choice->count > 1;

    material->keys[pair->key] = material->keys[0];
    material->keys[0] = key;
    *leaf = pair->cert;
    if (!has_others && !material->is_unordered)
        return 0;
    if (has_others)
        report_note(choice->report,
            "%s %s: of the identities in it \"%s\" is served",
            material->cert_role, material->cert_path, pair->info.subject);
    *leaf = 0;
    return sort_chain(&material->chain, pair->cert, has_others);
}

/* Without any pair the error is about the certificate that comes first. */
static int
refuse_pairless(const struct material *material, struct report *report)
{
    const struct chain *chain = &material->chain;

    key_refuse(material, chain->certs[first_leaf(chain)].x509, report);
    return -1;
}

int
select_identity(struct material *material,
    const struct config_certificate *certificate, size_t *leaf,
    struct report *report)
{
    struct choice choice = {
        .material = material, .certificate = certificate, .report = report};
    int failed = -1;

    choice.pairs = calloc(material->chain.count, sizeof(*choice.pairs));
    if (choice.pairs == NULL)
        goto no_memory;
    find_pairs(&choice);
    if (choice.count == 0)
        failed = refuse_pairless(material, report);
    else
        failed = choose(&choice);
    if (failed == 0 && apply(material, &choice, leaf) != 0)
        goto no_memory;
    free(choice.pairs);
    return failed;

no_memory:
    free(choice.pairs);
    report_error(report, SL_MEMORY, "%s %s: out of memory", material->cert_role,
        material->cert_path);
    return -1;
}
