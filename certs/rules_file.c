/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * allow_file: one rule a line, "dns:*.example.com" or "deny-cn:old-7"; blank
 * lines and those that begin with '#' say nothing.
 */
#include <stdio.h>
#include <string.h>

#include "certs/file.h"
#include "certs/rules_internal.h"

enum {
    ERRORS_MAX = 20, /* then nobody reads on */
    WHERE_BYTES = 512,
    LINE_SHOWN_BYTES = 64,
};

static const char *const kind_words[RULE_KIND_COUNT] = {[RULE_CN] = "cn",
    [RULE_OU] = "ou",
    [RULE_DNS] = "dns",
    [RULE_URI] = "uri",
    [RULE_IP] = "ip",
    [RULE_EMAIL] = "email",
    [RULE_ISSUER] = "issuer",
    [RULE_SERIAL] = "serial"};

const char *
rules_kind_word(enum rule_kind kind)
{
    return kind_words[kind];
}

/* A file under way. */
struct reader {
    struct rules *rules;
    struct report *report;
    const char *at;
    const char *end;
    uint32_t line;
    size_t rule_count;
    size_t twice_count;
    uint32_t twice_line; /* the first of them */
    size_t error_count;
};

struct span {
    const char *data;
    size_t len;
};

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct span
trim(struct span text)
{
    while (text.len > 0 && is_blank(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

static bool
take_line(struct reader *reader, struct span *line)
{
    size_t rest = (size_t)(reader->end - reader->at);
    const char *newline;

    if (rest == 0)
        return false;
    newline = memchr(reader->at, '\n', rest);
    line->data = reader->at;
    line->len = newline != NULL ? (size_t)(newline - reader->at) : rest;
    reader->at += newline != NULL ? line->len + 1 : rest;
    reader->line++;
    *line = trim(*line);
    return true;
}

/* Takes "KIND:" or "deny-KIND:" off the line. */
static bool
take_kind(struct span *line, enum rule_kind *kind, bool *is_deny)
{
    static const char deny[] = "deny-";
    const char *colon = memchr(line->data, ':', line->len);
    const char *word = line->data;
    size_t len;

    if (colon == NULL)
        return false;
    len = (size_t)(colon - word);
    line->len -= len + 1;
    line->data = colon + 1;
    *line = trim(*line);
    *is_deny =
        len > sizeof(deny) - 1 && memcmp(word, deny, sizeof(deny) - 1) == 0;
    if (*is_deny) {
        word += sizeof(deny) - 1;
        len -= sizeof(deny) - 1;
    }
    for (size_t i = 0; i < RULE_KIND_COUNT; i++)
        if (strlen(kind_words[i]) == len
            && memcmp(kind_words[i], word, len) == 0) {
            *kind = (enum rule_kind)i;
            return true;
        }
    return false;
}

static void
format_where(const struct reader *reader, char *out, size_t cap)
{
    (void)snprintf(out, cap,
        "clients.allow_file %.400s:%u: ", reader->rules->path, reader->line);
}

static void
report_kind(struct reader *reader, struct span line)
{
    char where[WHERE_BYTES];
    char shown[LINE_SHOWN_BYTES];

    format_where(reader, where, sizeof(where));
    text_escape(shown, sizeof(shown), line.data, line.len);
    report_error(reader->report, SL_CONFIG_VALUE,
        "%s%s: it does not begin with the kind of the rule: write cn:, ou:,"
        " dns:, uri:, ip:, email:, issuer: or serial:, for a refusal deny-cn:"
        " and so on, before it",
        where, shown);
    reader->error_count++;
}

static int
take_rule(struct reader *reader, struct span line)
{
    char where[WHERE_BYTES];
    struct rule_place place = {.where = where, .line = reader->line};
    const struct span whole = line;
    size_t twice = reader->twice_count;
    struct rule_text text;

    if (!take_kind(&line, &text.kind, &place.is_deny)) {
        report_kind(reader, whole);
        return 0;
    }
    text.data = line.data;
    text.len = line.len;
    format_where(reader, where, sizeof(where));
    if (rules_add(
            reader->rules, &place, &text, &reader->twice_count, reader->report)
        != 0)
        reader->error_count++;
    if (twice == 0 && reader->twice_count > 0)
        reader->twice_line = reader->line;
    reader->rule_count++;
    if (reader->rule_count <= RULES_MAX)
        return 0;
    report_error(reader->report, SL_CONFIG_VALUE,
        "%sthere are more than %d rules: write patterns, or have the clients"
        " issued by a CA of their own",
        where, RULES_MAX);
    reader->error_count++;
    return -1;
}

static void
read_lines(struct reader *reader)
{
    static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, as Windows does */
    char where[WHERE_BYTES];
    struct span line;

    if (reader->end - reader->at >= 3
        && memcmp(reader->at, mark, sizeof(mark) - 1) == 0)
        reader->at += sizeof(mark) - 1;
    while (reader->error_count < ERRORS_MAX && take_line(reader, &line))
        if (line.len > 0 && line.data[0] != '#' && take_rule(reader, line) != 0)
            return;
    if (reader->error_count < ERRORS_MAX)
        return;
    format_where(reader, where, sizeof(where));
    report_error(reader->report, SL_CONFIG_VALUE,
        "%sfurther lines were not read: correct those above first", where);
}

static void
report_counts(const struct reader *reader)
{
    const char *path = reader->rules->path;

    if (reader->rule_count == 0)
        report_warning(reader->report, SL_CONFIG_UNUSED,
            "clients.allow_file %s: it holds no rule: write one a line, such"
            " as cn:scada-7",
            path);
    else
        report_note(reader->report, "clients.allow_file %s: %zu rule%s loaded",
            path, reader->rule_count, reader->rule_count == 1 ? "" : "s");
    if (reader->twice_count > 0)
        report_note(reader->report,
            "clients.allow_file %s: %zu of the rules %s there already, the"
            " first in line %u",
            path, reader->twice_count,
            reader->twice_count == 1 ? "was" : "were", reader->twice_line);
}

int
rules_file_take(
    struct rules *rules, const char *text, size_t len, struct report *report)
{
    struct reader reader = {
        .rules = rules, .report = report, .at = text, .end = text + len};

    read_lines(&reader);
    if (reader.error_count > 0)
        return -1;
    report_counts(&reader);
    return 0;
}

int
rules_file_load(struct rules *rules, struct report *report)
{
    struct blob content;
    int result;

    if (file_read_list(&content, rules->path, "clients.allow_file",
            RULES_FILE_BYTES_MAX, report)
        != 0)
        return -1;
    result =
        rules_file_take(rules, (const char *)content.data, content.len, report);
    blob_free(&content);
    return result;
}
