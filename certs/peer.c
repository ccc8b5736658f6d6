/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verify callback's side of a peer: what it learned, in words. */
#include "certs/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "certs/dates.h"
#include "certs/verify.h"
#include "certs/x509.h"

void
peer_init(struct peer *peer)
{
    *peer = (struct peer){0};
}

void
peer_deinit(struct peer *peer)
{
    free(peer->identity);
    free(peer->rejected);
    *peer = (struct peer){0};
}

/* Why a certificate is not accepted; "" to use the library's words. */
static void
explain(const struct x509 *x509, const struct certificate_info *info, int error,
    char *out, size_t cap)
{
    char text[128];

    switch (error) {
    case ASN_AFTER_DATE_E:
        date_format(info->not_after, text);
        (void)snprintf(out, cap, "expired on %s", text);
        return;
    case ASN_BEFORE_DATE_E:
        date_format(info->not_before, text);
        (void)snprintf(out, cap, "not valid before %s", text);
        return;
    case ASN_NO_SIGNER_E:
    case ASN_SELF_SIGNED_E:
        (void)snprintf(out, cap, "%s",
            x509_is_self_signed(x509)
                ? "self-signed, and clients.ca does not hold it"
                : "issued by a CA that clients.ca does not hold, or without "
                  "its intermediates");
        return;
    case EXTKEYUSE_AUTH_E:
        x509_usages(x509, text, sizeof(text));
        (void)snprintf(out, cap,
            "not for clients: its extended key usage is %s, clientAuth is "
            "missing",
            text);
        return;
    default:
        (void)snprintf(out, cap, "%s",
            wolfSSL_ERR_reason_error_string((unsigned long)error));
        return;
    }
}

static void
note_rejected(struct peer *peer, const struct x509 *x509, int error)
{
    struct certificate_info info;
    char from[DATE_TEXT_BYTES];
    char until[DATE_TEXT_BYTES];
    char why[256];

    x509_fill_info(x509, &info);
    explain(x509, &info, error, why, sizeof(why));
    date_format(info.not_before, from);
    date_format(info.not_after, until);
    if (asprintf(&peer->rejected,
            "certificate refused: %s; subject \"%s\", issuer \"%s\", serial "
            "%s, valid %s to %s",
            why, info.subject, info.issuer, info.serial, from, until)
        < 0)
        peer->rejected = NULL;
}

static void
note_identity(struct peer *peer, const struct x509 *x509)
{
    struct certificate_info info;

    x509_fill_info(x509, &info);
    free(peer->identity);
    peer->identity = strdup(info.subject);
    peer->is_verified = peer->identity != NULL;
}

int
verify_client(int preverify, WOLFSSL_X509_STORE_CTX *store)
{
    struct peer *peer = store->userCtx;
    struct x509 *x509;
    struct blob der;
    int depth = store->error_depth;
    int error;

    if (peer == NULL || depth < 0 || depth >= store->totalCerts)
        return preverify;
    if ((preverify != 0 && depth != 0) || peer->rejected != NULL)
        return preverify;
    der.data = store->certs[depth].buffer;
    der.len = store->certs[depth].length;
    x509 = x509_new(&der, &error);
    if (preverify == 0)
        peer->error = store->error;
    if (x509 == NULL)
        return 0; /* whose name cannot be told does not come in */
    if (preverify != 0)
        note_identity(peer, x509);
    else
        note_rejected(peer, x509, store->error);
    x509_free(x509);
    return preverify != 0 && (depth != 0 || peer->is_verified) ? preverify : 0;
}
