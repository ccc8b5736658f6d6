/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rules: which clients may come in by what their certificate says of them, and
 * which may not. They come from the allow_* and deny_* keys of [clients] and
 * from allow_file, all into one table in which the facts of a client are
 * looked up in a time that does not grow with the number of rules.
 *
 * A rule says nothing of whether a certificate is to be believed. Immutable
 * once loaded; threads read it side by side. docs/clients.md has the meaning of
 * each kind of rule.
 */
#ifndef SIDELOCK_CERTS_RULES_H
#define SIDELOCK_CERTS_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "certs/client.h"
#include "config/config.h"
#include "config/report.h"

enum {
    RULE_BYTES_MAX = 1024,
    RULES_MAX = 1000 * 1000, /* lines of allow_file */
    RULES_FILE_BYTES_MAX = 64 * 1024 * 1024,
    RULES_HASH_BYTES = 32,
    RULES_WHY_BYTES = 512, /* enough for what rules_judge says */
};

struct rules;

enum rules_verdict {
    RULES_ALLOWED,
    RULES_DENIED,
    RULES_NO_MATCH,
};

/* NULL with each bad rule, up to a limit, as an error in the report. Nothing
 * of `clients` is needed afterwards. */
struct rules *rules_load(
    const struct config_clients *clients, struct report *report) MUST_CHECK;
void rules_free(struct rules *rules);

/* Can anybody be admitted by them: is there an allow rule, or allow_all? */
bool rules_allow_any_named(const struct rules *rules);
/* Different rules, without those that are written twice. */
size_t rules_count(const struct rules *rules);

/*
 * `why` says which rule decided, in escaped text without quotes around it:
 * "allow_cn scada-7", "deny_ip 10.0.0.0/8 (FILE:12)", or what no rule names.
 * A rule that denies wins over all that admit.
 */
enum rules_verdict rules_judge(const struct rules *rules,
    const struct client *client, char *why, size_t cap);

/* Another value for other rules: what a TLS ticket is bound to. */
void rules_hash(const struct rules *rules, uint8_t out[RULES_HASH_BYTES]);

#endif
