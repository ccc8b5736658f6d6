/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Findings and their text. Everything that reaches a finding is made safe to
 * print here, once: one line, valid UTF-8, no control characters. So callers
 * may put paths and values into their texts as they are.
 */
#include "config/report.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
report_init(struct report *report)
{
    memset(report, 0, sizeof(*report));
}

void
report_deinit(struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        free(report->items[i].text);
    free(report->items);
    report_init(report);
}

/* Bytes of the printable UTF-8 character at text, 0 when there is none. */
static size_t
utf8_printable(const unsigned char *text, size_t len)
{
    static const struct {
        unsigned char lead_min, lead_max, second_min, second_max;
        size_t len;
    } forms[] = {
        /* Unicode 15, table 3-7; the first row is cut to ASCII that prints,
         * the second leaves out U+0080..U+009F, which are controls. */
        {0x20, 0x7e, 0, 0, 1},
        {0xc2, 0xc2, 0xa0, 0xbf, 2},
        {0xc3, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    size_t row = 0;

    while (row < sizeof(forms) / sizeof(forms[0])
           && (text[0] < forms[row].lead_min || text[0] > forms[row].lead_max))
        row++;
    if (row == sizeof(forms) / sizeof(forms[0]) || forms[row].len > len)
        return 0;
    if (forms[row].len == 1)
        return 1;
    if (text[1] < forms[row].second_min || text[1] > forms[row].second_max)
        return 0;
    for (size_t i = 2; i < forms[row].len; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    return forms[row].len;
}

static void
append_hex(char *out, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";

    out[0] = '\\';
    out[1] = 'x';
    out[2] = digits[byte >> 4];
    out[3] = digits[byte & 0x0f];
}

char *
text_one_line(const char *text)
{
    const unsigned char *in = (const unsigned char *)text;
    size_t len = strlen(text);
    char *copy = malloc(4 * len + 1);
    size_t used = 0;

    if (copy == NULL)
        return NULL;
    for (size_t at = 0; at < len;) {
        size_t step = utf8_printable(in + at, len - at);

        if (step == 0) {
            append_hex(copy + used, in[at]);
            used += 4;
            at++;
            continue;
        }
        memcpy(copy + used, in + at, step);
        used += step;
        at += step;
    }
    copy[used] = '\0';
    return copy;
}

static int
append_finding(struct report *report, enum severity severity,
    enum guide_code code, char *text)
{
    struct finding *items;

    /* Room doubles whenever the count reaches a power of two. */
    if ((report->count & (report->count - 1)) == 0) {
        size_t room = report->count == 0 ? 1 : 2 * report->count;

        items = realloc(report->items, room * sizeof(*items));
        if (items == NULL)
            return -1;
        report->items = items;
    }
    report->items[report->count].severity = severity;
    report->items[report->count].code = code;
    report->items[report->count].text = text;
    report->count++;
    return 0;
}

static void
count_severity(struct report *report, enum severity severity)
{
    if (severity == SEVERITY_ERROR)
        report->error_count++;
    if (severity == SEVERITY_WARNING)
        report->warning_count++;
    if (severity == SEVERITY_NOTE)
        report->note_count++;
}

static const struct finding *
find_error(const struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->items[i].severity == SEVERITY_ERROR)
            return &report->items[i];
    return NULL;
}

/* The first error says why nothing was loaded: it always has room. */
static bool
has_room(const struct report *report, enum severity severity)
{
    if (severity == SEVERITY_NOTE && report->note_count > REPORT_NOTES_MAX)
        return false;
    return report->count < REPORT_FINDINGS_MAX
           || (severity == SEVERITY_ERROR && find_error(report) == NULL);
}

static void
add_text(struct report *report, enum severity severity, enum guide_code code,
    const char *text)
{
    char *copy = has_room(report, severity) ? text_one_line(text) : NULL;

    if (copy != NULL && append_finding(report, severity, code, copy) == 0)
        return;
    free(copy);
    report->lost_count++;
}

static void PRINTF_LIKE(4, 0) report_add(struct report *report,
    enum severity severity, enum guide_code code, const char *fmt, va_list args)
{
    char text[REPORT_TEXT_BYTES];
    int len;

    count_severity(report, severity);
    len = vsnprintf(text, sizeof(text), fmt, args);
    if (len < 0)
        text[0] = '\0';
    if (len >= (int)sizeof(text))
        memcpy(text + sizeof(text) - 4, "...", 4);
    add_text(report, severity, code, text);
}

void
report_error(struct report *report, enum guide_code code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    report_add(report, SEVERITY_ERROR, code, fmt, args);
    va_end(args);
}

void
report_warning(
    struct report *report, enum guide_code code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    report_add(report, SEVERITY_WARNING, code, fmt, args);
    va_end(args);
}

void
report_note(struct report *report, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    report_add(report, SEVERITY_NOTE, SL_NONE, fmt, args);
    va_end(args);
}

void
report_print_finding(
    FILE *out, const char *prefix, const struct finding *finding)
{
    const char *code = guide_text(finding->code);

    (void)fprintf(out, "%s%s: %s", prefix, severity_name(finding->severity),
        finding->text);
    if (code != NULL)
        (void)fprintf(out, " [%s]", code);
    (void)fputc('\n', out);
}

void
report_add_all(struct report *report, const struct report *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct finding *finding = &from->items[i];

        if (finding->severity == SEVERITY_NOTE)
            report->note_count++;
        add_text(report, finding->severity, finding->code, finding->text);
    }
    /* Those that were lost count, too: an error must not become none. */
    report->error_count += from->error_count;
    report->warning_count += from->warning_count;
    report->lost_count += from->lost_count;
}

const char *
report_first_error(const struct report *report)
{
    const struct finding *error = find_error(report);

    if (error != NULL)
        return error->text;
    /* Errors are always counted, but their text may have found no memory. */
    return report->error_count > 0 ? "out of memory" : "";
}

enum guide_code
report_first_code(const struct report *report)
{
    const struct finding *error = find_error(report);

    if (error != NULL)
        return error->code;
    return report->error_count > 0 ? SL_MEMORY : SL_NONE;
}

const char *
severity_name(enum severity severity)
{
    switch (severity) {
    case SEVERITY_NOTE:
        return "note";
    case SEVERITY_WARNING:
        return "warning";
    case SEVERITY_ERROR:
        return "error";
    }
    return "error";
}

void
text_escape(char *out, size_t cap, const char *text, size_t len)
{
    size_t used = 0;

    if (cap == 0)
        return;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool is_plain =
            byte >= 0x20 && byte <= 0x7e && byte != '"' && byte != '\\';
        size_t step = is_plain ? 1 : 4;

        if (used + step >= cap)
            break;
        if (is_plain)
            out[used] = (char)byte;
        else
            append_hex(out + used, byte);
        used += step;
    }
    out[used] = '\0';
}
