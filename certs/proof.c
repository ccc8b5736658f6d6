/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The last proof: a client and a server of the service's own context shake
 * hands in memory. What passes this will shake hands on a socket, too.
 */
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "certs/context_internal.h"

enum {
    WIRE_BYTES = 32 * 1024, /* more than a flight with a full chain */
    ROUNDS_MAX = 20,
};

/* One direction of the wire between the two. */
struct wire {
    size_t start;
    size_t end;
    uint8_t bytes[WIRE_BYTES];
};

struct proof_wires {
    struct wire to_server;
    struct wire to_client;
};

struct proof_end {
    struct wire *in;
    struct wire *out;
};

static int
on_read(WOLFSSL *ssl, char *buf, int len, void *arg)
{
    struct wire *in = ((struct proof_end *)arg)->in;
    size_t count = in->end - in->start;

    (void)ssl;
    if (count == 0)
        return WOLFSSL_CBIO_ERR_WANT_READ;
    if (count > (size_t)len)
        count = (size_t)len;
    memcpy(buf, in->bytes + in->start, count);
    in->start += count;
    if (in->start == in->end)
        in->start = in->end = 0;
    return (int)count;
}

static int
on_write(WOLFSSL *ssl, char *buf, int len, void *arg)
{
    struct wire *out = ((struct proof_end *)arg)->out;

    (void)ssl;
    if ((size_t)len > sizeof(out->bytes) - out->end)
        return WOLFSSL_CBIO_ERR_GENERAL;
    memcpy(out->bytes + out->end, buf, (size_t)len);
    out->end += (size_t)len;
    return len;
}

static WOLFSSL *
make_end(WOLFSSL_CTX *ctx, struct proof_end *end)
{
    WOLFSSL *ssl = wolfSSL_new(ctx);

    if (ssl == NULL)
        return NULL;
    wolfSSL_SSLSetIORecv(ssl, on_read);
    wolfSSL_SSLSetIOSend(ssl, on_write);
    wolfSSL_SetIOReadCtx(ssl, end);
    wolfSSL_SetIOWriteCtx(ssl, end);
    return ssl;
}

/* 0 when both have finished, else the library's error of who failed. */
static int
shake_hands(WOLFSSL *client, WOLFSSL *server)
{
    bool client_done = false;
    bool server_done = false;

    for (int i = 0; i < ROUNDS_MAX && !(client_done && server_done); i++) {
        int result = wolfSSL_connect(client);
        int error = wolfSSL_get_error(client, result);

        client_done = result == WOLFSSL_SUCCESS;
        if (!client_done && error != WOLFSSL_ERROR_WANT_READ)
            return error;
        result = wolfSSL_accept(server);
        error = wolfSSL_get_error(server, result);
        server_done = result == WOLFSSL_SUCCESS;
        if (!server_done && error != WOLFSSL_ERROR_WANT_READ)
            return error;
    }
    return client_done && server_done ? 0 : WOLFSSL_ERROR_WANT_READ;
}

/* What the client of the proof expects, and what it met. */
struct expectation {
    const struct identity *identity;
    bool met_leaf;
};

/*
 * Lets pass what was judged elsewhere (dates; who vouches for the chain's end)
 * and notes that the leaf is the one that was loaded. Everything else that a
 * client would refuse (path lengths, usages, signatures) stays refused.
 */
static int
on_verify(int preverify, WOLFSSL_X509_STORE_CTX *store)
{
    struct expectation *expected = store->userCtx;
    const struct blob *leaf = &expected->identity->chain[0];
    bool is_top =
        store->error_depth + 1 == (int)expected->identity->chain_count;

    if (store->totalCerts > 0 && store->certs[0].length == leaf->len
        && memcmp(store->certs[0].buffer, leaf->data, leaf->len) == 0)
        expected->met_leaf = true;
    if (store->error == ASN_AFTER_DATE_E || store->error == ASN_BEFORE_DATE_E
        || is_top)
        return 1;
    return preverify;
}

