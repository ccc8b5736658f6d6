/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading of rules, out of [clients] and out of allow_file. */
#include "certs/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include "certs/random.h"
#include "certs/rules_internal.h"

enum {
    SHOWN_BYTES = 160
};

static void
report_memory(struct report *report)
{
    report_error(report, SL_MEMORY,
        "clients.allow_*: out of memory while loading the rules");
}

/* `where` and the rule, then what is wrong with it and what to write. */
static void
report_rule(const struct rule_place *place, const struct rule_text *text,
    const char *why, struct report *report)
{
    char shown[SHOWN_BYTES];

    text_escape(shown, sizeof(shown), text->data, text->len);
    report_error(report, SL_CONFIG_VALUE, "%s%s: %s", place->where, shown, why);
}

/* It was written for something that these kinds do not have. */
static void
warn_of_star(const struct rule_place *place, const struct rule_text *text,
    struct report *report)
{
    char shown[SHOWN_BYTES];

    if ((text->kind != RULE_CN && text->kind != RULE_OU)
        || memchr(text->data, '*', text->len) == NULL)
        return;
    text_escape(shown, sizeof(shown), text->data, text->len);
    report_warning(report, SL_CONFIG_VALUE,
        "%s%s: the * is no wildcard here and stands for itself: write each"
        " name, or a rule that has wildcards (allow_dns, allow_uri)",
        place->where, shown);
}

int
rules_add(struct rules *rules, const struct rule_place *place,
    const struct rule_text *text, size_t *twice, struct report *report)
{
    char why[RULES_REASON_BYTES];
    struct rule_key key;

    if (rules_key_parse(&key, text, why, sizeof(why)) != 0) {
        report_rule(place, text, why, report);
        return -1;
    }
    warn_of_star(place, text, report);
    key.is_deny = place->is_deny;
    switch (rules_table_add(rules, &key, place->line)) {
    case RULES_ADDED:
        return 0;
    case RULES_TWICE:
        ++*twice;
        return 0;
    case RULES_FULL:
        report_rule(place, text,
            "there are wildcards in too many different places of URIs (64):"
            " write patterns that are alike",
            report);
        return -1;
    case RULES_NO_MEMORY:
    default:
        report_memory(report);
        return -1;
    }
}

static int
add_list(struct rules *rules, enum rule_kind kind, bool is_deny,
    const struct string_list *list, struct report *report)
{
    char where[64];
    const struct rule_place place = {.where = where, .is_deny = is_deny};
    size_t twice = 0;
    int result = 0;

    (void)snprintf(where, sizeof(where),
        "clients.%s_%s = ", is_deny ? "deny" : "allow", rules_kind_word(kind));
    for (size_t i = 0; i < list->count; i++) {
        const struct rule_text text = {
            .kind = kind,
            .data = list->items[i],
            .len = strlen(list->items[i]),
        };

        if (rules_add(rules, &place, &text, &twice, report) != 0)
            result = -1;
    }
    if (twice > 0)
        report_note(report, "clients.%s_%s: %zu of the rules %s written twice",
            is_deny ? "deny" : "allow", rules_kind_word(kind), twice,
            twice == 1 ? "is" : "are");
    return result;
}

static int
add_lists(struct rules *rules, const struct config_clients *clients,
    struct report *report)
{
    int result = 0;

    for (size_t i = 0; i < RULE_KIND_COUNT; i++) {
        enum rule_kind kind = (enum rule_kind)i;

        if (add_list(rules, kind, false, &clients->allow_names[i], report) != 0
            || add_list(rules, kind, true, &clients->deny_names[i], report)
                   != 0)
            result = -1;
    }
    return result;
}

static int
hash_rule(wc_Sha256 *sha, const struct rules *rules, const struct rule *rule)
{
    const byte head[] = {rule->kind, rule->is_pattern, rule->is_deny,
        (byte)(rule->len >> 8), (byte)rule->len};
    int error = wc_Sha256Update(sha, head, sizeof(head));

    return error != 0
               ? error
               : wc_Sha256Update(sha, rules->text + rule->offset, rule->len);
}

static int
make_hash(struct rules *rules)
{
    const byte head[] = {rules->allow_all, (byte)rules->mode};
    wc_Sha256 sha;
    int error = wc_InitSha256(&sha);

    if (error != 0)
        return -1;
    error = wc_Sha256Update(&sha, head, sizeof(head));
    for (size_t i = 0; i < rules->count && error == 0; i++)
        error = hash_rule(&sha, rules, &rules->items[i]);
    if (error == 0)
        error = wc_Sha256Final(&sha, rules->hash);
    wc_Sha256Free(&sha);
    return error == 0 ? 0 : -1;
}

static int
start(struct rules *rules, const struct config_clients *clients)
{
    rules->allow_all = clients->allow_all;
    rules->mode = clients->allow;
    /* Without it the table is as right, and only easier to foresee. */
    (void)sidelock_random_block(
        (unsigned char *)&rules->seed, sizeof(rules->seed));
    if (clients->allow_file == NULL || *clients->allow_file == '\0')
        return 0;
    rules->path = strdup(clients->allow_file);
    return rules->path != NULL ? 0 : -1;
}

struct rules *
rules_load(const struct config_clients *clients, struct report *report)
{
    struct rules *rules = calloc(1, sizeof(*rules));
    int result;

    if (rules == NULL || start(rules, clients) != 0)
        goto no_memory;
    result = add_lists(rules, clients, report);
    if (rules->path != NULL && rules_file_load(rules, report) != 0)
        result = -1;
    if (result != 0)
        goto free_rules;
    if (make_hash(rules) == 0)
        return rules;

no_memory:
    report_memory(report);
free_rules:
    rules_free(rules);
    return NULL;
}

void
rules_free(struct rules *rules)
{
    if (rules == NULL)
        return;
    free(rules->items);
    free(rules->text);
    free(rules->slots);
    free(rules->path);
    free(rules);
}

bool
rules_allow_any_named(const struct rules *rules)
{
    return rules->allow_all || rules->allow_kinds != 0;
}

size_t
rules_count(const struct rules *rules)
{
    return rules->count;
}

void
rules_hash(const struct rules *rules, uint8_t out[RULES_HASH_BYTES])
{
    memcpy(out, rules->hash, RULES_HASH_BYTES);
}
