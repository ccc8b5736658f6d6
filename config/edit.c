/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the line of a key, and putting the text together around it. */
#include "config/edit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"

static const char blanks[] = " \t\r\n";
static const char byte_order_mark[] = "\xef\xbb\xbf";

/* A piece of the text. */
struct span {
    const char *start;
    size_t len;
};

/* Where in the text the edit is to happen. */
struct place {
    struct span value;    /* of the key's line; start NULL: there is none */
    struct span line;     /* that line with its end */
    const char *insert;   /* behind the section's last line; NULL: no section */
    size_t line_number;   /* of `line` */
    size_t insert_number; /* of a line put at `insert` */
    size_t line_count;
    bool has_crlf;
};

static struct span
trim(struct span span)
{
    while (span.len > 0 && strchr(blanks, *span.start) != NULL) {
        span.start++;
        span.len--;
    }
    while (span.len > 0 && strchr(blanks, span.start[span.len - 1]) != NULL)
        span.len--;
    return span;
}

static bool
is_text(struct span span, const char *text)
{
    return span.len == strlen(text) && memcmp(span.start, text, span.len) == 0;
}

/* Sections of their own are called "default" without a name. */
static const char *
full_name(const char *kind, const char *name)
{
    enum section_kind which;

    if (*name == '\0' && keys_find_section(&which, kind) == 0
        && keys_section_info(which)->naming == NAMING_OWN)
        return "default";
    return name;
}

/* Is the line "[kind name]" the section that is meant? */
static bool
is_section(struct span line, const struct edit *edit)
{
    struct span inside = trim((struct span){line.start + 1, line.len - 2});
    size_t kind_len = 0;
    struct span name;
    char text[128];

    while (kind_len < inside.len && inside.start[kind_len] != ' '
           && inside.start[kind_len] != '\t')
        kind_len++;
    if (!is_text((struct span){inside.start, kind_len}, edit->kind))
        return false;
    name = trim((struct span){inside.start + kind_len, inside.len - kind_len});
    (void)snprintf(text, sizeof(text), "%.*s", (int)name.len, name.start);
    return strcmp(
               full_name(edit->kind, text), full_name(edit->kind, edit->name))
           == 0;
}

static void
look_at_key(struct place *place, struct span raw, const struct edit *edit)
{
    const char *equals = memchr(raw.start, '=', raw.len);
    size_t key_len;

    if (equals == NULL || place->value.start != NULL)
        return;
    key_len = (size_t)(equals - raw.start);
    if (!is_text(trim((struct span){raw.start, key_len}), edit->key))
        return;
    place->line = raw;
    place->line_number = place->line_count;
    place->value = trim((struct span){equals + 1, raw.len - key_len - 1});
    if (place->value.len == 0) /* not behind the end of the line */
        place->value.start = equals + 1;
}

static struct place
find(const char *text, const struct edit *edit)
{
    struct place place = {.has_crlf = strstr(text, "\r\n") != NULL};
    bool is_inside = false;

    if (strncmp(text, byte_order_mark, strlen(byte_order_mark)) == 0)
        text += strlen(byte_order_mark);
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        struct span raw = {text, text[len] == '\n' ? len + 1 : len};
        struct span line = trim(raw);

        place.line_count++;
        text += raw.len;
        if (line.len > 0 && *line.start == '[')
            is_inside = line.len > 1 && is_section(line, edit);
        else if (is_inside && line.len > 0 && *line.start != ';'
                 && *line.start != '#')
            look_at_key(&place, raw, edit);
        if (is_inside && line.len > 0) {
            place.insert = text;
            place.insert_number = place.line_count + 1;
        }
    }
    return place;
}

/* --- the new text -------------------------------------------------------- */

/* `out` as a string, closed; NULL: no memory. */
static char *
finish(FILE *out, char **text)
{
    bool has_failed = ferror(out) != 0;

    if (fclose(out) == 0 && !has_failed)
        return *text;
    free(*text);
    return NULL;
}

