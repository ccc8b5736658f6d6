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

#endif
