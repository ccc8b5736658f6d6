/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Values as text: quotes, comments that stand where none may stand, and
 * lists separated by ';'.
 *
 * A value or an item of a list may stand in double quotes: blanks at its
 * ends, ';' and '#' are then its own; a quote inside is written twice.
 * Without quotes, a blank followed by '#' (and, outside lists, by ';') is
 * refused: it is a comment meant for a line of its own, and cutting it off
 * silently would cut a list such as "a ; b" too.
 */
#ifndef SIDELOCK_CONFIG_LIST_H
#define SIDELOCK_CONFIG_LIST_H

#include <stddef.h>

#include "config/config.h"
#include "config/report.h"

/*
 * Takes the quotes off one value. 0 with a copy in *out that the caller
 * frees, or -1 with the reason in why.
 */
int list_unquote(
    char **out, const char *text, char *why, size_t why_cap) MUST_CHECK;

/* Splits at ';' and unquotes each item. "" is the empty list; an empty item
 * is refused. 0, or -1 with the reason in why and an empty list. */
int list_split(struct string_list *list, const char *text, char *why,
    size_t why_cap) MUST_CHECK;

void list_free_items(struct string_list *list);

#endif
