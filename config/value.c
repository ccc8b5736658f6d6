/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The typed setters. A field is reached as `void *` because the table knows
 * it by offset; the table's macros make the compiler compare the field's type
 * with the row's.
 */
#include "config/value.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/address.h"
#include "config/list.h"
#include "config/units.h"

enum {
    REASON_BYTES = 256
};

/* Fields of every enum are written as int. */
static_assert(sizeof(enum required_level) == sizeof(int), "enum is an int");
static_assert(sizeof(enum truncation) == sizeof(int), "enum is an int");
static_assert(sizeof(enum tls_version) == sizeof(int), "enum is an int");
static_assert(sizeof(enum log_level) == sizeof(int), "enum is an int");
static_assert(sizeof(enum log_format) == sizeof(int), "enum is an int");

static void
format_quantity(enum value_type type, int64_t value, char *out, size_t cap)
{
    if (type == VALUE_DURATION)
        units_format_duration(value, out, cap);
    else if (type == VALUE_SIZE)
        units_format_size(value, out, cap);
    else
        snprintf(out, cap, "%" PRId64, value);
}

static int
check_range(const struct key *key, int64_t value, char *why, size_t why_cap)
{
    char min[UNITS_TEXT_BYTES];
    char max[UNITS_TEXT_BYTES];

    if (value == 0 && key->is_zero_allowed)
        return 0;
    if (value >= key->min && value <= key->max)
        return 0;
    format_quantity(key->type, key->min, min, sizeof(min));
    format_quantity(key->type, key->max, max, sizeof(max));
    snprintf(why, why_cap, "write %s to %s%s", min, max,
        key->is_zero_allowed ? ", or 0" : "");
    return -1;
}

static const struct word *
find_word(const struct word *words, const char *text)
{
    for (; words != NULL && words->text != NULL; words++) {
        if (strcasecmp(words->text, text) == 0)
            return words;
    }
    return NULL;
}

static int
parse_quantity(const struct key *key, int64_t *field, const char *text,
    char *why, size_t why_cap)
{
    const struct word *word = find_word(key->words, text);
    int result;

    if (word != NULL) {
        *field = word->value;
        return 0;
    }
    if (key->type == VALUE_DURATION)
        result = units_parse_duration(field, text, why, why_cap);
    else if (key->type == VALUE_SIZE)
        result = units_parse_size(field, text, why, why_cap);
    else
        result = units_parse_number(field, text, why, why_cap);
    if (result < 0)
        return -1;
    return check_range(key, *field, why, why_cap);
}

static int
parse_word(const struct key *key, void *field, const char *text, char *why,
    size_t why_cap)
{
    const struct word *word = find_word(key->words, text);
    size_t used;

    if (word != NULL) {
        memcpy(field, &word->value, sizeof(word->value));
        return 0;
    }
    snprintf(why, why_cap, "write one of");
    for (word = key->words; word->text != NULL; word++) {
        used = strlen(why);
        if (!word->is_alias)
            snprintf(why + used, why_cap - used, "%s %s",
                word == key->words ? "" : ",", word->text);
    }
    return -1;
}

static int
parse_string(const struct key *key, char **field, const char *text, char *why,
    size_t why_cap)
{
    if (key->min > 0 && *text == '\0') {
        snprintf(why, why_cap, "must not be empty");
        return -1;
    }
    *field = strdup(text);
    if (*field != NULL)
        return 0;
    snprintf(why, why_cap, "out of memory");
    return -1;
}

static int
split_counted(const struct key *key, struct string_list *list, const char *text,
    char *why, size_t why_cap)
{
    if (list_split(list, text, why, why_cap) < 0)
        return -1;
    if (list->count >= (size_t)key->min && list->count <= (size_t)key->max)
        return 0;
    if (list->count == 0)
        snprintf(why, why_cap, "must not be empty");
    else
        snprintf(why, why_cap, "the list has %zu items, at most %" PRId64,
            list->count, key->max);
    list_free_items(list);
    return -1;
}

