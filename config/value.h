/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One value of one key: text to field, by the type and the limits that the
 * key's row in config/keys.c gives.
 */
#ifndef SIDELOCK_CONFIG_VALUE_H
#define SIDELOCK_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "config/keys.h"
#include "config/report.h"

/* Room for any field: to parse into when only the verdict is wanted. */
union value {
    bool truth;
    int64_t quantity;
    int word;
    char *string;
    struct string_list strings;
    struct address_list addresses;
};

/*
 * Parses text into field, which is of the C type of key->type and holds
 * nothing that needs freeing. 0, or -1 with the reason in why[why_cap] and a
 * field that needs no clearing.
 */
int value_parse(const struct key *key, void *field, const char *text, char *why,
    size_t why_cap) MUST_CHECK;

/* Frees what the field owns and leaves it empty. */
void value_clear(enum value_type type, void *field);

/* Copies a value that is no list into an empty field. -1: no memory, or it is
 * a list. */
int value_copy(enum value_type type, void *to, const void *from) MUST_CHECK;

bool value_equal(enum value_type type, const void *a, const void *b);

#endif
