/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building TLS contexts. */
#include "certs/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "certs/context_internal.h"
#include "certs/verify.h"

enum {
    RSA_BITS_MIN = 2048,
    ECC_BITS_MIN = 256,
};

/* --- identity and trust -------------------------------------------------- */

static int
use_chain(WOLFSSL_CTX *ctx, const struct identity *identity)
{
    size_t len = 0;
    uint8_t *joined;
    int result;

    for (size_t i = 0; i < identity->chain_count; i++)
        len += identity->chain[i].len;
    joined = malloc(len > 0 ? len : 1);
    if (joined == NULL)
        return -1;
    len = 0;
    for (size_t i = 0; i < identity->chain_count; i++) {
        memcpy(joined + len, identity->chain[i].data, identity->chain[i].len);
        len += identity->chain[i].len;
    }
    result = wolfSSL_CTX_use_certificate_chain_buffer_format(
        ctx, joined, (long)len, WOLFSSL_FILETYPE_ASN1);
    free(joined);
    return result == WOLFSSL_SUCCESS ? 0 : -1;
}

static int
use_identity(
    WOLFSSL_CTX *ctx, const struct identity *identity, struct report *report)
{
    if (use_chain(ctx, identity) == 0
        && wolfSSL_CTX_use_PrivateKey_buffer(ctx, identity->key.data,
               (long)identity->key.len, WOLFSSL_FILETYPE_ASN1)
               == WOLFSSL_SUCCESS
        && wolfSSL_CTX_check_private_key(ctx) == WOLFSSL_SUCCESS)
        return 0;
    report_error(report, SL_CERT_REFUSED,
        "the TLS library does not take the certificate of \"%s\" with its key",
        identity->name);
    return -1;
}

static int
use_trust(WOLFSSL_CTX *ctx, const struct trust *trust, struct report *report)
{
    WOLFSSL_CERT_MANAGER *manager = wolfSSL_CTX_GetCertManager(ctx);

    for (size_t i = 0; i < trust->ca_count; i++) {
        int result = wolfSSL_CertManagerLoadCABuffer(manager, trust->ca[i].data,
            (long)trust->ca[i].len, WOLFSSL_FILETYPE_ASN1);

        /* A CA outside its dates vouches for nobody; the load has warned. */
        if (result == WOLFSSL_SUCCESS || result == ASN_AFTER_DATE_E
            || result == ASN_BEFORE_DATE_E)
            continue;
        report_error(report, SL_CA_NOT, "clients.ca: \"%s\" cannot be used: %s",
            trust->info[i].subject,
            wolfSSL_ERR_reason_error_string((unsigned long)result));
        return -1;
    }
    return 0;
}

static void
ask_for_certificate(struct context *context, const struct admission *admission)
{
    int mode = WOLFSSL_VERIFY_PEER;

    if (admission->is_required)
        mode |= WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    context->admission = admission;
    wolfSSL_CTX_set_verify(context->ctx, mode, verify_client);
}

/* --- life ---------------------------------------------------------------- */

static int
set_versions(WOLFSSL_CTX *ctx, const struct config_tls *tls)
{
    int lowest =
        tls->min_version == TLS_VERSION_1_3 ? WOLFSSL_TLSV1_3 : WOLFSSL_TLSV1_2;

    return wolfSSL_CTX_SetMinVersion(ctx, lowest) == WOLFSSL_SUCCESS ? 0 : -1;
}

/* The method decides the highest version. */
static WOLFSSL_CTX *
make_ctx(const struct config_tls *tls)
{
    if (tls->max_version == TLS_VERSION_1_2)
        return wolfSSL_CTX_new(wolfTLSv1_2_server_method());
    return wolfSSL_CTX_new(wolfSSLv23_server_method());
}

/*
 * Which context serves a name was decided before the library saw the hello.
 * This only makes it read the name, too: it then puts the name into its
 * tickets, and none resumes under another.
 */
static int
on_server_name(WOLFSSL *ssl, int *alert, void *arg)
{
    (void)ssl;
    (void)alert;
    (void)arg;
    return 0;
}

const struct identity *
context_identity(const struct context_spec *spec)
{
    return spec->snapshot->identities[spec->identity_index].identity;
}

static int
set_policy(struct context *context, const struct context_spec *spec,
    struct report *report)
{
    const struct config_service *service =
        &spec->snapshot->config->services[spec->service_index];
    const struct admission *admission =
        spec->snapshot->services[spec->service_index].admission;
    WOLFSSL_CTX *ctx = context->ctx;