/* A client that trusts the end of the chain, and verifies the rest of it. */
static WOLFSSL_CTX *
make_client_ctx(enum tls_version version, const struct identity *identity)
{
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(version == TLS_VERSION_1_3
                                           ? wolfTLSv1_3_client_method()
                                           : wolfTLSv1_2_client_method());
    const struct blob *top = &identity->chain[identity->chain_count - 1];

    if (ctx == NULL)
        return NULL;
    wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER, on_verify);
    if (identity->chain_count > 1)
        (void)wolfSSL_CertManagerLoadCABuffer_ex(
            wolfSSL_CTX_GetCertManager(ctx), top->data, (long)top->len,
            WOLFSSL_FILETYPE_ASN1, 0, WOLFSSL_LOAD_FLAG_DATE_ERR_OKAY);
    return ctx;
}

static int
run_proof(struct context *context, WOLFSSL_CTX *client_ctx,
    struct proof_wires *wires, const struct identity *identity)
{
    struct proof_end client_end = {&wires->to_client, &wires->to_server};
    struct proof_end server_end = {&wires->to_server, &wires->to_client};
    struct expectation expected = {identity, false};
    WOLFSSL *client = make_end(client_ctx, &client_end);
    WOLFSSL *server = make_end(context->ctx, &server_end);
    int error = MEMORY_E;

    if (client != NULL && server != NULL) {
        wolfSSL_SetCertCbCtx(client, &expected);
        error = shake_hands(client, server);
    }
    wolfSSL_free(client);
    wolfSSL_free(server);
    if (error == 0 && !expected.met_leaf)
        return DOMAIN_NAME_MISMATCH; /* another leaf than the one loaded */
    return error;
}

static int
prove_version(struct context *context, const struct context_spec *spec,
    enum tls_version version, struct report *report)
{
    const struct identity *identity = context_identity(spec);
    struct proof_wires *wires = calloc(1, sizeof(*wires));
    WOLFSSL_CTX *client_ctx = make_client_ctx(version, identity);
    int error = MEMORY_E;

    if (wires != NULL && client_ctx != NULL)
        error = run_proof(context, client_ctx, wires, identity);
    wolfSSL_CTX_free(client_ctx);
    free(wires);
    if (error == 0)
        return 0;
    report_error(report, SL_PROOF_FAILED,
        "service %s: a trial handshake over %s with its own certificate '%s' "
        "fails: %s; clients would refuse it, too: check the chain, and that "
        "tls.ciphers has a suite for this version and this kind of key",
        spec->snapshot->config->services[spec->service_index].name,
        version == TLS_VERSION_1_3 ? "TLS 1.3" : "TLS 1.2",
        spec->snapshot->identities[spec->identity_index].settings->name,
        wolfSSL_ERR_reason_error_string((unsigned long)error));
    return -1;
}

int
context_prove(const struct snapshot *snapshot, size_t service_index,
    uint32_t identity_index, struct report *report)
{
    bool is_first = snapshot->services[service_index].first == identity_index;
    const struct config_tls *tls =
        &snapshot->config->services[service_index].tls;
    struct context_spec spec = {
        .snapshot = snapshot,
        .service_index = service_index,
        .identity_index = identity_index,
        .is_for_proof = true,
    };
    struct context *context = context_build(&spec, report);
    int failed = 0;

    if (context == NULL)
        return -1;
    if (tls->max_version >= TLS_VERSION_1_3)
        failed = prove_version(context, &spec, TLS_VERSION_1_3, report);
    if (failed == 0 && tls->min_version <= TLS_VERSION_1_2
        && (is_first || tls->max_version <= TLS_VERSION_1_2))
        failed = prove_version(context, &spec, TLS_VERSION_1_2, report);
    context_free(context);
    return failed;
}
