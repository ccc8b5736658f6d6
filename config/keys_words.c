/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words that values may be, each list for the rows of one key. */
#include "config/keys_words.h"

#include "config/config.h"

const struct word keys_level_words[] = {
    {.text = "none", .value = LEVEL_NONE},
    {.text = "tls", .value = LEVEL_TLS},
    {.text = "peer", .value = LEVEL_PEER},
    {.text = "TLSNoPeerAuth", .value = LEVEL_TLS, .is_alias = true},
    {.text = "TLSPeerAuth", .value = LEVEL_PEER, .is_alias = true},
    {.text = NULL},
};

const struct word keys_truncation_words[] = {
    {.text = "reset", .value = TRUNCATION_RESET},
    {.text = "pass", .value = TRUNCATION_PASS},
    {.text = NULL},
};

const struct word keys_alpn_mismatch_words[] = {
    {.text = "refuse", .value = ALPN_REFUSE},
    {.text = "ignore", .value = ALPN_IGNORE},
    {.text = NULL},
};

const struct word keys_unknown_sni_words[] = {
    {.text = "default", .value = UNKNOWN_SNI_DEFAULT},
    {.text = "refuse", .value = UNKNOWN_SNI_REFUSE},
    {.text = NULL},
};

const struct word keys_on_missing_words[] = {
    {.text = "fail", .value = MISSING_FAIL},
    {.text = "wait", .value = MISSING_WAIT},
    {.text = "plaintext", .value = MISSING_PLAINTEXT},
    {.text = NULL},
};

const struct word keys_version_words[] = {
    {.text = "1.2", .value = TLS_VERSION_1_2},
    {.text = "1.3", .value = TLS_VERSION_1_3},
    {.text = NULL},
};

const struct word keys_log_level_words[] = {
    {.text = "error", .value = LOG_LEVEL_ERROR},
    {.text = "warn", .value = LOG_LEVEL_WARN},
    {.text = "info", .value = LOG_LEVEL_INFO},
    {.text = "debug", .value = LOG_LEVEL_DEBUG},
    {.text = NULL},
};

const struct word keys_log_format_words[] = {
    {.text = "text", .value = LOG_FORMAT_TEXT},
    {.text = "json", .value = LOG_FORMAT_JSON},
    {.text = NULL},
};

const struct word keys_workers_words[] = {
    {.text = "auto", .value = 0},
    {.text = NULL},
};

const struct word keys_client_certificate_words[] = {
    {.text = "auto", .value = CLIENT_CERT_AUTO},
    {.text = "ignore", .value = CLIENT_CERT_IGNORE},
    {.text = "optional", .value = CLIENT_CERT_OPTIONAL},
    {.text = "required", .value = CLIENT_CERT_REQUIRED},
    {.text = NULL},
};

const struct word keys_proxy_protocol_words[] = {
    {.text = "off", .value = PROXY_OFF},
    {.text = "v1", .value = PROXY_V1},
    {.text = "v2", .value = PROXY_V2},
    {.text = NULL},
};

const struct word keys_crl_policy_words[] = {
    {.text = "hard", .value = CRL_HARD},
    {.text = "soft", .value = CRL_SOFT},
    {.text = NULL},
};

const struct word keys_ocsp_words[] = {
    {.text = "off", .value = OCSP_OFF},
    {.text = "soft", .value = OCSP_SOFT},
    {.text = "hard", .value = OCSP_HARD},
    {.text = NULL},
};

const struct word keys_allow_words[] = {
    {.text = "any", .value = ALLOW_ANY},
    {.text = "all-of", .value = ALLOW_ALL_OF},
    {.text = NULL},
};

const struct word keys_eku_words[] = {
    {.text = "required", .value = EKU_REQUIRED},
    {.text = "if-present", .value = EKU_IF_PRESENT},
    {.text = NULL},
};

const struct word keys_peer_name_words[] = {
    {.text = "off", .value = PEER_NAME_OFF},
    {.text = "reverse-dns", .value = PEER_NAME_REVERSE_DNS},
    {.text = NULL},
};

const struct word keys_on_trust_change_words[] = {
    {.text = "keep", .value = TRUST_CHANGE_KEEP},
    {.text = "close", .value = TRUST_CHANGE_CLOSE},
    {.text = NULL},
};

const struct word keys_resumption_words[] = {
    {.text = "auto", .value = RESUMPTION_AUTO},
    {.text = "no", .value = RESUMPTION_NO},
    {.text = "yes", .value = RESUMPTION_YES},
    {.text = "off", .value = RESUMPTION_NO, .is_alias = true},
    {.text = "false", .value = RESUMPTION_NO, .is_alias = true},
    {.text = "on", .value = RESUMPTION_YES, .is_alias = true},
    {.text = "true", .value = RESUMPTION_YES, .is_alias = true},
    {.text = NULL},
};
