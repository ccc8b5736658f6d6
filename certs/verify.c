/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verify callback. The library calls it for each certificate of the chain
 * that is not good, from the last to the first, and for the leaf in any case.
 * What it returns is final: 1 goes on even with a certificate that is not good,
 * so 1 is returned for those only when the leaf, or they, are trusted as they
 * are.
 */
#include "certs/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "certs/dates.h"
#include "certs/peer.h"
#include "certs/x509.h"

enum {
    CERTIFICATES_MAX = 16 /* the library takes fewer */
};

/* The chain as the callback sees it. */
struct shown {
    struct blob certs[CERTIFICATES_MAX];
    size_t count;
};

static void
see_chain(struct shown *shown, const WOLFSSL_X509_STORE_CTX *store)
{
    shown->count = 0;
    for (int i = 0; i < store->totalCerts && i < CERTIFICATES_MAX; i++)
        shown->certs[shown->count++] =
            (struct blob){store->certs[i].buffer, store->certs[i].length};
}

/* --- what the library found ---------------------------------------------- */

static void
fault_of_dates(
    int error, const struct certificate_info *info, char *words, size_t cap)
{
    char text[DATE_TEXT_BYTES];

    date_format(
        error == ASN_AFTER_DATE_E ? info->not_after : info->not_before, text);
    (void)snprintf(words, cap, "\"%s\" on its way %s %s", info->subject,
        error == ASN_AFTER_DATE_E ? "expired on" : "is not valid before", text);
}

static void
fault_of_issuer(const struct x509 *x509, const struct certificate_info *info,
    bool is_leaf, char *words, size_t cap)
{
    if (x509_is_self_signed(x509) && !is_leaf)
        (void)snprintf(words, cap,
            "with it the client sent the root \"%s\", which clients.ca does "
            "not hold: add it there, or have the client not send it",
            info->subject);
    else if (x509_is_self_signed(x509))
        (void)snprintf(words, cap,
            "self-signed, and neither clients.ca nor clients.trusted_certs "
            "holds it");
    else
        (void)snprintf(words, cap,
            "\"%s\", which issued it, is not in clients.ca, or the client "
            "sent no intermediates",
            info->issuer);
}

/* `x509` is what the error is about; words are the fault's. */
static void
explain(struct chain_fault *fault, int error, const struct x509 *x509,
    bool is_leaf, char words[ADMISSION_WORDS_BYTES])
{
    const size_t cap = ADMISSION_WORDS_BYTES;
    struct certificate_info info;

    x509_fill_info(x509, &info);
    *fault = (struct chain_fault){.code = SL_CLIENT_CHAIN,
        .alert = ALERT_BAD_CERTIFICATE,
        .words = words};
    switch (error) {
    case ASN_AFTER_DATE_E:
    case ASN_BEFORE_DATE_E:
        fault->code = SL_CLIENT_EXPIRED;
        fault->alert = ALERT_CERTIFICATE_EXPIRED;
        fault_of_dates(error, &info, words, cap);
        return;
    case ASN_NO_SIGNER_E:
    case ASN_SELF_SIGNED_E:
        fault->code = SL_CLIENT_UNKNOWN_CA;
        fault->alert = ALERT_UNKNOWN_CA;
        fault->is_unknown = true;
        fault_of_issuer(x509, &info, is_leaf, words, cap);
        return;
    case ASN_SIG_CONFIRM_E:
        (void)snprintf(words, cap,
            "\"%s\" on its way is not signed by its issuer as we know it; of "
            "several CAs of one name a certificate must say which it means "
            "(authority key identifier)",
            info.subject);
        return;
    case ASN_NAME_INVALID_E:
        (void)snprintf(words, cap,
            "a CA on its way may not vouch for its names (name constraints)");
        return;
    case ASN_PATHLEN_INV_E:
    case ASN_PATHLEN_SIZE_E:
        fault->alert = ALERT_UNKNOWN_CA;
        (void)snprintf(words, cap,
            "a CA on its way may not have others below it (path length)");
        return;
    default:
        (void)snprintf(words, cap, "%s",
            wolfSSL_ERR_reason_error_string((unsigned long)error));
        return;
    }
}

/* --- the client ---------------------------------------------------------- */

static bool
copy_blob(struct blob *to, const struct blob *from)
{
    to->data = malloc(from->len);
    if (to->data == NULL)
        return false;
    memcpy(to->data, from->data, from->len);
    to->len = from->len;
    return true;
}

/* Who shows what cannot be read does not come in. */
static bool
read_leaf(struct peer *peer, const struct shown *shown)
{
    static const struct ruling unreadable = {.code = SL_CLIENT_CHAIN,
        .alert = ALERT_BAD_CERTIFICATE,
        .words = "the certificate cannot be read, or has too many names"};

    if (peer->client == NULL && shown->count > 0)
        peer->client = client_new(&shown->certs[0]);
    if (peer->client == NULL)
        peer_refuse(peer, &unreadable);
    return peer->client != NULL;
}

