/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS of the load generator on OpenSSL 3.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/common.h"
#include "tests/bench/tls.h"

/* One recv() takes several records: the client must not be what is slow. */
#define READ_AHEAD_BYTES (64UL * 1024)

struct tls_context {
    SSL_CTX *library;
    SSL_SESSION *newest; /* offered by the next connection; may be NULL */
};

static char last_error[256];

/* `struct tls` is the library's object under another name. */
static SSL *
unwrap(struct tls *tls)
{
    return (SSL *)(void *)tls;
}

/*
 * OpenSSL makes a session unusable once a TLS 1.3 connection has resumed it,
 * and several connections resume at the same time: so only copies are used.
 */
static int
on_new_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls_context *context = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    SSL_SESSION_free(context->newest);
    context->newest = SSL_SESSION_dup(session);
    return 0; /* the reference to the original stays OpenSSL's */
}

static void
set_resumption(struct tls_context *context, bool resumes)
{
    SSL_CTX *library = context->library;

    if (!resumes) {
        SSL_CTX_set_session_cache_mode(library, SSL_SESS_CACHE_OFF);
        return;
    }
    SSL_CTX_set_session_cache_mode(
        library, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(library, on_new_session);
}

struct tls_context *
tls_context_new(const char *group, bool resumes)
{
    struct tls_context *context = allocate(sizeof(*context));
    SSL_CTX *library = SSL_CTX_new(TLS_client_method());

    if (library == NULL) {
        die("OpenSSL gives no context");
    }
    if (SSL_CTX_set_min_proto_version(library, TLS1_3_VERSION) != 1
        || SSL_CTX_set_max_proto_version(library, TLS1_3_VERSION) != 1
        || SSL_CTX_set_ciphersuites(library, "TLS_AES_128_GCM_SHA256") != 1) {
        die("OpenSSL refuses TLS 1.3 with AES-128-GCM");
    }
    if (SSL_CTX_set1_groups_list(library, group) != 1) {
        die("this OpenSSL does not know the group %s", group);
    }
    SSL_CTX_set_mode(library, SSL_MODE_ENABLE_PARTIAL_WRITE
                                  | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                  | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(library, 1);
    SSL_CTX_set_default_read_buffer_len(library, READ_AHEAD_BYTES);
    SSL_CTX_set_options(library, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_app_data(library, context);
    context->library = library;
    set_resumption(context, resumes);
    return context;
}

void
tls_context_free(struct tls_context *context)
{
    if (context == NULL) {
        return;
    }
    SSL_SESSION_free(context->newest);
    SSL_CTX_free(context->library);
    free(context);
}

void
tls_context_show(struct tls_context *context, const char *cert, const char *key)
{
    SSL_CTX *library = context->library;

    if (SSL_CTX_use_certificate_chain_file(library, cert) != 1
        || SSL_CTX_use_PrivateKey_file(library, key, SSL_FILETYPE_PEM) != 1
        || SSL_CTX_check_private_key(library) != 1) {
        die("OpenSSL cannot use %s with %s", cert, key);
    }
}

static bool
offer_newest(struct tls_context *context, SSL *ssl)
{
    SSL_SESSION *copy;
    bool is_offered;

    if (context->newest == NULL) {
        return true;
    }
    copy = SSL_SESSION_dup(context->newest);
    is_offered = copy != NULL && SSL_set_session(ssl, copy) == 1;
    SSL_SESSION_free(copy);
    return is_offered;
}

struct tls *
tls_new(struct tls_context *context, int fd, const char *name)
{
    SSL *ssl = SSL_new(context->library);

    if (ssl == NULL) {
        return NULL;
    }
    SSL_set_connect_state(ssl);
    if (SSL_set_fd(ssl, fd) != 1 || !offer_newest(context, ssl)
        || (name != NULL && SSL_set_tlsext_host_name(ssl, name) != 1)) {
        SSL_free(ssl);
        return NULL;
    }
    return (struct tls *)(void *)ssl;
}

void
tls_free(struct tls *tls)
{
    if (tls == NULL) {
        return;
    }
    /* Without this OpenSSL takes the session for broken and drops it. */
    SSL_set_shutdown(unwrap(tls), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(unwrap(tls));
}

static enum tls_result
result_of(struct tls *tls, int returned)
{
    int error_number = errno;

    switch (SSL_get_error(unwrap(tls), returned)) {
    case SSL_ERROR_NONE:
        return TLS_OK;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return TLS_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_END;
    case SSL_ERROR_SYSCALL:
        snprintf(last_error, sizeof(last_error), "socket: %s",
            error_number != 0 ? strerror(error_number) : "closed");
        return TLS_FAILED;
    default:
        ERR_error_string_n(ERR_get_error(), last_error, sizeof(last_error));
        return TLS_FAILED;
    }
}

enum tls_result
tls_handshake(struct tls *tls)
{
    ERR_clear_error();
    errno = 0;
    return result_of(tls, SSL_do_handshake(unwrap(tls)));
}

enum tls_result
tls_read(struct tls *tls, void *buffer, size_t size, size_t *moved)
{
    ERR_clear_error();
    errno = 0;
    return result_of(tls, SSL_read_ex(unwrap(tls), buffer, size, moved));
}

enum tls_result
tls_write(struct tls *tls, const void *data, size_t size, size_t *moved)
{
    ERR_clear_error();
    errno = 0;
    return result_of(tls, SSL_write_ex(unwrap(tls), data, size, moved));
}

void
tls_send_close(struct tls *tls)
{
    ERR_clear_error();
    SSL_shutdown(unwrap(tls));
    ERR_clear_error();
}

bool
tls_is_resumed(struct tls *tls)
{
    return SSL_session_reused(unwrap(tls)) == 1;
}

bool
tls_has_certified(struct tls *tls)
{
    int signature;

    return !tls_is_resumed(tls)
           && SSL_get_signature_type_nid(unwrap(tls), &signature) == 1;
}

void
tls_describe(struct tls *tls, char *text, size_t size)
{
    SSL *ssl = unwrap(tls);
    int signature = NID_undef;
    const char *group;

    /* There is no signature in a resumed handshake. */
    if (SSL_get_peer_signature_type_nid(ssl, &signature) != 1) {
        signature = NID_undef;
    }
    group = SSL_group_to_name(ssl, (int)SSL_get_negotiated_group(ssl));
    snprintf(text, size, "%s %s %s %s", SSL_get_version(ssl),
        SSL_get_cipher_name(ssl), group != NULL ? group : "?",
        signature != NID_undef ? OBJ_nid2sn(signature) : "resumed");
}

const char *
tls_last_error(void)
{
    return last_error;
}
