/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A client's facts against the rules. Where the bytes of a fact could be read
 * in two ways, a rule that admits does not match, and one that denies does.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "certs/rules_internal.h"

enum {
    V4_BYTES = 4,
    SHOWN_BYTES = 128, /* of one fact or rule */
};

/* One question to the table. */
struct query {
    const struct rules *rules;
    const struct client *client;
    bool is_deny;
    struct rule_key key;
};

static void
start(struct query *query, enum rule_kind kind, bool is_pattern)
{
    rules_key_start(&query->key, kind, is_pattern);
    query->key.is_deny = query->is_deny;
}

static const struct rule *
find(const struct query *query)
{
    return rules_table_find(query->rules, &query->key);
}

static const struct rule *
find_exact(struct query *query, const struct client_fact *fact)
{
    start(query, fact->kind, false);
    rules_key_put(&query->key, fact->data, fact->len);
    return find(query);
}

static const struct rule *
find_dns(struct query *query, const struct client_fact *fact)
{
    const char *name = (const char *)fact->data;
    size_t len = fact->len;
    const struct rule *rule;
    const char *dot;
    bool is_own_pattern;

    if (name[len - 1] == '.')
        len--;
    is_own_pattern = len > 2 && name[0] == '*' && name[1] == '.';
    start(query, RULE_DNS, false);
    rules_key_put_lower(&query->key, name, len);
    rule = find(query);
    dot = memchr(name, '.', len);
    /* A wildcard of the certificate is met by the same one only. */
    if (rule != NULL || dot == NULL
        || (!query->is_deny && !is_own_pattern && !rules_is_host(name, len)))
        return rule;
    start(query, RULE_DNS, true);
    rules_key_put_lower(&query->key, dot, len - (size_t)(dot - name));
    return find(query);
}

static const struct rule *
find_uri(struct query *query, const struct client_fact *fact)
{
    const struct rules *rules = query->rules;
    const struct rule *rule;
    struct uri uri;

    if (!rules_uri_split(&uri, (const char *)fact->data, fact->len))
        return NULL;
    start(query, RULE_URI, false);
    rules_uri_put(&query->key, &uri);
    rule = find(query);
    if (rule != NULL || (!query->is_deny && !rules_uri_is_plain(&uri)))
        return rule;
    for (size_t i = 0; i < rules->shape_count && rule == NULL; i++) {
        start(query, RULE_URI, true);
        if (rules_uri_put_shaped(&query->key, &uri, &rules->shapes[i]))
            rule = find(query);
    }
    return rule;
}

/* From the narrowest network that there are rules of to the widest. */
static const struct rule *
find_ip(struct query *query, const struct client_fact *fact)
{
    const struct rule *rule = NULL;
    const bool *has_bits = query->rules->has_v6_bits;
    uint8_t address[16];
    size_t len;

    start(query, RULE_IP, false);
    rules_key_put_ip(&query->key, fact->data, fact->len, -1);
    len = query->key.len - 1;
    memcpy(address, query->key.data + 1, len);
    if (len == V4_BYTES)
        has_bits = query->rules->has_v4_bits;
    for (int bits = (int)len * 8; bits >= 0 && rule == NULL; bits--) {
        if (!has_bits[bits])
            continue;
        start(query, RULE_IP, false);
        rules_key_put_ip(&query->key, address, len, bits);
        rule = find(query);
    }
    return rule;
}

/* One '@', visible characters before it, and a host name behind it. */
static bool
is_plain_email(const char *text, size_t local, size_t len)
{
    for (size_t i = 0; i < local; i++)
        if (text[i] <= 0x20 || text[i] > 0x7e || text[i] == '@')
            return false;
    return local > 0 && rules_is_host(text + local + 1, len - local - 1);
}