static int
parse_items(struct address_list *list, const struct string_list *texts,
    char *why, size_t why_cap)
{
    char reason[REASON_BYTES];

    list->items = calloc(texts->count, sizeof(*list->items));
    list->count = texts->count;
    if (list->items == NULL) {
        snprintf(why, why_cap, "out of memory");
        return -1;
    }
    for (size_t i = 0; i < texts->count; i++) {
        if (address_parse(
                &list->items[i], texts->items[i], reason, sizeof(reason))
            == 0)
            continue;
        snprintf(why, why_cap, "'%.100s': %s", texts->items[i], reason);
        return -1;
    }
    return 0;
}

static int
parse_addresses(const struct key *key, struct address_list *field,
    const char *text, char *why, size_t why_cap)
{
    struct string_list texts;
    int result;

    if (split_counted(key, &texts, text, why, why_cap) < 0)
        return -1;
    result = parse_items(field, &texts, why, why_cap);
    if (result < 0)
        value_clear(VALUE_ADDRESSES, field);
    list_free_items(&texts);
    return result;
}

static int
parse_single(const struct key *key, void *field, const char *text, char *why,
    size_t why_cap)
{
    switch (key->type) {
    case VALUE_BOOL:
        return units_parse_bool(field, text, why, why_cap);
    case VALUE_NUMBER:
    case VALUE_DURATION:
    case VALUE_SIZE:
        return parse_quantity(key, field, text, why, why_cap);
    case VALUE_WORD:
        return parse_word(key, field, text, why, why_cap);
    case VALUE_STRING:
    case VALUE_STRINGS:
    case VALUE_ADDRESSES:
        break;
    }
    return parse_string(key, field, text, why, why_cap);
}

int
value_parse(const struct key *key, void *field, const char *text, char *why,
    size_t why_cap)
{
    char *single;
    int result;

    if (key->type == VALUE_STRINGS)
        return split_counted(key, field, text, why, why_cap);
    if (key->type == VALUE_ADDRESSES)
        return parse_addresses(key, field, text, why, why_cap);
    if (list_unquote(&single, text, why, why_cap) < 0)
        return -1;
    result = parse_single(key, field, single, why, why_cap);
    free(single);
    return result;
}

void
value_clear(enum value_type type, void *field)
{
    if (type == VALUE_STRING) {
        char **string = field;

        free(*string);
        *string = NULL;
    }
    if (type == VALUE_STRINGS)
        list_free_items(field);
    if (type == VALUE_ADDRESSES) {
        struct address_list *addresses = field;

        free(addresses->items);
        addresses->items = NULL;
        addresses->count = 0;
    }
}

int
value_copy(enum value_type type, void *to, const void *from)
{
    switch (type) {
    case VALUE_BOOL:
        *(bool *)to = *(const bool *)from;
        return 0;
    case VALUE_NUMBER:
    case VALUE_DURATION:
    case VALUE_SIZE:
        *(int64_t *)to = *(const int64_t *)from;
        return 0;
    case VALUE_WORD:
        memcpy(to, from, sizeof(int));
        return 0;
    case VALUE_STRING:
        *(char **)to = strdup(*(char *const *)from);
        return *(char **)to != NULL ? 0 : -1;
    case VALUE_STRINGS:
    case VALUE_ADDRESSES:
        break;
    }
    return -1;
}

static bool
strings_equal(const struct string_list *a, const struct string_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    }
    return true;
}

static bool
addresses_equal(const struct address_list *a, const struct address_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!address_equal(&a->items[i], &b->items[i]))
            return false;
    }
    return true;
}

bool
value_equal(enum value_type type, const void *a, const void *b)
{
    switch (type) {
    case VALUE_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case VALUE_NUMBER:
    case VALUE_DURATION:
    case VALUE_SIZE:
        return *(const int64_t *)a == *(const int64_t *)b;
    case VALUE_WORD:
        return memcmp(a, b, sizeof(int)) == 0;
    case VALUE_STRING:
        return strcmp(*(char *const *)a, *(char *const *)b) == 0;
    case VALUE_STRINGS:
        return strings_equal(a, b);
    case VALUE_ADDRESSES:
        return addresses_equal(a, b);
    }
    return false;
}
