/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of words, ended by a NULL text, for the table of keys. */
#ifndef SIDELOCK_CONFIG_KEYS_WORDS_H
#define SIDELOCK_CONFIG_KEYS_WORDS_H

#include "config/keys.h"

extern const struct word keys_level_words[];
extern const struct word keys_truncation_words[];
extern const struct word keys_alpn_mismatch_words[];
extern const struct word keys_unknown_sni_words[];
extern const struct word keys_on_missing_words[];
extern const struct word keys_version_words[];
extern const struct word keys_log_level_words[];
extern const struct word keys_log_format_words[];
extern const struct word keys_workers_words[];
extern const struct word keys_client_certificate_words[];
extern const struct word keys_proxy_protocol_words[];
extern const struct word keys_crl_policy_words[];
extern const struct word keys_ocsp_words[];
extern const struct word keys_allow_words[];
extern const struct word keys_eku_words[];
extern const struct word keys_peer_name_words[];
extern const struct word keys_on_trust_change_words[];
extern const struct word keys_resumption_words[];

#endif
