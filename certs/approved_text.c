/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An approved list as text: its lines, one more, some less. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "certs/approved_internal.h"

/* --- fingerprints -------------------------------------------------------- */

/* The digit as lower case, or NUL. */
static char
lower_digit(char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))
        return c;
    if (c >= 'A' && c <= 'F')
        return (char)(c - 'A' + 'a');
    return '\0';
}

size_t
approved_read_digits(
    const char *text, size_t len, char out[APPROVED_DIGITS + 1])
{
    static const char scheme[] = "sha256:";
    size_t at = 0;
    size_t count = 0;

    out[0] = '\0';
    if (len >= sizeof(scheme) - 1
        && strncasecmp(text, scheme, sizeof(scheme) - 1) == 0)
        at = sizeof(scheme) - 1;
    for (; at < len; at++) {
        char digit = lower_digit(text[at]);

        /* A colon stands between two bytes. */
        if (text[at] == ':' && count > 0 && count % 2 == 0 && at + 1 < len
            && text[at - 1] != ':')
            continue;
        if (digit == '\0' || count == APPROVED_DIGITS)
            return 0;
        out[count++] = digit;
    }
    out[count] = '\0';
    return count;
}

/* --- lines --------------------------------------------------------------- */

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Moves both ends inwards over blanks. */
static size_t
trim(const char **start, const char *end)
{
    while (*start < end && is_blank(**start))
        (*start)++;
    while (end > *start && is_blank(end[-1]))
        end--;
    return (size_t)(end - *start);
}

void
approved_reader_init(
    struct approved_reader *reader, const char *text, size_t len)
{
    static const char mark[] = "\xef\xbb\xbf";

    *reader = (struct approved_reader){.at = text, .end = text + len};
    if (len >= sizeof(mark) - 1 && memcmp(text, mark, sizeof(mark) - 1) == 0)
        reader->at += sizeof(mark) - 1;
}

bool
approved_next_line(struct approved_reader *reader, struct approved_line *line)
{
    size_t left = (size_t)(reader->end - reader->at);
    const char *newline;
    const char *hash;

    if (left == 0)
        return false;
    newline = memchr(reader->at, '\n', left);
    line->start = reader->at;
    line->end = newline != NULL ? newline + 1 : reader->end;
    hash = memchr(line->start, '#', (size_t)(line->end - line->start));
    line->word = line->start;
    line->word_len = trim(&line->word, hash != NULL ? hash : line->end);
    line->comment = hash != NULL ? hash + 1 : line->end;
    line->comment_len = trim(&line->comment, line->end);
    if (approved_read_digits(line->word, line->word_len, line->fingerprint)
        != APPROVED_DIGITS)
        line->fingerprint[0] = '\0';
    reader->at = line->end;
    reader->line_number++;
    return true;
}

/* --- editing ------------------------------------------------------------- */

static bool
is_in(const char *text, const char *fingerprint)
{
    struct approved_reader reader;
    struct approved_line line;

    approved_reader_init(&reader, text, strlen(text));
    while (approved_next_line(&reader, &line))
        if (strcmp(line.fingerprint, fingerprint) == 0)
            return true;
    return false;
}

char *
approved_add(const char *text, const char *fingerprint, const char *comment,
    bool *was_there)
{
    const char *line_end = strstr(text, "\r\n") != NULL ? "\r\n" : "\n";
    size_t len = strlen(text);
    bool is_open = len > 0 && text[len - 1] != '\n';
    char *edited;

    *was_there = is_in(text, fingerprint);
    if (*was_there)
        return strdup(text);
    if (asprintf(&edited, "%s%ssha256:%s%s%s%s", text, is_open ? line_end : "",
            fingerprint, *comment != '\0' ? "  # " : "", comment, line_end)
        < 0)
        return NULL;
    return edited;
}

char *
approved_remove(const char *text, const char *fingerprint, bool *was_there)
{
    size_t len = strlen(text);
    char *edited = malloc(len + 1);
    struct approved_reader reader;
    struct approved_line line;
    char *out = edited;

    if (edited == NULL)
        return NULL;
    *was_there = false;
    approved_reader_init(&reader, text, len);
    memcpy(out, text, (size_t)(reader.at - text));
    out += reader.at - text;
    while (approved_next_line(&reader, &line)) {
        size_t line_len = (size_t)(line.end - line.start);

        if (strcmp(line.fingerprint, fingerprint) == 0) {
            *was_there = true;
            continue;
        }
        memcpy(out, line.start, line_len);
        out += line_len;
    }
    *out = '\0';
    return edited;
}
