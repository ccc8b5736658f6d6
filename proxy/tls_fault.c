/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words for the library's error codes and for TLS alerts (RFC 8446, section
 * 6.2). Codes that need no better word than the library's keep that one. */
#include "proxy/tls_fault.h"

#include <stdio.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

struct words {
    int code;
    const char *text;
};

static const struct words alerts[] = {
    {close_notify, "close_notify: it gave up"},
    {unexpected_message, "unexpected_message"},
    {bad_record_mac, "bad_record_mac: bytes changed on the way"},
    {handshake_failure, "handshake_failure: nothing offered suits it"},
    {bad_certificate, "bad_certificate: it cannot use our certificate"},
    {unsupported_certificate,
        "unsupported_certificate: it cannot use our kind of certificate"},
    {certificate_revoked, "certificate_revoked: it takes ours for revoked"},
    {certificate_expired, "certificate_expired: it takes ours for expired"},
    {certificate_unknown, "certificate_unknown: it does not trust ours"},
    {illegal_parameter, "illegal_parameter"},
    {unknown_ca, "unknown_ca: it does not know the CA of our certificate"},
    {access_denied, "access_denied"},
    {decode_error, "decode_error"},
    {decrypt_error, "decrypt_error"},
    {protocol_version, "protocol_version: it wants another TLS version"},
    {insufficient_security, "insufficient_security"},
    {internal_error, "internal_error: it failed by itself"},
    {user_canceled, "user_canceled"},
    {unrecognized_name, "unrecognized_name: our certificate is for others"},
    {certificate_required, "certificate_required"},
    {no_application_protocol, "no_application_protocol"},
};

static const struct words errors[] = {
    {VERSION_ERROR, "no TLS version in common with the client"},
    {UNSUPPORTED_PROTO_VERSION, "no TLS version in common with the client"},
    {MATCH_SUITE_ERROR, "no cipher suite in common with the client"},
    {UNSUPPORTED_SUITE, "no cipher suite in common with the client"},
    {BAD_KEY_SHARE_DATA, "the client's key share is not usable"},
    {KEY_SHARE_ERROR, "the client's key share is not usable"},
    {ECC_CURVE_ERROR, "no group in common with the client"},
    {ECC_CURVETYPE_ERROR, "no group in common with the client"},
    {NO_PEER_CERT, "the client sent no certificate"},
    {VERIFY_MAC_ERROR, "a record failed authentication"},
    {DECRYPT_ERROR, "a record failed authentication"},
    {AES_GCM_AUTH_E, "a record failed authentication"},
    {UNKNOWN_RECORD_TYPE, "the client sent a record of unknown type"},
    {LENGTH_ERROR, "the client sent a record of bad length"},
    {OUT_OF_ORDER_E, "the client sent a message out of order"},
    {SANITY_MSG_E, "the client sent a message out of order"},
    {SANITY_CIPHER_E, "the client sent a record that must be encrypted"},
};

static const char *
find_words(const struct words *list, size_t count, int code)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].code == code)
            return list[i].text;
    return NULL;
}

void
tls_fault_alert(int code, char *out, size_t cap)
{
    const char *text =
        find_words(alerts, sizeof(alerts) / sizeof(alerts[0]), code);

    if (text != NULL)
        (void)snprintf(out, cap, "client sent alert %s", text);
    else
        (void)snprintf(out, cap, "client sent alert %d", code);
}

static void
alert_words(struct WOLFSSL *ssl, char *out, size_t cap)
{
    WOLFSSL_ALERT_HISTORY history;

    memset(&history, 0, sizeof(history));
    (void)wolfSSL_get_alert_history(ssl, &history);
    tls_fault_alert(history.last_rx.code, out, cap);
}

void
tls_fault_words(struct WOLFSSL *ssl, int error, char *out, size_t cap)
{
    const char *text;

    if (error == FATAL_ERROR) {
        alert_words(ssl, out, cap);
        return;
    }
    text = find_words(errors, sizeof(errors) / sizeof(errors[0]), error);
    if (text == NULL)
        text = wolfSSL_ERR_reason_error_string((unsigned long)error);
    (void)snprintf(out, cap, "%s", text);
}

void
tls_fault_errno(int error, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s", strerror(error));
}