static bool
keep_chain(struct peer *peer, const struct shown *shown)
{
    const struct blob *issuer;

    if (!peer->keeps_chain)
        return true;
    issuer =
        path_find_issuer(shown->certs, shown->count, peer->admission->trust);
    return copy_blob(&peer->leaf, &shown->certs[0])
           && (issuer == NULL || copy_blob(&peer->issuer, issuer));
}

static bool
note_admitted(struct peer *peer, const struct ruling *ruling)
{
    peer->by = ruling->by;
    peer->proven_at = time(NULL);
    peer->admitted_by = strdup(ruling->words);
    peer->identity = peer_identity(peer->client, ruling->by);
    if (ruling->warning[0] != '\0')
        peer->warning = strdup(ruling->warning);
    peer->is_verified = peer->identity != NULL && peer->admitted_by != NULL;
    return peer->is_verified;
}

/* To a CA, if there is one. What the library would have said of it, had it
 * looked further: its error, or 0. */
static int
find_way(struct peer *peer, const struct shown *shown)
{
    if (peer->path == NULL)
        peer->path =
            path_new(shown->certs, shown->count, peer->admission->trust);
    return peer->path != NULL && path_breaks_constraints(peer->path)
               ? ASN_NAME_INVALID_E
               : 0;
}

/* The whole judgement; error 0: the library has verified the chain. */
static bool
judge(struct peer *peer, const struct shown *shown, int depth, int error)
{
    char words[ADMISSION_WORDS_BYTES];
    struct admission_case client = {.client = peer->client, .now = time(NULL)};
    struct chain_fault fault;
    struct ruling ruling;
    struct x509 *x509 = NULL;
    int ignored;

    if (error == 0)
        error = find_way(peer, shown);
    if (error != 0) {
        x509 = x509_new(&shown->certs[depth], &ignored);
        if (x509 != NULL)
            explain(&fault, error, x509, depth == 0, words);
        else
            fault = (struct chain_fault){.code = SL_CLIENT_CHAIN,
                .alert = ALERT_BAD_CERTIFICATE,
                .words = "a certificate on its way cannot be read"};
        x509_free(x509);
        client.fault = &fault;
        if (peer->path == NULL)
            peer->path = path_new_unproven(&shown->certs[0]);
    }
    client.path = peer->path;
    admission_judge(peer->admission, &client, &ruling);
    if (ruling.by == ADMITTED_BY_NOBODY) {
        peer_refuse(peer, &ruling);
        return false;
    }
    return note_admitted(peer, &ruling) && keep_chain(peer, shown);
}

/* One that is trusted as it is comes twice: with what the library found wrong,
 * and then, as we let that pass, without. */
static int
judge_leaf(struct peer *peer, const struct shown *shown, int error)
{
    if (peer->by != ADMITTED_BY_NOBODY)
        return 1;
    return judge(
        peer, shown, 0, peer->chain_error != 0 ? peer->chain_error : error);
}

/* Is it, byte for byte, a CA of clients.ca? The library wants to know who
 * vouches for that, too, if the client sends it. */
static bool
is_trusted_ca(const struct trust *trust, const struct blob *certificate)
{
    time_t now = time(NULL);

    for (size_t i = 0; i < trust->ca_count; i++)
        if (trust->ca[i].len == certificate->len
            && memcmp(trust->ca[i].data, certificate->data, certificate->len)
                   == 0)
            return now >= trust->info[i].not_before
                   && now <= trust->info[i].not_after;
    return false;
}

/* A certificate above the leaf is not good. */
static int
judge_above(struct peer *peer, const struct shown *shown, int depth, int error)
{
    if ((error == ASN_NO_SIGNER_E || error == ASN_SELF_SIGNED_E)
        && is_trusted_ca(peer->admission->trust, &shown->certs[depth]))
        return 1;
    if (!admission_knows(peer->admission, peer->client))
        return judge(peer, shown, depth, error);
    peer->chain_error = error;
    return 1;
}

int
verify_client(int preverify, WOLFSSL_X509_STORE_CTX *store)
{
    struct peer *peer = store->userCtx;
    int depth = store->error_depth;
    struct shown shown;

    if (peer == NULL || peer->admission == NULL)
        return 0;
    see_chain(&shown, store);
    /* The library calls for an empty list, too, unless it refuses that. */
    if (shown.count == 0)
        return preverify != 0 && !peer->admission->is_required;
    if (depth < 0 || (size_t)depth >= shown.count)
        return 0;
    if (preverify != 0 && depth != 0)
        return 1;
    if (peer->code != SL_NONE || !read_leaf(peer, &shown))
        return 0;
    if (depth == 0)
        return judge_leaf(peer, &shown, preverify != 0 ? 0 : store->error);
    return judge_above(peer, &shown, depth, store->error);
}
