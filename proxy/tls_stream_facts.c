/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a TLS stream can tell of itself: what was agreed in the handshake, and
 * why it broke. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

#include "proxy/tls_fault.h"
#include "proxy/tls_stream.h"

const char *
tls_stream_version(const struct tls_stream *side)
{
    return wolfSSL_get_version(side->ssl);
}

const char *
tls_stream_cipher(const struct tls_stream *side)
{
    int suite = wolfSSL_get_current_cipher_suite(side->ssl);

    return wolfSSL_get_cipher_name_iana_from_suite(
        (unsigned char)(suite >> 8), (unsigned char)suite);
}

const char *
tls_stream_group(const struct tls_stream *side)
{
    const char *name = wolfSSL_get_curve_name(side->ssl);

    /* As the configuration writes them. */
    if (name != NULL && strcmp(name, "SECP256R1") == 0)
        return "P-256";
    if (name != NULL && strcmp(name, "SECP384R1") == 0)
        return "P-384";
    return name;
}

bool
tls_stream_is_resumed(const struct tls_stream *side)
{
    return wolfSSL_session_reused(side->ssl) != 0;
}

static void
name_tls_fault(const struct tls_stream *side, struct tls_fault *fault)
{
    char *detail = fault->detail;

    fault->reason = CLOSE_CLIENT_TLS_ERROR;
    if (side->tls_error == NO_PEER_CERT) {
        fault->reason = CLOSE_CLIENT_REFUSED;
        (void)snprintf(detail, TLS_DETAIL_BYTES,
            "the client showed no certificate, and this service wants one");
    } else if (side->plain_alert >= 0) {
        fault->code =
            tls_fault_alert(side->plain_alert, detail, TLS_DETAIL_BYTES);
    } else {
        fault->code = tls_fault_words(
            side->ssl, side->tls_error, detail, TLS_DETAIL_BYTES);
        if (fault->code == SL_CLIENT_CHAIN)
            fault->reason = CLOSE_CLIENT_REFUSED;
    }
}

void
tls_stream_fault(const struct tls_stream *side, struct tls_fault *fault)
{
    *fault = (struct tls_fault){.code = SL_NONE};
    if (side->sock.error == ENOMEM || side->tls_error == MEMORY_E
        || side->tls_error == MEMORY_ERROR) {
        fault->reason = CLOSE_NO_MEMORY;
    } else if (side->sock.error != 0) {
        fault->reason = CLOSE_CLIENT_RESET;
        tls_fault_errno(side->sock.error, fault->detail, TLS_DETAIL_BYTES);
    } else if (side->tls_error == 0) {
        fault->reason = CLOSE_CLIENT_TRUNCATED;
    } else {
        name_tls_fault(side, fault);
    }
}
