/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two ends and the memory between them. */
#include "tests/unit/tls_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs/secret.h"
#include "tests/unit/certs_fixture.h"

enum {
    WIRE_BYTES = 128 * 1024,
    ROUNDS_MAX = 40,
};

struct wire {
    size_t start;
    size_t end;
    struct blob broken; /* bytes that never arrive as they were sent */
    uint8_t bytes[WIRE_BYTES];
};

const struct context_wishes no_wishes = {0};

static int
on_read(WOLFSSL *ssl, char *buf, int len, void *arg)
{
    struct wire *wire = arg;
    size_t count = wire->end - wire->start;

    (void)ssl;
    if (count == 0)
        return WOLFSSL_CBIO_ERR_WANT_READ;
    if (count > (size_t)len)
        count = (size_t)len;
    memcpy(buf, wire->bytes + wire->start, count);
    wire->start += count;
    return (int)count;
}

/* The length of the outer sequence becomes another. */
static void
break_what_is_to_be(struct wire *wire)
{
    uint8_t *found;

    if (wire->broken.len == 0)
        return;
    found = memmem(wire->bytes, wire->end, wire->broken.data, wire->broken.len);
    if (found != NULL)
        found[2] ^= 0x40;
}

static int
on_write(WOLFSSL *ssl, char *buf, int len, void *arg)
{
    struct wire *wire = arg;

    (void)ssl;
    assert_true((size_t)len <= WIRE_BYTES - wire->end);
    memcpy(wire->bytes + wire->end, buf, (size_t)len);
    wire->end += (size_t)len;
    break_what_is_to_be(wire);
    return len;
}

static void
attach(WOLFSSL *ssl, struct wire *in, struct wire *out)
{
    wolfSSL_SSLSetIORecv(ssl, on_read);
    wolfSSL_SSLSetIOSend(ssl, on_write);
    wolfSSL_SetIOReadCtx(ssl, in);
    wolfSSL_SetIOWriteCtx(ssl, out);
}

static struct wire *
new_wire(void)
{
    struct wire *wire = calloc(1, sizeof(*wire));

    assert_non_null(wire);
    return wire;
}

/* --- the service --------------------------------------------------------- */

static void
build_context(struct service *service, const char *text)
{
    struct report report;

    service->snapshot = make_snapshot(text);
    report_init(&report);
    service->context =
        context_new(service->snapshot, 0, service->snapshot->services[0].first,
            service->ring != NULL ? &service->ring : NULL, &report);
    assert_non_null(service->context);
    assert_int_equal(report.count, 0);
    report_deinit(&report);
}

void
service_start(struct service *service, const char *text)
{
    service->ring = NULL;
    build_context(service, text);
}

void
service_start_with_tickets(struct service *service, const char *text)
{
    service->ring = ticket_ring_rotate(NULL);
    assert_non_null(service->ring);
    build_context(service, text);
}

void
service_start_after(
    struct service *service, const struct service *before, const char *text)
{
    service->ring = ticket_ring_ref(before->ring);
    build_context(service, text);
}

void
service_stop(struct service *service)
{
    context_free(service->context);
    snapshot_unref(service->snapshot);
    ticket_ring_unref(service->ring);
}

/* --- the client ---------------------------------------------------------- */

static WOLFSSL_CTX *
new_client_ctx(const struct client_spec *spec)
{
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(spec->version == TLS_VERSION_1_2
                                           ? wolfTLSv1_2_client_method()
                                           : wolfTLSv1_3_client_method());
    int group = spec->group;

    assert_non_null(ctx);
    assert_int_equal(
        wolfSSL_CTX_load_verify_locations_ex(ctx, "ca.pem", NULL, 0),
        WOLFSSL_SUCCESS);
    if (spec->cert != NULL) {
        assert_int_equal(
            wolfSSL_CTX_use_certificate_chain_file(ctx, spec->cert),
            WOLFSSL_SUCCESS);
        assert_int_equal(wolfSSL_CTX_use_PrivateKey_file(
                             ctx, spec->key, WOLFSSL_FILETYPE_PEM),
            WOLFSSL_SUCCESS);
    }
    if (spec->ciphers != NULL)
        assert_int_equal(
            wolfSSL_CTX_set_cipher_list(ctx, spec->ciphers), WOLFSSL_SUCCESS);
    if (group != 0)
        assert_int_equal(
            wolfSSL_CTX_set_groups(ctx, &group, 1), WOLFSSL_SUCCESS);
    return ctx;
}

/* Whether it is good is for others to say: this only keeps it. */
/* NOLINTBEGIN(readability-function-size): the library's signature */
static int
keep_staple(WOLFSSL *ssl, int error, byte *response, word32 len, word32 index,
    void *arg)
{
    (void)ssl;
    (void)error;
    (void)index;
    assert_int_equal(blob_copy(arg, response, len), 0);
    return 0;
}

/* NOLINTEND(readability-function-size) */

static void
ask_for_staple(struct duo *duo, struct blob *staple)
{
    *staple = (struct blob){0};
    assert_int_equal(
        wolfSSL_CTX_EnableOCSPStapling(duo->client_ctx), WOLFSSL_SUCCESS);
    wolfSSL_CTX_set_ocsp_status_verify_cb(duo->client_ctx, keep_staple, staple);
    assert_int_equal(wolfSSL_UseOCSPStapling(duo->client, WOLFSSL_CSR_OCSP, 0),
        WOLFSSL_SUCCESS);
}

