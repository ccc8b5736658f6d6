/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words that values may be, each list for the rows of one key. */
#include "config/keys_words.h"

#include "config/config.h"

static const char plaintext_refusal[] =
    "this version serves no plaintext: write tls, or peer for clients with"
    " certificates";

const struct word keys_level_words[] = {
    {.text = "tls", .value = LEVEL_TLS},
    {.text = "peer", .value = LEVEL_PEER},
    {.text = "TLSNoPeerAuth", .value = LEVEL_TLS, .is_alias = true},
    {.text = "TLSPeerAuth", .value = LEVEL_PEER, .is_alias = true},
    {.text = "none", .is_alias = true, .refusal = plaintext_refusal},
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