static void
put(FILE *out, const char *start, const char *end)
{
    (void)fwrite(start, 1, (size_t)(end - start), out);
}

static char *
replace_value(const char *text, const struct edit *edit,
    const struct place *place, struct edit_result *result)
{
    const char *after = place->value.start + place->value.len;
    bool is_first = place->value.len == 0 && *edit->value != '\0';
    char *edited = NULL;
    size_t len;
    FILE *out = open_memstream(&edited, &len);

    if (out == NULL)
        return NULL;
    result->outcome =
        is_text(place->value, edit->value) ? EDIT_NOTHING : EDIT_CHANGED;
    put(out, text, place->value.start);
    (void)fprintf(out, "%s%s%s", is_first ? " " : "", edit->value, after);
    return finish(out, &edited);
}

static char *
remove_line(
    const char *text, const struct place *place, struct edit_result *result)
{
    char *edited = strdup(text);
    size_t at = (size_t)(place->line.start - text);

    if (edited == NULL)
        return NULL;
    result->outcome = EDIT_REMOVED;
    memmove(edited + at, edited + at + place->line.len,
        strlen(edited + at + place->line.len) + 1);
    return edited;
}

static char *
add_line(const char *text, const struct edit *edit, const struct place *place,
    struct edit_result *result)
{
    const char *at =
        place->insert != NULL ? place->insert : text + strlen(text);
    const char *end = place->has_crlf ? "\r\n" : "\n";
    char *edited = NULL;
    size_t len;
    FILE *out = open_memstream(&edited, &len);

    if (out == NULL)
        return NULL;
    result->outcome = EDIT_ADDED;
    result->line = place->insert_number;
    put(out, text, at);
    if (at > text && at[-1] != '\n')
        (void)fputs(end, out);
    if (place->insert == NULL) {
        (void)fprintf(out, "%s[%s%s%s]%s", *text != '\0' ? end : "", edit->kind,
            *edit->name != '\0' ? " " : "", edit->name, end);
        result->line = place->line_count + (*text != '\0' ? 3 : 2);
    }
    (void)fprintf(out, "%s = %s%s%s", edit->key, edit->value, end, at);
    return finish(out, &edited);
}

static char *
edit_line(const char *text, const struct edit *edit, const struct place *place,
    struct edit_result *result)
{
    result->line = place->line_number;
    result->was = strndup(place->value.start, place->value.len);
    if (result->was == NULL)
        return NULL;
    if (edit->value == NULL)
        return remove_line(text, place, result);
    return replace_value(text, edit, place, result);
}

char *
edit_apply(
    const char *text, const struct edit *edit, struct edit_result *result)
{
    struct place place = find(text, edit);

    *result = (struct edit_result){.outcome = EDIT_NOTHING};
    if (place.value.start != NULL)
        return edit_line(text, edit, &place, result);
    if (edit->value == NULL)
        return strdup(text);
    return add_line(text, edit, &place, result);
}

/* Without the blanks at both ends, cut in place. */
static char *
trim_text(char *text)
{
    struct span span = trim((struct span){text, strlen(text)});
    char *start = text + (span.start - text);

    start[span.len] = '\0';
    return start;
}

int
edit_parse(struct edit *edit, char *text)
{
    char *equals = strchr(text, '=');
    char *first;
    char *last;

    *edit = (struct edit){.name = ""};
    if (strpbrk(text, "\r\n") != NULL)
        return -1;
    if (equals != NULL) {
        *equals = '\0';
        edit->value = trim_text(equals + 1);
    }
    text = trim_text(text);
    first = strchr(text, '.');
    last = strrchr(text, '.');
    if (first == NULL || first == text || last[1] == '\0')
        return -1;
    *first = '\0';
    *last = '\0';
    edit->kind = text;
    edit->key = last + 1;
    if (last > first)
        edit->name = first + 1;
    if (strchr(";#", *edit->key) != NULL)
        return -1; /* the line would be a comment */
    return last == first || *edit->name != '\0' ? 0 : -1;
}