static const struct rule *
find_email(struct query *query, const struct client_fact *fact)
{
    const char *text = (const char *)fact->data;
    const char *at = memrchr(text, '@', fact->len);
    const struct rule *rule;
    size_t local;

    if (at == NULL)
        return NULL;
    local = (size_t)(at - text);
    if (!query->is_deny && !is_plain_email(text, local, fact->len))
        return NULL;
    start(query, RULE_EMAIL, false);
    rules_key_put(&query->key, text, local);
    rules_key_put_lower(&query->key, at, fact->len - local);
    rule = find(query);
    if (rule != NULL)
        return rule;
    start(query, RULE_EMAIL, true);
    rules_key_put_lower(&query->key, at, fact->len - local);
    return find(query);
}

static struct client_fact
find_fact(const struct client *client, enum rule_kind kind)
{
    size_t i = client_fact_count(client);

    while (i > 0 && client_fact_at(client, i - 1).kind != kind)
        i--;
    return client_fact_at(client, i > 0 ? i - 1 : 0);
}

static const struct rule *
find_serial(struct query *query, const struct client_fact *fact)
{
    struct client_fact issuer = find_fact(query->client, RULE_ISSUER);
    const uint8_t *digits = fact->data;
    const struct rule *rule;
    size_t len = fact->len;

    while (len > 1 && *digits == '0') {
        digits++;
        len--;
    }
    start(query, RULE_SERIAL, false);
    rules_key_put(&query->key, digits, len);
    rule = find(query);
    if (rule != NULL)
        return rule;
    start(query, RULE_SERIAL, true);
    rules_key_put(&query->key, digits, len);
    rules_key_put(&query->key, "@", 1);
    rules_key_put(&query->key, issuer.data, issuer.len);
    return find(query);
}

static const struct rule *
find_rule(struct query *query, const struct client_fact *fact)
{
    switch (fact->kind) {
    case RULE_DNS:
        return find_dns(query, fact);
    case RULE_URI:
        return find_uri(query, fact);
    case RULE_IP:
        return find_ip(query, fact);
    case RULE_EMAIL:
        return find_email(query, fact);
    case RULE_SERIAL:
        return find_serial(query, fact);
    case RULE_CN:
    case RULE_OU:
    case RULE_ISSUER:
    default:
        return find_exact(query, fact);
    }
}

/* --- words --------------------------------------------------------------- */

/* Text that grows up to its end and is cut there. */
struct words {
    char *out;
    size_t cap;
    size_t len;
};

static void
put_words(struct words *words, const char *text)
{
    int len =
        snprintf(words->out + words->len, words->cap - words->len, "%s", text);

    if (len > 0)
        words->len += (size_t)len;
    if (words->len >= words->cap)
        words->len = words->cap - 1;
}

static void
put_rule(
    struct words *words, const struct rules *rules, const struct rule *rule)
{
    char text[RULE_BYTES_MAX + 2];
    char shown[SHOWN_BYTES];
    char where[SHOWN_BYTES + 32];
    struct rule_key key;
    size_t len;

    rules_table_key(rules, rule, &key);
    len = rules_key_format(&key, text, sizeof(text));
    text_escape(shown, sizeof(shown), text, len);
    if (words->len > 0)
        put_words(words, ", ");
    put_words(words, rule->is_deny ? "deny_" : "allow_");
    put_words(words, rules_kind_word(key.kind));
    put_words(words, " ");
    put_words(words, shown);
    if (rule->line == 0)
        return;
    text_escape(shown, sizeof(shown), rules->path, strlen(rules->path));
    (void)snprintf(where, sizeof(where), " (%s:%u)", shown, rule->line);
    put_words(words, where);
}

static void
put_fact(struct words *words, const struct client_fact *fact)
{
    static const char *const names[RULE_KIND_COUNT] = {[RULE_CN] = "CN",
        [RULE_OU] = "OU",
        [RULE_DNS] = "DNS",
        [RULE_URI] = "URI",
        [RULE_IP] = "IP",
        [RULE_EMAIL] = "e-mail",
        [RULE_ISSUER] = "issuer",
        [RULE_SERIAL] = "serial"};
    char shown[SHOWN_BYTES];

    if (fact->kind != RULE_IP)
        text_escape(shown, sizeof(shown), (const char *)fact->data, fact->len);
    else if (inet_ntop(fact->len == V4_BYTES ? AF_INET : AF_INET6, fact->data,
                 shown, sizeof(shown))
             == NULL)
        return;
    put_words(words, words->out[words->len - 1] == ':' ? " " : ", ");
    put_words(words, names[fact->kind]);
    put_words(words, " \"");
    put_words(words, shown);
    put_words(words, "\"");
}

