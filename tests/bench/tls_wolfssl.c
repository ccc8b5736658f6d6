/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS of the load generator on wolfSSL, for the hybrid groups that OpenSSL 3.0
 * does not know. Does not resume: the library is built without its client's
 * session cache. Shows no certificate: no row asks for that here.
 */
#include <sys/random.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

#include "tests/bench/common.h"
#include "tests/bench/tls.h"

#define SUITE "TLS13-AES128-GCM-SHA256"

struct tls_context {
    WOLFSSL_CTX *library;
};

static const struct {
    const char *name;
    int id;
} groups[] = {
    {"X25519", WOLFSSL_ECC_X25519},
    {"X25519MLKEM768", WOLFSSL_X25519MLKEM768},
};

static char last_error[256];

/* The library is built to take its random numbers from this name. */
int sidelock_random_block(unsigned char *output, unsigned int size);

int
sidelock_random_block(unsigned char *output, unsigned int size)
{
    return getrandom(output, size, 0) == (ssize_t)size ? 0 : -1;
}

/* `struct tls` is the library's object under another name. */
static WOLFSSL *
unwrap(struct tls *tls)
{
    return (WOLFSSL *)(void *)tls;
}

static int
group_id(const char *name)
{
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (strcmp(groups[i].name, name) == 0) {
            return groups[i].id;
        }
    }
    die("this wolfSSL client does not know the group %s", name);
}

struct tls_context *
tls_context_new(const char *group, bool resumes)
{
    struct tls_context *context = allocate(sizeof(*context));
    int id = group_id(group);

    if (resumes) {
        die("the wolfSSL client does not resume");
    }
    if (wolfSSL_Init() != WOLFSSL_SUCCESS) {
        die("wolfSSL does not start");
    }
    context->library = wolfSSL_CTX_new(wolfTLSv1_3_client_method());
    if (context->library == NULL) {
        die("wolfSSL gives no context");
    }
    if (wolfSSL_CTX_set_cipher_list(context->library, "TLS13-AES128-GCM-SHA256")
            != WOLFSSL_SUCCESS
        || wolfSSL_CTX_set_groups(context->library, &id, 1)
               != WOLFSSL_SUCCESS) {
        die("wolfSSL refuses AES-128-GCM with %s", group);
    }
    wolfSSL_CTX_set_verify(context->library, WOLFSSL_VERIFY_NONE, NULL);
    return context;
}

void
tls_context_free(struct tls_context *context)
{
    if (context == NULL) {
        return;
    }
    wolfSSL_CTX_free(context->library);
    wolfSSL_Cleanup();
    free(context);
}

void
tls_context_show(struct tls_context *context, const char *cert, const char *key)
{
    (void)context;
    (void)key;
    die("the wolfSSL client does not show %s", cert);
}

struct tls *
tls_new(struct tls_context *context, int fd, const char *name)
{
    WOLFSSL *ssl = wolfSSL_new(context->library);

    if (ssl == NULL) {
        return NULL;
    }
    if (wolfSSL_set_fd(ssl, fd) != WOLFSSL_SUCCESS
        || (name != NULL
            && wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, name,
                   (unsigned short)strlen(name))
                   != WOLFSSL_SUCCESS)) {
        wolfSSL_free(ssl);
        return NULL;
    }
    return (struct tls *)(void *)ssl;
}

void
tls_free(struct tls *tls)
{
    wolfSSL_free(unwrap(tls));
}

static enum tls_result
result_of(struct tls *tls, int returned)
{
    int error = wolfSSL_get_error(unwrap(tls), returned);
    char text[WOLFSSL_MAX_ERROR_SZ];

    switch (error) {
    case WOLFSSL_ERROR_WANT_READ:
    case WOLFSSL_ERROR_WANT_WRITE:
        return TLS_AGAIN;
    case WOLFSSL_ERROR_ZERO_RETURN:
    case SOCKET_PEER_CLOSED_E:
        return TLS_END;
    default:
        wolfSSL_ERR_error_string_n((unsigned long)error, text, sizeof(text));
        snprintf(last_error, sizeof(last_error), "wolfSSL %d: %s", error, text);
        return TLS_FAILED;
    }
}

enum tls_result
tls_handshake(struct tls *tls)
{
    int returned = wolfSSL_connect(unwrap(tls));

    return returned == WOLFSSL_SUCCESS ? TLS_OK : result_of(tls, returned);
}

enum tls_result
tls_read(struct tls *tls, void *buffer, size_t size, size_t *moved)
{
    int returned = wolfSSL_read(unwrap(tls), buffer, (int)size);

    if (returned <= 0) {
        return result_of(tls, returned);
    }
    *moved = (size_t)returned;
    return TLS_OK;
}

enum tls_result
tls_write(struct tls *tls, const void *data, size_t size, size_t *moved)
{
    int returned = wolfSSL_write(unwrap(tls), data, (int)size);

    if (returned <= 0) {
        return result_of(tls, returned);
    }
    *moved = (size_t)returned;
    return TLS_OK;
}

void
tls_send_close(struct tls *tls)
{
    wolfSSL_shutdown(unwrap(tls));
}

bool
tls_is_resumed(struct tls *tls)
{
    return wolfSSL_session_reused(unwrap(tls)) == 1;
}

bool
tls_has_certified(struct tls *tls)
{
    (void)tls;
    return false;
}

void
tls_describe(struct tls *tls, char *text, size_t size)
{
    WOLFSSL *ssl = unwrap(tls);
    const char *group = wolfSSL_get_curve_name(ssl);
    const char *suite = wolfSSL_get_cipher_name(ssl);

    /* The name that OpenSSL and the RFC use. */
    if (suite != NULL && strcmp(suite, SUITE) == 0) {
        suite = "TLS_AES_128_GCM_SHA256";
    }
    snprintf(text, size, "%s %s %s", wolfSSL_get_version(ssl),
        suite != NULL ? suite : "?", group != NULL ? group : "?");
}

const char *
tls_last_error(void)
{
    return last_error;
}
