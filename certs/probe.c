/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One handshake as a client. */
#include "certs/probe.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <stdio.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include "certs/x509.h"

static void
take_certificate(
    struct probe *probe, const WOLFSSL_BUFFER_INFO *buffer, bool is_leaf)
{
    struct blob der = {.data = buffer->buffer, .len = buffer->length};
    struct certificate_info info;
    struct x509 *x509;
    int error;

    x509 = x509_new(&der, &error);
    if (x509 == NULL)
        return;
    x509_fill_info(x509, &info);
    if (is_leaf) {
        probe->has_leaf = true;
        probe->leaf = info;
        probe->not_after = info.not_after;
        x509_first_name(x509, probe->name);
    } else if (info.not_after < probe->not_after) {
        probe->not_after = info.not_after;
    }
    x509_free(x509);
}

/* Lets every certificate pass: the question is what is shown. */
static int
on_verify(int preverify, WOLFSSL_X509_STORE_CTX *store)
{
    struct probe *probe = store->userCtx;

    (void)preverify;
    if (probe->has_leaf)
        return 1;
    for (int i = 0; i < store->totalCerts; i++)
        take_certificate(probe, &store->certs[i], i == 0);
    return 1;
}

/* Says goodbye and hears the server out, for a moment: closing over what it
 * has sent would look like a client that broke off. */
static void
leave(WOLFSSL *ssl, int fd)
{
    struct timeval patience = {.tv_sec = 1, .tv_usec = 0};
    char ignored[4096];
    int rounds = 64;

    (void)wolfSSL_shutdown(ssl);
    (void)shutdown(fd, SHUT_WR);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    while (rounds-- > 0 && recv(fd, ignored, sizeof(ignored), 0) > 0)
        continue;
}

static void
shake_hands(WOLFSSL *ssl, int fd, const char *server_name, struct probe *probe)
{
    int result;

    wolfSSL_SetCertCbCtx(ssl, probe);
    if (server_name[0] != '\0')
        (void)wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, server_name,
            (unsigned short)strlen(server_name));
    if (wolfSSL_set_fd(ssl, fd) != WOLFSSL_SUCCESS)
        return;
    result = wolfSSL_connect(ssl);
    if (result == WOLFSSL_SUCCESS) {
        leave(ssl, fd);
        return;
    }
    (void)snprintf(probe->failure, sizeof(probe->failure), "%s",
        wolfSSL_ERR_reason_error_string(
            (unsigned long)wolfSSL_get_error(ssl, result)));
}

void
probe_server(int fd, const char *server_name, struct probe *probe)
{
    WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfSSLv23_client_method());
    WOLFSSL *ssl = NULL;

    memset(probe, 0, sizeof(*probe));
    if (ctx != NULL) {
        wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER, on_verify);
        ssl = wolfSSL_new(ctx);
    }
    if (ssl != NULL)
        shake_hands(ssl, fd, server_name, probe);
    else
        (void)snprintf(probe->failure, sizeof(probe->failure), "out of memory");
    wolfSSL_free(ssl);
    wolfSSL_CTX_free(ctx);
}