/* What could have been named: the facts of these kinds. */
static void
put_facts(struct words *words, const struct client *client, unsigned kinds)
{
    size_t colon = words->len;

    put_words(words, ":");
    for (size_t i = 0; i < client_fact_count(client); i++) {
        struct client_fact fact = client_fact_at(client, i);

        /* Room for one more and for the end. */
        if (words->cap - words->len < SHOWN_BYTES + 16) {
            put_words(words, ", ...");
            return;
        }
        if ((kinds >> fact.kind & 1) != 0)
            put_fact(words, &fact);
    }
    if (words->len == colon + 1)
        put_words(words, " it has none");
}

/* --- the verdict --------------------------------------------------------- */

static enum rules_verdict
find_denied(struct query *query, struct words *words)
{
    query->is_deny = true;
    for (size_t i = 0; i < client_fact_count(query->client); i++) {
        struct client_fact fact = client_fact_at(query->client, i);
        const struct rule *rule = NULL;

        if ((query->rules->deny_kinds >> fact.kind & 1) != 0)
            rule = find_rule(query, &fact);
        if (rule == NULL)
            continue;
        put_rule(words, query->rules, rule);
        return RULES_DENIED;
    }
    return RULES_NO_MATCH;
}

static enum rules_verdict
refuse(const struct query *query, unsigned missing, struct words *words)
{
    const unsigned names = ~(1U << RULE_ISSUER | 1U << RULE_SERIAL);
    unsigned kind = 0;

    words->len = 0;
    if (query->rules->allow_kinds == 0) {
        put_words(words, "there is no allow_* rule");
        return RULES_NO_MATCH;
    }
    if (query->rules->mode == ALLOW_ANY) {
        put_words(words, "no allow_* rule names it");
        put_facts(words, query->client, names | query->rules->allow_kinds);
        return RULES_NO_MATCH;
    }
    while ((missing >> kind & 1) == 0)
        kind++;
    put_words(words, "no allow_");
    put_words(words, rules_kind_word((enum rule_kind)kind));
    put_words(words, " rule names it, and allow = all-of");
    put_facts(words, query->client, 1U << kind);
    return RULES_NO_MATCH;
}

static enum rules_verdict
find_allowed(struct query *query, struct words *words)
{
    unsigned missing = query->rules->allow_kinds;

    query->is_deny = false;
    for (size_t i = 0; i < client_fact_count(query->client); i++) {
        struct client_fact fact = client_fact_at(query->client, i);
        const struct rule *rule = NULL;

        if ((missing >> fact.kind & 1) != 0)
            rule = find_rule(query, &fact);
        if (rule == NULL)
            continue;
        put_rule(words, query->rules, rule);
        missing &= ~(1U << fact.kind);
        if (missing == 0 || query->rules->mode == ALLOW_ANY)
            return RULES_ALLOWED;
    }
    return refuse(query, missing, words);
}

enum rules_verdict
rules_judge(const struct rules *rules, const struct client *client, char *why,
    size_t cap)
{
    char own[RULES_WHY_BYTES] = "";
    struct words words = {own, sizeof(own), 0};
    struct query query = {.rules = rules, .client = client};
    enum rules_verdict verdict = find_denied(&query, &words);

    if (verdict == RULES_NO_MATCH && rules->allow_all) {
        put_words(&words, "allow_all");
        verdict = RULES_ALLOWED;
    } else if (verdict == RULES_NO_MATCH) {
        verdict = find_allowed(&query, &words);
    }
    if (cap > 0)
        (void)snprintf(why, cap, "%s", own);
    return verdict;
}
