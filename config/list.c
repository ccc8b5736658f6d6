/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of one value, taken apart. Pure functions over strings; what the
 * items mean is for config/value.c.
 */
#include "config/list.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char blanks[] = " \t";

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int
refuse(char *why, size_t why_cap, const char *reason)
{
    snprintf(why, why_cap, "%s", reason);
    return -1;
}

/* The quote that ends the text opened by the quote at text, or NULL. */
static const char *
closing_quote(const char *text, const char *end)
{
    for (const char *at = text + 1; at < end; at++) {
        if (*at != '"')
            continue;
        if (at + 1 == end || at[1] != '"')
            return at;
        at++;
    }
    return NULL;
}

static int
copy_quoted(
    char **out, const char *start, const char *end, char *why, size_t why_cap)
{
    const char *close = closing_quote(start, end);
    char *copy;
    size_t used = 0;

    if (close == NULL)
        return refuse(why, why_cap, "the quote at the start is never closed");
    if (close + 1 != end)
        return refuse(why, why_cap,
            "text follows the closing quote (a quote inside quotes is written"
            " twice)");
    copy = malloc((size_t)(end - start));
    if (copy == NULL)
        return refuse(why, why_cap, "out of memory");
    for (const char *at = start + 1; at < close; at++) {
        copy[used++] = *at;
        if (*at == '"')
            at++;
    }
    copy[used] = '\0';
    *out = copy;
    return 0;
}

/* A blank and then one of marks: somebody meant a comment. */
static bool
has_comment(const char *start, const char *end, const char *marks)
{
    for (const char *at = start; at < end; at++) {
        if (strchr(marks, *at) != NULL && (at == start || is_blank(at[-1])))
            return true;
    }
    return false;
}

/* Copies start..end, trimmed and without its quotes. */
static int
copy_item(
    char **out, const char *start, const char *end, char *why, size_t why_cap)
{
    while (start < end && is_blank(*start))
        start++;
    while (end > start && is_blank(end[-1]))
        end--;
    if (start < end && *start == '"')
        return copy_quoted(out, start, end, why, why_cap);
    if (has_comment(start, end, "#"))
        return refuse(why, why_cap,
            "a comment stands on a line of its own; a value that holds '#'"
            " after a blank stands in double quotes");
    *out = strndup(start, (size_t)(end - start));
    return *out != NULL ? 0 : refuse(why, why_cap, "out of memory");
}

int
list_unquote(char **out, const char *text, char *why, size_t why_cap)
{
    const char *end = text + strlen(text);

    if (text[strspn(text, blanks)] != '"' && has_comment(text, end, ";"))
        return refuse(why, why_cap,
            "this key takes one value, no list, and a comment stands on a line"
            " of its own; a value that holds ';' after a blank stands in"
            " double quotes");
    return copy_item(out, text, end, why, why_cap);
}

/* The ';' that ends the item at text, or the end of the text. */
static const char *
item_end(const char *text)
{
    const char *start = text + strspn(text, blanks);
    const char *close;

    if (*start == '"') {
        close = closing_quote(start, start + strlen(start));
        if (close != NULL)
            start = close;
    }
    return start + strcspn(start, ";");
}

static int
append(struct string_list *list, char *item)
{
    char **items =
        realloc(list->items, (list->count + 1) * sizeof(*list->items));

    if (items == NULL)
        return -1;
    items[list->count++] = item;
    list->items = items;
    return 0;
}

static int
add_item(struct string_list *list, const char *start, const char *end,
    char *why, size_t why_cap)
{
    char *item;

    if (copy_item(&item, start, end, why, why_cap) < 0)
        return -1;
    if (*item == '\0') {
        free(item);
        return refuse(why, why_cap, "an item of the list is empty");
    }
    if (append(list, item) < 0) {
        free(item);
        return refuse(why, why_cap, "out of memory");
    }
    return 0;
}

int
list_split(
    struct string_list *list, const char *text, char *why, size_t why_cap)
{
    const char *end;

    memset(list, 0, sizeof(*list));
    if (text[strspn(text, blanks)] == '\0')
        return 0;
    for (;; text = end + 1) {
        end = item_end(text);
        if (add_item(list, text, end, why, why_cap) < 0) {
            list_free_items(list);
            return -1;
        }
        if (*end == '\0')
            return 0;
    }
}

void
list_free_items(struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    list->items = NULL;
    list->count = 0;
}