static void
new_client(struct duo *duo, const struct client_spec *spec)
{
    int group = spec->group;

    duo->client_ctx = new_client_ctx(spec);
    duo->client = wolfSSL_new(duo->client_ctx);
    assert_non_null(duo->client);
    attach(duo->client, duo->to_client, duo->to_server);
    assert_int_equal(wolfSSL_UseSessionTicket(duo->client), WOLFSSL_SUCCESS);
    /* Fails when the session is none that could be resumed. */
    duo->has_offered =
        spec->session != NULL
        && wolfSSL_set_session(duo->client, spec->session) == WOLFSSL_SUCCESS;
    if (spec->staple != NULL)
        ask_for_staple(duo, spec->staple);
    /* One share, of the group that it insists on. */
    if (group != 0 && spec->version != TLS_VERSION_1_2)
        assert_int_equal(
            wolfSSL_UseKeyShare(duo->client, (word16)group), WOLFSSL_SUCCESS);
}

/* --- the handshake ------------------------------------------------------- */

/* Is this end through? Notes why it never will be. */
static bool
step(WOLFSSL *ssl, int (*shake)(WOLFSSL *ssl), int *error)
{
    int result = shake(ssl);

    if (result == WOLFSSL_SUCCESS)
        return true;
    result = wolfSSL_get_error(ssl, result);
    if (result != WOLFSSL_ERROR_WANT_READ)
        *error = result;
    return false;
}

static void
shake_hands(struct duo *duo, struct context *context)
{
    bool client_done = false;
    bool server_done = false;

    for (int i = 0; i < ROUNDS_MAX && !duo->is_done; i++) {
        if (duo->client_error == 0 && !client_done)
            client_done =
                step(duo->client, wolfSSL_connect, &duo->client_error);
        context_step_begin(context, &duo->peer);
        if (duo->server_error == 0 && !server_done)
            server_done = step(duo->server, wolfSSL_accept, &duo->server_error);
        context_step_end(context);
        duo->is_done = client_done && server_done;
    }
}

void
duo_start(
    struct duo *duo, struct context *context, const struct client_spec *spec)
{
    *duo = (struct duo){.is_done = false};
    peer_init(&duo->peer);
    duo->to_server = new_wire();
    duo->to_client = new_wire();
    if (spec->has_broken_leaf)
        duo->to_server->broken = read_der(spec->cert);
    new_client(duo, spec);
    duo->server = context_connection_new(context, &duo->peer, &no_wishes);
    assert_non_null(duo->server);
    attach(duo->server, duo->to_server, duo->to_client);
    shake_hands(duo, context);
}

void
duo_stop(struct duo *duo)
{
    wolfSSL_free(duo->client);
    wolfSSL_free(duo->server);
    wolfSSL_CTX_free(duo->client_ctx);
    peer_deinit(&duo->peer);
    blob_free(&duo->to_server->broken);
    free(duo->to_server);
    free(duo->to_client);
}

static void
pass(WOLFSSL *from, WOLFSSL *to, const char *text)
{
    int len = (int)strlen(text);
    char got[64];

    assert_int_equal(wolfSSL_write(from, text, len), len);
    assert_int_equal(wolfSSL_read(to, got, sizeof(got)), len);
    assert_memory_equal(got, text, (size_t)len);
}

void
duo_talk(struct duo *duo)
{
    pass(duo->client, duo->server, "from the client");
    pass(duo->server, duo->client, "from the server");
}

WOLFSSL_SESSION *
duo_session(struct duo *duo)
{
    return wolfSSL_get1_session(duo->client);
}

/* --- judgements ---------------------------------------------------------- */

static void
print_errors(const struct duo *duo)
{
    print_error("client: %s; server: %s; rejected: %s\n",
        wolfSSL_ERR_reason_error_string((unsigned long)duo->client_error),
        wolfSSL_ERR_reason_error_string((unsigned long)duo->server_error),
        duo->peer.rejected != NULL ? duo->peer.rejected : "nobody");
}

void
assert_connects(struct context *context, const struct client_spec *spec)
{
    struct duo duo;

    duo_start(&duo, context, spec);
    if (!duo.is_done) {
        print_errors(&duo);
        fail_msg("the handshake has failed");
    }
    duo_talk(&duo);
    duo_stop(&duo);
}

void
assert_client_rejected(struct context *context, const struct client_spec *spec,
    const char *text_part)
{
    struct duo duo;

    duo_start(&duo, context, spec);
    if (duo.server_error == 0 || duo.peer.rejected == NULL
        || strstr(duo.peer.rejected, text_part) == NULL) {
        print_errors(&duo);
        fail_msg("not rejected with \"%s\"", text_part);
    }
    assert_int_not_equal(duo.peer.code, SL_NONE);
    assert_false(duo.peer.is_verified);
    assert_null(duo.peer.identity);
    duo_stop(&duo);
}

bool
is_resumed(
    struct context *context, enum tls_version version, WOLFSSL_SESSION *session)
{
    const struct client_spec spec = {.version = version, .session = session};
    struct duo duo;
    bool is_resumed_there;

    duo_start(&duo, context, &spec);
    if (!duo.is_done) {
        print_errors(&duo);
        fail_msg("the handshake has failed");
    }
    assert_true(duo.has_offered);
    is_resumed_there = wolfSSL_session_reused(duo.server) != 0;
    assert_int_equal(wolfSSL_session_reused(duo.client) != 0, is_resumed_there);
    duo_stop(&duo);
    return is_resumed_there;
}

WOLFSSL_SESSION *
new_session(struct context *context, enum tls_version version)
{
    const struct client_spec spec = {.version = version};
    WOLFSSL_SESSION *session;
    struct duo duo;

    duo_start(&duo, context, &spec);
    if (!duo.is_done) {
        print_errors(&duo);
        fail_msg("the handshake has failed");
    }
    duo_talk(&duo);
    session = duo_session(&duo);
    assert_non_null(session);
    duo_stop(&duo);
    return session;
}
