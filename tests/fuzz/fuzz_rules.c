/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes rules and what they are held against. The input up to its first zero
 * byte is a rule file, the rest are facts of a client as its record holds
 * them: kind, two bytes of length, bytes.
 *
 * The verdict on all rules must be what the rules say one by one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/rules_internal.h"

enum {
    LINES_MAX = 64, /* that are tried one by one */
};

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

/* NULL: a line is no rule. */
static struct rules *
make_rules(const char *text, size_t len)
{
    struct rules *rules = calloc(1, sizeof(*rules));
    struct report report;
    int result;

    require(rules != NULL);
    report_init(&report);
    rules->path = strdup("fuzz");
    require(rules->path != NULL);
    result = rules_file_take(rules, text, len, &report);
    require((result != 0) == (report.error_count > 0));
    report_deinit(&report);
    if (result == 0)
        return rules;
    rules_free(rules);
    return NULL;
}

/* A record around the facts; NULL: they are broken. */
static struct client *
make_client(const uint8_t *facts, size_t len)
{
    static const uint8_t digests[64];
    static const uint8_t dates[16];
    static const char names[] = "\x02\x0a\x1b\0\x04"
                                "CN=x\0\x05"
                                "CN=ca";
    size_t head = 2 + sizeof(digests) + sizeof(dates) + sizeof(names) - 1;
    uint8_t *record = calloc(1, head + len);
    struct client *client;

    require(record != NULL);
    record[0] = 1;
    memcpy(record + head - sizeof(names) + 1, names, sizeof(names) - 1);
    if (len > 0)
        memcpy(record + head, facts, len);
    client = client_from_record(record, head + len);
    free(record);
    return client;
}

/* A key's text makes the same key again. */
static void
check_keys(const struct rules *rules)
{
    static struct rule_key key;
    static struct rule_key again;
    char text[RULE_BYTES_MAX + 2];
    char why[RULES_REASON_BYTES];

    for (size_t i = 0; i < rules->count; i++) {
        struct rule_text rule = {.data = text};

        rules_table_key(rules, &rules->items[i], &key);
        require(rules_table_find(rules, &key) == &rules->items[i]);
        rule.kind = key.kind;
        rule.len = rules_key_format(&key, text, sizeof(text));
        if (rule.len > RULE_BYTES_MAX)
            continue; /* "*" and a key of the full size */
        require(rules_key_parse(&again, &rule, why, sizeof(why)) == 0);
        require(again.is_pattern == key.is_pattern && again.len == key.len
                && memcmp(again.data, key.data, key.len) == 0);
    }
}

static enum rules_verdict
judge(const struct rules *rules, const struct client *client)
{
    char why[RULES_WHY_BYTES];
    enum rules_verdict verdict = rules_judge(rules, client, why, sizeof(why));
    size_t len = strlen(why);

    require(len > 0 && len < sizeof(why));
    for (size_t i = 0; i < len; i++)
        require(why[i] >= 0x20 && why[i] <= 0x7e);
    return verdict;
}

/* False: there are more lines than are tried. */
static bool
judge_lines(const char *text, size_t len, const struct client *client,
    enum rules_verdict *verdict)
{
    const char *end = text + len;
    size_t count = 0;

    *verdict = RULES_NO_MATCH;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = newline != NULL ? newline : end;
        struct rules *rules = make_rules(text, (size_t)(line_end - text));
        enum rules_verdict one;

        if (++count > LINES_MAX) {
            rules_free(rules);
            return false;
        }
        require(rules != NULL);
        one = judge(rules, client);
        rules_free(rules);
        if (one == RULES_DENIED || *verdict == RULES_NO_MATCH)
            *verdict = one;
        text = line_end + (newline != NULL ? 1 : 0);
    }
    return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = strnlen((const char *)data, size);
    size_t rest = len < size ? len + 1 : size;
    char *text = calloc(1, len + 1);
    struct client *client = make_client(data + rest, size - rest);
    enum rules_verdict expected;
    struct rules *rules;

    require(text != NULL);
    memcpy(text, data, len);
    rules = make_rules(text, len);
    if (rules != NULL) {
        check_keys(rules);
        if (client != NULL && judge_lines(text, len, client, &expected))
            require(judge(rules, client) == expected);
    }
    rules_free(rules);
    client_free(client);
    free(text);
    return 0;
}
