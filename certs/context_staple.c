/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sending the staple to clients that ask for it. */
#include <string.h>
#include <time.h>

#include "certs/context_internal.h"
#include "certs/staple.h"

/* Called in a handshake whose client has asked. A staple that ran out since it
 * was loaded is not sent: clients take that worse than none. */
static int
on_status(WOLFSSL *ssl, void *arg)
{
    const struct identity *identity = arg;
    uint8_t *copy;

    if (!staple_is_current(identity, time(NULL)))
        return WOLFSSL_OCSP_STATUS_CB_NOACK;
    copy = XMALLOC(identity->staple.len, NULL, DYNAMIC_TYPE_OCSP);
    if (copy == NULL)
        return WOLFSSL_OCSP_STATUS_CB_NOACK;
    memcpy(copy, identity->staple.data, identity->staple.len);
    /* It is the connection's now, and freed when the handshake has ended. */
    if (wolfSSL_set_tlsext_status_ocsp_resp(
            ssl, copy, (int)identity->staple.len)
        == WOLFSSL_SUCCESS)
        return WOLFSSL_OCSP_STATUS_CB_OK;
    XFREE(copy, NULL, DYNAMIC_TYPE_OCSP);
    return WOLFSSL_OCSP_STATUS_CB_NOACK;
}

/* With a status callback the library asks nobody; should it ever, this is
 * where it learns nothing, instead of its own client for HTTP. */
/* NOLINTBEGIN(readability-function-size): the library's signature */
static int
refuse_look_up(void *arg, const char *url, int url_len, unsigned char *request,
    int request_len, unsigned char **response)
{
    (void)arg;
    (void)url;
    (void)url_len;
    (void)request;
    (void)request_len;
    *response = NULL;
    return -1;
}

/* NOLINTEND(readability-function-size) */

int
context_set_staple(struct context *context, const struct identity *identity)
{
    union {
        const struct identity *given;
        void *wanted; /* the callback only reads */
    } arg = {.given = identity};

    if (identity->staple.len == 0)
        return 0;
    if (wolfSSL_CTX_set_tlsext_status_cb(context->ctx, on_status)
            != WOLFSSL_SUCCESS
        || wolfSSL_CTX_set_tlsext_status_arg(context->ctx, arg.wanted)
               != WOLFSSL_SUCCESS
        || wolfSSL_CTX_SetOCSP_Cb(context->ctx, refuse_look_up, NULL, NULL)
               != WOLFSSL_SUCCESS)
        return -1;
    return 0;
}
