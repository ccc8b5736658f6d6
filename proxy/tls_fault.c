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
    const char *text;
    int code;
    enum guide_code guide;
};

static const struct words alerts[] = {
    {"close_notify: it gave up", close_notify, SL_CLIENT_LEFT},
    {"unexpected_message", unexpected_message, SL_CLIENT_TLS},
    {"bad_record_mac: bytes changed on the way", bad_record_mac, SL_CLIENT_TLS},
    {"handshake_failure: nothing offered suits it", handshake_failure,
        SL_CLIENT_CIPHER},
    {"bad_certificate: it cannot use our certificate", bad_certificate,
        SL_CLIENT_SEES_OTHER},
    {"unsupported_certificate: it cannot use our kind of certificate",
        unsupported_certificate, SL_CLIENT_SEES_OTHER},
    {"certificate_revoked: it takes ours for revoked", certificate_revoked,
        SL_CLIENT_SEES_OTHER},
    {"certificate_expired: it takes ours for expired", certificate_expired,
        SL_CLIENT_SEES_EXPIRED},
    {"certificate_unknown: it does not trust ours", certificate_unknown,
        SL_CLIENT_DISTRUSTS},
    {"illegal_parameter", illegal_parameter, SL_CLIENT_TLS},
    {"unknown_ca: it does not know the CA of our certificate", unknown_ca,
        SL_CLIENT_DISTRUSTS},
    {"access_denied", access_denied, SL_CLIENT_TLS},
    {"decode_error", decode_error, SL_CLIENT_TLS},
    {"decrypt_error", decrypt_error, SL_CLIENT_TLS},
    {"protocol_version: it wants another TLS version", protocol_version,
        SL_CLIENT_VERSION},
    {"insufficient_security", insufficient_security, SL_CLIENT_CIPHER},
    {"internal_error: it failed by itself", internal_error, SL_CLIENT_TLS},
    {"user_canceled", user_canceled, SL_CLIENT_LEFT},
    {"unrecognized_name: our certificate is for others", unrecognized_name,
        SL_CLIENT_SEES_OTHER},
    {"certificate_required", certificate_required, SL_CLIENT_TLS},
    {"no_application_protocol", no_application_protocol, SL_CLIENT_ALPN},
};

static const struct words errors[] = {
    {"no TLS version in common with the client", VERSION_ERROR,
        SL_CLIENT_VERSION},
    {"no TLS version in common with the client", UNSUPPORTED_PROTO_VERSION,
        SL_CLIENT_VERSION},
    {"no cipher suite in common with the client", MATCH_SUITE_ERROR,
        SL_CLIENT_CIPHER},
    {"no cipher suite in common with the client", UNSUPPORTED_SUITE,
        SL_CLIENT_CIPHER},
    {"the client's key share is not usable", BAD_KEY_SHARE_DATA,
        SL_CLIENT_GROUP},
    {"the client's key share is not usable", KEY_SHARE_ERROR, SL_CLIENT_GROUP},
    {"no group in common with the client", ECC_CURVE_ERROR, SL_CLIENT_GROUP},
    {"no group in common with the client", ECC_CURVETYPE_ERROR,
        SL_CLIENT_GROUP},
    {"the client sent no certificate", NO_PEER_CERT, SL_CLIENT_REFUSED},
    {"the client's certificate cannot be read", ASN_PARSE_E, SL_CLIENT_CHAIN},
    {"the client's certificate cannot be read", ASN_VERSION_E, SL_CLIENT_CHAIN},
    {"the client's certificate cannot be read", ASN_UNKNOWN_OID_E,
        SL_CLIENT_CHAIN},
    {"a critical extension of the client's certificate is not known",
        ASN_CRIT_EXT_E, SL_CLIENT_CHAIN},
    {"the client sent too many intermediates", MAX_CHAIN_ERROR,
        SL_CLIENT_CHAIN},
    {"the client's certificates are too large", HANDSHAKE_SIZE_ERROR,
        SL_CLIENT_CHAIN},
    {"what the client sent as an intermediate is no CA", NOT_CA_ERROR,
        SL_CLIENT_CHAIN},
    {"the client did not prove that it has its certificate's key", SIG_VERIFY_E,
        SL_CLIENT_CHAIN},
    {"the client did not prove that it has its certificate's key",
        VERIFY_SIGN_ERROR, SL_CLIENT_CHAIN},
    {"a record failed authentication", VERIFY_MAC_ERROR, SL_CLIENT_TLS},
    {"a record failed authentication", DECRYPT_ERROR, SL_CLIENT_TLS},
    {"a record failed authentication", AES_GCM_AUTH_E, SL_CLIENT_TLS},
    {"the client sent a record of unknown type", UNKNOWN_RECORD_TYPE,
        SL_CLIENT_TLS},
    {"the client sent a record of bad length", LENGTH_ERROR, SL_CLIENT_TLS},
    {"the client sent a message out of order", OUT_OF_ORDER_E, SL_CLIENT_TLS},
    {"the client sent a message out of order", SANITY_MSG_E, SL_CLIENT_TLS},
    {"the client sent a record that must be encrypted", SANITY_CIPHER_E,
        SL_CLIENT_TLS},
};

static const struct words *
find_words(const struct words *list, size_t count, int code)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].code == code)
            return &list[i];
    return NULL;
}

enum guide_code
tls_fault_alert(int code, char *out, size_t cap)
{
    const struct words *words =
        find_words(alerts, sizeof(alerts) / sizeof(alerts[0]), code);

    if (words != NULL)
        (void)snprintf(out, cap, "client sent alert %s", words->text);
    else
        (void)snprintf(out, cap, "client sent alert %d", code);
    return words != NULL ? words->guide : SL_CLIENT_TLS;
}

static enum guide_code
alert_words(struct WOLFSSL *ssl, char *out, size_t cap)
{
    WOLFSSL_ALERT_HISTORY history;

    memset(&history, 0, sizeof(history));
    (void)wolfSSL_get_alert_history(ssl, &history);
    return tls_fault_alert(history.last_rx.code, out, cap);
}

enum guide_code
tls_fault_words(struct WOLFSSL *ssl, int error, char *out, size_t cap)
{
    const struct words *words;

    if (error == FATAL_ERROR)
        return alert_words(ssl, out, cap);
    words = find_words(errors, sizeof(errors) / sizeof(errors[0]), error);
    (void)snprintf(out, cap, "%s",
        words != NULL ? words->text
                      : wolfSSL_ERR_reason_error_string((unsigned long)error));
    return words != NULL ? words->guide : SL_CLIENT_TLS;
}

void
tls_fault_errno(int error, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s", strerror(error));
}