    (void)wolfSSL_CTX_set_session_cache_mode(ctx, WOLFSSL_SESS_CACHE_OFF);
    (void)wolfSSL_CTX_set_group_messages(ctx);
    (void)wolfSSL_CTX_SetMinRsaKey_Sz(ctx, RSA_BITS_MIN);
    (void)wolfSSL_CTX_SetMinEccKey_Sz(ctx, ECC_BITS_MIN / 8);
    if (service->tls.max_version != TLS_VERSION_1_2
        && set_versions(ctx, &service->tls) != 0) {
        report_error(report, SL_CERT_REFUSED,
            "tls.min_version: the TLS library refuses it");
        return -1;
    }
    if (context_set_ciphers(context, &service->tls.ciphers, report) != 0
        || context_set_groups(context, &service->tls.groups, report) != 0
        || use_identity(ctx, context_identity(spec), report) != 0)
        return -1;
    wolfSSL_CTX_set_servername_callback(ctx, on_server_name);
    if (admission != NULL && use_trust(ctx, admission->trust, report) != 0)
        return -1;
    if (admission != NULL && !spec->is_for_proof)
        ask_for_certificate(context, admission);
    if (context_set_staple(context, context_identity(spec)) != 0) {
        report_error(report, SL_MEMORY, "out of memory while preparing TLS");
        return -1;
    }
    if (context_set_tickets(context, spec) == 0)
        return 0;
    report_error(report, SL_MEMORY, "out of memory while preparing tickets");
    return -1;
}

/* The library fills in parts of a context when it makes the first connection;
 * after this nothing of it changes any more. */
static int
make_throw_away(struct context *context, struct report *report)
{
    WOLFSSL *ssl = wolfSSL_new(context->ctx);

    if (ssl == NULL) {
        report_error(report, SL_CERT_REFUSED,
            "the TLS library makes no connection of a new "
            "context: out of memory, or a bad certificate");
        return -1;
    }
    wolfSSL_free(ssl);
    return 0;
}

struct context *
context_build(const struct context_spec *spec, struct report *report)
{
    const struct config_service *service =
        &spec->snapshot->config->services[spec->service_index];
    struct context *context = calloc(1, sizeof(*context));

    if (context == NULL)
        goto no_memory;
    context->ctx = make_ctx(&service->tls);
    if (context->ctx == NULL)
        goto no_memory;
    if (set_policy(context, spec, report) == 0
        && make_throw_away(context, report) == 0)
        return context;
    context_free(context);
    return NULL;

no_memory:
    report_error(report, SL_MEMORY, "out of memory while preparing TLS");
    context_free(context);
    return NULL;
}

struct context *
context_new(const struct snapshot *snapshot, size_t service_index,
    uint32_t identity_index, struct ticket_ring *const *ring,
    struct report *report)
{
    const struct snapshot_service *service = &snapshot->services[service_index];
    struct context_spec spec = {
        .snapshot = snapshot,
        .service_index = service_index,
        .identity_index = identity_index,
        .ring = service->ring != NULL ? &service->ring : ring,
    };

    return context_build(&spec, report);
}

void
context_free(struct context *context)
{
    if (context == NULL)
        return;
    if (context->ctx != NULL)
        wolfSSL_CTX_free(context->ctx);
    ticket_keys_free(context->tickets);
    free(context->chacha_ciphers);
    free(context);
}

/* 0, or -1: no memory. */
static int
grant_wishes(const struct context *context, WOLFSSL *ssl,
    const struct context_wishes *wishes)
{
    char protocol[CONTEXT_PROTOCOL_BYTES];

    if (wishes->prefers_chacha
        && wolfSSL_set_cipher_list(ssl, context->chacha_ciphers)
               != WOLFSSL_SUCCESS)
        return -1;
    if (wishes->protocol == NULL)
        return 0;
    (void)snprintf(protocol, sizeof(protocol), "%s", wishes->protocol);
    return wolfSSL_UseALPN(ssl, protocol, (unsigned)strlen(protocol),
               WOLFSSL_ALPN_FAILED_ON_MISMATCH)
                   == WOLFSSL_SUCCESS
               ? 0
               : -1;
}

struct WOLFSSL *
context_connection_new(struct context *context, struct peer *peer,
    const struct context_wishes *wishes)
{
    WOLFSSL *ssl = wolfSSL_new(context->ctx);

    if (ssl == NULL)
        return NULL;
    wolfSSL_SetCertCbCtx(ssl, peer);
    peer->ssl = ssl;
    peer->admission = context->admission;
    if (grant_wishes(context, ssl, wishes) == 0)
        return ssl;
    wolfSSL_free(ssl);
    return NULL;
}

bool
context_has_group(const struct context *context, uint16_t group)
{
    for (size_t i = 0; i < context->group_count; i++)
        if (context->groups[i] == group)
            return true;
    return false;
}

void
context_step_begin(struct context *context, struct peer *peer)
{
    context->peer = peer;
}

void
context_step_end(struct context *context)
{
    context->peer = NULL;
    if (context->admission != NULL)
        (void)wolfSSL_CertManagerUnloadIntermediateCerts(
            wolfSSL_CTX_GetCertManager(context->ctx));
}
